"""Which of the conditions make the set of admitted sizes what it is.

Of one symbol the fewest conditions with the same set are looked for: those that refuse a size just
outside it, held against the whole; of several symbols they are those that `solve` found to be needed.
"""

from __future__ import annotations

from itertools import islice

from nnspec.residues import solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.conditions import Condition
    from nnspec.residues import Sizes
    from nnspec.sizes import Admitted

#: so many refused sizes are taken on each side, those between the admitted ones from so many
MOST_REFUSED = 8
MOST_LOOKED_AT = 64
#: so many conditions are left out one by one
MOST_LEFT_OUT = 40


def reasons(admitted: Admitted) -> list[Condition]:
    """Conditions in their plainest form that together admit exactly the set; none where every size is
    admitted, or no size is."""
    found: list[Condition] = []
    for name in admitted.progressions:
        own = [condition for condition in admitted.given if condition.symbols == {name}]
        found += _fewest(name, own)
    return found + list(admitted.together)


def _fewest(name: str, conditions: Sequence[Condition]) -> list[Condition]:
    """Conditions that admit the sizes that all of them admit, the plainest first."""
    whole = solve_one(name, conditions)
    assert whole is not None
    ordered = sorted(conditions, key=lambda condition: len(condition.text))
    fewest: list[Condition] = []
    left = list(_refused(whole.sizes))
    while left:  # each of them is refused by some condition
        best = max(ordered, key=lambda c: sum(not c.holds({name: size}) for size in left))
        fewest.append(best)
        left = [size for size in left if best.holds({name: size})]
    if fewest and _admit(name, fewest, whole.sizes):
        return fewest
    fewest = ordered
    for condition in reversed(ordered[-MOST_LEFT_OUT:]):
        without = [other for other in fewest if other is not condition]
        if without and _admit(name, without, whole.sizes):
            fewest = without
    return fewest


def _admit(name: str, conditions: Sequence[Condition], sizes: Sizes) -> bool:
    """Whether these conditions admit exactly these sizes."""
    found = solve_one(name, conditions, sizes.step)
    return found is not None and found.sizes == sizes


def _refused(sizes: Sizes) -> list[int]:
    """Sizes that are not in the set: some below its first, some above its last, some between."""
    first, last = sizes.first, sizes.last
    below = range(first - 1, max(0, first - 1 - MOST_REFUSED), -1)
    above = range(0) if last is None else range(last + 1, last + 1 + MOST_REFUSED)
    between = (size for size in range(first, first + MOST_LOOKED_AT) if size not in sizes)
    return [*below, *above, *islice(between, MOST_REFUSED)]
