"""The sizes of one symbol that satisfy linear conditions, decided by remainders.

With h = M * q + r every floor division by a divisor of M is linear in q, so that for each
remainder r the admitted q are an interval, without the points that a "!=" takes out. The set is
then put into words that describe it exactly.
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd, lcm

from nnspec.dims import Dim, evaluate
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nnspec.conditions import Condition
    from nnspec.dims import Size

#: a period of remainders beyond this is not searched
MOST_REMAINDERS = 20_000
#: sizes told one by one, and those looked at for it
MOST_TOLD = 12
MOST_LOOKED_AT = 50_000


class Progression(Record):
    """Numbers that all admitted sizes are among: first, first + step, … up to last (None: without
    end). Both ends are admitted, but for what a "!=" takes out; step 0: there is only one."""

    first: int
    step: int
    last: int | None


ANY = Progression(1, 1, None)


class Alone(Record):
    """The admitted sizes of one symbol, in words and as what they are among."""

    words: tuple[str, ...]
    among: Progression


EMPTY = Alone(("no size",), Progression(0, 0, 0))


class Stretch(Record):
    """Of the sizes with one remainder: the first admitted, and the last (None: without end)."""

    first: int
    last: int | None


def period(size: Size) -> int | None:
    """M such that the size is linear in q for h = M * q + r; None for min and max, and where a size
    divides."""
    found = 1
    if isinstance(size, Dim):
        for monomial, _ in size.terms:
            for atom in monomial:
                if atom.kind in ("min", "max"):
                    return None
                if atom.kind == "//":
                    if not isinstance(atom.args[1], int):
                        return None
                    inner = period(atom.args[0])
                    if inner is None:
                        return None
                    found = lcm(found, inner * atom.args[1])
    return found


_ORDER = {"==": 0, "!=": 2}


def solve_one(name: str, conditions: Sequence[Condition]) -> Alone | None:
    """What one symbol must satisfy; EMPTY; or None where that is out of reach."""
    step = 1
    for condition in conditions:
        own = period(condition.size)
        if own is None:
            return None
        step = lcm(step, own)
        if step > MOST_REMAINDERS:
            return None
    stretches: dict[int, Stretch] = {}
    holes: set[int] = set()
    # an equation excludes most remainders: it is looked at first
    order = sorted(conditions, key=lambda condition: _ORDER.get(condition.op, 1))
    for remainder in range(step):
        found = _stretch(name, order, step, remainder, holes)
        if found is not None:
            stretches[remainder] = found
    if not stretches:
        return EMPTY
    holes = {hole for hole in holes if _inside(hole, stretches.get(hole % step))}
    words = _without(name, step, stretches, holes, conditions)
    return EMPTY if words is None else Alone(words, _progression(step, stretches.values()))


def _without(
    name: str,
    step: int,
    stretches: Mapping[int, Stretch],
    holes: set[int],
    conditions: Sequence[Condition],
) -> tuple[str, ...] | None:
    """The stretches without some sizes, in words; None where nothing is left."""
    if not holes:
        return _in_words(name, step, stretches, conditions)
    if all(stretch.last is not None for stretch in stretches.values()):
        count = sum(_count(stretch, step) for stretch in stretches.values())
        if count == len(holes):
            return None
        if count <= MOST_LOOKED_AT:
            return _finite(
                name, [v for v in _values(stretches, step) if v not in holes], conditions
            )
    if len(holes) > MOST_TOLD:
        return _as_given(conditions)
    words = _in_words(name, step, stretches, conditions)
    return (*words, *(f"{name} != {hole}" for hole in sorted(holes)))


def _progression(step: int, stretches: Collection[Stretch]) -> Progression:
    first = min(stretch.first for stretch in stretches)
    found = gcd(*(stretch.first - first for stretch in stretches))
    if any(stretch.last != stretch.first for stretch in stretches):
        found = gcd(found, step)
    ends = [stretch.last for stretch in stretches if stretch.last is not None]
    return Progression(first, found, max(ends) if len(ends) == len(stretches) else None)


def _stretch(
    name: str, conditions: Sequence[Condition], step: int, remainder: int, holes: set[int]
) -> Stretch | None:
    """The admitted sizes of one remainder; what a "!=" takes out of them is put to the holes."""
    start = remainder if remainder else step
    low, high = 0, None  # of q, in start + step * q
    for condition in conditions:
        at_zero = evaluate(condition.size, {name: start})
        slope = evaluate(condition.size, {name: start + step}) - at_zero
        if condition.op == "!=":
            if slope == 0 and at_zero == 0:
                return None
            if slope != 0 and -at_zero % slope == 0 and -at_zero // slope >= 0:
                holes.add(start + step * (-at_zero // slope))
        elif slope == 0:
            if (at_zero != 0) if condition.op == "==" else (at_zero < 0):
                return None
        elif condition.op == "==":
            if -at_zero % slope:
                return None
            only = -at_zero // slope
            low = max(low, only)
            high = only if high is None else min(high, only)
        elif slope > 0:
            low = max(low, -(at_zero // slope))
        else:
            most = at_zero // -slope
            high = most if high is None else min(high, most)
    if high is not None and high < low:
        return None
    return Stretch(start + step * low, None if high is None else start + step * high)


def _inside(value: int, stretch: Stretch | None) -> bool:
    if stretch is None:
        return False
    return stretch.first <= value and (stretch.last is None or value <= stretch.last)


def _count(stretch: Stretch, step: int) -> int:
    assert stretch.last is not None
    return (stretch.last - stretch.first) // step + 1


def _values(stretches: Mapping[int, Stretch], step: int) -> list[int]:
    """The sizes of stretches that end."""
    return sorted(
        value
        for stretch in stretches.values()
        for value in range(stretch.first, (stretch.last or 0) + 1, step)
    )


def _as_given(conditions: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(condition.text for condition in conditions))


# -- the set in words ----------------------------------------------------------------------------------


def _in_words(
    name: str, step: int, stretches: Mapping[int, Stretch], conditions: Sequence[Condition]
) -> tuple[str, ...]:
    """The union of the stretches, exactly: `H % 16 == 0`, `H >= 16`."""
    ended = [stretch for stretch in stretches.values() if stretch.last is not None]
    if len(ended) == len(stretches):
        if sum(_count(stretch, step) for stretch in ended) <= MOST_TOLD:
            return _finite(name, _values(stretches, step), conditions)
        return _between(name, step, stretches) or _as_given(conditions)
    remainders = sorted(r for r, stretch in stretches.items() if stretch.last is None)
    modulus, residues = _shortest_period(step, remainders)
    words = _remainder_words(name, modulus, residues)
    least = min(stretch.first for stretch in stretches.values())
    if not ended and all(s.first < least + step for s in stretches.values()):
        return (*words, f"{name} >= {least}") if least > 1 else words
    # sizes from `bound` on follow the remainders; those below are told one by one
    top = 1 + max(s.first if s.last is None else s.last for s in stretches.values())
    if top * len(stretches) // step > MOST_LOOKED_AT or top > MOST_LOOKED_AT:
        return _as_given(conditions)
    admitted = {
        value
        for stretch in stretches.values()
        for value in range(stretch.first, top + 1, step)
        if stretch.last is None or value <= stretch.last
    }
    regular = {value for value in range(1, top + 1) if value % modulus in residues}
    bound = top
    while bound > 1 and ((bound - 1) in admitted) == ((bound - 1) in regular):
        bound -= 1
    exceptions = sorted(value for value in admitted if value < bound)
    if len(exceptions) > MOST_TOLD:
        return _as_given(conditions)
    rest = " and ".join((*words, f"{name} >= {bound}"))
    return (" or ".join([*(f"{name} == {value}" for value in exceptions), rest]),)


def _between(name: str, step: int, stretches: Mapping[int, Stretch]) -> tuple[str, ...] | None:
    """`H % 8 == 0`, `16 <= H <= 800`, where that is what the stretches are."""
    least = min(stretch.first for stretch in stretches.values())
    most = max(stretch.last or 0 for stretch in stretches.values())
    if any(s.first >= least + step or (s.last or 0) <= most - step for s in stretches.values()):
        return None
    words = _remainder_words(name, *_shortest_period(step, sorted(stretches)))
    return (*words, f"{name} <= {most}" if least == 1 else f"{least} <= {name} <= {most}")


def _finite(name: str, values: list[int], conditions: Sequence[Condition]) -> tuple[str, ...]:
    if len(values) == 1:
        return (f"{name} == {values[0]}",)
    steps = {b - a for a, b in pairwise(values)}
    if len(steps) > 1:
        if len(values) > MOST_TOLD:
            return _as_given(conditions)
        return (" or ".join(f"{name} == {value}" for value in values),)
    (step,) = steps
    first, last = values[0], values[-1]
    bounds = f"{first} <= {name} <= {last}" if first > 1 else f"{name} <= {last}"
    return (bounds,) if step == 1 else (f"{name} % {step} == {first % step}", bounds)


def _shortest_period(step: int, remainders: list[int]) -> tuple[int, set[int]]:
    """The same remainders under the smallest modulus that tells them."""
    every = set(remainders)
    for modulus in range(1, step + 1):
        if step % modulus == 0:
            residues = {remainder % modulus for remainder in every}
            if len(residues) * (step // modulus) == len(every):
                return modulus, residues
    return step, every


def _remainder_words(name: str, modulus: int, residues: set[int]) -> tuple[str, ...]:
    if modulus == 1:
        return ()
    if len(residues) == 1:
        return (f"{name} % {modulus} == {next(iter(residues))}",)
    if len(residues) == modulus - 1:
        (missing,) = set(range(modulus)) - residues
        return (f"{name} % {modulus} != {missing}",)
    if residues == set(range(min(residues), max(residues) + 1)):
        low, high = min(residues), max(residues)
        if low == 0:
            return (f"{name} % {modulus} <= {high}",)
        if high == modulus - 1:
            return (f"{name} % {modulus} >= {low}",)
        return (f"{low} <= {name} % {modulus} <= {high}",)
    return (f"{name} % {modulus} in {sorted(residues)}",)
