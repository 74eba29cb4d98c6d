"""Fractions that remember which parameter they are, as `Dim`s do for whole numbers."""

from __future__ import annotations

import sys
from typing import Any, ClassVar


class FormalFloat(float):
    """The value of a float parameter, with its name.

    An operator's rule sees a number that equals no default, so it writes the setting. Wherever the
    spec itself computes with it or decides by it, a plain number comes out and the name is noted as
    pinned: the code then holds for this value only.
    """

    symbol: str
    pinned: ClassVar[set[str]] = set()

    def __new__(cls, value: float, symbol: str) -> FormalFloat:
        made = super().__new__(cls, value)
        made.symbol = symbol
        return made

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FormalFloat):
            return self.symbol == other.symbol
        if _asked_by_a_rule():
            return False
        self.pinned.add(self.symbol)
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def _asked_by_a_rule() -> bool:
    """Whether the caller is an operator's definition: its checks decide no structure."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == __name__ and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).startswith("nnspec.operators")


def _pinning(name: str) -> Any:
    plain = getattr(float, name)

    def method(self: FormalFloat, *args: Any) -> Any:
        if not _asked_by_a_rule():
            self.pinned.add(self.symbol)
        return plain(self, *args)

    return method


for _name in (
    "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__int__", "__round__", "__trunc__",
    "__floor__", "__ceil__", "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__",
    "__truediv__", "__rtruediv__", "__floordiv__", "__rfloordiv__", "__mod__", "__rmod__",
    "__pow__", "__rpow__", "__neg__", "__abs__", "__float__",
):  # fmt: skip
    setattr(FormalFloat, _name, _pinning(_name))
