"""A condition on sizes, as an operator demands it."""

from __future__ import annotations

from nnspec.dims import bracketed, comparison, conditional, evaluate, negated, render, symbols
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nnspec.dims import Size


class Condition(Record):
    """`op` is "==" or "!=" (`size` is, is not 0), or ">=" (`size` is at least 0)."""

    op: str
    size: Size
    text: str

    def holds(self, values: Mapping[str, int]) -> bool:
        return self.kept(evaluate(self.size, values))

    def kept(self, value: int) -> bool:
        """Whether it holds where `size` has this value."""
        return value == 0 if self.op == "==" else value >= 0 if self.op == ">=" else value != 0

    @property
    def symbols(self) -> frozenset[str]:
        return symbols(self.size)


def equal(a: Size, b: Size) -> Condition:
    """`a == b`; of two names the first in the alphabet first, as people write them."""
    left, right = render(a), render(b)
    if left.isidentifier() and right.isidentifier():
        left, right = sorted((left, right))
    return Condition("==", a - b, f"{left} == {right}")


def differs(a: Size, b: Size) -> Condition:
    """`a != b`."""
    return Condition("!=", a - b, f"{render(a)} != {render(b)}")


def at_least(a: Size, b: Size) -> Condition:
    """`a >= b`."""
    return Condition(">=", a - b, f"{render(a)} >= {render(b)}")


def divisible(a: Size, by: Size) -> Condition:
    """`a % by == 0`."""
    return Condition("==", a % by, f"{bracketed(a)} % {bracketed(by)} == 0")


def against(condition: Condition) -> Condition:
    """The condition that holds where this one does not."""
    if condition.op == ">=":
        return Condition(">=", -condition.size - 1, "")
    return Condition("==" if condition.op == "!=" else "!=", condition.size, "")


def where(run: Size, condition: Condition) -> Condition:
    """The condition where a size is at least 0; below, anything holds."""
    fine = 1 if condition.op == "!=" else 0
    text = f"{comparison(negated(run))} or {condition.text}"
    return Condition(condition.op, conditional(run, condition.size, fine), text)


#: a comparison of the language -> the condition it states
CONDITIONS: dict[str, Callable[[Size, Size], Condition]] = {
    "==": equal,
    "!=": differs,
    ">=": at_least,
    ">": lambda a, b: Condition(">=", a - b - 1, f"{render(a)} > {render(b)}"),
    "<=": lambda a, b: Condition(">=", b - a, f"{render(a)} <= {render(b)}"),
    "<": lambda a, b: Condition(">=", b - a - 1, f"{render(a)} < {render(b)}"),
}
