"""A block by itself, for all sizes that its pattern allows: what it takes, whatever uses it.

The parameters without a default and the sizes of its inputs are symbols. A body that needs a number of them
(the length of a loop, a kernel), or that has no input lines, is taken as the models of the file use it: once
for each choice of parameters, for any sizes of the inputs; where that needs numbers too, for the channels of
the use, and symbols for the sizes that are open there.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure
from nnspec.dims import Dim, SizeLimit, symbol
from nnspec.elaborate.blocks import argument_scope, block_graph
from nnspec.elaborate.body import Body
from nnspec.elaborate.inputs import Inputs
from nnspec.elaborate.patterns import letter, list_input, names
from nnspec.elaborate.program import deep_recursion
from nnspec.elaborate.session import Session
from nnspec.elaborate.values import POISON, Block, BlockLayer, Poisoned, key
from nnspec.graph import Graph
from nnspec.limits import HIGHEST, Limits
from nnspec.syntax.tree import BlockDef
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nnspec.dims import Size
    from nnspec.elaborate.program import Program

#: dimensions that `...` stands for where no use says it
REST = 2


class NotByItself(ValueError):
    """Why a block cannot be looked at by itself; fit to be shown."""


def of_program(program: Program, name: str) -> list[Graph]:
    """The graphs of a block of this file: one for any parameters, or one for each choice that the models of
    the file use it with. NotByItself where it has none; KeyError where there is no such block."""
    block = program.scope.names.get(name)
    if not isinstance(block, Block) or block.definition.kind != "block":
        raise KeyError(name)
    session = Session(trial=True, limits=program.session.limits)
    definition = block.definition
    try:
        layer = _layer(session, program, block)
        definition = layer.block.definition  # of `block Wide = Down(64)` that of Down
        if definition.short is not None:
            raise NotByItself(f"`{name}` has no `input` lines that say which tensors it takes")
        if list_input(definition):
            raise NotByItself(f"`{name}` takes a list of tensors, which may be any number of them")
        graph = _elaborated(session, layer, name, None)
        if graph is not None:
            return [graph]
        raise NotByItself(_why(name, layer.arguments, session))
    except NotByItself:
        found = _as_used(program, definition)
        if not found:
            raise
    return found


def _as_used(program: Program, definition: BlockDef) -> list[Graph]:
    """The block for each choice of parameters of its uses; of those that need the channels of the use, for
    each of these, too."""
    found: dict[Any, Graph | None] = {}
    for use in _uses(program, definition):
        parameters = key(list(use.arguments.values()))
        for sizes in ((), tuple(value.type for value in use.inputs)):
            mark = parameters, sizes
            if mark not in found:
                found[mark] = of_use(use, any_sizes=not sizes)
            if found[mark] is not None:
                break
    return [graph for graph in found.values() if graph is not None]


def of_file(program: Program) -> dict[str, Graph]:
    """The blocks of a file that can be looked at by themselves."""
    found: dict[str, Graph] = {}
    for name in names_of(program):
        try:
            found[name] = of_program(program, name)[0]
        except NotByItself:
            continue
    return found


def names_of(program: Program) -> list[str]:
    """The blocks of a file."""
    parts = program.module.parts
    return [part.name for part in parts if isinstance(part, BlockDef) and part.kind == "block"]


def of_use(use: Graph, any_sizes: bool = False) -> Graph | None:
    """The block of a use again, for any sizes in place of those that are open there, or of all; None where it
    needs more of them."""
    definition = use.definition
    if definition is None:
        return None
    layer = BlockLayer(definition.name_span, Block(definition, use.scope), use.arguments)
    # what is elaborated here once more stayed within the limits of its program
    session = Session(trial=True, limits=Limits(**HIGHEST))
    if definition.short is None and not list_input(definition):
        return _elaborated(session, layer, use.name, use, any_sizes)
    types = []
    for number, value in enumerate(use.inputs):
        shape = value.type.shape
        every = [symbol(letter(number, dim, len(shape))) for dim in range(len(shape))]
        sizes = (
            free if any_sizes or isinstance(size, Dim) else size
            for free, size in zip(every, shape, strict=True)
        )
        types.append(TensorType(value.type.dtype, tuple(sizes)))
    with deep_recursion():
        try:
            graph = block_graph(session, layer, tuple(types), definition.name_span)
            return None if session.problems else graph
        except (Failure, Poisoned, SizeLimit, RecursionError):
            return None


def _layer(session: Session, program: Program, block: Block) -> BlockLayer:
    """The block with its defaults, and symbols for the other parameters; of `block Wide = Down(64)` that
    which it stands for."""
    definition = block.definition
    body = Body.for_defaults(session, program.scope)
    arguments: dict[str, Any] = {}
    try:
        for parameter in definition.parameters:
            value: Any = (
                symbol(parameter.name) if parameter.type in (None, "int", "size") else POISON
            )
            if parameter.default is not None:
                value = body.evaluate(parameter.default)
            body.scope.bind(parameter.name, value, parameter.span)
            arguments[parameter.name] = value
        if definition.short is not None:
            found = body.evaluate(definition.short)
            if isinstance(found, BlockLayer):
                return found
    except (Failure, Poisoned):
        raise NotByItself(f"`{definition.name}` hangs on parameters without a value") from None
    return BlockLayer(definition.name_span, block, arguments)


def _elaborated(
    session: Session, layer: BlockLayer, name: str, use: Graph | None, any_sizes: bool = False
) -> Graph | None:
    """None where it needs a number in place of a symbol; why is in the session's problems."""
    definition = layer.block.definition
    graph = Graph(name, "block", definition)
    graph.arguments, graph.scope = dict(layer.arguments), layer.block.scope
    graph.doc = definition.doc
    taken = {*layer.arguments, *names(definition)}

    def free(number: int, dim: int, rank: int, name: str) -> Size:
        known = use.inputs[number].type.shape[dim] if use and not any_sizes else None
        if known is not None and not isinstance(known, Dim):
            return known
        if not name:
            name = letter(number, dim, rank)
            while name in taken:
                name += "_"
        return symbol(name)

    def rest(number: int, written: int) -> int:
        return REST if use is None else use.inputs[number].type.rank - written

    with deep_recursion():
        try:
            body = Body(session, graph, argument_scope(layer))
            dtypes = [value.type.dtype for value in use.inputs] if use else ()
            body.given = Inputs(body, definition, free, rest, dtypes)  # type: ignore[assignment]
            return graph if body.run(definition.body) else None
        except Failure as failure:
            session.report(failure.problem)
        except (Poisoned, SizeLimit, RecursionError):
            pass
    return None


def _uses(program: Program, definition: BlockDef) -> Iterator[Graph]:
    """The uses of a block in the models of its file."""
    for model in program.own_models:
        graph = None if model.missing else program.graph(model.name)
        if graph is not None:
            yield from (body for body in graph.subgraphs() if body.definition is definition)


def _why(name: str, arguments: Mapping[str, Any], session: Session) -> str:
    """That a block needs numbers, and how it gets them."""
    told = f": {session.problems[0].message}" if session.problems else ""
    open_ones = [
        parameter
        for parameter, value in arguments.items()
        if isinstance(value, Dim) or value is POISON
    ]
    given = ", ".join(f"{parameter}=…" for parameter in open_ones)
    way_out = f"; a short form gives it numbers: block {name}1 = {name}({given})" if given else ""
    return f"`{name}` cannot be looked at by itself, for any sizes{told}{way_out}"
