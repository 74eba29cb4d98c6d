"""Whether every weight has a gradient at every step: who waits for all of them must know."""

from __future__ import annotations

from nnspec.graph import CallNode, Graph, OpNode


def always_learns(graph: Graph, loss: Graph) -> bool:
    """True where each weight of the model certainly leads to the loss; False where one might not."""
    read = {value.name for node in loss.nodes for value in node.inputs if value is not None}
    if any(name not in read for name, _ in graph.outputs):
        return False
    return all(_all_is_read(body) for body in graph.subgraphs())


def _all_is_read(body: Graph) -> bool:
    read = {id(value) for node in body.nodes for value in node.inputs if value is not None}
    read |= {id(value) for _, value in body.outputs}
    for node in body.nodes:
        if node.when is not None or (isinstance(node, OpNode) and node.operator.name == "detach"):
            return False
        known = [id(value) in read for value in node.outputs]
        if not (all(known) if isinstance(node, CallNode) else any(known)):
            return False
    return True
