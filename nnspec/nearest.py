"""The admitted sizes nearest to some that are wanted.

Symbols that share no condition are looked at one by one, below and above what is wanted; those that
do share one together, in growing squares around it.
"""

from __future__ import annotations

from itertools import product

from nnspec.residues import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnspec.sizes import Admitted

#: so many sizes are tried for one symbol, and points for several together
MOST_TRIED = 20_000
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
            answers.append(_around(own, admits))
    every = [
        {name: size for part in parts for name, size in part.items()} for parts in product(*answers)
    ]
    every.sort(key=lambda sizes: (_distance(sizes, wanted), sorted(sizes.items())))
    return [{name: sizes[name] for name in wanted} for sizes in every[:MOST_GIVEN]]


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


def _around(
    wanted: Mapping[str, int], admits: Callable[[Mapping[str, int]], bool]
) -> list[dict[str, int]]:
    tried = 0
    radius = 1
    while tried < MOST_TRIED:
        found = []
        for offsets in product(range(-radius, radius + 1), repeat=len(wanted)):
            if max(map(abs, offsets)) != radius:
                continue
            tried += 1
            sizes = {
                name: size + offset
                for (name, size), offset in zip(wanted.items(), offsets, strict=True)
            }
            if min(sizes.values()) >= 1 and admits(sizes):
                found.append(sizes)
        if found:
            return found
        radius += 1
    return []


def in_words(answers: Sequence[Mapping[str, int]], most: int = 4) -> str:
    """`H=224,W=288 or H=240,W=288`."""
    return " or ".join(
        ",".join(f"{name}={size}" for name, size in answer.items()) for answer in answers[:most]
    )
