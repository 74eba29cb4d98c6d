"""Two classes of a block that differ by a layer under an `if` become one, with the `if` inside.

    if stride != 1 or C != 4 * planes:
        x = x -> downsample: (conv2d(4 * planes, 1, stride, bias=false) -> batch_norm2d)

is written as a person writes it: `self.downsample` is made under that condition, and called if it
is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan, Planner, steps
from nnspec.compiler.layout import COMPARISON, LOWEST, Infix, Text, bracketed
from nnspec.compiler.signature import signature
from nnspec.graph import CallNode, Node, OpNode
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
        plans.sort(key=lambda plan: len(plan.graph.nodes))
        large = plans[-1]
        candidates = dict(_candidates(large))
        for small in plans[:-1]:
            used = _difference(planner, small, large, list(candidates))
            if used is not None:
                large.optional.update({node: candidates[node] for node in used})
                large.shapes |= small.shapes
                replaced[id(small)] = large
    planner.classes = [plan for plan in planner.classes if id(plan) not in replaced]
    for plan in planner.classes:
        plan.calls = {node: replaced.get(id(used), used) for node, used in plan.calls.items()}


def _difference(
    planner: Planner, small: ClassPlan, large: ClassPlan, candidates: list[int]
) -> tuple[int, ...] | None:
    """The optional layers without which the larger class is the smaller one."""
    wanted = signature(small.graph, planner.written(small))
    for count in range(1, len(candidates) + 1):
        for left_out in combinations(candidates, count):
            if signature(large.graph, planner.written(large), frozenset(left_out)) == wanted:
                return left_out
    return None


def _candidates(plan: ClassPlan) -> Iterator[tuple[int, str]]:
    """Layers that alone stand under an `if` of the block's body, with the condition in Python."""
    assert plan.definition is not None
    words = {a.symbol: a.name for a in plan.arguments}
    bound = set(_bound(plan.definition.body))
    found = 0
    for statement in plan.definition.body:
        if not isinstance(statement, tree.If) or len(statement.branches) != 1:
            continue
        span = statement.span
        inside = [
            (number, node)
            for number, node in enumerate(plan.graph.nodes)
            if span.start <= node.span.start and node.span.end <= span.end
        ]
        condition = statement.branches[0][0]
        if len(inside) != 1 or condition is None or found == MOST:
            continue
        number, node = inside[0]
        names = {name for name in words if name not in bound}
        text = _python(condition, {name: words[name] for name in names})
        if text is not None and _replaces(plan, number, node) and not _is_tied(plan, node):
            found += 1
            yield id(node), text.flat


def _replaces(plan: ClassPlan, number: int, node: Node) -> bool:
    """Whether a node is a layer whose result takes the place of its one input."""
    is_layer = isinstance(node, CallNode) or (
        isinstance(node, OpNode) and node.operator.module(node.use) is not None and node.labelled
    )
    if not is_layer or node.count > 1 or node.shared or len(node.path) != 1:
        return False
    if len(node.inputs) != 1 or len(node.outputs) != 1:
        return False
    before = node.inputs[0]
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
