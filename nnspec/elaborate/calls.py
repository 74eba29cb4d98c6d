"""Calls: `conv2d(64, 3)`, `relu(x)`, `Block(4)`, `len(depths)`, `make_divisible(c)`."""

from __future__ import annotations

from nnspec.diagnostics import Failure, Mismatch, nearest
from nnspec.dims import SizeLimit
from nnspec.elaborate import apply, channels, held, weights
from nnspec.elaborate.numbers import counted
from nnspec.elaborate.parameters import bind_parameters, inputs_of
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.values import (
    Block,
    BlockLayer,
    Builtin,
    Function,
    Initialiser,
    Layer,
    OperatorLayer,
    OperatorName,
    SharedLayer,
    describe,
)
from nnspec.graph import Value
from nnspec.operators.binding import unknown_argument
from nnspec.source import Span
from nnspec.syntax.tree import KeyedList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nnspec.elaborate.body import Body
    from nnspec.elaborate.values import LabelName
    from nnspec.operators.definition import Operator
    from nnspec.syntax.tree import Call


#: tensors of an operator's own that an argument may set, besides its settings
OWN_ARGUMENTS = ("init", "weight", "bias")


def call(body: Body, expr: Call, label: LabelName | None, stage: bool = False) -> Any:
    """The value of a call; a label is for the layer that a call with tensors makes. As a `stage` of a
    pipeline a name that is a function on numbers too stands for the operator: `x -> sum(1)`."""
    try:
        function = body.evaluate(expr.function)
    except Failure as failure:
        from nnspec.elaborate.unknown import called

        raise called(expr, failure) from None
    positional: list[Any] = []
    keyword: dict[str, Any] = {}
    places: dict[str, Span] = {}
    for argument in expr.arguments:
        if argument.name and argument.name.id == "init" and isinstance(argument.value, KeyedList):
            value = weights.initial(body, argument.value, places)
        else:
            try:
                value = body.evaluate(argument.value)
            except Failure:
                if argument.name is not None and isinstance(function, OperatorName):
                    takes(function.operator, argument.name.id, argument.span)  # one slip, not two
                raise
        if argument.name is not None:
            if argument.name.id in keyword:
                fail("NN207", f"`{argument.name.id}` is given twice", argument.span)
            keyword[argument.name.id] = value
            places[argument.name.id] = argument.span
        elif argument.starred:
            if not isinstance(value, (list, tuple)):
                fail("NN202", f"`*` spreads a list, not {describe(value)}", argument.span)
            positional.extend(value)
        else:
            places[str(len(positional))] = argument.span
            positional.extend(value) if isinstance(value, tuple) else positional.append(value)
    if isinstance(function, Builtin):
        # `sum([1, 2])` is a number, `sum(x, 1)`, `x -> sum(dim=1)` and `x -> sum()` are of tensors
        given = any(isinstance(value, Value) for value in positional)
        meant = stage or keyword or not positional or given
        if function.operator is not None and meant:
            function = OperatorName(function.operator)
        else:
            return _builtin(body, function, positional, keyword, expr.span)
    if isinstance(function, OperatorName):
        if stage:
            positional = _held(function.operator, positional, keyword, places)
        return _operator(body, function.operator, positional, keyword, places, expr, label)
    if isinstance(function, Initialiser):
        from nnspec.elaborate import initial

        return initial.of(body, function.name, positional, keyword, expr.span)
    if isinstance(function, Block):
        tensors, rest = _leading_tensors(positional)
        named = held.taken(function.definition, keyword, places)
        arguments = bind_parameters(
            body.session, function, rest, keyword, places, expr.span, len(tensors)
        )
        layer = BlockLayer(expr.span, function, arguments, named, places)
        if not tensors and len(named) < max(1, len(inputs_of(function.definition))):
            return layer
        return apply.results_of(apply.layer(body, layer, tensors, label, expr.span))
    if isinstance(function, Function):
        return apply.function(body, function, positional, keyword, places, expr.span)
    if isinstance(function, (Layer, SharedLayer)):
        tensors, rest = _leading_tensors(positional)
        if rest or keyword:
            fail(
                "NN202",
                "this layer has its settings already",
                expr.span,
                help="a layer that is ready takes tensors only",
            )
        if not tensors:
            return function
        return apply.results_of(apply.layer(body, function, tensors, label, expr.span))
    fail("NN202", f"{describe(function)} cannot be called", expr.function.span)


