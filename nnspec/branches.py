"""Conditions that hang on the sides of an `if`, said as a choice of plain ones:
`7 <= H <= 31 and W >= 7 or H >= 32 and W >= 13`.

The sides are gone through one by one, those that no size comes to left out. Of what holds in each, everything
is dropped that the others make superfluous, as with the prime implicants of a truth table (Quine 1952, "The
problem of simplifying truth functions").
"""

from __future__ import annotations

from nnspec.cases import conditional_atom
from nnspec.conditions import Condition, against
from nnspec.dims import assume, compare, maximum, minimum, negated, only_atom, relation
from nnspec.presburger import Undecided, empty
from nnspec.words import joined, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nnspec.dims import Size

    #: conditions that hold together, none of which hangs on another
    Case = list[Condition]

#: more cases than this, and questions about them, are not looked at
MOST_CASES = 12
MOST_QUESTIONS = 60
#: nor conditions that are longer than this when they are written out
MOST_TEXT = 1_000


def choice(conditions: Sequence[Condition], others: Sequence[Condition]) -> str | None:
    """The conditions in words, given that the others hold; None where no such words were found."""
    if sum(len(condition.text) for condition in conditions) > MOST_TEXT:
        return None
    asked = _Asked(others)
    try:
        cases = list(_cases(list(conditions), asked))
        cases = [_widest(case, conditions, asked) for case in cases]
        kept = [case for at, case in enumerate(cases) if case not in cases[:at]]
        for case in sorted(kept, key=len, reverse=True):
            rest = [other for other in kept if other is not case]
            if rest and asked.none([*case, *(_against(other) for other in rest)]):
                kept = rest
    except Undecided:
        return None
    return " or ".join(dict.fromkeys(joined(said(case)) for case in kept)) if all(kept) else None


class _Asked:
    """Questions whether there are sizes, as long as there are not too many of them."""

    def __init__(self, others: Sequence[Condition]) -> None:
        self.others = others
        self.left = MOST_QUESTIONS

    def none(self, conditions: Iterable[Condition]) -> bool:
        """Whether no sizes satisfy these conditions and the others. Undecided."""
        self.left -= 1
        if self.left < 0:
            raise Undecided
        return empty([*self.others, *conditions])


def _cases(conditions: list[Condition], asked: _Asked) -> Iterator[Case]:
    """The cases in which some sizes satisfy the conditions. Undecided where they are too many."""
    found = 0
    open_ones: list[tuple[Case, list[Condition]]] = [([], conditions)]
    while open_ones:
        done, left = open_ones.pop()
        if asked.none([*done, *left]):
            continue
        if not left:
            found += 1
            if found > MOST_CASES:
                raise Undecided
            yield done
            continue
        condition, *rest = left
        atom = conditional_atom(condition.size, ("if",))
        if atom is not None:
            given = atom.args[0]
            for side, size in ((True, given), (False, negated(given))):
                known = [_assumed(other, given, side) for other in (condition, *rest)]
                open_ones.append((done, [_plain(">=", size), *known]))
            continue
        for parts in _parts(condition):
            open_ones.append(([*done, *(p for p in parts if p not in done)], rest))


def _parts(condition: Condition) -> list[list[Condition]]:
    """What a condition is the choice of, each as conditions that hold together."""
    if compare(condition.op, condition.size, 0) is True:
        return [[]]
    atom = only_atom(condition.size) if condition.op == ">=" else None
    if atom is None or atom.kind not in ("min", "max"):
        return [[condition]]
    if atom.kind == "max":
        return [found for part in atom.args for found in _parts(_plain(">=", part))]
    found: list[list[Condition]] = [[]]
    for part in atom.args:
        found = [[*one, *more] for one in found for more in _parts(_plain(">=", part))]
        if len(found) > MOST_CASES:
            raise Undecided
    return found


def _assumed(condition: Condition, given: Size, side: bool) -> Condition:
    return _plain(condition.op, assume(condition.size, given, side))


def _plain(op: str, size: Size) -> Condition:
    return Condition(op, size, relation(op, size))


def _widest(case: Case, conditions: Sequence[Condition], asked: _Asked) -> Case:
    """The case without what is not needed for the conditions to hold."""
    for condition in sorted(case, key=lambda c: -len(c.text)):
        rest = [other for other in case if other is not condition]
        if all(asked.none([*rest, against(demanded)]) for demanded in conditions):
            case = rest
    return case


def _against(case: Case) -> Condition:
    """The condition that holds where some condition of a case does not."""
    sizes = []
    for condition in case:
        size = condition.size
        if condition.op != ">=":
            size = minimum(size, -size) if condition.op == "==" else maximum(size - 1, -size - 1)
        sizes.append(negated(size))
    return Condition(">=", maximum(*sizes), "")
