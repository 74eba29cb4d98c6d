"""Conditions taken apart into cases, in each of which no size is a minimum, a maximum or depends on a
condition itself."""

from __future__ import annotations

from nnspec.conditions import Condition
from nnspec.dims import Dim, assume, compare, negated, only_atom, relation, rewritten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from nnspec.dims import Atom, Size

    #: `size op 0`, as in a Condition
    Plain = tuple[str, Size]

#: more cases than this are not looked at
MOST_CASES = 64
#: nor more sides of one condition
MOST_SIDES = 8


def cases(conditions: Iterable[Plain]) -> list[list[Plain]] | None:
    """Plain conditions: each case's hold together where the given ones do. They may overlap. None
    where there are more than MOST_CASES."""
    found: list[list[Plain]] = []
    open_ones: list[tuple[list[Plain], list[Plain]]] = [([], list(conditions))]
    while open_ones:
        if len(found) + len(open_ones) > MOST_CASES:
            return None
        done, left = open_ones.pop()
        while left:
            op, size = left.pop()
            known = compare(op, size, 0)
            if known is False:
                break
            if known is None:
                atom = only_atom(size) if op == ">=" else None
                if atom is not None and atom.kind == "min":
                    left += [(">=", part) for part in atom.args]
                    continue
                if atom is not None and atom.kind == "max":
                    open_ones += [(done[:], [*left, (">=", part)]) for part in atom.args]
                    break
                inner = conditional_atom(size)
                if inner is not None:
                    every = [*done, *left, (op, size)]
                    open_ones += [([], side) for side in _sides(inner, every)]
                    break
                done.append((op, size))
        else:
            found.append(done)
    return found


def sides(condition: Condition) -> list[Condition]:
    """What a condition whose size depends on others comes to on each side of them."""
    found: list[Condition] = []
    left = [condition.size]
    while left and len(found) + len(left) <= MOST_SIDES:
        size = left.pop()
        atom = conditional_atom(size, ("if",))
        if atom is None:
            found.append(Condition(condition.op, size, relation(condition.op, size)))
        else:
            left += [assume(size, atom.args[0], True), assume(size, atom.args[0], False)]
    return found


def conditional_atom(size: Size, kinds: Container[str] = ("min", "max", "if")) -> Atom | None:
    """An atom of these kinds in a size that has none in itself."""
    if isinstance(size, Dim):
        for monomial, _ in size.terms:
            for atom in monomial:
                if atom.kind != "symbol":
                    for part in atom.args:
                        found = conditional_atom(part, kinds)
                        if found is not None:
                            return found
                    if atom.kind in kinds:
                        return atom
    return None


def _sides(atom: Atom, conditions: Sequence[Plain]) -> list[list[Plain]]:
    """The conditions for each that an atom may be."""
    if atom.kind == "if":
        given = atom.args[0]
        return [
            [*((op, assume(size, given, True)) for op, size in conditions), (">=", given)],
            [
                *((op, assume(size, given, False)) for op, size in conditions),
                (">=", negated(given)),
            ],
        ]
    found = []
    for chosen in atom.args:
        others = [other for other in atom.args if other is not chosen]
        first = [(o - chosen if atom.kind == "min" else chosen - o) for o in others]
        same = _replaced(conditions, atom, chosen)
        found.append([*same, *((">=", size) for size in first)])
    return found


def _replaced(conditions: Iterable[Plain], atom: Atom, other: Size) -> list[Plain]:
    """The conditions with a size in place of an atom."""
    return [
        (op, rewritten(size, lambda found: other if found == atom else None))
        for op, size in conditions
    ]
