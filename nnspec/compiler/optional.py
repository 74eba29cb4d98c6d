"""Two classes of a block that differ by a step under an `if` become one, with the `if` inside.

    if stride != 1 or C != 4 * planes:
        x = x -> downsample: (conv2d(4 * planes, 1, stride, bias=false) -> batch_norm2d)

is written as a person writes it: `self.downsample` is made under that condition, and called if it
is there. So is `return out + x if stride == 1 and C == channels else out`: the module keeps the
condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan, Optional, Planner, steps
from nnspec.compiler.layout import COMPARISON, LOWEST, Infix, Text, bracketed
from nnspec.compiler.signature import signature
from nnspec.graph import CallNode, Node, OpNode, OwnParam
from nnspec.operators.definition import InfixCode
from nnspec.source import Span
from nnspec.syntax import tree

#: more layers under conditions of their own than this are not put together
MOST = 4


def merge(planner: Planner) -> None:
    """Put the classes of each block together where only such layers tell them apart."""
    groups: dict[int, list[ClassPlan]] = {}
    for plan in planner.classes:
        if plan.kind == "block" and plan.graph.kind == "block":
            groups.setdefault(id(plan.definition), []).append(plan)
    replaced: dict[int, ClassPlan] = {}
    for plans in groups.values():
        plans.sort(key=lambda plan: len(plan.graph.nodes), reverse=True)
        for number, large in enumerate(plans):
            candidates = {} if id(large) in replaced else dict(_candidates(large))
            for small in plans[number + 1 :]:
                used = None
                if candidates and id(small) not in replaced:
                    used = _difference(planner, small, large, candidates)
                if used is not None:
                    large.optional.update({node: candidates[node] for node in used})
                    large.shapes |= small.shapes
                    large.requires |= small.requires
                    replaced[id(small)] = large
    planner.classes = [plan for plan in planner.classes if id(plan) not in replaced]
    for plan in planner.classes:
        plan.calls = {node: replaced.get(id(used), used) for node, used in plan.calls.items()}


def _difference(
    planner: Planner, small: ClassPlan, large: ClassPlan, candidates: dict[int, Optional]
) -> tuple[int, ...] | None:
    """The optional steps without which the larger class is the smaller one."""
    wanted = signature(small.graph, planner.written(small))
    for count in range(1, len(candidates) + 1):
        for left_out in combinations(candidates, count):
            without = {node: candidates[node].source for node in left_out}
            if signature(large.graph, planner.written(large), without) == wanted:
                return left_out
    return None


def _candidates(plan: ClassPlan) -> Iterator[tuple[int, Optional]]:
    """Steps that alone stand under an `if` of the block's body, with the condition in Python."""
    assert plan.definition is not None
    words = {a.symbol: a.name for a in plan.arguments}
    bound = set(_bound(plan.definition.body))
    names = {name: word for name, word in words.items() if name not in bound}
    found = 0
    for statement in plan.definition.body:
        condition, span, otherwise = _choice(statement)
        inside = [
            (number, node)
            for number, node in enumerate(plan.graph.nodes)
            if span.start <= node.span.start and node.span.end <= span.end
        ]
        if len(inside) != 1 or condition is None or found == MOST:
            continue
        number, node = inside[0]
        text = _python(condition, names)
        source = _source(node, otherwise)
        if text is None or source is None or _is_tied(plan, node):
            continue
        if _replaces(plan, number, node, source):
            found += 1
            yield id(node), Optional(text.flat, source)


def _choice(statement: tree.Statement) -> tuple[tree.Expr | None, Span, str]:
    """The condition of a statement, what stands under it, and the name that is all there is elsewhere."""
    if isinstance(statement, tree.If) and len(statement.branches) == 1:
        return statement.branches[0][0], statement.span, ""
    value: tree.Expr | None = None
    if isinstance(statement, tree.Assign):
        value = statement.value
    elif isinstance(statement, tree.Return) and len(statement.items) == 1:
        value = statement.items[0].value
    if isinstance(value, tree.Conditional) and isinstance(value.otherwise, tree.Name):
        return value.condition, value.then.span, value.otherwise.id
    return None, statement.span, ""


