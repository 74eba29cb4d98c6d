"""The exact set of sizes that a model admits.

Operators demand conditions of sizes. `solve` turns them into the set of admitted sizes: conditions
on one symbol are decided by remainders (`residues.py`), linear ones over several by Presburger sets
(`presburger.py`), those with products by isolating an unknown (`products.py`). What none of them
decides is kept as unproved.
"""

from __future__ import annotations

from nnspec.cases import conditional_atom, sides
from nnspec.conditions import Condition, against
from nnspec.dims import compare, substitute
from nnspec.residues import EMPTY, solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nnspec.dims import Size
    from nnspec.residues import Progression

#: so many conditions are looked at for whether they are needed
MOST_LEFT_OUT = 40
#: and, with products, so many
MOST_IMPLIED = 10
#: a condition that is longer, written out, is not made plainer, for nobody reads it
LONGEST = 300


class Admitted:
    """The sizes that satisfy some conditions.

    `requires` is the set in words, `empty` is True where no size is admitted, `conflict` are
    conditions that cannot hold together then, and `unproved` those of which that could not be decided.
    `progressions` gives of a symbol what all of its admitted sizes are among. `given` are the conditions
    in their plainest form, each with the one that was demanded; `together` are those of them that are
    needed and were not decided of one symbol by itself.
    """

    __slots__ = (
        "conditions", "conflict", "empty", "given", "progressions", "requires", "together", "unproved"
    )  # fmt: skip

    def __init__(
        self,
        conditions: tuple[Condition, ...],
        requires: tuple[str, ...],
        conflict: tuple[Condition, ...],
        unproved: tuple[Condition, ...],
        progressions: Mapping[str, Progression],
        given: Mapping[Condition, Condition],
        together: Sequence[Condition],
    ) -> None:
        self.conditions = conditions
        self.requires = requires
        self.conflict = conflict
        self.empty = bool(conflict)
        self.unproved = unproved
        self.progressions = progressions
        self.given = given
        self.together = together

    def admits(self, values: Mapping[str, int]) -> bool:
        """Whether these sizes satisfy every condition. KeyError for a symbol that is missing."""
        if any(value < 1 for value in values.values()):
            return False
        return all(condition.holds(values) for condition in self.conditions)

    def speaks_of(self, name: str) -> bool:
        """Whether some condition depends on this symbol."""
        return any(name in condition.symbols for condition in self.conditions)

    def refused_by(self, values: Mapping[str, int]) -> list[Condition]:
        """Conditions that these sizes do not satisfy; empty: they are admitted.

        Symbols that are left out may have any value that suits: the rest of the conditions is solved.
        """
        known = [c for c in self.conditions if c.symbols <= values.keys()]
        refused = [condition for condition in known if not condition.holds(values)][:1]
        if refused or len(known) == len(self.conditions):
            return refused
        open_ones = [c for c in self.conditions if not c.symbols <= values.keys()]
        fixed = {Condition(c.op, substitute(c.size, values), c.text): c for c in open_ones}
        return [fixed[condition] for condition in solve(fixed).conflict]


