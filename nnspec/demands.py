"""What a model demands of sizes: the conditions of all its bodies, each where it is run.

A model with `if training:` may demand more in training than in evaluation, as one does that makes an
auxiliary prediction. `training` says which of the two is meant; None is what both take.
"""

from __future__ import annotations

from nnspec.conditions import where
from nnspec.dims import maximum, minimum, negated
from nnspec.graph import CallNode, Place, around
from nnspec.sizes import solve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.graph import Graph, When
    from nnspec.sizes import Admitted


def admitted(root: Graph, training: bool | None = None) -> Admitted:
    """The exact set of sizes that every operator takes."""
    return solve([place.condition for place in places(root, training)])


def places(root: Graph, training: bool | None = None) -> list[Place]:
    """Every condition of a model, with its place; each distinct body once. What is demanded in a side
    of an `if` on sizes is a condition where that side is run."""
    graphs = list(root.subgraphs())
    used: dict[int, Size | None] = {id(root): None}  # where a body is run; None: everywhere
    for graph in reversed(graphs):  # callers first
        if id(graph) not in used:
            continue  # the other mode's
        for node in graph.nodes:
            if isinstance(node, CallNode) and _in_mode(node.when, training):
                here, known = _both(used[id(graph)], _side(node.when)), id(node.graph)
                used[known] = _either(used[known], here) if known in used else here
    return [
        _where(place, used[id(graph)])
        for graph in graphs
        if id(graph) in used
        for place in graph.places
        if _in_mode(place.when, training)
    ]


def has_modes(root: Graph) -> bool:
    """Whether a condition, or a body, stands in a side of an `if training:`."""
    sides: list[When | None] = []
    for graph in root.subgraphs():
        sides += [place.when for place in graph.places]
        sides += [node.when for node in graph.nodes if isinstance(node, CallNode)]
    return not all(_in_mode(when, True) and _in_mode(when, False) for when in sides)


def _in_mode(when: When | None, training: bool | None) -> bool:
    """Whether a side is run in training, or in evaluation; in one of them (None)."""
    return training is None or all(
        region.condition is not None or side == training for region, side in around(when)
    )


def _side(when: When | None) -> Size | None:
    """A size that is at least 0 where a side is run; None where sizes do not decide it."""
    found: Size | None = None
    for region, first in around(when):
        if region.condition is not None:
            found = _both(found, region.condition if first else negated(region.condition))
    return found


def _both(a: Size | None, b: Size | None) -> Size | None:
    return b if a is None else a if b is None else minimum(a, b)


def _either(a: Size | None, b: Size | None) -> Size | None:
    return None if a is None or b is None else maximum(a, b)


def _where(place: Place, run: Size | None) -> Place:
    """The place with its condition where it is run."""
    run = _both(run, _side(place.when))
    if run is None:
        return place
    condition = where(run, place.condition)
    return Place(condition, place.why_text, place.span, place.inputs, None, place.stated)
