"""Layers that work against each other, found in the graph: NN606, NN608, NN609.

A line of a block makes a node in each use of the block. It is told where every use has the problem: where
one has not, it is a parameter that decides, and the line is right.
"""

from __future__ import annotations

from nnspec.diagnostics import Label, Problem
from nnspec.graph import CallNode, OpNode, Value
from nnspec.tensors import show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from nnspec.graph import Graph, Node

BIASED = (
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear",
)  # fmt: skip
STRETCHED = ("add", "sub", "mul", "div", "eq", "ne", "lt", "le", "gt", "ge")
#: operators that put a 1 into a shape on purpose
SHAPING = (
    "index", "unsqueeze", "reshape", "rearrange", "permute", "transpose", "expand", "repeat",
)  # fmt: skip


def layers(graphs: Iterable[Graph]) -> list[Problem]:
    """The warnings for the nodes of these graphs, each distinct graph given once."""
    found: dict[Any, Problem] = {}
    fine: set[Any] = set()
    for graph in graphs:
        used: dict[int, list[Node | None]] | None = None
        shared: set[tuple[str, ...]] = set()
        for node in graph.nodes:
            if type(node) is not OpNode:
                continue
            name = node.operator.name
            if name in STRETCHED:
                problem = _stretched(node)
            elif node.operator.family == "activation":
                problem = _twice(node)
            elif name in BIASED and "bias" in node.params:
                if used is None:
                    used = _uses(graph)
                    shared = {other.path for other in graph.nodes if other.shared}
                problem = None if node.path in shared else _biased(node, used)
            else:
                continue
            place = node.span.source, node.span.start, node.span.end
            if problem is None:
                fine.add(place)
            else:
                found.setdefault(place, problem)
    return [problem for place, problem in found.items() if place not in fine]


def _stretched(node: OpNode) -> Problem | None:
    """[N, 1] and [N] give [N, N]."""
    values = [value for value in node.inputs if value is not None]
    if len(values) != 2:
        return None
    low, high = sorted(values, key=lambda value: value.type.rank)
    a, b = low.type.shape, high.type.shape
    if len(b) != len(a) + 1 or b[-1] != 1 or b[:-1] != a or not a or a[-1] == 1:
        return None
    maker = high.node
    if isinstance(maker, OpNode) and maker.operator.name in SHAPING:
        return None
    return Problem(
        "NN606",
        f"{show_shape(a)} and {show_shape(b)} make {node.outputs[0].type}: each value meets each other",
        node.span,
        labels=_made(low) + _made(high),
        help="take the 1 away first, `-> squeeze(-1)`; where it is meant, say so: `x[:, none]`",
    )


def _made(value: Value) -> tuple[Label, ...]:
    if value.span is None:
        return ()
    return (
        Label(value.span, f"`{value.name}` is {value.type}" if value.name else f"{value.type}"),
    )


def source(value: Value | None) -> Node | None:
    """The node that a value comes from, through the ends of blocks."""
    while value is not None and isinstance(value.node, CallNode):
        value = value.node.graph.outputs[value.index][1]
    return value.node if value is not None else None


def _twice(node: OpNode) -> Problem | None:
    before = source(node.inputs[0])
    same = isinstance(before, OpNode) and before.operator is node.operator
    if before is None or not same or not node.operator.keeps_shape:
        return None
    name = node.operator.name
    return Problem(
        "NN609",
        f"`{name}` after `{name}`",
        node.span,
        labels=(Label(before.span, "the first"),),
        help="one of them can go",
    )


def _uses(graph: Graph) -> dict[int, list[Node | None]]:
    """The nodes that use each value; None for an output of the graph."""
    found: dict[int, list[Node | None]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            if value is not None:
                found.setdefault(id(value), []).append(node)
    for _, value in graph.outputs:
        found.setdefault(id(value), []).append(None)
    return found


def _biased(node: OpNode, uses: dict[int, list[Node | None]]) -> Problem | None:
    """A bias that the batch norm behind it takes away again."""
    value = node.outputs[0]
    after = uses.get(id(value), [])
    norm = after[0] if len(after) == 1 else None
    if not isinstance(norm, OpNode) or not norm.operator.name.startswith("batch_norm"):
        return None
    if node.operator.name == "linear" and value.type.rank != 2:
        return None  # the norm's channels are not the features then
    return Problem(
        "NN608",
        f"the bias of this `{node.operator.name}` does nothing: `{norm.operator.name}` takes it away",
        node.span,
        labels=(Label(norm.span, "subtracts the mean of each channel, and has a bias of its own"),),
        help="write `bias=false`",
    )
