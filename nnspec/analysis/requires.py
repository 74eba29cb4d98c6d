"""The sizes that a model takes: the conditions of all its bodies, solved together."""

from __future__ import annotations

from nnspec.conditions import Condition
from nnspec.diagnostics import Label, Problem
from nnspec.dims import substitute
from nnspec.sizes import solve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nnspec.graph import Graph, Place
    from nnspec.sizes import Admitted

#: so many places are shown where conditions are in conflict
MOST_LABELS = 5


def places(root: Graph) -> list[Place]:
    """Every condition of a model, with its place; each distinct body once."""
    return [place for graph in root.subgraphs() for place in graph.places]


def admitted(root: Graph) -> Admitted:
    """The exact set of sizes that every operator takes."""
    return solve([place.condition for place in places(root)])


def conflict(root: Graph, found: Admitted) -> Problem | None:
    """The problem that no size satisfies the model, where that is so."""
    if not found.empty:
        return None
    message = f"no size satisfies `{root.name}`"
    return _problem("NN306", message, root, found.conflict, ())


def refusal(root: Graph, found: Admitted, sizes: Mapping[str, int]) -> Problem | None:
    """Why the model does not take these sizes; None where it does.

    Symbols that are left out may have any value that suits: the rest of the conditions is solved.
    """
    known = [c for c in found.conditions if c.symbols <= sizes.keys()]
    refused = [condition for condition in known if not condition.holds(sizes)][:1]
    if not refused:
        open_ones = [c for c in found.conditions if not c.symbols <= sizes.keys()]
        fixed = {Condition(c.op, substitute(c.size, sizes), c.text): c for c in open_ones}
        refused = [fixed[condition] for condition in solve(fixed).conflict]
    if not refused:
        return None
    told = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    notes = (f"it takes sizes with {' and '.join(found.requires)}",) if found.requires else ()
    return _problem("NN309", f"`{root.name}` does not take {told}", root, refused, notes)


def _problem(
    code: str, message: str, root: Graph, conditions: Iterable[Condition], notes: tuple[str, ...]
) -> Problem:
    """A problem that shows the places of conditions that cannot hold."""
    wanted = list(conditions)
    shown = {place.condition: place for place in places(root) if place.condition in wanted}
    first, *rest = [shown[condition] for condition in wanted]
    labels = tuple(Label(place.span, place.why) for place in rest[: MOST_LABELS - 1])
    needed = " and ".join(condition.text for condition in wanted[:MOST_LABELS])
    return Problem(code, message, first.span, first.why, labels, (f"this needs {needed}", *notes))
