"""Expressions: one function for each kind of node of the syntax tree."""

from __future__ import annotations

from functools import partial

from nnspec.dims import Dim, render
from nnspec.elaborate import apply, indexing, names, pipelines, run_time
from nnspec.elaborate.calls import call
from nnspec.elaborate.numbers import arithmetic, comparison, negative
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import COMPUTED, fail, guard
from nnspec.elaborate.values import (
    POISON,
    describe,
    is_layer,
    written_out,
)
from nnspec.graph import Value
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.source import Span


def evaluate(body: Body, expr: tree.Expr) -> Any:
    """The value of an expression. Raises Failure, or Poisoned where something failed before."""
    return _RULES[type(expr)](body, expr)


def _literal(body: Body, expr: Any) -> Any:
    return expr.value


def _list(body: Body, expr: tree.ListExpr) -> list[Any]:
    found = [evaluate(body, item) for item in expr.items]
    if any(isinstance(item, list) for item in found):
        body.session.count_steps(written_out(found, {}), expr.span)
    return found


def _keyed(body: Body, expr: tree.KeyedList) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in expr.items:
        if name.id in found:
            fail("NN207", f"`{name.id}` is given twice", name.span)
        found[name.id] = evaluate(body, item)
    return found


def _tuple(body: Body, expr: tree.TupleExpr) -> Any:
    items: list[Any] = []
    for item in expr.items:
        value = evaluate(body, item)
        items.extend(value) if isinstance(value, tuple) else items.append(value)
    if items and all(isinstance(item, Value) for item in items):
        return tuple(items)
    for item, value in zip(expr.items, items, strict=False):
        if is_layer(value):
            fail(
                "NN202",
                "layers in parentheses are joined by `->`, not by commas",
                item.span,
                help="write `(a -> b)`",
            )
    return items


def _comprehension(body: Body, expr: tree.Comprehension) -> list[Any]:
    items = iterable(body, expr.iterable)
    outer, found = body.scope, []
    try:
        for item in items:
            body.session.count_steps(COMPUTED, expr.span)
            body.scope = Scope(outer)
            bind_target(body, expr.target, item)
            if all(body.truth(condition) for condition in expr.conditions):
                found.append(evaluate(body, expr.element))
    finally:
        body.scope = outer
    return found


def iterable(body: Body, expr: tree.Expr) -> list[Any]:
    """The items that a loop goes over."""
    value = evaluate(body, expr)
    if isinstance(value, (list, tuple)):
        return list(value)
    fail(
        "NN202",
        f"a loop goes over a list, not over {describe(value)}",
        expr.span,
        help="`range(n)` counts from 0 to n - 1" if isinstance(value, int) else "",
    )


def bind_target(body: Body, target: tree.Target, value: Any) -> None:
    """Bind a name, or take a value apart over nested names."""
    if target.name is not None:
        if target.name != "_":
            if isinstance(value, Value) and not value.name:
                value.name = target.name
            elif isinstance(value, Dim) and body.session.formal:
                body.graph.named.append((target.name, value))
            body.scope.bind(target.name, value, target.span)
        return
    if value is POISON:
        for item in target.items:
            bind_target(body, item, POISON)
        return
    if isinstance(value, Value) and value.type.rank:  # as Python does: along the first dimension
        length = value.type.shape[0]
        if body.session.value_of(length) != len(target.items):
            fail(
                "NN208",
                f"{len(target.items)} names for a tensor whose first dimension is {render(length)}",
                target.span,
            )
        parts = apply.operator(body, "unbind", [value], {"dim": 0}, target.span)
        value = parts if isinstance(parts, tuple) else [parts]
    if not isinstance(value, (list, tuple)):
        fail(
            "NN208",
            f"{describe(value)} cannot be taken apart into {len(target.items)}",
            target.span,
        )
    if len(value) != len(target.items):
        fail("NN208", f"{len(target.items)} names for {len(value)} values", target.span)
    for item, part in zip(target.items, value, strict=True):
        bind_target(body, item, part)


def _unary(body: Body, expr: tree.Unary) -> Any:
    if expr.op == "not":
        return not body.truth(expr.operand)
    value = evaluate(body, expr.operand)
    if isinstance(value, Value):
        return apply.operator(body, "neg", [value], {}, expr.span) if expr.op == "-" else value
    return guard(lambda: negative(value) if expr.op == "-" else value, expr.span)


_TENSOR_OPS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floor_divide", "%": "remainder",
    "**": "pow", "@": "matmul", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip


