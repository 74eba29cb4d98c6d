"""When two formal graphs make the same class: one hashable value that says all that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nnspec.compiler import code
from nnspec.elaborate.values import Initial
from nnspec.graph import CallNode, Choice, Computed, Graph, Node, OpNode, OwnParam, Value

#: what is written for a use of a block: its class and its arguments
Written = Callable[[CallNode], Any]


def signature(
    graph: Graph,
    written: Written | None = None,
    without: Mapping[int, int] = {},
    anonymous: frozenset[int] = frozenset(),
) -> Any:
    """Equal for two graphs whose code would be the same.

    The nodes in `without` are left out, as if each gave on the input of that number; what those in
    `anonymous` compute does not count.
    """
    numbers: dict[int, int] = {id(value): i for i, value in enumerate(graph.inputs)}
    nodes = []
    for node in graph.nodes:
        if id(node) in without:
            numbers[id(node.outputs[0])] = _number(node.inputs[without[id(node)]], numbers)
            continue
        for output in node.outputs:
            numbers[id(output)] = max(numbers.values(), default=-1) + 1
        nodes.append(_node(node, numbers, written, anonymous))
    outputs = tuple((name, _number(value, numbers)) for name, value in graph.outputs)
    return (len(graph.inputs), tuple(nodes), outputs)


def _number(value: Value | None, numbers: dict[int, int]) -> int:
    return -1 if value is None else numbers[id(value)]


def _node(
    node: Node, numbers: dict[int, int], written: Written | None, anonymous: frozenset[int]
) -> Any:
    place = (
        node.path,
        node.count,
        node.stem,
        node.first,
        node.shared,
        node.alias,
        node.labelled,
        _when(node),
        node.recomputed,
    )
    inputs = tuple(_number(value, numbers) for value in node.inputs)
    if id(node) in anonymous:
        return ("layer", place, inputs)
    if isinstance(node, OpNode):
        codes = (node.operator.module(node.use), node.operator.function(node.use))
        init = tuple((name, _initial(initial)) for name, initial in node.init.items())
        ties = tuple((name, tie.path) for name, tie in node.tied.items())
        return ("op", place, inputs, *map(code.key, codes), init, ties)
    if isinstance(node, OwnParam):
        param = node.param
        init = _initial(node.init)
        return ("own", place, code.key(param.shape), param.dtype, param.trainable, init)
    if isinstance(node, Choice):
        return ("choice", node.region.key, inputs)
    assert isinstance(node, CallNode)
    graph = node.graph
    if graph.definition is None:
        return ("sequence", place, inputs, signature(graph, written, anonymous=anonymous))
    if written is not None:
        return ("call", place, inputs, written(node))
    sizes = tuple(code.key(value.type.shape) for value in graph.inputs)
    arguments = tuple((name, code.key(_plain(given))) for name, given in graph.arguments.items())
    inside = signature(graph)  # a number that is computed there counts too
    return ("call", place, inputs, graph.definition.name, arguments, sizes, inside)


def _when(node: Node) -> Any:
    return node.when and (node.when[0].key, node.when[1])


def _initial(initial: Initial | Computed) -> Any:
    if isinstance(initial, Computed):
        return signature(initial.graph())
    return (initial.name, code.key(initial.settings))


def _plain(value: Any) -> Any:
    """An argument as a hashable value; layers by what they make."""
    from nnspec.elaborate.values import is_layer, key

    return key(value) if is_layer(value) else value
