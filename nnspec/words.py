"""A set of sizes of one symbol in words that describe it exactly, the shortest that were found:
`H % 16 == 0`, `32 <= H <= 1024`, `H != 7`.
"""

from __future__ import annotations

from nnspec.residues import EMPTY, solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.conditions import Condition
    from nnspec.residues import Alone, Sizes

    #: conditions that hold together
    Words = tuple[str, ...]

#: sizes told one by one, and those looked at for it
MOST_TOLD = 12
MOST_LOOKED_AT = 50_000


def in_words(name: str, found: Alone, given: Sequence[str]) -> Words:
    """The set in words; in those of the conditions that were given where no other way is known."""
    ways = list(_ways(name, found.sizes))
    if found.parts:
        parts = [_shortest(list(_ways(name, part))) for part in found.parts]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            ways.append((" or ".join(dict.fromkeys(map(joined, known))),))
    shortest = _shortest(ways)
    return tuple(dict.fromkeys(given)) if shortest is None else shortest


def joined(words: Sequence[str]) -> str:
    """The conditions in one; "" where there are none."""
    if len(words) == 1:
        return words[0]
    return " and ".join(f"({word})" if " or " in word else word for word in words)


def said(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """What some of these conditions say of the sizes, in words."""
    words: list[str] = []
    for names in dict.fromkeys(condition.symbols for condition in conditions):
        own = [condition for condition in conditions if condition.symbols == names]
        texts = [condition.text for condition in own]
        name, *others = names
        found = None if others else solve_one(name, own)
        words += texts if found in (None, EMPTY) else in_words(name, found, texts)
    return tuple(dict.fromkeys(words))


def _shortest(ways: list[Words]) -> Words | None:
    return min(ways, key=lambda words: len(joined(words)), default=None)


def _ways(name: str, sizes: Sizes) -> Iterator[Words]:
    endless = [r for r, ranges in sizes.ranges.items() if ranges[-1][1] is None]
    if endless:
        yield from _with_holes(name, sizes, endless, None)
        yield from _from_a_bound(name, sizes, endless)
        return
    yield from _with_holes(name, sizes, list(sizes.ranges), sizes.last)
    if sizes.count <= MOST_TOLD:
        listed = sorted(
            size
            for first, last in sizes.every
            for size in range(first, (last or 0) + 1, sizes.step)
        )
        yield (" or ".join(f"{name} == {size}" for size in listed),)


def _with_holes(
    name: str, sizes: Sizes, remainders: Sequence[int], last: int | None
) -> Iterator[Words]:
    """Remainders between bounds, without a few sizes."""
    if len(remainders) < len(sizes.ranges):
        return
    step, first = sizes.step, sizes.first
    holes: list[int] = []
    for remainder, ranges in sizes.ranges.items():
        start = first + (remainder - first) % step
        end = None if last is None else last - (last - remainder) % step
        gaps = []
        for low, high in ranges:
            gaps.append((start, low - step))
            start = -1 if high is None else high + step
        if end is not None:
            gaps.append((start, end))
        for low, high in gaps:
            if (high - low) // step + len(holes) >= MOST_TOLD:
                return
            holes += range(low, high + 1, step)
    bounds = _bounds(name, first, last)
    but = [f"{name} != {hole}" for hole in sorted(holes)]
    yield (*_remainders(name, step, remainders, first, last), *bounds, *but)


def _bounds(name: str, first: int, last: int | None) -> Words:
    if first == last:
        return (f"{name} == {first}",)
    if last is None:
        return (f"{name} >= {first}",) if first > 1 else ()
    return (f"{name} <= {last}" if first == 1 else f"{first} <= {name} <= {last}",)


def _from_a_bound(name: str, sizes: Sizes, endless: Sequence[int]) -> Iterator[Words]:
    """Remainders from a bound on; what is below it one by one."""
    step = sizes.step
    top = 1 + max(first if last is None else last for first, last in sizes.every)
    if top > MOST_LOOKED_AT:
        return
    modulus, residues = _shortest_period(step, endless)
    bound = top
    while bound > 1 and ((bound - 1) in sizes) == ((bound - 1) % modulus in residues):
        bound -= 1
    below: list[int] = []
    for first, last in sizes.every:
        below += range(first, bound if last is None else min(last + 1, bound), step)
        if len(below) > MOST_TOLD:
            return
    if not below:
        return
    while bound % modulus not in residues:
        bound += 1
    rest = joined((*_remainders(name, step, endless, bound, None), *_bounds(name, bound, None)))
    yield (" or ".join([*(f"{name} == {size}" for size in sorted(below)), rest]),)


def _shortest_period(step: int, remainders: Sequence[int]) -> tuple[int, set[int]]:
    """The same remainders under the smallest modulus that tells them."""
    every = set(remainders)
    for modulus in range(1, step + 1):
        if step % modulus == 0:
            residues = {remainder % modulus for remainder in every}
            if len(residues) * (step // modulus) == len(every):
                return modulus, residues
    return step, every


def _remainders(
    name: str, step: int, remainders: Sequence[int], first: int, last: int | None
) -> Words:
    modulus, residues = _shortest_period(step, remainders)
    if modulus == 1 or first == last:
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
