"""Lists that grow: each layer takes all that was found before it, and what it finds is put behind.

    found = [x]
    for i in range(n):
        found = found + [concat(*found, dim=1) -> "layer{i + 1}": Layer(growth)]
    return concat(*found, dim=1)

is in a graph a node for each step; a person writes a loop. The layers differ in what they are given, by the
same from each to the next: `Layer(in_channels + i * growth, growth)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.runs import FEWEST, numbered_name
from nnspec.dims import Dim, symbol
from nnspec.graph import CallNode, Node, OpNode, Value
from nnspec.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeGuard

    from nnspec.compiler.classes import ClassPlan

#: the symbol of a layer's number, from 0; no name of a spec has a space
INDEX = "the index"


class Growing(Record):
    """A loop over layers `stem{first}`, …; `joins` are the nodes that join what is found, the last of them
    all of it; `given` is what the constructor of each takes, over `INDEX`."""

    layers: list[CallNode]
    joins: list[OpNode]
    stem: str
    first: int
    given: list[tuple[Any, Any]]


def growing(plan: ClassPlan) -> Iterator[Growing]:
    """The lists of a class that grow."""
    nodes = plan.graph.nodes
    at = 0
    while at < len(nodes):
        layers, joins = _rounds(plan, nodes[at:])
        found = _loop(plan, layers, joins) if len(layers) >= FEWEST else None
        at += 1
        if found is not None:
            yield found
            at += 2 * len(layers)


def _rounds(plan: ClassPlan, nodes: list[Node]) -> tuple[list[CallNode], list[OpNode]]:
    """Layers, and the joins before each of them and after the last, as far as they are of this kind."""
    layers: list[CallNode] = []
    joins: list[OpNode] = []
    for join, layer in zip(nodes[::2], [*nodes[1::2], None], strict=False):
        if not _joins(join) or (joins and not _one_more(joins[-1], layers[-1], join)):
            break
        joins.append(join)
        if not _is_round(layer, plan, join) or (layers and not _follows(plan, layers[-1], layer)):
            break
        layers.append(layer)
    return layers[: len(joins) - 1], joins


def _joins(node: Node) -> TypeGuard[OpNode]:
    return isinstance(node, OpNode) and node.operator.name == "concat" and node.when is None


def _one_more(before: OpNode, layer: CallNode, join: OpNode) -> bool:
    """Whether a join takes what the one before took, and what the layer has made of it."""
    values = [*before.inputs, layer.outputs[0]]
    alike = before.use["dim"] == join.use["dim"]
    return alike and [*map(id, values)] == [*map(id, join.inputs)]


def _is_round(layer: Node | None, plan: ClassPlan, join: OpNode) -> TypeGuard[CallNode]:
    return (
        isinstance(layer, CallNode)
        and id(layer) in plan.calls
        and not plan.calls[id(layer)].passed
        and id(layer) not in plan.optional
        and layer.labelled
        and not (layer.shared or layer.alias or layer.recomputed or layer.when)
        and layer.count == 1
        and [*map(id, layer.inputs)] == [id(join.outputs[0])]
        and len(layer.outputs) == 1
        and len(layer.path) == 1
        and bool(numbered_name(layer.path[0])[0])
    )


def _follows(plan: ClassPlan, layer: CallNode, other: CallNode) -> bool:
    stem, number = numbered_name(layer.path[0])
    same = plan.calls[id(layer)] is plan.calls[id(other)]
    return same and numbered_name(other.path[0]) == (stem, number + 1)


def _loop(plan: ClassPlan, layers: list[CallNode], joins: list[OpNode]) -> Growing | None:
    """The loop, if nothing else sees what is within, and the layers differ as the rounds of one."""
    inside = {id(node) for node in (*layers, *joins)}
    hidden = {id(node.outputs[0]) for node in (*layers, *joins[:-1])}
    others: list[Value | None] = [value for _, value in plan.graph.outputs]
    others += [v for node in plan.graph.nodes if id(node) not in inside for v in node.inputs]
    if any(id(value) in hidden for value in others) or inside & plan.precision.meetings.keys():
        return None
    rounds = [[*plan.calls[id(layer)].given(layer.graph)] for layer in layers]
    given = []
    for position, (argument, value) in enumerate(rounds[0]):
        found = _progression([each[position][1] for each in rounds])
        if found is None and value is not None:
            return None
        given.append((argument, found))
    return Growing(layers, joins, *numbered_name(layers[0].path[0]), given)


def _progression(values: list[Any]) -> Any:
    """What they all are, or the sum over `INDEX` that gives each; None where there is none."""
    if all(code.key(value) == code.key(values[0]) for value in values):
        return values[0]
    if not all(isinstance(v, (int, Dim)) and not isinstance(v, bool) for v in values):
        return None
    step = values[1] - values[0]
    if any(value != values[0] + step * number for number, value in enumerate(values)):
        return None
    return values[0] + step * symbol(INDEX)
