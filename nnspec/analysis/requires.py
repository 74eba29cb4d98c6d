"""The sizes that a model takes: all conditions of all its bodies, solved together."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.graph import Graph, Place
    from nnspec.sizes import Admitted


def places(root: Graph) -> list[Place]:
    """Every condition of a model, with its place; each distinct body once."""
    return [place for graph in root.subgraphs() for place in graph.places]


def admitted(root: Graph) -> Admitted:
    """The exact set of sizes that every operator takes."""
    from nnspec.sizes import solve

    return solve([place.condition for place in places(root)])
