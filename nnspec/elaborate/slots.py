"""Which of a layer's tensors goes where, and what to say where they do not fit."""

from __future__ import annotations

from nnspec.diagnostics import Label
from nnspec.dims import Dim
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import describe
from nnspec.graph import OpNode, Value
from nnspec.operators.binding import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.elaborate.values import OperatorLayer
    from nnspec.operators.definition import Tensor
    from nnspec.source import Span


def assigned(
    made: OperatorLayer, named: Mapping[str, Any], tensors: Sequence[Any], span: Span
) -> tuple[tuple[Value | None, ...], dict[str, Any], list[Any], dict[str, Any]]:
    """Which tensor goes where: (inputs, numbers in a tensor's place, settings by position, by name)."""
    slots = made.operator.tensors
    keyword = dict(named)
    positional = list(made.positional)
    if slots and slots[0].many:
        if not tensors:
            _wrong_number(made, tensors, span)
        return tuple(tensors), {}, positional, keyword
    maker = maker_of(tensors)
    if maker is not None and len(tensors) > sum(1 for slot in slots if not slot.optional):
        # `x -> lstm(64) -> lstm(64)` means the sequence, and not the states of the first
        if len(tensors) > len(slots):
            _wrong_number(made, tensors, span)
        fail(
            "NN208",
            f"`{made.operator.name}` takes `{slots[0].name}` here, not all {len(tensors)} results "
            f"of `{maker.operator.name}`",
            made.span,
            labels=origins(tensors, made.span),
            help=_taken_apart(maker),
        )
    given = list(tensors)
    inputs: list[Value | None] = []
    scalars: dict[str, Any] = {}
    for slot in slots:
        if slot.name in keyword:
            value = keyword.pop(slot.name)
        elif given:
            value = given.pop(0)
        elif slot.scalar and positional:
            value = positional.pop(0)
        else:
            value = None
        if isinstance(value, Value):
            inputs.append(value)
            continue
        if value is not None and slot.scalar and isinstance(value, (int, float, Dim)):
            scalars[slot.name] = value
        elif value is not None:
            fail(
                "NN210",
                f"`{slot.name}` of `{made.operator.name}` is a tensor, not {describe(value)}",
                made.places.get(slot.name, span),
                help=_as_tensor(value),
            )
        elif not slot.optional:
            _wrong_number(made, tensors, span)
        inputs.append(None)
    if given:
        _wrong_number(made, tensors, span)
    return tuple(inputs), scalars, positional, keyword


def _as_tensor(value: Any) -> str:
    """What makes a tensor of numbers, where numbers are given."""
    numbers = value if isinstance(value, (list, tuple)) else (value,)
    if not numbers or not all(isinstance(number, (int, float)) for number in numbers):
        return ""
    return f"`tensor({show(value)})` makes one of it"


def _wrong_number(made: OperatorLayer, tensors: Sequence[Any], span: Span) -> None:
    slots: tuple[Tensor, ...] = made.operator.tensors
    count = len(tensors) + sum(slot.name in made.keyword for slot in slots)
    required = [slot.name for slot in slots if not slot.optional]
    need = len(required)
    names = ", ".join(required if count < need else [slot.name for slot in slots])
    helped = ""
    maker = maker_of(tensors)
    if maker is not None:
        helped = _taken_apart(maker)
    elif count == 1 and need > 1:
        helped = f"give it its tensors together: `({names}) -> {made.operator.name}`"
    fail(
        "NN208",
        f"`{made.operator.name}` takes {need} tensor{'s' * (need != 1)} ({names}), not {count}"
        if slots
        else f"`{made.operator.name}` takes no tensors",
        made.span,
        labels=origins(tensors, made.span),
        help=helped,
    )


def maker_of(tensors: Sequence[Any]) -> OpNode | None:
    """The node whose several results these are, where they have no names and just flow on."""
    node = tensors[0].node if len(tensors) > 1 and isinstance(tensors[0], Value) else None
    straight = (
        isinstance(node, OpNode)
        and len(tensors) == len(node.outputs)
        and all(a is b and not a.name for a, b in zip(tensors, node.outputs, strict=True))
    )
    return node if straight and isinstance(node, OpNode) else None


def _taken_apart(maker: OpNode) -> str:
    """What to write where several results flow into an operator that takes fewer."""
    operator = maker.operator
    if not operator.result_names:
        return f"take the {len(maker.outputs)} results of `{operator.name}` apart first: `a, b = …`"
    names = ", ".join(operator.result_names)
    helped = (
        f"take the results of `{operator.name}` apart first: `{names} = … -> {operator.name}(…)`"
    )
    return f"{helped}; {operator.one_result}" if operator.one_result else helped


def origins(tensors: Sequence[Any], place: Span) -> tuple[Label, ...]:
    """Where each tensor comes from, with its shape."""
    labels = []
    seen = set()
    for value in tensors:
        if isinstance(value, Value) and value.span is not None and value.span != place:
            if value.span not in seen and not (
                value.span.start <= place.start and place.end <= value.span.end
            ):
                seen.add(value.span)
                name = f"`{value.name}` is " if value.name else ""
                labels.append(Label(value.span, f"{name}{value.type}"))
    return tuple(labels)