def _binary(body: Body, expr: tree.Binary) -> Any:
    if expr.op in ("and", "or"):
        return _logical(body, expr)
    # a long sum is a deep tree on its left: walk down it without recursion
    spine: list[tree.Binary] = []
    left: tree.Expr = expr
    while isinstance(left, tree.Binary) and left.op not in ("and", "or"):
        spine.append(left)
        left = left.left
    value = evaluate(body, left)
    for step in reversed(spine):
        value = combine(body, step.op, value, evaluate(body, step.right), step.span, step.op_span)
    return value


def _tighter(op: str) -> str:
    return f"`{op}` binds tighter than `->`: write `(x -> relu) {op} y`"


def combine(body: Body, op: str, left: Any, right: Any, span: Span, op_span: Span) -> Any:
    """`left op right` for tensors, numbers, lists, and `n * layer`."""
    if isinstance(left, Value) or isinstance(right, Value):
        for side in (left, right):
            if not isinstance(side, (Value, int, float, Dim)):
                message = f"`{op}` does not work on a tensor and {describe(side)}"
                fail("NN210", message, op_span, help=_tighter(op) if is_layer(side) else "")
        return apply.operator(body, _TENSOR_OPS[op], [left, right], {}, span, op_span)
    if op == "*" and (is_layer(right) or is_layer(left)):
        count, layer = (left, right) if is_layer(right) else (right, left)
        return apply.repeat(body, count, layer, span)
    if is_layer(left) or is_layer(right):
        layer = left if is_layer(left) else right
        fail(
            "NN210",
            f"`{op}` does not work on a layer",
            op_span,
            help=_tighter(op),
        )
    if op in ("**", "/") or isinstance(left, float) or isinstance(right, float):
        left, right = body.session.fractions(op, left, right)
    result = guard(lambda: arithmetic(op, left, right, body.session.limits), span)
    if isinstance(result, (list, str)):
        body.session.count_steps(len(result), span)
    return result


def _logical(body: Body, expr: tree.Binary) -> bool:
    # the same walk as in _binary: `a and b and c …` leans to the left
    parts: list[tree.Expr] = []
    left: tree.Expr = expr
    while isinstance(left, tree.Binary) and left.op == expr.op:
        parts.append(left.right)
        left = left.left
    for part in (left, *reversed(parts)):
        if body.truth(part) != (expr.op == "and"):
            return expr.op == "or"
    return expr.op == "and"


def _compare(body: Body, expr: tree.Compare) -> Any:
    left = evaluate(body, expr.first)
    result: Any = True
    for op, right_expr in expr.rest:
        right = evaluate(body, right_expr)
        if (left is None or right is None) and op in ("==", "!="):
            if (left is right) != (op == "=="):  # of a tensor, too: `y = z if y == none else y + z`
                return False
            left = right
            continue
        if isinstance(left, Value) or isinstance(right, Value):
            if len(expr.rest) > 1 or op not in _TENSOR_OPS:
                fail("NN210", f"`{op}` does not chain or contain on tensors", expr.span)
            return combine(body, op, left, right, expr.span, expr.span)
        known = guard(partial(comparison, op, left, right), expr.span)
        if known is None:
            known = body.decide(op, left, right, expr.span)
        if not known:
            return False
        left = right
    return result


def _conditional(body: Body, expr: tree.Conditional) -> Any:
    while True:  # `a if p else b if q else …` leans to the right
        split = run_time.split(body, expr.condition)
        if isinstance(split, run_time.Split):
            return run_time.expression(body, expr, split)
        if split:
            return evaluate(body, expr.then)
        if not isinstance(expr.otherwise, tree.Conditional):
            return evaluate(body, expr.otherwise)
        expr = expr.otherwise


def _slice(body: Body, expr: tree.Slice) -> Any:
    fail("NN101", "a slice stands inside of an index: `x[1:]`", expr.span)


def _call(body: Body, expr: tree.Call) -> Any:
    return call(body, expr, None)


_RULES: dict[type, Callable[[Body, Any], Any]] = {
    tree.Number: _literal,
    tree.String: _literal,
    tree.Constant: _literal,
    tree.Name: names.name,
    tree.ListExpr: _list,
    tree.KeyedList: _keyed,
    tree.TupleExpr: _tuple,
    tree.Comprehension: _comprehension,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Compare: _compare,
    tree.Conditional: _conditional,
    tree.Attribute: names.attribute,
    tree.Index: indexing.index,
    tree.Slice: _slice,
    tree.Pipeline: pipelines.pipeline,
    tree.Call: _call,
}
