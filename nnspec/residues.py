"""The sizes of one symbol that satisfy conditions, decided by remainders.

With h = M * q + r every floor division by a divisor of M is a polynomial in q, so that for each
remainder r the admitted q are a few ranges (`polynomials.py`).
"""

from __future__ import annotations

from math import gcd, lcm

from nnspec.cases import cases
from nnspec.dims import Dim, evaluate, symbol
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.cases import Plain
    from nnspec.conditions import Condition
    from nnspec.dims import Atom, Size
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
    """The conditions, with `H >= 9` for all those that say of a size which never falls that it is at least
    something: most do, and remainders have no part in it."""
    found: list[Plain] = []
    least = 1
    for op, size in case:
        if op == ">=" and _rises(size):
            least = max(least, _first(name, size))
        else:
            found.append((op, size))
    return [*found, (">=", symbol(name) - least)] if least > 1 else found


def _rises(size: Size) -> bool:
    """Whether a size of one symbol grows without end, and never falls."""
    terms = [] if isinstance(size, int) else [term for term in size.terms if term[0]]
    return bool(terms) and all(
        coefficient > 0
        and len(monomial) == 1
        and (
            monomial[0].kind == "symbol"
            or (monomial[0].kind == "//" and _quotient_rises(monomial[0]))
        )
        for monomial, coefficient in terms
    )


def _quotient_rises(atom: Atom) -> bool:
    numerator, denominator = atom.args
    return isinstance(denominator, int) and denominator > 0 and _rises(numerator)


def _first(name: str, size: Size) -> int:
    """The least number from which a size that rises is at least 0."""
    below, high = 0, 1
    while evaluate(size, {name: high}) < 0:
        below, high = high, 2 * high
    while high - below > 1:
        middle = (below + high) // 2
        if evaluate(size, {name: middle}) < 0:
            below = middle
        else:
            high = middle
    return high


def _solved(name: str, case: Iterable[Plain], step: int) -> Sizes:
    """The sizes of one case."""
    # an equation excludes most remainders: it is looked at first
    order = sorted(case, key=lambda plain: _ORDER.get(plain[0], 1))
    conditions = [_Residues(name, op, size) for op, size in order]
    found: dict[int, list[Range]] = {}
    for remainder in range(step):
        start = remainder if remainder else step
        ranges: list[Range] = [(0, None)]
        for condition in conditions:
            ranges = _both(ranges, condition.within(start, step))
            if not ranges:
                break
        if ranges:
            found[remainder] = [
                (start + step * low, None if high is None else start + step * high)
                for low, high in ranges
            ]
    return Sizes(step, found)


class _Residues:
    """One condition, looked at once for each remainder of its own period."""

    def __init__(self, name: str, op: str, size: Size) -> None:
        self.name, self.op, self.size = name, op, size
        self.period = period(size) or 1
        self.points = range(max(1, degree(size)) + 1)
        self.known: dict[int, list[Range]] = {}

    def within(self, start: int, step: int) -> list[Range]:
        """The q for which it holds at start + step * q; the step is a multiple of its period."""
        first = start % self.period or self.period
        known = self.known.get(first)
        if known is None:
            from nnspec.polynomials import where  # most sizes are never decided

            numbers = (first + self.period * q for q in self.points)
            values = [evaluate(self.size, {self.name: number}) for number in numbers]
            known = self.known[first] = where(self.op, values)
        before, times = (start - first) // self.period, step // self.period
        found: list[Range] = []
        for low, high in known:
            least = max(0, -((before - low) // times))
            most = None if high is None else (high - before) // times
            if most is None or least <= most:
                found.append((least, most))
        return _union(found, 1)


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
