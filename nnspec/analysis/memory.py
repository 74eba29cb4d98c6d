"""Bytes: of the weights, of what training keeps for the backward pass, and the peak at
inference.
"""

from __future__ import annotations

from nnspec.analysis import params
from nnspec.analysis.fold import sums
from nnspec.dims import total
from nnspec.graph import CallNode, Choice, OpNode
from nnspec.tensors import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.dims import Size
    from nnspec.graph import Graph, Node, Value
    from nnspec.tensors import TensorType


def of_type(type: TensorType) -> Size:
    """The bytes of a tensor."""
    return type.numel * DTYPES[type.dtype]


def weights(root: Graph) -> Size:
    """Bytes of the parameters and buffers."""

    def of_node(node: Node) -> Size:
        return total(params.numel(param) * DTYPES[param.dtype] for _, param in params.own(node))

    return sums(root, of_node, shared_too=False)[id(root)]


def activations(root: Graph) -> Size:
    """Bytes of the outputs that the backward pass needs: those of every operator that is no
    view; of what is computed again (`checkpoint`), what comes out.
    """

    def of_node(node: Node) -> Size:
        if not isinstance(node, OpNode) or node.operator.is_view:
            return 0
        return results(node)

    def results(node: Node) -> Size:
        return total(of_type(value.type) for value in node.outputs)

    return sums(root, of_node, shared_too=True, training=True, of_recomputed=results)[id(root)]


def peak(root: Graph, number: Callable[[Size], int]) -> int:
    """The most bytes of tensors that are alive at one moment of a forward pass without gradients.

    A tensor lives from the node that makes it to its last reader; a view keeps its base alive.
    `number` gives the sizes their values. Computed body by body: a call adds its body's peak to
    what the caller holds meanwhile.
    """
    inside: dict[int, int] = {}
    known: dict[int, int] = {}  # equal uses of an operator have one object for a type of output

    def taken(value: Value) -> int:
        if id(value.type) not in known:
            known[id(value.type)] = number(of_type(value.type))
        return known[id(value.type)]

    for graph in root.subgraphs():
        inside[id(graph)] = _peak_of_body(graph, number, taken, inside)
    return inside[id(root)] + sum(map(taken, root.inputs))


def _peak_of_body(
    graph: Graph,
    number: Callable[[Size], int],
    taken: Callable[[Value], int],
    inside: dict[int, int],
) -> int:
    """The peak of what a body adds to its inputs, which its caller holds."""
    last: dict[int, int] = {}  # id of a value's storage -> number of the last node that reads it
    base: dict[int, Value] = {}
    nodes = [node for node in graph.nodes if node.runs(training=False, number=number)]
    for at, node in enumerate(nodes):
        if isinstance(node, Choice):  # it is that value
            source = node.source(node.region.takes(training=False, number=number) is True)
            base[id(node.outputs[0])] = base.get(id(source), source)
            continue
        read = [value for value in node.inputs if value is not None]
        for value in read:
            last[id(base.get(id(value), value))] = at
        if isinstance(node, OpNode) and node.operator.is_view and read:
            for value in node.outputs:
                base[id(value)] = base.get(id(read[0]), read[0])
    for _, value in graph.outputs:
        last[id(base.get(id(value), value))] = len(nodes)
    own = {id(value) for node in nodes for value in node.outputs if id(value) not in base}
    alive = most = 0
    held: dict[int, int] = {}
    ends: dict[int, list[int]] = {}
    for storage, at in last.items():
        ends.setdefault(at, []).append(storage)
    for at, node in enumerate(nodes):
        if isinstance(node, CallNode):
            # the body's own outputs are part of its peak; further copies also hold the one before
            between = sum(map(taken, node.outputs)) if node.count > 1 else 0
            most = max(most, alive + inside[id(node.graph)] + between)
        for value in node.outputs:
            if id(value) in own:
                held[id(value)] = taken(value)
                alive += held[id(value)]
        most = max(most, alive)
        for value in node.outputs:  # read by no one
            if id(value) in own and id(value) not in last:
                alive -= held.pop(id(value))
        for storage in ends.get(at, ()):
            alive -= held.pop(storage, 0)
    return most
