"""The graphs of blocks, models and composed layers: each distinct use is elaborated once."""

from __future__ import annotations

from nnspec.diagnostics import Label
from nnspec.elaborate.parameters import inputs_of
from nnspec.elaborate.patterns import list_input
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import BlockLayer, Composed, Poisoned, Repeated, Step, is_layer, key
from nnspec.graph import CallNode, Graph, OpNode, OwnParam, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.elaborate.session import Session
    from nnspec.graph import Node
    from nnspec.source import Span
    from nnspec.tensors import TensorType


def block_graph(
    session: Session,
    layer: BlockLayer,
    types: tuple[TensorType, ...],
    span: Span,
    labels: tuple[Label, ...] = (),
    tensors: Sequence[Value] = (),
) -> Graph | None:
    """The graph of one use of a block; None where it failed, and the problem is told."""
    definition = layer.block.definition
    remembered = (id(definition), key(list(layer.arguments.values())), types)
    if remembered in session.graphs:
        return session.graphs[remembered]
    if definition.short is not None:
        inner = short_form(session, layer)
        graph = sequence_graph(session, inner, types, span, layer)
        session.graphs[remembered] = graph
        return graph
    from nnspec.elaborate.body import Body

    graph = Graph(definition.name, "block", definition)
    graph.arguments, graph.scope = dict(layer.arguments), layer.block.scope
    graph.doc = definition.doc
    body = Body(session, graph, argument_scope(layer))
    inputs = len(inputs_of(definition))
    more = bool(list_input(definition))
    if inputs > len(types) or (inputs < len(types) and not more):
        wanted = f"{inputs} tensor{'s' * (inputs != 1)}{' or more' * more}"
        helped = ""
        if not inputs and not more:
            name = definition.name
            helped = (
                "begin its body with a line for each tensor, `input x: [N, ...]`; or write the short form, "
                f"`block {name}(…) = linear(64) -> relu`"
            )
        fail(
            "NN208",
            f"`{definition.name}` takes {wanted}, not {len(types)}",
            span,
            labels=(Label(definition.name_span, f"`{definition.name}` is defined here"), *labels),
            help=helped,
        )
    enter(session, definition.name, span)
    try:
        body.given = list(types)
        body.use_span, body.use_labels, body.use_tensors = span, labels, tensors
        fine = body.run(definition.body)
    finally:
        session.stack.pop()
    if body.refused:
        session.ran.discard(id(definition.body))
    else:
        session.graphs[remembered] = graph if fine else None
    return graph if fine else None


def enter(session: Session, name: str, span: Span) -> None:
    """Note that a block (or a composed layer, without a name) is being elaborated; NN401 where it
    never ends."""
    deepest = session.limits.depth
    if len(session.stack) >= deepest:
        names = [entry or "a composed layer" for entry, _ in session.stack]
        cycle = names[names.index(name) :] if name in names else names
        chain = " -> ".join([*cycle[:4], "…"] if len(cycle) > 4 else [*cycle, name])
        way_out = session.limits.way_out("depth")
        if name in names:
            message = f"`{name}` uses itself without end"
            way_out = f"a block may use itself with parameters that lead to an end; {way_out}"
        else:
            message = "blocks are nested too deep"
        fail("NN401", message, span, notes=(f"{chain}: {deepest} deep",), help=way_out)
    session.stack.append((name, span))


def argument_scope(layer: BlockLayer) -> Scope:
    scope = Scope(layer.block.scope)
    for parameter in layer.block.definition.parameters:
        scope.bind(parameter.name, layer.arguments[parameter.name], parameter.span)
    return scope


def short_form(session: Session, layer: BlockLayer) -> Any:
    """What a block in the short form stands for, with its parameters put in."""
    definition = layer.block.definition
    remembered = ("short", id(definition), key(list(layer.arguments.values())))
    if remembered in session.graphs:
        return session.graphs[remembered]
    from nnspec.elaborate.body import Body

    assert definition.short is not None
    session.ran.add(id(definition.short))
    enter(session, definition.name, layer.span)
    try:
        body = Body(session, Graph(definition.name, "block", definition), argument_scope(layer))
        value = body.evaluate(definition.short)
    finally:
        session.stack.pop()
    if isinstance(value, Value) or not is_layer(value):
        from nnspec.elaborate.values import describe

        fail(
            "NN202",
            f"`{definition.name}` is defined as {describe(value)}; a block is a layer",
            definition.short.span,
        )
    session.graphs[remembered] = value
    return value


def sequence_graph(
    session: Session,
    layer: Composed | Repeated,
    types: tuple[TensorType, ...],
    span: Span,
    block: BlockLayer | None = None,
    owner: Body | None = None,
    held: Sequence[Value] = (),
) -> Graph | None:
    """The graph of a composed layer: its unlabelled steps are counted, as in nn.Sequential.

    `owner` is the body that it stands in; of a block in the short form there is none. The tensors
    that its steps hold are further inputs.
    """
    short = ("block", id(block.block.definition)) if block else None
    remembered = ("sequence", short, key(layer), types)
    if remembered in session.graphs:
        return session.graphs[remembered]
    from nnspec.elaborate.body import Body

    definition = block.block.definition if block else None
    graph = Graph(definition.name if definition else "sequence", "sequence", definition)
    if block and definition:
        graph.arguments, graph.doc = dict(block.arguments), definition.doc
        graph.scope = block.block.scope
    body = Body(session, graph, Scope(None), is_sequence=True)
    body.owner = owner or body
    graph.inputs = [
        Value(kind, None, i, "x" if len(types) == 1 else f"x{i}", span)
        for i, kind in enumerate(types)
    ]
    given = tuple(graph.inputs)
    for value in held:
        inner = Value(value.type, None, len(graph.inputs), value.name or "held", value.span)
        body.held[id(value)] = inner
        graph.inputs.append(inner)
    enter(session, definition.name if definition else "", span)
    try:
        steps = layer.steps if isinstance(layer, Composed) else (Step(None, layer),)
        from nnspec.elaborate import apply

        found: Sequence[Value] = given
        for step in steps:
            found = apply.layer(
                body, step.layer, found, step.label, getattr(step.layer, "span", None) or span
            )
    except Poisoned:
        session.graphs[remembered] = None
        return None
    finally:
        session.stack.pop()
    names = ["output"] if len(found) == 1 else [f"output{i}" for i in range(len(found))]
    graph.outputs = list(zip(names, found, strict=True))
    session.graphs[remembered] = graph
    return graph


def parameter_shapes(node: Node) -> Mapping[tuple[str, ...], Any]:
    """Path -> shape of every parameter and buffer below a node, to compare two uses of a shared layer."""
    found: dict[tuple[str, ...], Any] = {}
    stack: list[tuple[tuple[str, ...], Node]] = [((), node)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, OpNode):
            for name, param in item.params.items():
                found[(*path, name)] = (param.shape, param.dtype, item.count)
        elif isinstance(item, OwnParam):
            found[path] = (item.param.shape, item.param.dtype, 1)
        elif isinstance(item, CallNode):
            stack.extend(((*path, *child.path), child) for child in item.graph.nodes)
    return found
