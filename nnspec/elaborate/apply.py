"""Layers given their tensors: this is where the nodes of a graph are made."""

from __future__ import annotations

from nnspec.diagnostics import Label, Mismatch
from nnspec.dims import SizeLimit, symbols
from nnspec.elaborate import blocks, channels, held, slots, weights
from nnspec.elaborate.calls import argument_place
from nnspec.elaborate.parameters import bind_parameters
from nnspec.elaborate.session import TAKEN, fail, placed
from nnspec.elaborate.values import (
    Block,
    BlockLayer,
    Builtin,
    Composed,
    LabelName,
    OperatorLayer,
    OperatorName,
    Poisoned,
    Repeated,
    SharedLayer,
    describe,
)
from nnspec.graph import CallNode, OpNode, Place, Value
from nnspec.operators import lookup
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import Operator

#: problems of which it helps to know where the sizes come from
ABOUT_SIZES = ("NN301", "NN302", "NN303")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.elaborate.values import Function
    from nnspec.graph import Graph, Node
    from nnspec.source import Span


def tensors_of(value: Any) -> list[Value] | None:
    """The tensors that stand at the start of a pipeline, or None where none do."""
    if isinstance(value, Value):
        return [value]
    if isinstance(value, (tuple, list)) and value and all(isinstance(v, Value) for v in value):
        return list(value)
    return None


def layer(
    body: Body, value: Any, tensors: Sequence[Any], label: LabelName | None, span: Span
) -> list[Value]:
    """Give a layer its tensors: the results, with the nodes that make them added to the graph."""
    value = ready(body, value, span)
    if isinstance(value, OperatorLayer) and value.operator.wraps:
        return _recomputed(body, value, tensors, label, span)
    if isinstance(value, OperatorLayer):
        return _operator_node(body, value, tensors, label, span)
    if isinstance(value, SharedLayer):
        return _shared(body, value, tensors, label, span)
    if isinstance(value, Repeated) and label is None:
        return _copies(body, value, tensors, span)
    if isinstance(value, Composed) and label is None:
        found = list(tensors)
        for step in value.steps:
            found = layer(body, step.layer, found, step.label, _step_span(step.layer, span))
        return found
    if isinstance(value, (Composed, Repeated)):
        return _sequence(body, value, tensors, label, span)
    assert isinstance(value, BlockLayer)
    tensors = held.joined(body, value, tensors)
    types = tuple(tensor.type for tensor in tensors)
    labels = slots.origins(tensors, span)
    graph = blocks.block_graph(body.session, value, types, span, labels, tensors)
    return _call_node(body, graph, tensors, label, span, value.block.definition.name)


def _sequence(
    body: Body,
    value: Composed | Repeated,
    tensors: Sequence[Any],
    label: LabelName | None,
    span: Span,
) -> list[Value]:
    """A composed layer as a graph of its own."""
    types = tuple(tensor.type for tensor in tensors)
    kept = held.tensors(value)
    graph = blocks.sequence_graph(body.session, value, types, span, owner=body.owner, held=kept)
    given = [*tensors, *(body.held.get(id(one), one) for one in kept)]
    return _call_node(body, graph, given, label, span, "sequence")


def _recomputed(
    body: Body, made: OperatorLayer, tensors: Sequence[Any], label: LabelName | None, span: Span
) -> list[Value]:
    """The layer that a wrapper holds, as one node that the backward pass computes again."""
    operator = made.operator
    try:
        given = bind_settings(operator.name, operator.settings, made.positional, made.keyword)
    except Mismatch as mismatch:
        raise placed(mismatch, argument_place(operator, mismatch, made.places, made.span)) from None
    wrapped = ready(body, given[operator.settings[0].name], made.span)
    if isinstance(wrapped, (Composed, Repeated)):
        found = _sequence(body, wrapped, tensors, label, span)
    else:
        found = layer(body, wrapped, tensors, label, _step_span(wrapped, span))
    body.graph.nodes[-1].recomputed = True
    return found


def _step_span(value: Any, span: Span) -> Span:
    return getattr(value, "span", None) or span


def ready(body: Body, value: Any, span: Span) -> Any:
    """A bare name as a layer without settings; a block in the short form as what it stands for."""
    if isinstance(value, Builtin):
        assert value.operator is not None
        return OperatorLayer(span, value.operator)
    if isinstance(value, OperatorName):
        return OperatorLayer(span, value.operator)
    if isinstance(value, Block):
        value = BlockLayer(span, value, bind_parameters(body.session, value, (), {}, {}, span))
    if isinstance(value, BlockLayer) and value.block.definition.short is not None:
        inner = blocks.short_form(body.session, value)
        if not isinstance(inner, (Composed, Repeated)):
            return ready(body, inner, span)  # another name for one layer
    return value