def takes(operator: Operator, name: str, span: Span) -> None:
    """NN203 where the operator has no argument of this name."""
    known = {setting.name for setting in operator.settings} | {t.name for t in operator.tensors}
    free = any(setting.kind == "axes" for setting in operator.settings)
    if name not in known and name not in OWN_ARGUMENTS and not free:
        raise placed(unknown_argument(operator.name, name, operator.settings), span)


def _held(
    operator: Operator, positional: list[Any], keyword: dict[str, Any], places: dict[str, Span]
) -> list[Any]:
    """`scores -> masked_fill(mask, 0.0)`: the arrow brings the first tensor, and the layer holds the others,
    as methods have it. The positional arguments that are left."""
    tensors, rest = _leading_tensors(positional)
    slots = operator.tensors[1:]
    if not tensors or len(tensors) > len(slots) or operator.tensors[0].many:
        return positional
    for number, (slot, value) in enumerate(zip(slots, tensors, strict=False)):
        if slot.name in keyword:
            return positional
        keyword[slot.name] = value
        places[slot.name] = places.pop(str(number))
    for number in range(len(tensors), len(positional)):
        if str(number) in places:
            places[str(number - len(tensors))] = places.pop(str(number))
    return rest


def _leading_tensors(positional: list[Any]) -> tuple[list[Value], list[Any]]:
    number = 0
    while number < len(positional) and isinstance(positional[number], Value):
        number += 1
    return positional[:number], positional[number:]


def _operator(
    body: Body,
    operator: Operator,
    positional: list[Any],
    keyword: dict[str, Any],
    places: dict[str, Span],
    expr: Call,
    label: LabelName | None,
) -> Any:
    positional, keyword, places = weights.lifted(operator, positional, keyword, places)
    keyword, *own = weights.split(operator, keyword, places)
    slots = operator.tensors
    # `x -> masked_fill(mask=m, value=0.0)` is a layer that holds one of its tensors
    listed = bool(slots) and slots[0].many and bool(positional) and apply.tensors_of(positional[0])
    takes_tensors = (
        bool(listed)
        or any(isinstance(v, Value) for v in positional)
        or all(isinstance(keyword.get(s.name), Value) for s in slots if not s.optional)
    )
    if slots and not takes_tensors:
        if body.session.formal:
            positional, keyword = body.session.pin_floats(operator.settings, positional, keyword)
        layer = OperatorLayer(expr.span, operator, tuple(positional), keyword, places, *own)
        if not any(slot.scalar for slot in slots):
            # bound now only to tell what is wrong where it is written; bound for good when applied
            of_tensors = [slot.name for slot in slots]
            settings = {k: v for k, v in keyword.items() if k not in of_tensors}
            try:
                body.session.bound(operator, positional, settings)
            except Mismatch as mismatch:
                if operator.name == "linear":  # `linear(10, 5)`, whatever the input will be
                    habit = channels.channels_first(operator, positional, positional[:1])
                    mismatch.help = habit or mismatch.help
                raise placed(
                    mismatch, argument_place(operator, mismatch, places, expr.span)
                ) from None
        return layer
    tensors: list[Any] = []
    rest = list(positional)
    if operator.wraps:  # checkpoint(Block(8), x, y), as PyTorch has it, or the tensors first
        order = sorted(range(len(rest)), key=lambda n: not isinstance(rest[n], Value))
        moved = {str(n): places[str(was)] for n, was in enumerate(order) if str(was) in places}
        places = {**places, **moved}
        tensors, rest = _leading_tensors([rest[number] for number in order])
    elif slots and slots[0].many:
        if rest and isinstance(rest[0], list) and all(isinstance(v, Value) for v in rest[0]):
            rest = [*rest[0], *rest[1:]]  # concat([a, b], dim=1), as PyTorch has it
        before = rest[:1] if rest and isinstance(rest[0], str) else []  # einsum("i,j->ij", a, b)
        tensors, rest = _leading_tensors(rest[len(before) :])
        rest = before + rest
    else:
        while rest and len(tensors) < len(slots):
            slot = slots[len(tensors)]
            fits = isinstance(rest[0], Value) or (
                slot.scalar and isinstance(rest[0], (int, float)) and not isinstance(rest[0], bool)
            )
            if not fits:
                break
            tensors.append(rest.pop(0))
    extra = next((v for v in rest if isinstance(v, Value)), None)
    if extra is not None:
        if isinstance(rest[0], OperatorName) and len(tensors) < len(slots):
            _refuse_operator(body, rest[0], places.get(str(positional.index(rest[0])), expr.span))
        at = positional.index(extra)
        fail(
            "NN208",
            f"`{operator.name}` takes {_tensor_count(operator)}",
            places.get(str(at), expr.span),
            help=f"its tensors: {', '.join(slot.name for slot in slots)}" if slots else "",
        )
    if not isinstance(rest[0] if rest and slots and slots[0].many else None, str):
        places = _shift(places, len(tensors))
    layer = OperatorLayer(expr.span, operator, tuple(rest), keyword, places, *own)
    return apply.results_of(apply.layer(body, layer, tensors, label, expr.span))


