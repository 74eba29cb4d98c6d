"""The number of parameters. Buffers (a batch norm's running mean) are none; a shared layer counts
once.
"""

from __future__ import annotations

from nnspec.analysis.fold import of_call_or_node, sums, times
from nnspec.dims import product, total
from nnspec.graph import OpNode, OwnParam

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.analysis.fold import Sums
    from nnspec.dims import Size
    from nnspec.graph import Graph, Node
    from nnspec.operators.definition import Param


def own(node: Node) -> Iterator[tuple[str, Param]]:
    """Name and shape of each parameter and buffer that a node itself has (one copy of it);
    one that is tied is another node's."""
    if isinstance(node, OpNode):
        for name, param in node.params.items():
            if name not in node.tied:
                yield name, param
    elif isinstance(node, OwnParam):
        yield node.path[-1], node.param


def numel(param: Param) -> Size:
    """The number of elements of a parameter."""
    return product(param.shape)


def _trained(node: Node) -> Size:
    return total(numel(param) for _, param in own(node) if param.trainable)


def params(root: Graph) -> Sums:
    """Parameters of each distinct graph, by its id."""
    return sums(root, _trained, shared_too=False)


def of_node(node: Node, found: Sums) -> Size:
    """Parameters of a node with all its copies."""
    return 0 if node.shared else times(node.count, of_call_or_node(node, found, _trained))