# -- operators ---------------------------------------------------------------------------------------------


def operator(
    body: Body,
    name: str,
    tensors: Sequence[Any],
    settings: Mapping[str, Any],
    span: Span,
    place: Span | None = None,
) -> Any:
    """Apply an operator that the language itself uses: arithmetic, indexing."""
    found = lookup(name)
    assert found is not None, "each of them is defined"
    made = OperatorLayer(place or span, found, (), settings)
    results = _operator_node(body, made, tensors, None, span)
    return results_of(results)


def results_of(found: Sequence[Value]) -> Any:
    """What an expression is that has these results: the tensor, or a list where there are several,
    or parts of one."""
    (first, *others) = found
    node = first.node
    parts = isinstance(node, OpNode) and node.operator.makes_parts
    return tuple(found) if others or parts else first


def _operator_node(
    body: Body, made: OperatorLayer, tensors: Sequence[Any], label: LabelName | None, span: Span
) -> list[Value]:
    definition, session = made.operator, body.session
    place = made.span
    named = held.here(body, definition.name, made.keyword, made.places, place)
    inputs, scalars, positional, keyword = slots.assigned(made, named, tensors, span)
    session.count_steps(TAKEN * len(inputs), span)
    types = tuple(value.type if value is not None else None for value in inputs)
    helped = channels.channels_for_eps(definition, positional)
    if helped:
        message = f"`eps` of `{definition.name}` is a small number, not {positional[-1]}"
        fail("NN206", message, place, help=helped)
    try:
        use, results = session.used(definition, types, positional, keyword, scalars)
        of_tensors = weights.as_function(body, made, use) if label is None else None
        if of_tensors is not None:
            definition, given = of_tensors
            inputs = (*inputs, *given)
            types = tuple(value.type if value is not None else None for value in inputs)
            use, results = session.used(definition, types, positional, keyword, scalars)
    except Mismatch as mismatch:
        where = argument_place(definition, mismatch, made.places, place)
        if types and types[0] is not None:
            habit = channels.channels_first(definition, positional, types[0].shape)
            mismatch.help = habit or mismatch.help
        if not mismatch.help and not session.formal:
            from nnspec.elaborate import trying

            named = {**keyword, **scalars}
            mismatch.help = trying.way_out(definition, inputs, positional, named, mismatch)
        if mismatch.sizes or mismatch.code in ABOUT_SIZES:
            from nnspec import origins

            mismatch.notes = (*mismatch.notes, *origins.notes(inputs, mismatch.sizes))
        raise placed(mismatch, where, slots.origins(inputs, where)) from None
    except SizeLimit as limit:
        fail("NN403", f"this makes {limit}", place, labels=slots.origins(inputs, place))
    counted = body.is_sequence or type(definition).module is not Operator.module
    if label is not None or counted:
        path, stem, first = body.next_path(definition.name, label, span)
    else:
        path, stem, first = (), "", 0
    node = OpNode(definition, use, inputs, path, span)
    node.stem, node.first, node.labelled = stem, first, label is not None
    if not session.formal:
        node.params = use.params
        session.count_steps(TAKEN * len(node.params), span)
        if use.params and not session.trial:
            _check_weights(body, node, place, inputs)
        for condition, why in use.conditions:
            body.graph.places.append(Place(condition, why, place, inputs, body.when))
    if made.init or (made.ties and of_tensors is None):
        weights.settle(body, node, made, slots.origins(inputs, place))
    return _add(body, node, results, span)


def _check_weights(body: Body, node: OpNode, place: Span, inputs: Sequence[Any]) -> None:
    """A weight is made before the first input is seen: its sizes cannot be free (NN308)."""
    if any(type(size) is not int for p in node.params.values() for size in p.shape):
        free = sorted({s for p in node.params.values() for size in p.shape for s in symbols(size)})
        if body.free.issuperset(free):
            raise Poisoned  # told of at another layer: it is one mistake, where the input is declared
        body.free.update(free)
        named = " and ".join(f"`{name}`" for name in free)
        fail(
            "NN308",
            f"the weights of `{node.operator.name}` would depend on {named}, which is any size",
            place,
            labels=slots.origins(inputs, place),
            help=f"give the input a number in place of {named}, or make it a parameter of the model",
        )


