"""Expressions: one function for each kind of node of the syntax tree."""

from __future__ import annotations

from nnspec.diagnostics import Label, Mismatch
from nnspec.dims import Dim, render
from nnspec.elaborate import apply, run_time
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.calls import call
from nnspec.elaborate.habits import of_module, of_tensor, said_here
from nnspec.elaborate.labels import evaluate_label
from nnspec.elaborate.numbers import arithmetic, comparison, negative
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import COMPUTED, MOST_HINTS, fail, placed
from nnspec.elaborate.ties import tensor_of
from nnspec.elaborate.values import (
    POISON,
    Composed,
    Divided,
    Initialiser,
    LabelName,
    LayerTensor,
    OperatorLayer,
    OperatorName,
    Poisoned,
    Repeated,
    SharedLayer,
    Step,
    describe,
    is_layer,
)
from nnspec.graph import Value
from nnspec.operators import index as operator_index
from nnspec.operators import lookup
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


def _name(body: Body, expr: tree.Name) -> Any:
    scope = body.scope.find(expr.id)
    if scope is not None:
        value = scope.names[expr.id]
        if value is POISON:
            raise Poisoned
        if isinstance(value, Divided):
            value.refuse(expr.span)
        return value
    if expr.id == run_time.NAME:
        side = run_time.known_side(body)
        if side is not None:
            return side
    builtin = BUILTINS.get(expr.id)
    if builtin is not None:
        return builtin
    operator = lookup(expr.id)
    if operator is not None:
        return OperatorName(operator)
    from nnspec.elaborate.initial import INITIALISERS
    from nnspec.elaborate.packages import of_package

    if expr.id in INITIALISERS:
        return Initialiser(expr.id)
    operator = of_package(expr.id, expr.span)
    if operator is not None:
        return OperatorName(operator)
    unknown(body, expr.id, expr.span)


def unknown(body: Body, name: str, span: Span) -> Any:
    """NN200, with the nearest name there is."""

    from nnspec.operators import packages

    known = {*body.scope.every_name(), *BUILTINS, *operator_index(), *packages.declared()}
    seek = len(body.session.problems) < MOST_HINTS
    helped, close = said_here(name, known) if seek else ("", None)
    if name == run_time.NAME:
        run_time.alone(span)
    labelled = body.paths.taken.get((name,))
    if labelled is not None:
        fail(
            "NN200",
            f"`{name}` labels a layer, and is no name of it",
            span,
            labels=(Label(labelled, "the label"),),
            help=f"to name the layer, or a tensor of it, declare it: `layer {name} = …`",
        )
    place = body.scope.find(close) if close else None
    labels: tuple[Label, ...] = ()
    if place is not None and close in place.places:
        labels = (Label(place.places[close], f"`{close}` is bound here"),)
    fail("NN200", f"`{name}` is not known here", span, help=helped, labels=labels)


def _list(body: Body, expr: tree.ListExpr) -> list[Any]:
    found = [evaluate(body, item) for item in expr.items]
    if any(isinstance(item, list) for item in found):
        body.session.count_steps(_written_out(found, {}), expr.span)
    return found


def _written_out(value: Any, known: dict[int, int]) -> int:
    """The number of items in lists and layers, and in those within: one held twice doubles."""
    if isinstance(value, list):
        inside = value
    elif isinstance(value, Composed):
        inside = [step.layer for step in value.steps]
    elif isinstance(value, Repeated):
        inside = [value.layer]
    elif isinstance(value, OperatorLayer) and value.operator.wraps:
        inside = [*value.positional, *value.keyword.values()]
    else:
        return 1
    total = known.get(id(value))
    if total is None:
        total = known[id(value)] = 1 + sum(_written_out(item, known) for item in inside)
    return total


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


def _compared(op: str, left: Any, right: Any, span: Span) -> Any:
    return guard(lambda: comparison(op, left, right), span)


