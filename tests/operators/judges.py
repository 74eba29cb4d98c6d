"""Operators that PyTorch has no function for: who says what is right, as text over `x0, x1, ...`."""

from __future__ import annotations

from collections.abc import Callable

from .examples import Case


def einops(case: Case) -> str:
    """The call of einops itself."""
    return f"einops.{case.operator.name}(x0, **{case.settings!r})"


JUDGES: dict[str, Callable[[Case], str]] = {
    "rearrange": einops,
    "reduce": einops,
    "repeat": einops,
}
