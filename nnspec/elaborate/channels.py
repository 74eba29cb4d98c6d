"""A number of channels that is given to an operator, as PyTorch wants it, where the input tells it."""

from __future__ import annotations

from nnspec.operators.binding import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Operator


def channels_for_eps(operator: Operator, positional: Sequence[Any]) -> str:
    """`BatchNorm2d(64)`: the 64 would be eps. What to say of it, or nothing."""
    for setting, value in zip(operator.settings, positional, strict=False):
        if setting.name == "eps" and isinstance(value, int) and value >= 1:
            others = ", ".join(map(show, positional[:-1]))
            written = f"{operator.name}({others})" if others else operator.name
            return f"the input tells how many there are: write `{written}`"
    return ""


def channels_first(operator: Operator, positional: Sequence[Any], shape: Sequence[Size]) -> str:
    """`Conv2d(3, 64, 3)`, `Linear(10, 5)`: the input's size, given once more in first place."""
    if operator.name.startswith("conv") and len(shape) > 1:
        size, least = shape[1], 3
    elif operator.name == "linear" and shape:
        size, least = shape[-1], 2
    else:
        return ""
    if len(positional) < least or positional[0] != size or isinstance(positional[1], bool):
        return ""
    rest = ", ".join(map(show, positional[1:]))
    return f"the input tells its own {size}: write `{operator.name}({rest})`"