def solve(conditions: Iterable[Condition], words: bool = True) -> Admitted:
    """The set of sizes that satisfy all of the conditions, each symbol an integer of at least 1. Without
    `words` only whether there are any: many questions are asked for no more."""
    given: dict[Condition, Condition] = {}  # in its simplest form: the condition that was demanded
    for condition in dict.fromkeys(conditions):
        known = compare(condition.op, condition.size, 0)
        if known is False:
            return _conflict((condition,), (condition,), ())
        if known is None:
            given.setdefault(_simplest(condition), condition)
    everything = tuple(given.values())
    if words:
        given = _plainer(given)
    alone: dict[str, list[Condition]] = {}
    together: list[Condition] = []
    shared: list[Condition] = []
    for condition in given:
        names = condition.symbols
        if len(names) == 1:
            alone.setdefault(next(iter(names)), []).append(condition)
        else:
            together.append(condition)
    requires: dict[str, tuple[str, ...]] = {}
    progressions: dict[str, Progression] = {}
    for name in sorted(alone):
        found = solve_one(name, alone[name])
        if found is None:  # the remainders have too long a period
            together.extend(alone[name])
        elif found == EMPTY:
            least = _least_conflict(alone[name], _empty_alone(name))
            return _conflict(everything, [given[c] for c in least], ())
        elif words:
            from nnspec.words import in_words

            requires[name] = in_words(name, found, [c.text for c in alone[name]])
            progressions[name] = found.sizes.progression()
    unproved: list[Condition] = []
    told: list[str] = []
    for group in _groups(together):
        names = frozenset().union(*(condition.symbols for condition in group))
        every = [condition for condition in given if condition.symbols <= names]
        implied = _implied(group, every) if words else []
        group = [condition for condition in group if condition not in implied]
        every = [condition for condition in every if condition not in implied]
        if not group:
            continue
        plain = all(_linear(c.size) for c in every)
        answer = _empty(every)
        if answer is None:  # some of them may be none by themselves
            plainest = [condition for condition in every if not _depends(condition)]
            easy = [] if plain else [condition for condition in every if _linear(condition.size)]
            for sure, by_cases in ((plainest, False), (easy, True)):
                if sure and _empty(sure, by_cases):
                    answer, every = True, sure
                    break
        if answer:
            least = _least_conflict(every, _empty)
            return _conflict(everything, [given[c] for c in least], [given[c] for c in unproved])
        if answer is None:
            hard = [c for c in group if plain or not _linear(c.size) or _depends(c)]
            unproved += hard or group
        if not words:
            continue
        needed = _needed(group, every) if plain and answer is False else group
        shared += needed
        way = _said(needed, [c for c in every if c not in group]) if plain else None
        if way is None:
            way = _united(every, group)
            if way is not None:  # it says all that there is to say of these symbols
                requires = {name: own for name, own in requires.items() if name not in names}
        told += _texts(needed) if way is None else way
    left = tuple(given[c] for c in unproved)
    every_word = dict.fromkeys([*(text for own in requires.values() for text in own), *told])
    return Admitted(everything, tuple(every_word), (), left, progressions, given, shared)


def _texts(conditions: Iterable[Condition]) -> list[str]:
    return [condition.text for condition in conditions]


def _said(conditions: Sequence[Condition], others: Sequence[Condition]) -> list[str] | None:
    """Linear conditions in words, given that the others hold: those that hang on the sides of an `if` as a
    choice; None where none was found that is shorter than they are."""
    hanging = [condition for condition in conditions if _depends(condition)]
    if not hanging:
        return _texts(conditions)
    from nnspec.branches import choice
    from nnspec.words import joined

    plain = [condition for condition in conditions if condition not in hanging]
    told = choice(hanging, [*plain, *others])
    if told is None or len(told) > len(joined(_texts(hanging))):
        return None
    return [*_texts(plain), told]


def _united(conditions: Sequence[Condition], group: Sequence[Condition]) -> list[str] | None:
    """Conditions that hang on the sides of `if`s as the sizes of each case; None where they do not, or that
    is much longer."""
    if not any(map(_depends, group)):
        return None
    from nnspec.split import split
    from nnspec.words import joined

    cases = split(conditions)
    found = [solve(case) for case in cases or ()]
    if not found or any(case.unproved for case in found):
        return None
    words = dict.fromkeys(joined(case.requires) for case in found if not case.empty)
    told = " or ".join(words)
    return (
        [told] if told and all(words) and len(told) <= 2 * len(joined(_texts(conditions))) else None
    )


def _simplest(condition: Condition) -> Condition:
    from nnspec.products import simplest  # most models admit any sizes

    return simplest(condition)


def _linear(size: Size) -> bool:
    from nnspec.products import linear

    return linear(size)


def _depends(condition: Condition) -> bool:
    """Whether its size depends on a condition itself."""
    return conditional_atom(condition.size, ("if",)) is not None