def _compare(body: Body, expr: tree.Compare) -> Any:
    left = evaluate(body, expr.first)
    result: Any = True
    for op, right_expr in expr.rest:
        right = evaluate(body, right_expr)
        if isinstance(left, Value) or isinstance(right, Value):
            if len(expr.rest) > 1 or op not in _TENSOR_OPS:
                fail("NN210", f"`{op}` does not chain or contain on tensors", expr.span)
            return combine(body, op, left, right, expr.span, expr.span)
        known = _compared(op, left, right, expr.span)
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


def _attribute(body: Body, expr: tree.Attribute) -> Any:
    if isinstance(expr.base, tree.Name) and expr.base.id in ("nn", "torch", "F", "self"):
        if body.scope.find(expr.base.id) is None:
            if expr.base.id == "self":
                unknown(body, "self", expr.base.span)
            fail(
                "NN200",
                f"`{expr.span.text}` is PyTorch's way to say it",
                expr.span,
                help=of_module(expr.name, operator_index()),
            )
    value = evaluate(body, expr.base)
    if isinstance(value, Value):
        message, helped = of_tensor(expr.name, expr.base.span.text, operator_index())
        place = expr.span if expr.name in ("shape", "size", "T") else expr.name_span
        fail("NN209", message, place, help=helped)
    if isinstance(value, (SharedLayer, LayerTensor)):
        return tensor_of(value, expr.name, expr.span)
    fail("NN209", f"{describe(value)} has no `{expr.name}`", expr.name_span)


def _index(body: Body, expr: tree.Index) -> Any:
    value = evaluate(body, expr.base)
    if isinstance(value, Value):
        items = tuple(_index_item(body, item) for item in expr.items)
        if any(isinstance(item, Value) for item in items):
            return _index_at(body, value, items, expr.span)
        return apply.operator(body, "index", [value], {"items": items}, expr.span)
    if isinstance(value, (list, str, tuple)):
        if len(expr.items) != 1:
            fail("NN202", "a list takes one index", expr.span)
        at = _index_item(body, expr.items[0])
        if isinstance(at, slice):
            ends = [body.session.pin(end) for end in (at.start, at.stop, at.step)]
            for end in ends:
                if isinstance(end, Dim):
                    message = f"which items `{expr.span.text}` has depends on {render(end)}"
                    fail("NN308", message, expr.items[0].span)
            if at.step == 0:
                fail("NN202", "the step of a slice is not 0", expr.items[0].span)
            return value[slice(*ends)]
        at = body.session.pin(at)
        if not isinstance(at, int) or isinstance(at, bool):
            fail("NN202", f"an index is an integer, not {describe(at)}", expr.items[0].span)
        if not -len(value) <= at < len(value):
            fail(
                "NN202",
                f"index {at} is outside of a list of {len(value)}",
                expr.items[0].span,
            )
        return value[at]
    if isinstance(value, (SharedLayer, LayerTensor)) and len(expr.items) == 1:
        part = _index_item(body, expr.items[0])
        if isinstance(part, (int, str)) and not isinstance(part, bool):
            return tensor_of(value, str(part), expr.span)
    if isinstance(value, dict):
        key = _index_item(body, expr.items[0])
        if key in value:
            return value[key]
    fail("NN202", f"{describe(value)} cannot be indexed", expr.span)


def _index_at(body: Body, value: Value, items: tuple[Any, ...], span: Span) -> Any:
    """`table[places]`, `x[:, places, 1:]`: the slices first, then the places."""
    tensors = [number for number, item in enumerate(items) if isinstance(item, Value)]
    plain = all(item is None or item is ... or isinstance(item, slice) for item in items
                if not isinstance(item, Value))  # fmt: skip
    if len(tensors) > 1 or not plain:
        fail(
            "NN206",
            "a tensor as an index stands alone, or with slices, `none` and `...`",
            span,
            help="take one after the other: `x[:, places][0]`",
        )
    (at,) = tensors
    rest = (*items[:at], slice(None), *items[at + 1 :])
    if any(item != slice(None) for item in rest):
        value = apply.operator(body, "index", [value], {"items": rest}, span)
    after = ... in items[:at]
    dim = at - len(items) if after else at
    return apply.operator(body, "index_at", [value, items[at]], {"dim": dim}, span)