def _add(body: Body, node: Node, types: Sequence[Any], span: Span) -> list[Value]:
    body.session.count_node(span)
    node.outputs = tuple(Value(kind, node, i, "", span) for i, kind in enumerate(types))
    node.when = body.when
    body.graph.nodes.append(node)
    return list(node.outputs)


# -- blocks, copies, shared layers -------------------------------------------------------------------------


def _call_node(
    body: Body,
    graph: Graph | None,
    tensors: Sequence[Value],
    label: LabelName | None,
    span: Span,
    name: str,
) -> list[Value]:
    path, stem, first = body.next_path(name, label, span)
    if graph is None:
        raise Poisoned
    node = CallNode(graph, tuple(tensors), path, span)
    node.stem, node.first, node.labelled = stem, first, label is not None
    return _add(body, node, [value.type for _, value in graph.outputs], span)


def repeat(body: Body, count: Any, value: Any, span: Span) -> Any:
    """`n * layer`."""
    count = body.session.pin(count)
    if not isinstance(count, int) or isinstance(count, bool):
        fail("NN202", f"a layer is repeated a whole number of times, not {describe(count)}", span)
    if count < 0:
        fail("NN402", f"a layer cannot be repeated {count} times", span)
    limits = body.session.limits
    if count > limits.copies:
        fail(
            "NN402",
            f"{count:,} copies of a layer are too many",
            span,
            notes=(f"at most {limits.copies:,} are allowed",),
            help=limits.way_out("copies"),
        )
    if count == 0:
        return Composed(span, ())
    return Repeated(span, count, value)


def _copies(body: Body, value: Repeated, tensors: Sequence[Value], span: Span) -> list[Value]:
    """Copies one after the other; as soon as one gives what it takes, the rest are the same node."""
    found = list(tensors)
    remaining = value.count
    inner = ready(body, value.layer, span)
    inline = isinstance(inner, (SharedLayer, Repeated)) or (
        isinstance(inner, Composed) and not body.is_sequence
    )
    while remaining:
        before = [tensor.type for tensor in found]
        given = list(found)
        label = None
        if isinstance(inner, Composed) and body.is_sequence:
            label = LabelName((str(body.position),), span)
        found = layer(body, inner, found, label, _step_span(inner, span))
        remaining -= 1
        node = body.graph.nodes[-1] if body.graph.nodes else None
        if (
            remaining
            and not inline
            and node is not None
            and [tensor.type for tensor in found] == before
            and list(node.inputs[: len(given)]) == given  # what it holds comes after what flows
        ):
            node.count = remaining + 1
            if label is not None:
                node.first = int(label.path[0])
                node.labelled = False
            body.reserve(node, remaining)
            remaining = 0
    return found


def _shared(
    body: Body,
    value: SharedLayer,
    tensors: Sequence[Value],
    label: LabelName | None,
    span: Span,
) -> list[Value]:
    """A use of a declared layer: the first one makes its weights, the others must fit them. A label is
    one more name for it."""
    if value.body is not body:
        fail(
            "NN219",
            f"`{value.name}` belongs to `{value.body.graph.name}`, and is used in `{body.graph.name}`",
            span,
            labels=(Label(value.span, "declared here"),),
            help=f"use it in `{value.body.graph.name}`, and give the block what comes out",
        )
    first = not value.used
    if not first:
        body.paths.release((value.name,))
    found = layer(body, value.layer, tensors, LabelName((value.name,), value.span), span)
    node = body.graph.nodes[-1]
    node.span = span
    if label is not None and label.path not in value.names:
        body.paths.take(label.path, label.span)
        value.names.add(label.path)
        node.alias = label.path
    shapes = blocks.parameter_shapes(node)
    if first:
        value.used, value.params = True, shapes
    else:
        node.shared = True
        if shapes != value.params and not (body.session.formal or body.session.trial):
            fail(
                "NN301",
                f"`{value.name}` has the weights of its first use, which do not fit this one",
                span,
                labels=(Label(value.span, "declared here"), *slots.origins(tensors, span)),
            )
    return found


def function(
    body: Body,
    value: Function,
    positional: Sequence[Any],
    keyword: Mapping[str, Any],
    places: Mapping[str, Span],
    span: Span,
) -> Any:
    """Call a `fn`."""
    from nnspec.elaborate.body import run_function

    arguments = bind_parameters(body.session, value, positional, keyword, places, span)
    return run_function(body, value, arguments, span)