def _plainer(given: Mapping[Condition, Condition]) -> dict[Condition, Condition]:
    """The conditions, with `W >= 5` for `(W // 2 if H >= 65 and W >= 65 else W) >= 5` where that is the
    same with the others."""

    found = dict(given)
    asked = 0
    for condition in given:
        if len(condition.symbols) < 2 or len(condition.text) > LONGEST or not _depends(condition):
            continue
        others = [other for other in found if other is not condition]
        for plain in sorted(sides(condition), key=lambda side: len(side.text)):
            asked += 1
            if asked > MOST_LEFT_OUT:
                return found
            known = compare(plain.op, plain.size, 0)
            if known is False:
                continue  # were it the same, there would be no size: the condition stays, to say so
            pairs = ((condition, plain), (plain, condition))
            if all(_empty([*others, a, against(b)], False) for a, b in pairs):
                demanded = found.pop(condition)
                if known is None:
                    found.setdefault(_simplest(plain), demanded)
                break
    return found


def _conflict(
    conditions: Sequence[Condition], least: Sequence[Condition], unproved: Sequence[Condition]
) -> Admitted:
    return Admitted(tuple(conditions), (), tuple(least), tuple(unproved), {}, {}, ())


def _groups(conditions: Iterable[Condition]) -> list[list[Condition]]:
    """The conditions in groups that share no symbol."""
    groups: list[tuple[set[str], list[Condition]]] = []
    for condition in conditions:
        names, members = set(condition.symbols), [condition]
        apart = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _empty(conditions: Sequence[Condition], by_cases: bool = True) -> bool | None:
    """Whether there are no sizes; None where that is not found out. `by_cases`: linear ones that Presburger
    arithmetic takes too long for are gone through case by case, which takes long, too."""

    if all(_linear(condition.size) for condition in conditions):
        from nnspec.presburger import Undecided, empty

        try:
            return empty(conditions)
        except Undecided:
            if not by_cases or not any(map(_depends, conditions)):
                return None
        from nnspec.split import split

        cases = split(conditions)
        if cases is None:
            return None
        answers = [solve(case) for case in cases]
        if any(not answer.empty and not answer.unproved for answer in answers):
            return False
        return True if all(answer.empty for answer in answers) else None
    from nnspec import products

    return products.empty(conditions)


def _empty_alone(name: str) -> Callable[[Sequence[Condition]], bool]:
    return lambda conditions: solve_one(name, conditions) == EMPTY


def _least_conflict(
    conditions: Sequence[Condition], is_empty: Callable[[Sequence[Condition]], bool | None]
) -> tuple[Condition, ...]:
    """Conditions of which none can be left out without there being a size."""
    kept = list(conditions)
    for condition in conditions[:MOST_LEFT_OUT]:
        without = [other for other in kept if other is not condition]
        if without and is_empty(without):
            kept = without
    return tuple(kept)


def _implied(group: Iterable[Condition], every: Sequence[Condition]) -> list[Condition]:
    """Those with products that follow from the others: `H * W >= 2` where H is at least 128."""

    found: list[Condition] = []
    hard = [condition for condition in group if not _linear(condition.size)]
    if len(hard) <= MOST_IMPLIED:
        for condition in hard:
            others = [c for c in every if c is not condition and c not in found]
            follows = _empty([*others, against(condition)])
            if follows is None:
                break  # more questions would take as long
            if follows:
                found.append(condition)
    return found


def _needed(conditions: Sequence[Condition], every: Sequence[Condition]) -> list[Condition]:
    """The conditions that do not follow from the others."""
    kept = list(every)
    for condition in conditions[:MOST_LEFT_OUT]:
        others = [other for other in kept if other is not condition]
        follows = _empty([*others, against(condition)])
        if follows is None:
            break  # it stays, and so do the others: more questions would take as long
        if follows:
            kept = others
    return [condition for condition in conditions if condition in kept]


def told(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """What some of the conditions of a set say of the sizes, in words."""
    from nnspec.words import said

    words: list[str] = []
    for names in dict.fromkeys(condition.symbols for condition in conditions):
        own = [condition for condition in conditions if condition.symbols == names]
        words += (_united(own, own) if len(names) > 1 else None) or said(own)
    return tuple(dict.fromkeys(words))
