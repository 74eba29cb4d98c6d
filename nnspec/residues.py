"""The sizes of one symbol that satisfy conditions, decided by remainders.

With h = M * q + r every floor division by a divisor of M is a polynomial in q, so that for each
remainder r the admitted q are a few ranges (`polynomials.py`).
"""

from __future__ import annotations

from math import gcd, lcm

from nnspec.cases import cases
from nnspec.dims import Dim, evaluate, symbol
from nnspec.records import Record
from nnspec.rising import least_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.cases import Plain
    from nnspec.conditions import Condition
    from nnspec.dims import Size
    from nnspec.polynomials import Range

#: a period of remainders beyond this is not searched
MOST_REMAINDERS = 20_000
#: nor a size of a higher degree
MOST_DEGREE = 8


class Progression(Record):
    """Numbers that all admitted sizes are among: first, first + step, … up to last (None: without
    end); step 0: there is only one."""

    first: int
    step: int
    last: int | None


ANY = Progression(1, 1, None)


class Sizes(Record):
    """A set of sizes: of each remainder of `step` the ranges, from the first admitted size to the last,
    in order, with at least one size that is not admitted between two of them."""

    step: int
    ranges: dict[int, list[Range]]

    @property
    def every(self) -> list[Range]:
        return [found for ranges in self.ranges.values() for found in ranges]

    @property
    def first(self) -> int:
        """The least."""
        return min(ranges[0][0] for ranges in self.ranges.values())

    @property
    def last(self) -> int | None:
        """The greatest; None where there is none."""
        lasts = [ranges[-1][1] for ranges in self.ranges.values()]
        ends = [last for last in lasts if last is not None]
        return max(ends) if len(ends) == len(lasts) else None

    @property
    def count(self) -> int:
        """How many there are, of sizes that end."""
        return sum(((last or 0) - first) // self.step + 1 for first, last in self.every)

    def __contains__(self, size: int) -> bool:
        ranges = self.ranges.get(size % self.step, ())
        return any(low <= size and (high is None or size <= high) for low, high in ranges)

    def progression(self) -> Progression:
        """What all of them are among."""
        first = self.first
        step = gcd(*(low - first for low, _ in self.every))
        if any(low != high for low, high in self.every):
            step = gcd(step, self.step)
        return Progression(first, step, self.last)


class Alone(Record):
    """The admitted sizes of one symbol; and the same of each case, where they are several."""

    sizes: Sizes
    parts: tuple[Sizes, ...]


EMPTY = Alone(Sizes(1, {}), ())


def period(size: Size) -> int | None:
    """M such that the size is a polynomial in q for h = M * q + r; None for what is none."""
    found = 1
    if isinstance(size, Dim):
        for monomial, _ in size.terms:
            for atom in monomial:
                if atom.kind == "symbol":
                    continue
                if atom.kind != "//" or not isinstance(atom.args[1], int):
                    return None
                inner = period(atom.args[0])
                if inner is None:
                    return None
                found = lcm(found, inner * atom.args[1])
    return found


def degree(size: Size) -> int:
    """Of the polynomial that a size with a period is."""
    if isinstance(size, int):
        return 0
    return max(
        sum(1 if atom.kind == "symbol" else degree(atom.args[0]) for atom in monomial)
        for monomial, _ in size.terms
    )


_ORDER = {"==": 0, "!=": 2}


def solve_one(name: str, conditions: Sequence[Condition], within: int = 1) -> Alone | None:
    """What one symbol must satisfy; EMPTY; or None where that is out of reach. The set is written with
    a step that `within` divides, so that two of them can be compared."""
    every = cases((condition.op, condition.size) for condition in conditions)
    if every is None:
        return None
    every = [_from_the_least(name, case) for case in every]
    step = within
    for case in every:
        for _, size in case:
            own = period(size)
            if own is None or degree(size) > MOST_DEGREE:
                return None
            step = lcm(step, own)
            if step * len(every) > MOST_REMAINDERS:
                return None
    parts = [part for case in every if (part := _solved(name, case, step)).ranges]
    if not parts:
        return EMPTY
    if len(parts) == 1:
        return Alone(parts[0], ())
    together: dict[int, list[Range]] = {}
    for part in parts:
        for remainder, ranges in part.ranges.items():
            together.setdefault(remainder, []).extend(ranges)
    joined = {r: _union(ranges, step) for r, ranges in sorted(together.items())}
    return Alone(Sizes(step, joined), tuple(parts))


def _from_the_least(name: str, case: Iterable[Plain]) -> list[Plain]:
    """The conditions, with `H >= 9` for all those that hold from some size on and not before: most do."""
    found: list[Plain] = []
    least = 1
    for op, size in case:
        first = least_number(name, size) if op == ">=" else None
        if first is None:
            found.append((op, size))
        else:
            least = max(least, first)
    return [*found, (">=", symbol(name) - least)] if least > 1 else found


def _solved(name: str, case: Iterable[Plain], step: int) -> Sizes:
    """The sizes of one case."""
    # an equation excludes most remainders, and few are told apart by a short period: these come first
    conditions = sorted(
        (_Residues(name, op, size) for op, size in case),
        key=lambda condition: (_ORDER.get(condition.op, 1), condition.period),
    )
    found: dict[int, list[Range]] = {0: [(0, None)]}
    reached = 1
    for condition in conditions:
        found = _told_apart(found, reached, lcm(reached, condition.period))
        reached = lcm(reached, condition.period)
        within = {r: _both(ranges, condition.within(r, reached)) for r, ranges in found.items()}
        found = {remainder: ranges for remainder, ranges in within.items() if ranges}
    found = _told_apart(found, reached, step)
    return Sizes(
        step,
        {
            remainder: [
                (start + step * low, None if high is None else start + step * high)
                for low, high in ranges
            ]
            for remainder, ranges in sorted(found.items())
            for start in (_start(remainder, step),)
        },
    )


def _start(remainder: int, step: int) -> int:
    """The first size with this remainder: a size is at least 1."""
    return remainder or step


def _told_apart(found: dict[int, list[Range]], step: int, wider: int) -> dict[int, list[Range]]:
    """The ranges of q for each remainder of a step, for those of a wider one, which the step divides."""
    if wider == step:
        return found
    told: dict[int, list[Range]] = {}
    for remainder, ranges in found.items():
        for own in range(remainder, wider, step):
            before = (_start(own, wider) - _start(remainder, step)) // step
            if kept := _every(ranges, before, wider // step):
                told[own] = kept
    return told


def _every(ranges: Sequence[Range], first: int, step: int) -> list[Range]:
    """The p for which q = first + step * p is in a range."""
    found: list[Range] = []
    for low, high in ranges:
        least = max(0, -((first - low) // step))
        most = None if high is None else (high - first) // step
        if most is None or least <= most:
            found.append((least, most))
    return _union(found, 1)


class _Residues:
    """One condition, looked at once for each remainder of its own period."""

    def __init__(self, name: str, op: str, size: Size) -> None:
        self.name, self.op, self.size = name, op, size
        self.period = period(size) or 1
        self.points = range(max(1, degree(size)) + 1)
        self.known: dict[int, list[Range]] = {}

    def within(self, remainder: int, step: int) -> list[Range]:
        """The q for which it holds at start + step * q; the step is a multiple of its period."""
        start = _start(remainder, step)
        first = _start(start % self.period, self.period)
        known = self.known.get(first)
        if known is None:
            from nnspec.polynomials import where  # most sizes are never decided

            numbers = (first + self.period * q for q in self.points)
            values = [evaluate(self.size, {self.name: number}) for number in numbers]
            known = self.known[first] = where(self.op, values)
        return _every(known, (start - first) // self.period, step // self.period)


def _both(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    """What is in a range of each."""
    found: list[Range] = []
    for low, high in one:
        for start, end in other:
            last = high if end is None else end if high is None else min(high, end)
            first = max(low, start)
            if last is None or first <= last:
                found.append((first, last))
    return found


def _union(ranges: list[Range], step: int) -> list[Range]:
    found: list[Range] = []
    for low, high in sorted(ranges, key=lambda item: item[0]):
        before = found[-1] if found else None
        if before is None or (before[1] is not None and low > before[1] + step):
            found.append((low, high))
        elif before[1] is not None:
            last = None if high is None else max(high, before[1])
            found[-1] = before[0], last
    return found
