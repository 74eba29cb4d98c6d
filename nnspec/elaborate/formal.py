"""The same block once more, with its numbers as names: what the compiler makes a class from.

A block is elaborated for each distinct use with numbers (`planes` = 64, `C` = 256). For one class that
serves many uses, the compiler needs to know what each number comes from. `formal` elaborates the body
again with a symbol in place of each integer parameter and of each size of the inputs. What they stood for
stays behind the symbols as hints: where it decides something (an `if`, the length of a loop), it is used
and the symbol is noted as pinned, for the structure depends on it.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Problem, SpecError
from nnspec.dims import Dim, symbol
from nnspec.elaborate.blocks import argument_scope, sequence_graph, short_form
from nnspec.elaborate.body import Body
from nnspec.elaborate.inputs import Inputs
from nnspec.elaborate.patterns import for_inputs, is_rest, letter, list_input, split
from nnspec.elaborate.program import deep_recursion
from nnspec.elaborate.session import Session
from nnspec.elaborate.values import Block, BlockLayer, Composed, Poisoned, Repeated, key
from nnspec.graph import Graph
from nnspec.limits import HIGHEST, Limits
from nnspec.records import Record
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size


class Formal(Record):
    """A graph whose numbers are symbols. `hints` has what they stand for: a number, or for a size that is
    only known when the module runs an expression over the model's symbols. `pinned` shape the graph."""

    graph: Graph
    hints: dict[str, Size]
    pinned: frozenset[str]


def formal(graph: Graph) -> Formal | None:
    """The formal graph of a model's, a block's or a short block's graph.

    None for a composed layer without a definition: it has no parameters of
    its own. Parameters keep their names; sizes are named as in the input's pattern, those without a name by
    the letters that PyTorch's documentation uses.
    """
    definition, scope = graph.definition, graph.scope
    if definition is None:
        return None
    assert scope is not None
    hints: dict[str, Size] = {}
    arguments: dict[str, Any] = {}
    foreign = frozenset(_symbols(key([v for v in graph.arguments.values() if type(v) is not Dim])))
    for name, value in graph.arguments.items():
        # a symbol is at least 1: in place of 0 it would decide `padding > 0` the other way
        whole = isinstance(value, Dim) or (isinstance(value, int) and value >= 1)
        if name in foreign and isinstance(value, Dim) and value != symbol(name):
            message = f"`{name}` of `{definition.name}` is also a size in another argument of a use"
            helped = "give the parameter another name"
            raise SpecError([Problem("NN308", message, definition.name_span, help=helped)])
        if whole and not isinstance(value, bool) and name not in foreign:
            hints[name] = value
            arguments[name] = symbol(name)
        else:
            arguments[name] = value
    types = _formal_types(graph, definition, hints, foreign)
    # what is elaborated here once more stayed within the limits of its program
    session = Session(hints, limits=Limits(**HIGHEST))
    layer = BlockLayer(definition.name_span, Block(definition, scope), arguments)
    with deep_recursion():
        try:
            if definition.short is not None:
                inner = short_form(session, layer)
                assert isinstance(inner, (Composed, Repeated))
                made = sequence_graph(session, inner, types, definition.name_span, layer)
            else:
                made = Graph(graph.name, graph.kind, definition)
                made.arguments, made.doc, made.scope = arguments, graph.doc, scope
                body = Body(session, made, argument_scope(layer))
                body.given = _given(body, graph, definition, types)
                if not body.run(definition.body):
                    made = None
        except (Failure, Poisoned):
            made = None
    if made is None:
        raise RuntimeError(
            f"`{graph.name}` was checked, and cannot be elaborated with names for its numbers: "
            + "; ".join(problem.message for problem in session.problems)
        )
    return Formal(made, hints, frozenset(session.pinned))


def _symbols(found: Any) -> Iterator[str]:
    """The symbols in the key of an argument: sizes of the user's, which a list or a layer brings along."""
    if isinstance(found, Dim):
        yield from found.symbols
    elif isinstance(found, tuple):
        for item in found:
            yield from _symbols(item)


def _given(
    body: Body, graph: Graph, definition: tree.BlockDef, types: tuple[TensorType, ...]
) -> Any:
    """The inputs' types; of a block the sizes that its pattern computes, `2*H`, over the block's names."""
    if graph.kind == "model" or list_input(definition):
        return list(types)
    return Inputs(
        body,
        definition,
        lambda number, dim, _rank, _name: types[number].shape[dim],
        lambda number, written: types[number].rank - written,
        [type.dtype for type in types],
    )


def _formal_types(
    graph: Graph, definition: tree.BlockDef, hints: dict[str, Size], foreign: frozenset[str]
) -> tuple[TensorType, ...]:
    """The inputs' types with a symbol for each number that the pattern leaves open; none of them is
    `foreign`."""
    patterns = for_inputs(definition, len(graph.inputs))
    each = [
        _items(patterns[number], value.type.rank) if patterns else [None] * value.type.rank
        for number, value in enumerate(graph.inputs)
    ]
    named = {item.id for items in each for item in items if isinstance(item, tree.Name)}
    types = []
    for number, (value, items) in enumerate(zip(graph.inputs, each, strict=True)):
        sizes: list[Size] = []
        for dim, (size, item) in enumerate(zip(value.type.shape, items, strict=True)):
            if isinstance(item, tree.Number) or (graph.kind == "model" and isinstance(size, Dim)):
                sizes.append(size)
                continue
            name = item.id if isinstance(item, tree.Name) and item.id != "_" else None
            if name is not None and name in graph.arguments:
                sizes.append(symbol(name))
                continue
            unnamed = item is None or (isinstance(item, tree.Name) and item.id == "_")
            if name is None and not unnamed:
                sizes.append(size)  # an expression: its own names say what it is
                continue
            if name is None:
                name = letter(number, dim, value.type.rank)
                while name in named or name in graph.arguments:
                    name += "_"
            while name in foreign:
                name += "_"
            hints[name] = size
            sizes.append(symbol(name))
        types.append(TensorType(value.type.dtype, tuple(sizes)))
    return tuple(types)


def _items(shape: tree.Expr, rank: int) -> list[tree.Expr | None]:
    """The items of a pattern, one for each dimension; None for those that `...` covers."""
    _, items = split(shape)
    found: list[tree.Expr | None] = []
    for item in items:
        found += [None] * (rank - len(items) + 1) if is_rest(item) else [item]
    return found
