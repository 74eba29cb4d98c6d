"""What a use says of a layer's own tensors: how they are drawn, and which are another layer's.

conv2d(64, 3, init=[weight: kaiming_normal(mode="fan_out"), bias: zeros])
linear(vocab, bias=false, weight=wte.weight)
"""

from __future__ import annotations

from nnspec.diagnostics import Label, nearest
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import LayerTensor, Weights, describe
from nnspec.graph import OpNode, OwnParam, Tie, Value
from nnspec.tensors import show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.elaborate.values import Initial, OperatorLayer
    from nnspec.operators.definition import Operator
    from nnspec.source import Span
    from nnspec.syntax import tree

#: the argument that every layer with parameters takes
INIT = "init"


def written(body: Body, items: Iterable[tuple[tree.Name, tree.Expr]]) -> dict[str, Initial]:
    """The initialisers of `[weight: kaiming_normal(mode="fan_out"), bias: zeros]`."""
    from nnspec.elaborate.initial import initialiser  # few specs say how weights are drawn

    found: dict[str, Initial] = {}
    for name, expr in items:
        if name.id in found:
            fail("NN207", f"`{name.id}` is given twice", name.span)
        found[name.id] = initialiser(body, expr)
    return found


def split(
    operator: Operator, keyword: Mapping[str, Any], places: Mapping[str, Span], span: Span
) -> tuple[dict[str, Any], Weights | None]:
    """The arguments of a call without those that speak of the layer's tensors, and those."""
    named = {setting.name for setting in operator.settings}
    slots = {slot.name for slot in operator.tensors}
    rest: dict[str, Any] = {}
    initial: dict[str, Initial] = {}
    ties: dict[str, LayerTensor | Value] = {}
    for name, value in keyword.items():
        if name == INIT and name not in named:
            if value is not None and not isinstance(value, dict):
                fail(
                    "NN205",
                    f"`init` takes an initialiser for each tensor, not {describe(value)}",
                    places.get(name, span),
                    help="write `init=[weight: kaiming_normal, bias: zeros]`",
                )
            initial = value or {}
        elif isinstance(value, LayerTensor) or (_is_own(value) and name not in slots):
            ties[name] = value
        else:
            rest[name] = value
    if not initial and not ties:
        return rest, None
    return rest, Weights(initial, ties)


def _is_own(value: Any) -> bool:
    return isinstance(value, Value) and isinstance(value.node, OwnParam)


def settle(body: Body, node: OpNode, made: OperatorLayer) -> None:
    """Hold what a layer says of its tensors against those that it has, and note it in its node."""
    if made.weights is None:
        return
    place = made.span
    for name in (*made.weights.initial, *made.weights.ties):
        if not body.session.formal:
            _has(node, name, made.places.get(name, made.places.get(INIT, place)))
    node.init = {
        name: initial for name, initial in made.weights.initial.items() if initial is not None
    }
    for name, source in made.weights.ties.items():
        node.tied[name] = _tie(body, node, name, source, made.places.get(name, place))


def _has(node: OpNode, name: str, place: Span) -> None:
    own = [key for key, param in node.params.items() if param.trainable]
    if name in own:
        return
    close = nearest(name, own)
    fail(
        "NN203",
        f"this `{node.operator.name}` has no parameter `{name}`",
        place,
        help=f"did you mean `{close}`?"
        if close
        else f"it has {' and '.join(f'`{key}`' for key in own)}" if own else "it has none",
    )  # fmt: skip


def _tie(body: Body, node: OpNode, name: str, source: LayerTensor | Value, place: Span) -> Tie:
    if isinstance(source, Value):
        assert isinstance(source.node, OwnParam)
        own = source.node
        shape, dtype, origin = own.param.shape, own.param.dtype, own.span
        tie = Tie(source.name or own.path[-1], own, ())
        if not any(item is own for item in body.graph.nodes):
            _elsewhere(tie.shown, place, origin)
    else:
        layer, path = source.layer, source.path
        shown = ".".join((layer.name, *path))
        if layer.body is not body:
            _elsewhere(shown, place, layer.span)
        if layer.node is None:
            fail(
                "NN215",
                f"the weights of `{layer.name}` are not known yet: it is used further down",
                place,
                labels=(Label(layer.span, "declared here"),),
                help=f"tie the other one: give `{layer.name}` the weight of this layer",
            )
        tie = Tie(shown, layer.node, path)
        if body.session.formal:
            return tie
        known: Mapping[tuple[str, ...], Any] = layer.params
        if path not in known:
            names = [".".join(key) for key in known]
            close = nearest(".".join(path), names)
            fail(
                "NN203",
                f"`{layer.name}` has no parameter `{'.'.join(path)}`",
                place,
                labels=(Label(layer.span, "declared here"),),
                help=f"did you mean `{layer.name}.{close}`?"
                if close
                else f"it has {', '.join(names)}",
            )
        (shape, dtype, _), origin = known[path], layer.span
    if body.session.formal:
        return tie
    param = node.params[name]
    if (param.shape, param.dtype) != (shape, dtype):
        fail(
            "NN301",
            f"`{name}` of `{node.operator.name}` is {param.dtype}{show_shape(param.shape)}, "
            f"`{tie.shown}` is {dtype}{show_shape(shape)}",
            place,
            labels=(Label(origin, f"`{tie.shown}` comes from here"),),
            help="two layers share a tensor where its shape is the same in both",
        )
    return tie


def _elsewhere(shown: str, place: Span, origin: Span) -> None:
    fail(
        "NN215",
        f"`{shown}` is a weight of another body",
        place,
        labels=(Label(origin, "declared here"),),
        help="a weight is tied in the body that declares the layer, in a step of its own",
    )
