"""What would fit, where an operator refuses its tensors: found by trying what people write then."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import SizeLimit, Undecided
from nnspec.operators import lookup
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nnspec.graph import Value
    from nnspec.operators.definition import Operator
    from nnspec.tensors import TensorType

    #: what is written, and the operator and its settings
    Step = tuple[str, str, dict[str, Any]]

_COMPLEX = ("c64", "c128")


def way_out(
    operator: Operator,
    inputs: Sequence[Value | None],
    positional: Sequence[Any],
    keyword: Mapping[str, Any],
    refused: Mismatch,
) -> str:
    """One operator in front of one of the tensors with which the use is taken, as a help; or nothing."""
    names = {slot.name for slot in operator.tensors}
    if refused.code not in ("NN301", "NN303", "NN304") or refused.argument not in ("", *names):
        return ""
    scalars = {name: keyword[name] for name in names & keyword.keys()}
    given = {name: value for name, value in keyword.items() if name not in scalars}
    settings = bind_settings(operator.name, operator.settings, positional, given) | scalars
    types = tuple(value.type if value is not None else None for value in inputs)
    best: tuple[tuple[int, int], str] | None = None
    for at, value in reversed(tuple(enumerate(inputs))):
        if value is None:
            continue
        among = [other for other in types if other is not None]
        for number, step in enumerate(steps(operator, refused.code, value.type, among)):
            made = after(value.type, step)
            demands = None if made is None else taken(operator, types, at, made, settings)
            if demands is not None and (best is None or (demands, number) < best[0]):
                slot = operator.tensors[min(at, len(operator.tensors) - 1)]
                what = f"`{value.name or slot.name}`" if value.name or len(inputs) > 1 else "it"
                best = (demands, number), f"`{step[0]}` makes {made} of {what}, which fits"
    return best[1] if best is not None else ""


def steps(
    operator: Operator, code: str, kind: TensorType, types: Sequence[TensorType]
) -> Iterator[Step]:
    """What may be meant, the likely before others: another dtype, another rank, a matrix turned."""
    if code == "NN301":
        if operator.family == "matrix product" and kind.rank > 1:
            yield "transpose(-2, -1)", "transpose", {"dim0": -2, "dim1": -1}
        return
    if code == "NN304":
        if kind.dtype in _COMPLEX:
            yield "abs", "abs", {}
            return
        others = sorted({other.dtype for other in types}, key=lambda dtype: dtype != "f32")
        for dtype in dict.fromkeys((*others, "f32", "i64", "bool")):
            if dtype != kind.dtype and dtype not in _COMPLEX:
                yield f'to("{dtype}")', "to", {"dtype": dtype}
        return
    if kind.rank and kind.shape[-1] == 1:
        yield "squeeze(-1)", "squeeze", {"dim": -1}
    yield "unsqueeze(0)", "unsqueeze", {"dim": 0}
    yield "unsqueeze(-1)", "unsqueeze", {"dim": -1}
    if kind.rank > 2:
        yield "flatten", "flatten", {}


def after(kind: TensorType, step: Step) -> TensorType | None:
    """What an operator makes of a tensor."""
    _, name, given = step
    operator = lookup(name)
    assert operator is not None, "each of them is defined"
    settings = {setting.name: setting.default for setting in operator.settings}
    try:
        return operator.infer(Use(operator, (kind,), settings | given))[0]
    except (Mismatch, SizeLimit, Undecided):
        return None


def taken(
    operator: Operator,
    types: Sequence[TensorType | None],
    at: int,
    made: TensorType,
    settings: Mapping[str, Any],
) -> int | None:
    """How many conditions the use has with that tensor in its place; None where it is refused, too."""
    use = Use(operator, (*types[:at], made, *types[at + 1 :]), dict(settings))
    try:
        operator.infer(use)
    except (Mismatch, SizeLimit, Undecided):
        return None
    return len(use.conditions)
