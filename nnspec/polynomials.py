"""Where a polynomial with integer values is 0, above or below, on the numbers 0, 1, 2, …

It is given by its first values, one more than its degree, as Newton's forward differences take it:
the differences of its values are a polynomial of one degree less, and between the numbers where
those change their sign it rises or falls, so that bisection finds its own.
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    #: from the first number to the last, both of it; None: without end
    Range = tuple[int, int | None]


def where(op: str, values: Sequence[int]) -> list[Range]:
    """The ranges of numbers at which the polynomial is 0 ("=="), is not ("!="), is at least 0 (">=").

    `values` are those at 0, 1, …; the degree is below their number.
    """
    wanted = {"==": (0,), "!=": (-1, 1), ">=": (0, 1)}[op]
    if len(values) == 2:
        return _line(op, values[0], values[1] - values[0])
    found: list[Range] = []
    for low, high, sign in _signs(values):
        if sign in wanted:
            if found and found[-1][1] == low - 1:
                low = found.pop()[0]
            found.append((low, high))
    return found


def _line(op: str, start: int, slope: int) -> list[Range]:
    """The ranges for `start + slope * q`."""
    if slope == 0:
        holds = start == 0 if op == "==" else start != 0 if op == "!=" else start >= 0
        return [(0, None)] if holds else []
    if op == ">=":
        if slope > 0:
            return [(max(0, -(start // slope)), None)]
        return [(0, start // -slope)] if start >= 0 else []
    root = -start // slope
    hit = root >= 0 and start + slope * root == 0
    if op == "==":
        return [(root, root)] if hit else []
    if not hit:
        return [(0, None)]
    return [(0, root - 1), (root + 1, None)] if root else [(1, None)]


def _signs(values: Sequence[int]) -> list[tuple[int, int | None, int]]:
    """The numbers in ranges of one sign."""
    leading = [values[0]]  # the differences of each order, at 0
    row = list(values)
    while len(row) > 1:
        row = [b - a for a, b in pairwise(row)]
        leading.append(row[0])
    while leading and leading[-1] == 0:
        leading.pop()
    if len(leading) <= 1:
        return [(0, None, _sign(leading[0]) if leading else 0)]

    def at(q: int) -> int:
        total, choose = 0, 1
        for order, difference in enumerate(leading):
            total += difference * choose
            choose = choose * (q - order) // (order + 1)
        return total

    differences = [at(q + 1) - at(q) for q in range(len(leading) - 1)]
    found: list[tuple[int, int | None, int]] = []
    for low, high, slope in _signs(differences):
        first = low if not found else low + 1  # the range before ends at `low`
        last = None if high is None else high + 1
        found += _monotone(at, first, last, slope)
    return found


def _monotone(
    value: Callable[[int], int], first: int, last: int | None, slope: int
) -> list[tuple[int, int | None, int]]:
    """The signs where the values rise, fall, or stay."""
    found: list[tuple[int, int | None, int]] = []
    while last is None or first <= last:
        sign = _sign(value(first))
        if slope == 0 or sign == slope:
            found.append((first, last, sign))
            break
        inside, outside = first, last
        if outside is None:  # it goes on without end, and so changes its sign at some number
            outside = first + 1
            while _sign(value(outside)) == sign:
                inside, outside = outside, 2 * outside + 1
        elif _sign(value(outside)) == sign:
            found.append((first, last, sign))
            break
        while outside - inside > 1:
            middle = (inside + outside) // 2
            if _sign(value(middle)) == sign:
                inside = middle
            else:
                outside = middle
        found.append((first, inside, sign))
        first = inside + 1
    return found


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
