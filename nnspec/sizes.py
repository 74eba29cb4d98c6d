"""The exact set of sizes that a model admits.

Operators demand conditions of sizes. `solve` turns them into the set of admitted sizes: conditions
on one symbol are decided by remainders (`residues.py`), conditions over several by Presburger sets
(`presburger.py`). What lies outside of that (products of symbols) is kept as unproved.
"""

from __future__ import annotations

from nnspec.conditions import Condition
from nnspec.dims import compare, substitute
from nnspec.residues import EMPTY, solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nnspec.dims import Size
    from nnspec.residues import Progression

#: so many conditions are looked at for whether they are needed
MOST_LEFT_OUT = 40


class Admitted:
    """The sizes that satisfy some conditions.

    `requires` is the set in words, `empty` is True where no size is admitted, `conflict` are
    conditions that cannot hold together then, and `unproved` those of which that could not be decided.
    `progressions` gives of a symbol what all of its admitted sizes are among.
    """

    __slots__ = ("conditions", "conflict", "empty", "progressions", "requires", "unproved")

    def __init__(
        self,
        conditions: tuple[Condition, ...],
        requires: tuple[str, ...],
        conflict: tuple[Condition, ...],
        unproved: tuple[Condition, ...],
        progressions: Mapping[str, Progression],
    ) -> None:
        self.conditions = conditions
        self.requires = requires
        self.conflict = conflict
        self.empty = bool(conflict)
        self.unproved = unproved
        self.progressions = progressions

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


def solve(conditions: Iterable[Condition]) -> Admitted:
    """The set of sizes that satisfy all of the conditions, each symbol an integer of at least 1."""
    wanted: list[Condition] = []
    for condition in dict.fromkeys(conditions):
        known = compare(condition.op, condition.size, 0)
        if known is False:
            return Admitted((condition,), (), (condition,), (), {})
        if known is None:
            wanted.append(condition)
    everything = tuple(wanted)
    alone: dict[str, list[Condition]] = {}
    together: list[Condition] = []
    for condition in wanted:
        names = condition.symbols
        if len(names) == 1 and _linear(condition.size):
            alone.setdefault(next(iter(names)), []).append(condition)
        else:
            together.append(condition)
    requires: list[str] = []
    progressions: dict[str, Progression] = {}
    for name in sorted(alone):
        found = solve_one(name, alone[name])
        if found is None:  # the remainders have too long a period
            together.extend(alone[name])
        elif found == EMPTY:
            least = _least_conflict(alone[name], _empty_alone(name))
            return Admitted(everything, (), least, (), {})
        else:
            requires.extend(found.words)
            progressions[name] = found.among
    unproved = tuple(c for c in together if not _linear(c.size))
    proved = [c for c in together if _linear(c.size)]
    if proved:
        from nnspec.presburger import Undecided, empty

        linear = [c for c in wanted if _linear(c.size)]
        try:
            if empty(linear):
                return Admitted(everything, (), _least_conflict(linear, _empty), unproved, {})
            requires.extend(c.text for c in _needed(proved, linear))
        except Undecided:
            requires.extend(c.text for c in proved)
            unproved = (*unproved, *proved)
    requires.extend(c.text for c in together if not _linear(c.size))
    return Admitted(everything, tuple(dict.fromkeys(requires)), (), unproved, progressions)


def _linear(size: Size) -> bool:
    """No products of sizes, and divisions by numbers only: within Presburger arithmetic."""
    if isinstance(size, int):
        return True
    for monomial, _ in size.terms:
        if len(monomial) > 1:
            return False
        for atom in monomial:
            if atom.kind == "//" and not isinstance(atom.args[1], int):
                return False
            if atom.kind != "symbol" and not all(_linear(part) for part in atom.args):
                return False
    return True


def _empty(conditions: Sequence[Condition]) -> bool:
    """Whether that is known; a question that takes too long is none."""
    from nnspec.presburger import Undecided, empty

    try:
        return empty(conditions)
    except Undecided:
        return False


def _empty_alone(name: str) -> Callable[[Sequence[Condition]], bool]:
    return lambda conditions: solve_one(name, conditions) == EMPTY


def _least_conflict(
    conditions: Sequence[Condition], is_empty: Callable[[Sequence[Condition]], bool]
) -> tuple[Condition, ...]:
    """Conditions of which none can be left out without there being a size."""
    kept = list(conditions)
    for condition in conditions[:MOST_LEFT_OUT]:
        without = [other for other in kept if other is not condition]
        if without and is_empty(without):
            kept = without
    return tuple(kept)


def _needed(conditions: Sequence[Condition], every: Sequence[Condition]) -> list[Condition]:
    """The conditions that do not follow from the others."""
    from nnspec.presburger import Undecided, follows

    kept = list(every)
    for condition in conditions[:MOST_LEFT_OUT]:
        others = [other for other in kept if other is not condition]
        try:
            if follows(condition, others):
                kept = others
        except Undecided:
            break  # it stays, and so do the others: more questions would take as long
    return [condition for condition in conditions if condition in kept]
