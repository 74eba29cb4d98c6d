"""Fractions that remember how they came about, as `Dim`s do for whole numbers.

In a formal elaboration (`formal.py`) a float parameter is a `FormalFloat`, and so is what is computed from it
or from formal sizes: `C ** -0.5`, `drop * 3 / 12`. The generated class computes it, and serves all uses.
"""

from __future__ import annotations

import math
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Dim

#: functions of the language that give fractions, as Python writes them
FUNCTIONS = {
    "sqrt": (math.sqrt, "math.sqrt"),
    "exp": (math.exp, "math.exp"),
    "log": (math.log, "math.log"),
    "log2": (math.log2, "math.log2"),
}


class FormalFloat(float):
    """A number, with what it is: `op` over `args`, which are numbers, sizes and others of its kind. Where
    `op` is empty it is a parameter, whose name is `symbol`, or a size.

    An operator's rule sees a number that equals no default, so it writes the setting. Wherever the
    spec itself decides by it, or makes a whole number of it, its names are noted as pinned: the code then
    holds for this value only.
    """

    op: str
    args: tuple[Any, ...]
    pinned: ClassVar[set[str]] = set()

    def __new__(cls, value: float, op: str, args: tuple[Any, ...]) -> FormalFloat:
        made = super().__new__(cls, value)
        made.op, made.args = op, args
        return made

    @classmethod
    def parameter(cls, value: float, symbol: str) -> FormalFloat:
        return cls(value, "", (symbol,))

    @classmethod
    def of_size(cls, value: int, size: Dim) -> FormalFloat:
        return cls(value, "", (size,))

    @property
    def symbol(self) -> str | None:
        """The parameter that it is."""
        return self.args[0] if not self.op and isinstance(self.args[0], str) else None

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the parameters and sizes that it is made of."""
        if self.symbol is not None:
            return frozenset((self.symbol,))
        return frozenset(name for arg in self.args for name in getattr(arg, "symbols", ()))

    def at(self, values: dict[str, Any]) -> float:
        """Its value with other numbers behind the names."""
        if self.symbol is not None:
            return float(values[self.symbol])
        given: list[Any] = [
            arg.at(values) if isinstance(arg, FormalFloat) else arg for arg in self.args
        ]
        if not self.op:
            from nnspec.dims import evaluate

            return float(evaluate(given[0], values))
        if self.op in _OPERATIONS:
            return float(_OPERATIONS[self.op](*map(float, given)))
        return next(function(*given) for function, name in FUNCTIONS.values() if name == self.op)

    def pin(self) -> None:
        """Note that its value mattered."""
        FormalFloat.pinned |= self.symbols

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FormalFloat):
            return (self.op, self.args) == (other.op, other.args)
        if _asked_by_a_rule():
            return False
        self.pin()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def function(name: str, value: Any) -> FormalFloat:
    """`sqrt(value)`."""
    compute, written = FUNCTIONS[name]
    return FormalFloat(compute(value), written, (value,))


def _asked_by_a_rule() -> bool:
    """Whether the caller is an operator's definition: its checks decide no structure."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == __name__ and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).startswith("nnspec.operators")


def _compared(name: str) -> Any:
    plain = getattr(float, name)

    def method(self: FormalFloat, *args: Any) -> Any:
        if not _asked_by_a_rule():
            self.pin()
        return plain(self, *args)

    return method


def _rounded(name: str) -> Any:
    plain = getattr(float, name)

    def method(self: FormalFloat, *args: Any) -> Any:
        self.pin()
        return plain(self, *args)

    return method


def _computed(op: str, name: str, turned: bool = False) -> Any:
    plain = getattr(float, name)

    def method(self: FormalFloat, *others: Any) -> Any:
        found = plain(self, *others)
        args = (*others, self) if turned else (self, *others)
        return FormalFloat(found, op, args) if isinstance(found, float) else found

    return method


for _name in ("__lt__", "__le__", "__gt__", "__ge__", "__bool__"):
    setattr(FormalFloat, _name, _compared(_name))
for _name in ("__int__", "__round__", "__trunc__", "__floor__", "__ceil__"):
    setattr(FormalFloat, _name, _rounded(_name))

_OPERATIONS: dict[str, Any] = {}
for _op, _name in (
    ("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "truediv"), ("//", "floordiv"), ("%", "mod"),
    ("**", "pow"),
):  # fmt: skip
    setattr(FormalFloat, f"__{_name}__", _computed(_op, f"__{_name}__"))
    setattr(FormalFloat, f"__r{_name}__", _computed(_op, f"__r{_name}__", True))
    _OPERATIONS[_op] = getattr(float, f"__{_name}__")
FormalFloat.__neg__ = _computed("neg", "__neg__")  # type: ignore[method-assign]
FormalFloat.__abs__ = _computed("abs", "__abs__")  # type: ignore[method-assign]
_OPERATIONS |= {"neg": float.__neg__, "abs": abs}
