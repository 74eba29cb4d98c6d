"""Figures as products where they are one: `225·(H - 4)·(W - 4)` is what a layer's formula says."""

from __future__ import annotations

from math import gcd

from nnspec.dims import Dim, symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Monomial


def factored(size: Dim) -> tuple[int, list[Dim]]:
    """A number and sizes whose product is the size, each of symbols that no other one has."""
    content = gcd(*(coefficient for _, coefficient in size.terms))
    if all(coefficient < 0 for _, coefficient in size.terms):
        content = -content
    left = [Dim(tuple((monomial, number // content) for monomial, number in size.terms))]
    found: list[Dim] = []
    while left:
        part = left.pop()
        pair = _two(part)
        if pair is None:
            found.append(part)
        else:
            left += reversed(pair)
    return content, found


def _two(size: Dim) -> tuple[Dim, Dim] | None:
    """A size over one symbol and one over the others, whose product it is."""
    for name in sorted(size.symbols) if len(size.symbols) > 1 else ():
        rows: dict[Monomial, dict[Monomial, int]] = {}
        for monomial, coefficient in size.terms:
            own = tuple(atom for atom in monomial if symbols(Dim((((atom,), 1),))) == {name})
            rest = tuple(atom for atom in monomial if atom not in own)
            rows.setdefault(own, {})[rest] = coefficient
        first, *others = rows.values()
        if any(name in symbols(Dim(((rest, 1),))) for row in rows.values() for rest in row):
            continue
        key, scale = next(iter(first.items()))
        if not all(
            row.keys() == first.keys()
            and all(row[key] * number == row[rest] * scale for rest, number in first.items())
            for row in others
        ):
            continue
        shared = gcd(*first.values())
        right = Dim(tuple((rest, number // shared) for rest, number in first.items()))
        own_terms = tuple((own, row[key] * shared // scale) for own, row in rows.items())
        return Dim(own_terms), right
    return None
