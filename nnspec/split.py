"""Conditions that hang on the sides of `if`s, taken apart: for each side that some size comes to, the plain
conditions that hold together there.

The sides are gone through one `if` after the other. What is known by then of each symbol decides most of the
others, so that an `elif` chain has as many cases as it has sides.
"""

from __future__ import annotations

from nnspec.cases import conditional_atom
from nnspec.conditions import Condition
from nnspec.dims import assume, compare, negated, only_atom, relation
from nnspec.residues import EMPTY, solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nnspec.dims import Size

#: more cases than this are not looked at
MOST_CASES = 32


def split(conditions: Sequence[Condition]) -> list[list[Condition]] | None:
    """The conditions of each case; none of them depends on another. No case: no sizes satisfy them. None
    where there are more than MOST_CASES."""
    found: list[list[Condition]] = []
    open_ones: list[tuple[list[Condition], list[Condition]]] = [([], list(conditions))]
    while open_ones:
        if len(found) + len(open_ones) > MOST_CASES:
            return None
        known, left = open_ones.pop()
        atoms = (conditional_atom(condition.size, ("if",)) for condition in left)
        atom = next(filter(None, atoms), None)
        if atom is None:
            found.append(list(dict.fromkeys([*known, *left])))
            continue
        given = atom.args[0]
        for side, size in ((False, negated(given)), (True, given)):
            here = [*known, *_parts(size)]
            rest = _assumed(left, given, side)
            if rest is not None and not _impossible(here):
                open_ones.append((here, rest))
    return found


def _parts(size: Size) -> list[Condition]:
    """`size >= 0` as conditions that hold together."""
    atom = only_atom(size)
    if atom is not None and atom.kind == "min":
        return [part for arg in atom.args for part in _parts(arg)]
    return [_plain(">=", size)]


def _assumed(conditions: Iterable[Condition], given: Size, side: bool) -> list[Condition] | None:
    """The conditions on one side, without those that hold; None where one fails."""
    found = []
    for condition in conditions:
        plain = _plain(condition.op, assume(condition.size, given, side))
        known = compare(plain.op, plain.size, 0)
        if known is False:
            return None
        if known is None:
            found.append(plain)
    return found


def _plain(op: str, size: Size) -> Condition:
    return Condition(op, size, relation(op, size))


def _impossible(conditions: Sequence[Condition]) -> bool:
    """Whether what is known of one of the symbols leaves no size for it."""
    alone: dict[frozenset[str], list[Condition]] = {}
    for condition in conditions:
        alone.setdefault(condition.symbols, []).append(condition)
    return any(
        len(names) == 1 and solve_one(next(iter(names)), own) == EMPTY
        for names, own in alone.items()
    )