def _source(node: Node, otherwise: str) -> int | None:
    """Which of its inputs takes the place of a step that is not there: a layer's one; of `x + y` the one of
    that name."""
    is_layer = isinstance(node, CallNode) or (
        isinstance(node, OpNode) and node.operator.module(node.use) is not None and node.labelled
    )
    if is_layer and not otherwise:
        return 0 if len(node.inputs) == 1 and len(node.path) == 1 else None
    infix = isinstance(node, OpNode) and isinstance(node.operator.function(node.use), InfixCode)
    if infix and otherwise and not node.path:
        values = [value for value in node.inputs if value is not None]
        names = ["" if isinstance(value.node, OwnParam) else value.name for value in values]
        return names.index(otherwise) if otherwise in names else None
    return None


def _replaces(plan: ClassPlan, number: int, node: Node, source: int) -> bool:
    """Whether the result takes the place of this input."""
    if node.count > 1 or node.shared or len(node.outputs) != 1:
        return False
    before = node.inputs[source]
    later = [value for other in plan.graph.nodes[number + 1 :] for value in other.inputs]
    later += [value for _, value in plan.graph.outputs]
    return all(value is not before for value in later)


def _is_tied(plan: ClassPlan, node: Node) -> bool:
    """Whether its parameters are another's, or another's are its: that wants both to be there."""
    inline = isinstance(node, CallNode) and node.graph.definition is None
    inside = steps(node.graph) if inline and isinstance(node, CallNode) else iter([node])
    ties = [each.tied for each in steps(plan.graph) if isinstance(each, OpNode)]
    return any(isinstance(each, OpNode) and each.tied for each in inside) or any(
        tie.path[0] == node.path[0] for tied in ties for tie in tied.values()
    )


def _bound(statements: tuple[tree.Statement, ...]) -> Iterator[str]:
    """Names that a body binds anew: in a condition they are not the block's parameters."""
    for statement in statements:
        if isinstance(statement, (tree.Assign, tree.For)):
            yield from _names(statement.target)
        if isinstance(statement, tree.For):
            yield from _bound(statement.body)
        if isinstance(statement, tree.If):
            for _, branch in statement.branches:
                yield from _bound(branch)


def _names(target: tree.Target) -> Iterator[str]:
    if target.name is not None:
        yield target.name
    for item in target.items:
        yield from _names(item)


def _python(expr: tree.Expr, words: dict[str, str]) -> Text | Infix | None:
    """A condition over a constructor's arguments; None where it speaks of anything else."""
    if isinstance(expr, tree.Number):
        return Text(repr(expr.value))
    if isinstance(expr, tree.Constant) and isinstance(expr.value, bool):
        return Text(repr(expr.value))
    if isinstance(expr, tree.Name):
        return Text(words[expr.id]) if expr.id in words else None
    if isinstance(expr, tree.Unary):
        operand = _python(expr.operand, words)
        if operand is None or expr.op != "not":
            return None
        return Text(f"not {bracketed(operand, COMPARISON)}", LOWEST)
    if isinstance(expr, tree.Compare) and len(expr.rest) == 1:
        (op, right) = expr.rest[0]
        sides = [_python(side, words) for side in (expr.first, right)]
    elif isinstance(expr, tree.Binary):
        op = expr.op
        sides = [_python(side, words) for side in (expr.left, expr.right)]
    else:
        return None
    left, other = sides
    if left is None or other is None:
        return None
    if op == "or":
        return Text(f"{left.flat} or {other.flat}", LOWEST - 2)
    if op == "and":
        return Text(f"{bracketed(left, LOWEST)} and {bracketed(other, LOWEST)}", LOWEST - 1)
    return code.infix(op, left, other)
