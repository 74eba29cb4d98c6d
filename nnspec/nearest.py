"""The admitted sizes nearest to some that are wanted.

Symbols that share no condition are looked at one by one, below and above what is wanted; those that
do share one together, in growing squares around it, and where there is nothing near by asking islpy for the
least distance.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import islice, product

from nnspec.conditions import Condition
from nnspec.dims import substitute
from nnspec.residues import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nnspec.residues import Progression
    from nnspec.sizes import Admitted

#: so many sizes are tried for one symbol, and points for several together
MOST_TRIED = 20_000
#: so many numbers on each side are tried for one of several symbols
MOST_BESIDE = 80
#: so many answers are given
MOST_GIVEN = 8


def nearest_sizes(
    found: Admitted, wanted: Mapping[str, int], fixed: Mapping[str, int]
) -> list[dict[str, int]]:
    """Admitted sizes for the wanted ones, the nearest first; of a symbol alone the nearest below and
    the nearest above. `fixed` are the sizes of other symbols. Empty where none was found.
    """

    def admits(sizes: Mapping[str, int]) -> bool:
        return not found.refused_by({**fixed, **sizes})

    answers: list[list[dict[str, int]]] = []
    for names in _groups(found, list(wanted), fixed):
        own = {name: wanted[name] for name in names}
        if admits(own):
            answers.append([own])
        elif len(own) == 1:
            answers.append(list(_beside(names[0], wanted[names[0]], found, admits)))
        else:
            answers.append(_together(own, found, fixed, admits))
    every = [
        {name: size for part in parts for name, size in part.items()} for parts in product(*answers)
    ]
    every.sort(key=lambda sizes: (_distance(sizes, wanted), sorted(sizes.items())))
    return [{name: sizes[name] for name in wanted} for sizes in every[:MOST_GIVEN]]


def smallest_sizes(found: Admitted, names: Iterable[str]) -> dict[str, int] | None:
    """Of the admitted sizes of these symbols, which are all that the conditions are on, those of the least
    sum, and of them the first; None where none were found."""
    smallest: dict[str, int] = {}
    for group in _groups(found, sorted(names), {}):
        own = [condition for condition in found.conditions if condition.symbols & {*group}]
        rising = islice(_rising([found.progressions.get(name, ANY) for name in group]), MOST_TRIED)
        points = (dict(zip(group, sizes, strict=True)) for sizes in rising)
        first = next((point for point in points if all(c.holds(point) for c in own)), None)
        if first is None:
            far = _far(dict.fromkeys(group, 1), found, {}, by_sum=True)
            first = min(far, key=lambda sizes: sorted(sizes.items()), default=None)
        if first is None:
            return None
        smallest.update(first)
    return dict(sorted(smallest.items()))


def _rising(among: Sequence[Progression]) -> Iterator[tuple[int, ...]]:
    """The points of several progressions, those of a smaller sum first."""

    def point(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(own.first + at * own.step for own, at in zip(among, places, strict=True))

    start = (0,) * len(among)
    seen = {start}
    queue = [(sum(point(start)), point(start), start)]
    while queue:
        _, sizes, places = heappop(queue)
        yield sizes
        for axis, own in enumerate(among):
            last = sizes[axis] == own.last if own.last is not None else not own.step
            after = (*places[:axis], places[axis] + 1, *places[axis + 1 :])
            if not last and after not in seen:
                seen.add(after)
                heappush(queue, (sum(point(after)), point(after), after))


def _distance(sizes: Mapping[str, int], wanted: Mapping[str, int]) -> int:
    return sum(abs(sizes[name] - size) for name, size in wanted.items())


def _groups(
    found: Admitted, names: Sequence[str], fixed: Mapping[str, int]
) -> list[tuple[str, ...]]:
    """The names in groups that share no condition."""
    groups = [{name} for name in names]
    for condition in found.conditions:
        free = condition.symbols - fixed.keys()
        shared = [group for group in groups if group & free]
        if len(shared) > 1:
            groups = [group for group in groups if group not in shared]
            groups.append(set().union(*shared))
    return [tuple(name for name in names if name in group) for group in groups]


def _beside(
    name: str, wanted: int, found: Admitted, admits: Callable[[Mapping[str, int]], bool]
) -> Iterator[dict[str, int]]:
    among = found.progressions.get(name, ANY)
    step = among.step or 1
    below = among.first + (wanted - among.first) // step * step
    above = max(among.first, below + step)
    if among.last is not None:
        below = min(below, among.last)
    candidates = (
        range(below, max(0, below - MOST_TRIED * step), -step),
        range(above, above + MOST_TRIED * step, step),
    )
    for sizes in candidates:
        size = next((size for size in sizes if admits({name: size})), None)
        if size is not None:
            yield {name: size}


def _together(
    wanted: Mapping[str, int],
    found: Admitted,
    fixed: Mapping[str, int],
    admits: Callable[[Mapping[str, int]], bool],
) -> list[dict[str, int]]:
    """Those in the smallest square around what is wanted that has any; one of them, where that is wide."""
    steps = [found.progressions.get(name, ANY).step for name in wanted]
    seen = MOST_BESIDE * min(
        filter(None, steps), default=1
    )  # what lies within is looked at in whole
    near = [list(_near(found.progressions.get(name, ANY), size)) for name, size in wanted.items()]
    squares = sorted({distance for sizes in near for distance, _ in sizes})
    within = [radius for radius in squares if radius <= seen]
    names = list(wanted)
    return (
        _around(names, near, within, admits)
        or _far(wanted, found, fixed)
        or _around(names, near, squares[len(within) :], admits)
    )


def _around(
    names: Sequence[str],
    near: Sequence[Sequence[tuple[int, int]]],
    squares: Iterable[int],
    admits: Callable[[Mapping[str, int]], bool],
) -> list[dict[str, int]]:
    """The admitted sizes on the first of these squares that has any; of each name the sizes `near`, with
    their distance."""
    tried = 0
    for radius in squares:
        within = [[pair for pair in sizes if pair[0] <= radius] for sizes in near]
        answers = []
        for pairs in product(*within):
            if max(pairs)[0] != radius:
                continue
            tried += 1
            sizes = {name: size for name, (_, size) in zip(names, pairs, strict=True)}
            if admits(sizes):
                answers.append(sizes)
        if answers or tried > MOST_TRIED:
            return answers
    return []


def _far(
    wanted: Mapping[str, int], found: Admitted, fixed: Mapping[str, int], by_sum: bool = False
) -> list[dict[str, int]]:
    """The nearest of all, where conditions that are linear say it; `by_sum` as in presburger.nearest."""
    from nnspec.presburger import Undecided, nearest
    from nnspec.products import linearly

    own = [c for c in found.conditions if c.symbols & wanted.keys()]
    own = [Condition(c.op, substitute(c.size, fixed), c.text) for c in own]
    answers: list[dict[str, int]] = []
    try:
        for case in linearly(own) or ():
            answer = nearest(case, wanted, by_sum)
            answers += [] if answer is None else [answer]
    except Undecided:
        return []

    def distance(sizes: Mapping[str, int]) -> tuple[int, int]:
        far = 0 if by_sum else max(abs(sizes[name] - size) for name, size in wanted.items())
        return far, _distance(sizes, wanted)

    least = min(map(distance, answers), default=None)
    return [answer for answer in answers if distance(answer) == least]


def _near(among: Progression, wanted: int) -> Iterator[tuple[int, int]]:
    """Numbers of a progression on both sides of one that is wanted: how far they are, and which."""
    if not among.step:
        yield abs(among.first - wanted), among.first
        return
    at = max(0, (wanted - among.first) // among.step)
    if among.last is not None:
        at = min(at, (among.last - among.first) // among.step)
    for place in range(max(0, at - MOST_BESIDE), at + MOST_BESIDE + 1):
        size = among.first + place * among.step
        if among.last is None or size <= among.last:
            yield abs(size - wanted), size


def in_words(answers: Sequence[Mapping[str, int]], most: int = 4) -> str:
    """`H=224,W=288 or H=240,W=288`."""
    return " or ".join(
        ",".join(f"{name}={size}" for name, size in answer.items()) for answer in answers[:most]
    )
