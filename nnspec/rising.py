"""Conditions on one symbol that hold from some number on, and not before.

x / d - (d - 1) / d <= x // d <= x / d, so that a size without products lies between two lines of one slope.
Where they rise, it is negative before the upper line's zero and not after the lower one's: what is between
the two is looked at one by one. Remainders, of which there may be thousands, have no part in it.
"""

from __future__ import annotations

from math import lcm

from nnspec.dims import Dim, evaluate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Atom, Size

    #: (a, least, most, d): the size is between (a * h + least) / d and (a * h + most) / d
    Lines = tuple[int, int, int, int]

#: so many numbers between the zeros of the two lines are looked at
MOST_BETWEEN = 2_000


def least_number(name: str, size: Size) -> int | None:
    """The number from which `size >= 0` holds, if it holds for all from there on and for none before."""
    lines = _lines(size)
    if lines is None or lines[0] < 0:
        return None
    slope, least, most, _ = lines
    if slope == 0:
        return 1 if least >= 0 else None
    certain, possible = max(1, -(least // slope)), max(1, -(most // slope))
    if certain - possible > MOST_BETWEEN:
        return None
    holds = [evaluate(size, {name: number}) >= 0 for number in range(possible, certain)]
    failing = holds.count(False)
    return possible + failing if not any(holds[:failing]) else None


def _lines(size: Size) -> Lines | None:
    """The two lines; None where products or what is no floor division have a part in a size."""
    if not isinstance(size, Dim):
        return 0, size, size, 1
    slope = least = most = 0
    divisor = 1
    for monomial, coefficient in size.terms:
        if len(monomial) > 1:
            return None
        own = _of_atom(monomial[0]) if monomial else (0, 1, 1, 1)
        if own is None:
            return None
        together = lcm(divisor, own[3])
        before, factor = together // divisor, coefficient * (together // own[3])
        low, high = (own[1], own[2]) if factor >= 0 else (own[2], own[1])
        slope = slope * before + own[0] * factor
        least, most = least * before + low * factor, most * before + high * factor
        divisor = together
    return slope, least, most, divisor


def _of_atom(atom: Atom) -> Lines | None:
    if atom.kind == "symbol":
        return 1, 0, 0, 1
    if atom.kind != "//" or not isinstance(atom.args[1], int) or atom.args[1] < 1:
        return None
    numerator, by = _lines(atom.args[0]), atom.args[1]
    if numerator is None:
        return None
    slope, least, most, divisor = numerator
    return slope, least - (by - 1) * divisor, most, by * divisor
