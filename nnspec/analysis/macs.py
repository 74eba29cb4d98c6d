"""Multiply-accumulates of one forward pass in evaluation, counted as half of what PyTorch's flop counter
counts.
"""

from __future__ import annotations

from nnspec.analysis.fold import of_call_or_node, sums, times, when_run
from nnspec.graph import OpNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.analysis.fold import Sums
    from nnspec.dims import Size
    from nnspec.graph import Graph, Node


def _macs(node: Node) -> Size:
    if not isinstance(node, OpNode):
        return 0
    return node.operator.macs(node.use, tuple(value.type for value in node.outputs))


def macs(root: Graph) -> Sums:
    """MACs of each distinct graph, by its id."""
    return sums(root, _macs, shared_too=True, training=False)


def of_node(node: Node, found: Sums) -> Size:
    """MACs of a node with all its copies."""
    if not node.runs(training=False):
        return 0
    return when_run(times(node.count, of_call_or_node(node, found, _macs)), node)
