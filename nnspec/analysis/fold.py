"""Sums over a hierarchical graph, each distinct body visited once.

A block that is used a thousand times is one Graph: what it costs is computed once and multiplied.
The walk is not recursive, so the depth of a spec does not matter.
"""

from __future__ import annotations

from nnspec.dims import conditional, total
from nnspec.graph import CallNode, OpNode, around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.dims import Size
    from nnspec.graph import Graph, Node

    #: id of a Graph -> its sum; id of a Use -> that of one node with it
    Sums = dict[int, Size]


def sums(
    root: Graph,
    of_node: Callable[[Node], Size],
    shared_too: bool,
    training: bool | None = None,
    of_recomputed: Callable[[Node], Size] | None = None,
) -> Sums:
    """The sum of `of_node` over all nodes of each distinct graph below `root` and of `root` itself.

    `of_node` is asked for nodes that are no calls. `shared_too`: a layer that is used again counts
    again (MACs: yes; parameters: no). `training`: only what runs then, or else in evaluation.
    `of_recomputed` is asked in its place for nodes that the backward pass computes again.
    """
    found: Sums = {}
    for graph in root.subgraphs():
        parts: list[Size] = []
        alike: dict[int, tuple[OpNode, int]] = {}  # equal uses of an operator are one object
        for node in graph.nodes:
            if node.shared and not shared_too:
                continue
            if node.when is not None and training is not None and not node.runs(training):
                continue
            if of_recomputed is not None and node.recomputed:
                part = times(node.count, of_recomputed(node))
                parts.append(part if training is None else when_run(part, node))
            elif isinstance(node, OpNode) and not node.tied and not node.when:
                first, copies = alike.get(id(node.use), (node, 0))
                alike[id(node.use)] = first, copies + node.count
            else:
                part = times(node.count, of_call_or_node(node, found, of_node))
                parts.append(part if training is None else when_run(part, node))
        for use, (first, copies) in alike.items():
            if use not in found:
                found[use] = of_node(first)
            parts.append(times(copies, found[use]))
        found[id(graph)] = total(parts)
    return found


def when_run(size: Size, node: Node) -> Size:
    """What a node costs, at the sizes at which it is run: 0 at others."""
    for region, side in around(node.when):
        if region.condition is not None:
            sides = (size, 0) if side else (0, size)
            size = conditional(region.condition, *sides)
    return size


def of_call_or_node(node: Node, found: Sums, of_node: Callable[[Node], Size]) -> Size:
    """One copy of a node: a call's sum is its body's, and equal uses cost the same."""
    if isinstance(node, CallNode):
        return found[id(node.graph)]
    known = found.get(id(node.use)) if isinstance(node, OpNode) and not node.tied else None
    return of_node(node) if known is None else known


def times(count: int, size: Size) -> Size:
    return size if count == 1 else size * count
