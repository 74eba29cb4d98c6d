"""What a use says of its operator's own parameters: how they begin, `init=[weight: …]`, or that they are
another layer's, `weight=wte.weight`.
"""

from __future__ import annotations

from nnspec.diagnostics import Label, nearest
from nnspec.elaborate import ties
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import LayerTensor, OperatorLayer, SharedLayer, describe
from nnspec.graph import Value
from nnspec.operators.definition import Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from nnspec.elaborate.body import Body
    from nnspec.graph import OpNode
    from nnspec.operators.definition import Operator, Param
    from nnspec.source import Span
    from nnspec.syntax.tree import KeyedList


def initial(body: Body, expr: KeyedList, places: dict[str, Span]) -> dict[str, Any]:
    """`[weight: kaiming_normal, bias: zeros]`, with the place of each key as `init.weight`."""

    from nnspec.elaborate.initial import read

    found: dict[str, Any] = {}
    for name, item in expr.items:
        if name.id in found:
            fail("NN207", f"`{name.id}` is given twice", name.span)
        found[name.id] = read(body, item)
        places[f"init.{name.id}"] = name.span
    return found


def lifted(
    operator: Operator, positional: list[Any], keyword: dict[str, Any], places: dict[str, Span]
) -> tuple[list[Any], dict[str, Any], dict[str, Span]]:
    """The arguments of a wrapper that makes parameters of a layer anew, which has those of the layer:
    `weight_norm(conv1d(4, 3, init=[bias: zeros]))` is `weight_norm(conv1d(4, 3), init=[bias: zeros])`."""
    if not operator.remakes:
        return positional, keyword, places
    name = operator.settings[0].name if operator.settings else ""
    at = next((n for n, value in enumerate(positional) if not isinstance(value, Value)), None)
    held = keyword.get(name, positional[at] if at is not None else None)
    if not isinstance(held, OperatorLayer) or not (held.init or held.ties):
        return positional, keyword, places
    plain = OperatorLayer(held.span, held.operator, held.positional, held.keyword, held.places)
    if name in keyword:
        keyword = {**keyword, name: plain}
    elif at is not None:
        positional = [*positional[:at], plain, *positional[at + 1 :]]
    own = {**held.ties, **({"init": {**held.init, **keyword.get("init", {})}} if held.init else {})}
    said = {n: place for n, place in held.places.items() if n in own or n.startswith("init")}
    return positional, {**keyword, **own}, {**said, **places}


