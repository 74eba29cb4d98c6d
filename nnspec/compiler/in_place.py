"""Activations that write over their input, where nobody can tell: `F.relu(self.bn1(x), inplace=True)`.

PyTorch's own models are written so. It is the compiler's choice, not the spec's: a value of a spec never
changes. The input must be a tensor of its own (no view, no argument of the class), used by nothing else, not
needed by the backward of what made it, and not what the backward pass begins to compute again from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from nnspec.compiler.classes import ClassPlan
from nnspec.graph import CallNode, Graph, Node, OpNode


def settle(plans: list[ClassPlan]) -> None:
    """Mark the uses of operators that may write over their input."""
    for plan in plans:
        _graph(plan.graph, plan.optional)


def _graph(graph: Graph, optional: Container[int]) -> None:
    readers = Counter(id(value) for node in graph.nodes for value in node.inputs)
    readers.update(id(value) for _, value in graph.outputs)
    shared = {node.path for node in graph.nodes if node.shared}
    for node in graph.nodes:
        if isinstance(node, CallNode) and node.graph.definition is None:
            _graph(node.graph, optional)
        elif isinstance(node, OpNode) and node.operator.over_input and node.path not in shared:
            (value,) = node.inputs
            assert value is not None
            alone = readers[id(value)] == 1 and node.count == 1 and not node.recomputed
            node.use.in_place = alone and _is_fresh(value.node, optional)


def _is_fresh(made_by: Node | None, optional: Container[int]) -> bool:
    return isinstance(made_by, OpNode) and made_by.operator.fresh and id(made_by) not in optional
