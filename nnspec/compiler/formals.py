"""The formal graph of one use of a block: which of its numbers are names, and which shape it."""

from __future__ import annotations

from typing import Any

from nnspec.dims import Dim, evaluate, substitute
from nnspec.elaborate.formal import formal
from nnspec.elaborate.fractions import FormalFloat
from nnspec.elaborate.values import Initial, Layer, Step
from nnspec.graph import Graph, Value
from nnspec.records import Record
from nnspec.tensors import TensorType


class FormalUse(Record):
    """A block's graph over names. `values` has the number of each name; all other symbols are sizes
    that are known only when the module runs."""

    graph: Graph
    values: dict[str, Any]
    pinned: frozenset[str]


def formal_use(graph: Graph) -> FormalUse:
    """The formal graph of a use whose arguments and input sizes are numbers where they can be."""
    floats = {
        name: given
        for name, given in graph.arguments.items()
        if isinstance(given, float) and not isinstance(given, bool)
    }
    named = _copy(graph)
    named.arguments |= {name: FormalFloat.parameter(v, name) for name, v in floats.items()}
    before, FormalFloat.pinned = FormalFloat.pinned, set()
    try:
        found = formal(named)
    finally:
        pinned, FormalFloat.pinned = FormalFloat.pinned, before
    assert found is not None
    # a size that is known only at run time is no number
    whole = {name: value for name, value in found.hints.items() if isinstance(value, int)}
    return FormalUse(found.graph, {**whole, **floats}, found.pinned | pinned)


def at(value: Any, values: dict[str, Any]) -> Any:
    """A value over a formal graph's names with the numbers put in, as far as they are known."""
    if isinstance(value, Dim):
        known = {name: values[name] for name in value.symbols if name in values}
        return (
            evaluate(value, known) if len(known) == len(value.symbols) else substitute(value, known)
        )
    if isinstance(value, FormalFloat):
        return value.at(values)
    if isinstance(value, (list, tuple)):
        return type(value)(at(item, values) for item in value)
    if isinstance(value, dict):
        return {name: at(item, values) for name, item in value.items()}
    if isinstance(value, (Layer, Step, Initial)):  # a layer as an argument, with its own arguments
        fields = {name: at(getattr(value, name), values) for name in value._fields}
        return type(value)(**fields)
    return value


def numbered(graph: Graph, values: dict[str, Any]) -> Graph:
    """A use inside a formal graph as a use with numbers: what `formal_use` starts from."""
    copy = _copy(graph)
    copy.arguments = {name: at(given, values) for name, given in graph.arguments.items()}
    copy.inputs = [
        Value(_type(value.type, values), None, value.index, value.name, value.span)
        for value in graph.inputs
    ]
    return copy


def _type(kind: TensorType, values: dict[str, Any]) -> TensorType:
    return kind.with_shape([at(size, values) for size in kind.shape])


def _copy(graph: Graph) -> Graph:
    copy = Graph(graph.name, graph.kind, graph.definition)
    copy.scope = graph.scope
    copy.arguments, copy.doc, copy.inputs = dict(graph.arguments), graph.doc, list(graph.inputs)
    return copy
