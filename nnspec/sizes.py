"""The exact set of sizes that a model admits.

Operators demand conditions of sizes. `solve` turns them into the set of admitted sizes: conditions on one
symbol are decided by residues (with h = M*q + r every floor division by a divisor of M is linear in q, so
that for each remainder r the admitted q are an interval); conditions over several symbols go to islpy's
Presburger sets, imported only then. What lies outside of that (products of symbols) is kept as unproved.
"""

from __future__ import annotations

from itertools import pairwise
from math import lcm

from nnspec.dims import Dim, compare, evaluate, render, symbols
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nnspec.dims import Size

#: a period of remainders beyond this is not searched
MOST_REMAINDERS = 20_000


class Condition(Record):
    """`op` is "==" or "!=" (`size` is, is not 0), or ">=" (`size` is at least 0)."""

    op: str
    size: Size
    text: str

    def holds(self, values: Mapping[str, int]) -> bool:
        value = evaluate(self.size, values)
        return value == 0 if self.op == "==" else value >= 0 if self.op == ">=" else value != 0

    @property
    def symbols(self) -> frozenset[str]:
        return symbols(self.size)


def equal(a: Size, b: Size) -> Condition:
    """`a == b`."""
    return Condition("==", a - b, f"{render(a)} == {render(b)}")


def differs(a: Size, b: Size) -> Condition:
    """`a != b`."""
    return Condition("!=", a - b, f"{render(a)} != {render(b)}")


def at_least(a: Size, b: Size) -> Condition:
    """`a >= b`."""
    return Condition(">=", a - b, f"{render(a)} >= {render(b)}")


def divisible(a: Size, by: Size) -> Condition:
    """`a % by == 0`."""
    return Condition("==", a % by, f"{_in_brackets(a)} % {_in_brackets(by)} == 0")


def _in_brackets(size: Size) -> str:
    text = render(size)
    return f"({text})" if " " in text or "*" in text else text


class Admitted:
    """The sizes that satisfy some conditions.

    `requires` is the set in words, `empty` is True where no size is admitted, `conflict` are conditions that
    cannot hold together then, and `unproved` those of which that could not be decided.
    """

    __slots__ = ("conditions", "conflict", "empty", "requires", "unproved")

    def __init__(
        self,
        conditions: tuple[Condition, ...],
        requires: tuple[str, ...],
        conflict: tuple[Condition, ...],
        unproved: tuple[Condition, ...],
    ) -> None:
        self.conditions = conditions
        self.requires = requires
        self.conflict = conflict
        self.empty = bool(conflict)
        self.unproved = unproved

    def admits(self, values: Mapping[str, int]) -> bool:
        """Whether these sizes satisfy every condition. KeyError for a symbol that is missing."""
        if any(value < 1 for value in values.values()):
            return False
        return all(condition.holds(values) for condition in self.conditions)

    def refused_by(self, values: Mapping[str, int]) -> Condition | None:
        """The first condition that these sizes do not satisfy."""
        return next((c for c in self.conditions if not c.holds(values)), None)


def solve(conditions: Iterable[Condition]) -> Admitted:
    """The set of sizes that satisfy all of the conditions, each symbol an integer of at least 1."""
    wanted: list[Condition] = []
    for condition in dict.fromkeys(conditions):
        known = compare(condition.op, condition.size, 0)
        if known is False:
            return Admitted((condition,), (), (condition,), ())
        if known is None:
            wanted.append(condition)
    alone: dict[str, list[Condition]] = {}
    together: list[Condition] = []
    for condition in wanted:
        names = condition.symbols
        if len(names) == 1 and _linear(condition.size):
            alone.setdefault(next(iter(names)), []).append(condition)
        else:
            together.append(condition)
    requires: list[str] = []
    everything = tuple(wanted)
    for name in sorted(alone):
        found = _solve_one(name, alone[name])
        if found is None:  # the remainders have too long a period
            together.extend(alone[name])
        elif found == EMPTY:
            return Admitted(everything, (), _smallest_conflict(name, alone[name]), ())
        else:
            requires.extend(found)
    unproved = tuple(c for c in together if not _linear(c.size))
    proved = [c for c in together if _linear(c.size)]
    if proved:
        linear = [c for c in wanted if _linear(c.size)]
        if _empty_together(linear):
            return Admitted(everything, (), tuple(linear), unproved)
        requires.extend(c.text for c in _needed(proved, linear))
    requires.extend(c.text for c in unproved)
    return Admitted(everything, tuple(dict.fromkeys(requires)), (), unproved)


