"""A block by itself, for all sizes that its pattern allows: what it takes, whatever uses it.

The parameters without a default and the sizes of its inputs are symbols. A body that needs a number of them
(the length of a loop, a kernel) is taken as a model of the file first uses it: with the parameters and the
channels of that use, and symbols for the sizes that are open there.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure
from nnspec.dims import Dim, SizeLimit, symbol
from nnspec.elaborate.blocks import argument_scope
from nnspec.elaborate.body import Body
from nnspec.elaborate.inputs import Inputs
from nnspec.elaborate.patterns import letter, list_input, names
from nnspec.elaborate.program import deep_recursion
from nnspec.elaborate.session import Session
from nnspec.elaborate.values import POISON, Block, BlockLayer, Poisoned
from nnspec.graph import Graph
from nnspec.limits import HIGHEST, Limits
from nnspec.syntax.tree import BlockDef

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


def of_program(program: Program, name: str) -> Graph:
    """The graph of a block of this file. NotByItself where it has none; KeyError where there is no such
    block."""
    block = program.scope.names.get(name)
    if not isinstance(block, Block) or block.definition.kind != "block":
        raise KeyError(name)
    session = Session(trial=True, limits=program.session.limits)
    layer = _layer(session, program, block)
    definition = layer.block.definition
    if definition.short is not None:
        raise NotByItself(f"`{name}` has no `input` lines that say which tensors it takes")
    if list_input(definition):
        raise NotByItself(f"`{name}` takes a list of tensors, which may be any number of them")
    graph = _elaborated(session, layer, name, None)
    use = None if graph else next(_uses(program, definition), None)
    if graph is None and use is not None:
        graph = of_use(use)
    if graph is None:
        raise NotByItself(_why(name, layer.arguments, session))
    return graph


def of_file(program: Program) -> dict[str, Graph]:
    """The blocks of a file that can be looked at by themselves."""
    found: dict[str, Graph] = {}
    for name in names_of(program):
        try:
            found[name] = of_program(program, name)
        except NotByItself:
            continue
    return found


def names_of(program: Program) -> list[str]:
    """The blocks of a file."""
    parts = program.module.parts
    return [part.name for part in parts if isinstance(part, BlockDef) and part.kind == "block"]


def of_use(use: Graph) -> Graph | None:
    """The block of a use again, for any sizes in place of those that are open there; None where it needs
    more of them."""
    definition = use.definition
    if definition is None or definition.short is not None or list_input(definition):
        return None
    layer = BlockLayer(definition.name_span, Block(definition, use.scope), use.arguments)
    # what is elaborated here once more stayed within the limits of its program
    return _elaborated(Session(limits=Limits(**HIGHEST)), layer, use.name, use)


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


def _elaborated(session: Session, layer: BlockLayer, name: str, use: Graph | None) -> Graph | None:
    """None where it needs a number in place of a symbol; why is in the session's problems."""
    definition = layer.block.definition
    graph = Graph(name, "block", definition)
    graph.arguments, graph.scope = dict(layer.arguments), layer.block.scope
    graph.doc = definition.doc
    taken = {*layer.arguments, *names(definition)}

    def free(number: int, dim: int, rank: int, name: str) -> Size:
        known = use.inputs[number].type.shape[dim] if use else None
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
        key for key, value in arguments.items() if isinstance(value, Dim) or value is POISON
    ]
    given = ", ".join(f"{key}=…" for key in open_ones)
    way_out = f"; a short form gives it numbers: block {name}1 = {name}({given})" if given else ""
    return f"`{name}` cannot be looked at by itself, for any sizes{told}{way_out}"
