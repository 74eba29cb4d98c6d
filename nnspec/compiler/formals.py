"""The formal graph of one use of a block: which of its numbers are names, and which shape it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.compiler.numbers import FormalFloat
from nnspec.dims import Dim, evaluate, substitute, symbol
from nnspec.elaborate.formal import Formal, formal
from nnspec.elaborate.patterns import is_rest, split
from nnspec.elaborate.scope import Scope
from nnspec.graph import Graph, Value
from nnspec.records import Record
from nnspec.syntax import tree
from nnspec.tensors import TensorType

if TYPE_CHECKING:
    from nnspec.dims import Size


class FormalUse(Record):
    """A block's graph over names. `values` has the number of each name; all other symbols of the graph are
    sizes that are known only when the module runs."""

    graph: Graph
    values: dict[str, Any]
    pinned: frozenset[str]


def formal_use(graph: Graph, scope: Scope, floats: bool = True) -> FormalUse:
    """The formal graph of a use whose arguments and input sizes are numbers where they can be."""
    from nnspec.compiler.signature import signature

    started = _freshened(graph)
    values = {
        name: given
        for name, given in graph.arguments.items()
        if floats and isinstance(given, float) and not isinstance(given, bool)
    }
    if not values:
        found = formal(started, scope)
        assert found is not None
        return FormalUse(found.graph, dict(found.hints), found.pinned)
    found, pinned = _with_floats(started, scope, values, 0.0)
    near, _ = _with_floats(started, scope, values, 1e-7)
    if signature(found.graph) != signature(near.graph):
        return formal_use(graph, scope, floats=False)  # it computes with a fraction
    return FormalUse(found.graph, {**found.hints, **values}, found.pinned | pinned)


def _with_floats(
    graph: Graph, scope: Scope, floats: dict[str, float], shift: float
) -> tuple[Formal, frozenset[str]]:
    copy = _copy(graph)
    copy.arguments = {
        name: FormalFloat(given * (1 + shift), name) if name in floats else given
        for name, given in graph.arguments.items()
    }
    before, FormalFloat.pinned = FormalFloat.pinned, set()
    try:
        found = formal(copy, scope)
    finally:
        pinned, FormalFloat.pinned = FormalFloat.pinned, before
    assert found is not None
    return found, frozenset(pinned)


def at(value: Any, values: dict[str, Any]) -> Any:
    """A value over a formal graph's names with the numbers put in, as far as they are known."""
    if isinstance(value, Dim):
        known = {name: values[name] for name in value.symbols if name in values}
        return (
            evaluate(value, known) if len(known) == len(value.symbols) else substitute(value, known)
        )
    if isinstance(value, FormalFloat):
        return values[value.symbol]
    if isinstance(value, list):
        return [at(item, values) for item in value]
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
    copy.arguments, copy.doc, copy.inputs = dict(graph.arguments), graph.doc, list(graph.inputs)
    return copy


def _freshened(graph: Graph) -> Graph:
    """A block's graph whose symbolic input sizes are its own names rather than its caller's."""
    copy = _copy(graph)
    if graph.kind == "model":
        return copy
    assert graph.definition is not None
    patterns = [s.shape for s in graph.definition.body if isinstance(s, tree.Input)]
    copy.inputs = []
    for number, given in enumerate(graph.inputs):
        names = _pattern_names(patterns[number], given.type.rank) if patterns else {}
        sizes: list[Size] = []
        for dim, size in enumerate(given.type.shape):
            if isinstance(size, int):
                sizes.append(size)
            elif names.get(dim) in graph.arguments:
                sizes.append(graph.arguments[names[dim]])
            else:
                sizes.append(symbol(names.get(dim) or common_name(number, dim, given.type.rank)))
        kind = given.type.with_shape(sizes)
        copy.inputs.append(Value(kind, None, number, given.name, given.span))
    return copy


def common_name(number: int, dim: int, rank: int) -> str:
    """What people call a dimension: N, and D, H, W where the rank tells them."""
    names = {3: "N_L", 4: "N_HW", 5: "N_DHW"}.get(rank, "N")
    name = names[dim] if dim < len(names) and names[dim] != "_" else f"S{dim}"
    return name if number == 0 else f"{name}{number + 1}"


def _pattern_names(shape: tree.Expr, rank: int) -> dict[int, str]:
    """Dimension -> the name that the pattern gives it."""
    _, items = split(shape)
    rests = [number for number, item in enumerate(items) if is_rest(item)]
    found: dict[int, str] = {}
    for number, item in enumerate(items):
        if isinstance(item, tree.Name) and item.id != "_":
            after = rests and number > rests[0]
            found[rank - len(items) + number if after else number] = item.id
    return found