# -- one symbol --------------------------------------------------------------------------------------

EMPTY: tuple[str, ...] = ("no size",)


def _linear(size: Size) -> bool:
    """No products of sizes, and divisions by numbers only: within Presburger arithmetic."""
    if isinstance(size, int):
        return True
    for monomial, _ in size.terms:
        if len(monomial) > 1:
            return False
        for atom in monomial:
            if atom.kind == "//" and not isinstance(atom.args[1], int):
                return False
            if atom.kind != "symbol" and not all(_linear(part) for part in atom.args):
                return False
    return True


def _period(size: Size) -> int | None:
    """M such that the size is linear in q for h = M * q + r; None for min and max."""
    period = 1
    if isinstance(size, Dim):
        for monomial, _ in size.terms:
            for atom in monomial:
                if atom.kind in ("min", "max"):
                    return None
                if atom.kind == "//":
                    inner = _period(atom.args[0])
                    if inner is None:
                        return None
                    period = lcm(period, inner * atom.args[1])
    return period


class Stretch(Record):
    """Of the sizes with one remainder: the first admitted, and the last (None: without end)."""

    first: int
    last: int | None


def _solve_one(name: str, conditions: Sequence[Condition]) -> tuple[str, ...] | None:
    """What one symbol must satisfy, in words; EMPTY; or None where that is out of reach."""
    period = 1
    for condition in conditions:
        own = _period(condition.size)
        if own is None:
            return None
        period = lcm(period, own)
        if period > MOST_REMAINDERS:
            return None
    stretches: dict[int, Stretch] = {}
    for remainder in range(period):
        found = _stretch(name, conditions, period, remainder)
        if found is None:
            return None
        if found.last is None or found.first <= found.last:
            stretches[remainder] = found
    return _in_words(name, period, stretches) if stretches else EMPTY