def _index_item(body: Body, item: tree.Expr) -> Any:
    if isinstance(item, tree.Slice):
        ends = (item.start, item.stop, item.step)
        found = [None if end is None else evaluate(body, end) for end in ends]
        for end, value in zip(ends, found, strict=True):
            if end is not None and (not isinstance(value, (int, Dim)) or isinstance(value, bool)):
                fail("NN202", f"a slice's bound is an integer, not {describe(value)}", end.span)
        return slice(*found)
    return evaluate(body, item)


def _slice(body: Body, expr: tree.Slice) -> Any:
    fail("NN101", "a slice stands inside of an index: `x[1:]`", expr.span)


def _label(body: Body, stage: tree.Stage) -> LabelName | None:
    """The label of a stage. A number in it is part of a name: the structure depends on it."""
    if stage.label is None:
        return None
    return evaluate_label(stage.label, lambda part: body.session.pin(body.evaluate(part)))


def _pipeline(body: Body, expr: tree.Pipeline) -> Any:
    """Apply stage after stage to tensors; without tensors at the start, compose a layer."""
    first = expr.stages[0]
    label = _label(body, first)
    if label is not None and isinstance(first.value, tree.Call):
        value = call(body, first.value, label)
    else:
        value = evaluate(body, first.value)
    tensors = apply.tensors_of(value)
    if tensors is not None:
        if label is not None and not isinstance(first.value, tree.Call):
            fail("NN202", "a label names a layer; this is a tensor", first.span)
        for stage in expr.stages[1:]:
            label = _label(body, stage)
            layer = _stage_layer(body, stage)
            tensors = apply.layer(body, layer, tensors, label, stage.value.span)
        return apply.results_of(tensors) if len(expr.stages) > 1 else value
    limits = body.session.limits
    steps: list[Step] = []
    for number, stage in enumerate(expr.stages):
        if number:
            label = _label(body, stage)
            value = _stage_layer(body, stage)
        elif not is_layer(value):
            _not_a_layer(body, stage, value)
        if label is None and isinstance(value, Composed):
            steps.extend(value.steps)
        else:
            steps.append(Step(label, value))
        if len(steps) > limits.items:
            message = f"this layer would have more than {limits.items:,} steps"
            fail("NN402", message, expr.span, help=limits.way_out("items"))
    made = Composed(expr.span, tuple(steps))
    if any(isinstance(step.layer, (Composed, Repeated)) for step in steps):
        body.session.count_steps(_written_out(made, {}), expr.span)
    return made


def _stage_layer(body: Body, stage: tree.Stage) -> Any:
    given = stage.value
    if isinstance(given, tree.Call):
        value = call(body, given, None, stage=True)
    else:
        value = evaluate(body, given)
    if is_layer(value):
        return value
    _not_a_layer(body, stage, value)


def _not_a_layer(body: Body, stage: tree.Stage, value: Any) -> Any:
    helped = ""
    if isinstance(value, Value) and isinstance(stage.value, tree.Call):
        helped = "leave the tensors out: the arrow brings them"
    fail(
        "NN202",
        f"`->` gives tensors to a layer; this is {describe(value)}",
        stage.value.span,
        help=helped,
    )


def guard(compute: Callable[[], Any], span: Span) -> Any:
    """The value, with the place where it cannot be computed."""
    try:
        return compute()
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None


def _call(body: Body, expr: tree.Call) -> Any:
    return call(body, expr, None)


_RULES: dict[type, Callable[[Body, Any], Any]] = {
    tree.Number: _literal,
    tree.String: _literal,
    tree.Constant: _literal,
    tree.Name: _name,
    tree.ListExpr: _list,
    tree.KeyedList: _keyed,
    tree.TupleExpr: _tuple,
    tree.Comprehension: _comprehension,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Compare: _compare,
    tree.Conditional: _conditional,
    tree.Attribute: _attribute,
    tree.Index: _index,
    tree.Slice: _slice,
    tree.Pipeline: _pipeline,
    tree.Call: _call,
}
