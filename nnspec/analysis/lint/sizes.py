"""A model that takes hardly any size (NN611): two ways of an image meet that should be equally large."""

from __future__ import annotations

from nnspec import origins
from nnspec.analysis.lint import few
from nnspec.demands import places
from nnspec.diagnostics import Problem
from nnspec.dims import Dim
from nnspec.residues import ANY
from nnspec.sizes import solve, told
from nnspec.words import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.conditions import Condition
    from nnspec.graph import Graph, Place


def hardly_any(root: Graph) -> Problem | None:
    """The warning where operators leave a symbol hardly any size, and the author did not mean it: neither an
    `assert` nor a number that is written down says so."""
    every = places(root)
    found = [place for place in every if not place.stated and not _is_number(place.condition)]
    own = solve(place.condition for place in found)
    meant = solve(place.condition for place in every if place not in found).progressions
    names = {
        name
        for name, known in own.progressions.items()
        if few(known) and not few(meant.get(name, ANY))
    }
    if not names:
        return None
    place = _place(found, names)
    asked = joined(told([p.condition for p in found if p.condition.symbols <= names]))
    return Problem(
        "NN611",
        f"`{root.name}` takes hardly any size: only {asked}",
        place.span,
        place.why,
        notes=(f"this needs {place.condition.text}", *origins.of_place(place)),
        help=f"where no other is meant, say so: `assert {asked}`",
    )


def _is_number(condition: Condition) -> bool:
    """`T == 197`, `H // 4 == 7`: one size is a number that the author wrote down."""
    if condition.op != "==" or not isinstance(condition.size, Dim):
        return False
    return sum(1 for monomial, _ in condition.size.terms if monomial) == 1


def _place(found: list[Place], names: set[str]) -> Place:
    """The first that makes a symbol's sizes few by itself; else the first that speaks of one."""
    speaking = [place for place in found if place.condition.symbols & names]
    for place in speaking:
        known = solve([place.condition]).progressions
        if any(few(known[name]) for name in names & known.keys()):
            return place
    return speaking[0]