def _stretch(
    name: str, conditions: Sequence[Condition], period: int, remainder: int
) -> Stretch | None:
    """The admitted sizes of one remainder. None where a "!=" cuts a hole into them."""
    start = remainder if remainder else period
    low, high = 0, None  # of q, in start + period * q
    for condition in conditions:
        at_zero = evaluate(condition.size, {name: start})
        slope = evaluate(condition.size, {name: start + period}) - at_zero
        if condition.op == "!=":
            if slope == 0 and at_zero == 0:
                return Stretch(1, 0)
            if slope != 0 and -at_zero % slope == 0 and -at_zero // slope >= 0:
                return None
            continue
        if slope == 0:
            if (at_zero != 0) if condition.op == "==" else (at_zero < 0):
                return Stretch(1, 0)
        elif condition.op == "==":
            if -at_zero % slope:
                return Stretch(1, 0)
            only = -at_zero // slope
            low = max(low, only)
            high = only if high is None else min(high, only)
        elif slope > 0:
            low = max(low, -(at_zero // slope))
        else:
            most = at_zero // -slope
            high = most if high is None else min(high, most)
    return Stretch(start + period * low, None if high is None else start + period * high)


def _in_words(name: str, period: int, stretches: Mapping[int, Stretch]) -> tuple[str, ...]:
    """The union of the stretches: `H % 16 == 0`, `H >= 16`; the sets are equal, not merely alike."""
    bounded = [s.last for s in stretches.values() if s.last is not None]
    least = min(stretch.first for stretch in stretches.values())
    if len(bounded) == len(stretches):
        values = sorted(
            value
            for stretch in stretches.values()
            for value in range(stretch.first, (stretch.last or 0) + 1, period)
        )
        return _finite(name, values)
    remainders = sorted(r for r, s in stretches.items() if s.last is None)
    step, residues = _shortest_period(period, remainders)
    words = _remainder_words(name, step, residues)
    # sizes from `bound` on follow the remainders; those below are told one by one
    first = max(s.first for s in stretches.values() if s.last is None)
    last = max(bounded, default=0)
    top = max(first, last + 1)
    admitted = {
        value
        for remainder, stretch in stretches.items()
        for value in range(stretch.first, top + 1, period)
        if stretch.last is None or value <= stretch.last
    }
    regular = {value for value in range(1, top + 1) if value % step in residues}
    bound = top
    while bound > 1 and ((bound - 1) in admitted) == ((bound - 1) in regular):
        bound -= 1
    exceptions = sorted(value for value in admitted if value < bound)
    smallest = min((value for value in regular if value >= bound), default=least)
    if not exceptions:
        if smallest > 1:
            words = (*words, f"{name} >= {smallest}")
        return words
    rest = " and ".join((*words, f"{name} >= {smallest}"))
    return (" or ".join([*(f"{name} == {value}" for value in exceptions), rest]),)


def _finite(name: str, values: list[int]) -> tuple[str, ...]:
    if len(values) == 1:
        return (f"{name} == {values[0]}",)
    steps = {b - a for a, b in pairwise(values)}
    if len(steps) == 1:
        (step,) = steps
        bounds: tuple[str, ...] = (
            (f"{values[0]} <= {name} <= {values[-1]}",)
            if values[0] > 1
            else (f"{name} <= {values[-1]}",)
        )
        if step == 1:
            return bounds
        return (f"{name} % {step} == {values[0] % step}", *bounds)
    return (" or ".join(f"{name} == {value}" for value in values),)


def _shortest_period(period: int, remainders: list[int]) -> tuple[int, set[int]]:
    """The same remainders under the smallest modulus that tells them."""
    every = set(remainders)
    for step in range(1, period + 1):
        if period % step == 0:
            residues = {remainder % step for remainder in every}
            if len(residues) * (period // step) == len(every):
                return step, residues
    return period, every


def _remainder_words(name: str, step: int, residues: set[int]) -> tuple[str, ...]:
    if step == 1:
        return ()
    if len(residues) == 1:
        return (f"{name} % {step} == {next(iter(residues))}",)
    if len(residues) == step - 1:
        (missing,) = set(range(step)) - residues
        return (f"{name} % {step} != {missing}",)
    return (f"{name} % {step} in {sorted(residues)}",)


def _smallest_conflict(name: str, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions of which none can be left out without there being a size."""
    kept = list(conditions)
    for condition in conditions:
        without = [other for other in kept if other is not condition]
        if without and _solve_one(name, without) == EMPTY:
            kept = without
    return tuple(kept)


# -- several symbols: Presburger sets ----------------------------------------------------------------


def _presburger(conditions: Sequence[Condition]) -> Any:
    """The islpy set of the sizes that satisfy the conditions."""
    import islpy

    names = sorted({name for condition in conditions for name in condition.symbols})
    parts = [f"{name} >= 1" for name in names]
    for condition in conditions:
        op = {"==": "=", ">=": ">=", "!=": "!="}[condition.op]
        parts.append(f"{_isl(condition.size)} {op} 0")
    return islpy.Set(f"{{ [{', '.join(names)}] : {' and '.join(parts)} }}")


def _isl(size: Size) -> str:
    """The size in islpy's words."""
    if isinstance(size, int):
        return str(size)
    text = "0"
    for monomial, coefficient in size.terms:
        text += f" {'-' if coefficient < 0 else '+'} {abs(coefficient)}"
        if not monomial:
            continue
        (atom,) = monomial
        if atom.kind == "symbol":
            inner = atom.args
        elif atom.kind == "//":
            inner = f"floor(({_isl(atom.args[0])})/{atom.args[1]})"
        else:
            inner = f"{atom.kind}({', '.join(_isl(part) for part in atom.args)})"
        text += f"*{inner}"
    return text


def _empty_together(conditions: Sequence[Condition]) -> bool:
    return bool(_presburger(conditions).is_empty())


def _needed(conditions: Sequence[Condition], every: Sequence[Condition]) -> list[Condition]:
    """The conditions that do not follow from the others."""
    names = {name for condition in every for name in condition.symbols}
    anchors = [at_least(_symbol(name), 1) for name in sorted(names)]
    kept = list(every)
    for condition in conditions:
        others = [other for other in kept if other is not condition]
        whole, less = _presburger([*kept, *anchors]), _presburger([*others, *anchors])
        if less.is_subset(whole):
            kept = others
    return [condition for condition in conditions if condition in kept]


def _symbol(name: str) -> Dim:
    from nnspec.dims import symbol

    return symbol(name)