def _refuse_operator(body: Body, written: OperatorName, span: Span) -> NoReturn:
    """An operator's name where a tensor belongs, such as `logit` for `logits`."""
    name = written.operator.name
    tensors = [known for known, value in body.scope.names.items() if isinstance(value, Value)]
    close = nearest(name, tensors)
    fail(
        "NN202",
        f"`{name}` is an operator, not a tensor",
        span,
        help=f"did you mean `{close}`?" if close else f"give it a tensor: `{name}(x)`",
    )


def _tensor_count(operator: Operator) -> str:
    most = len(operator.tensors)
    return "no tensors" if most == 0 else "one tensor" if most == 1 else f"at most {most} tensors"


def _shift(places: dict[str, Span], by: int) -> dict[str, Span]:
    """Places of the positional settings, counted after the tensors."""
    return {
        str(int(name) - by) if name.isdigit() else name: span
        for name, span in places.items()
        if not name.isdigit() or int(name) >= by
    }


def argument_place(owner: Any, mismatch: Mismatch, places: Any, span: Span) -> Span:
    """The place of the argument that a rule refuses, or within it; else the whole call."""
    if mismatch.argument in places:
        return _within(places[mismatch.argument], mismatch.within)
    for number, setting in enumerate(owner.settings):
        if setting.name == mismatch.argument and str(number) in places:
            return _within(places[str(number)], mismatch.within)
    return span


#: an argument that is a string without escapes, with its quotes
_STRING = r"""(?:\w+\s*=\s*)?(\"{3}|'{3}|["'])([^\\\r]*)\1"""


def _within(span: Span, characters: tuple[int, int] | None) -> Span:
    """Some characters of a string that is written out there; the whole argument of any other."""
    import re

    written = re.fullmatch(_STRING, span.text) if characters else None
    if written is None or characters is None or written[1][0] in written[2]:
        return span
    start = span.start + written.start(2)
    return Span(span.source, start + characters[0], start + max(characters[1], characters[0] + 1))


def _builtin(
    body: Body, builtin: Builtin, positional: list[Any], keyword: dict[str, Any], span: Span
) -> Any:
    for value in positional:
        if isinstance(value, Value):
            helped = ""
            if builtin.name == "len":
                helped = f"the sizes of {value.type} are names and numbers: write the first of them"
            fail(
                "NN202",
                f"`{builtin.name}` works on numbers and lists, not on a tensor",
                span,
                help=helped,
            )
    if body.session.formal and len(positional) == 1:
        made = body.session.fraction(builtin.name, positional[0])
        if made is not None:
            return made
    if builtin.name not in ("min", "max", "len", "sum", "int", "abs", "floor", "ceil", "round"):
        positional = [body.session.pin(value) for value in positional]
    try:
        limited = (body.session.limits,) if builtin.function is counted else ()
        result = builtin.function(*limited, *positional, **keyword)
        if isinstance(result, list):
            body.session.count_steps(len(result), span)
        return result
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None
    except SizeLimit as limit:
        fail("NN403", f"this makes {limit}", span)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        shown = ", ".join(describe(value) for value in positional)
        settings = builtin.operator.settings if builtin.operator is not None else ()
        help = f"for a tensor: `x -> {builtin.name}({settings[0].name}=…)`" if settings else ""
        fail("NN202", f"`{builtin.name}` cannot take {shown or 'nothing'}", span, help=help)