def split(
    operator: Operator, keyword: Mapping[str, Any], places: Mapping[str, Span]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The settings of a call, and what it says of the operator's own parameters: (settings, init, ties)."""
    settings: dict[str, Any] = {}
    ties: dict[str, Any] = {}
    if not keyword:
        return settings, {}, ties
    tensors = {slot.name for slot in operator.tensors}
    named = {setting.name for setting in operator.settings}
    switches = {setting.name for setting in operator.settings if setting.kind == "bool"}
    for name, value in keyword.items():
        meant = (isinstance(value, Value) and name not in tensors) or (
            isinstance(value, SharedLayer) and name not in named  # `wte` for `wte.weight`
        )
        if meant or isinstance(value, LayerTensor):
            if name in tensors:
                fail(
                    "NN215",
                    f"`{name}` of `{operator.name}` is a tensor; this is {describe(value)}",
                    places[name],
                    help="a parameter of a layer ties another layer's: `linear(8, weight=wte.weight)`",
                )
            ties[name] = value
            if name in switches:  # `bias=other.bias`
                settings[name] = True
        else:
            settings[name] = value
    return *_init(operator, settings, places), ties


def _init(
    operator: Operator, settings: dict[str, Any], places: Mapping[str, Span]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings without `init`, and it."""
    if "init" not in settings:
        return settings, {}
    given = settings["init"]
    named = {setting.name for setting in operator.settings}
    if "init" in named and not isinstance(given, dict):
        return settings, {}
    del settings["init"]
    if given is None:
        return settings, {}
    if not isinstance(given, dict):
        fail(
            "NN205",
            f"`init` of `{operator.name}` says it for each parameter, not {describe(given)}",
            places["init"],
            help='write `init=[weight: kaiming_normal(mode="fan_out"), bias: zeros]`',
        )
    return settings, given


def as_function(
    body: Body, made: OperatorLayer, use: Use
) -> tuple[Operator, list[Value | None]] | None:
    """The operator with its parameters as tensors, and those: where all are given as tensors of this body.

    `layer_norm(weight=scale, bias=shift)` has nothing of its own, and no name in the state dict.
    """
    functional = made.operator.functional
    if functional is None or made.init or body.is_sequence:
        return None
    if set(made.operator.params(use.again())) != set(made.ties):
        return None
    found: list[Value | None] = []
    for slot in functional.tensors[len(made.operator.tensors) :]:
        value = made.ties.get(slot.name)
        if value is not None:
            if not isinstance(value, Value):
                return None
            if value.node not in body.graph.nodes and value not in body.graph.inputs:
                return None
        found.append(value)
    return functional, found


def settle(body: Body, node: OpNode, made: OperatorLayer, labels: tuple[Label, ...]) -> None:
    """Put what a use says of its parameters into its node; `labels` show where its inputs are from."""

    from nnspec.elaborate.initial import as_initial, hold

    params = node.operator.params(node.use.again())
    tied = {}
    for name, value in made.ties.items():
        span = made.places.get(name) or made.span
        if name not in params or not params[name].trainable:
            _not_there(node, name, params, span)
        tied[name] = ties.tie(body, node, name, value, span, labels)
    node.tied = tied
    found = {}
    params = {**params, **node.operator.composed(node.use.again())}
    for name, value in made.init.items():
        span = made.places.get(f"init.{name}") or made.places.get("init") or made.span
        if name not in params or not params[name].trainable:
            _not_there(node, name, params, span)
        if name in tied:
            fail(
                "NN215",
                f"`{name}` is tied to `{tied[name]}`, and begins as that does",
                span,
                labels=(Label(made.places.get(name) or made.span, "tied here"),),
            )
        start = as_initial(value, span)
        hold(body, start, params[name], f"`{name}` of `{node.operator.name}`", span)
        found[name] = start
    node.init = found


def _not_there(node: OpNode, name: str, params: Mapping[str, Param], span: Span) -> NoReturn:
    """NN203 for a key that names no parameter of this use."""
    owner = node.operator.name
    trained = [each for each, param in params.items() if param.trainable]
    if name in params:
        fail(
            "NN203",
            f"`{name}` of `{owner}` is a buffer: it is kept, not trained, and begins as in PyTorch",
            span,
            help=f"its parameters: {', '.join(trained)}" if trained else "",
        )
    if node.operator.remakes and name == node.use["name"]:
        parts = [each for each in trained if each.startswith("parametrizations.")]
        fail(
            "NN203",
            f"`{name}` is computed here: `{owner}` trains {' and '.join(parts)} in its place",
            span,
            help="leave it out: a computed weight cannot be another layer's"
            if node.operator.composed(node.use.again())
            else f"say how that begins: `init=[{parts[0]}: …]`",
        )
    switch = _switched_off(node, name)
    if switch is not None:
        fail(
            "NN203",
            f"this `{owner}` has no `{name}`" + (f": it has {switch}=false" if switch else ""),
            span,
            help=f"leave `{name}` out here" + (f", or {switch}=false" if switch else ""),
        )
    if not trained:
        fail("NN203", f"`{owner}` has no parameters here", span)
    close = nearest(name, trained)
    fail(
        "NN203",
        f"`{owner}` has no parameter `{name}`",
        span,
        help=f"did you mean `{close}`?" if close else f"its parameters: {', '.join(trained)}",
    )


def _switched_off(node: OpNode, name: str) -> str | None:
    """The setting that took a parameter away; "" where it takes several, None where none did."""
    use = node.use
    off = [
        s.name
        for s in node.operator.settings
        if s.kind == "bool" and use.settings.get(s.name) is False
    ]

    def there(*switches: str) -> bool:
        settings = {**use.settings, **dict.fromkeys(switches, True)}
        return name in node.operator.params(Use(node.operator, use.inputs, settings, use.given))

    for switch in off:
        if there(switch):
            return switch
    return "" if off and there(*off) else None
