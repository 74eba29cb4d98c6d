"""Tensors that a layer holds by name before the arrow gives it the others:
`tgt -> layers: 6 * transformer_decoder_layer(8, memory=memory)`.

A composed layer is a graph of its own, so they become further inputs of it.
"""

from __future__ import annotations

from nnspec.elaborate.session import fail
from nnspec.elaborate.values import Composed, OperatorLayer, Repeated
from nnspec.graph import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nnspec.elaborate.body import Body


def tensors(layer: Any) -> list[Value]:
    """The tensors that the steps of a layer hold, each once."""
    found: dict[int, Value] = {}
    waiting = [layer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Composed):
            waiting.extend(step.layer for step in reversed(value.steps))
        elif isinstance(value, Repeated):
            waiting.append(value.layer)
        elif isinstance(value, OperatorLayer) and value.operator.wraps:
            waiting.extend((*value.positional, *value.keyword.values()))
        elif isinstance(value, OperatorLayer):
            for item in value.keyword.values():
                if isinstance(item, Value):
                    found.setdefault(id(item), item)
    return list(found.values())


def here(body: Body, made: OperatorLayer) -> Mapping[str, Any]:
    """The named arguments of a layer, with its tensors as this body knows them."""
    keyword = made.keyword
    if not any(isinstance(value, Value) for value in keyword.values()):
        return keyword
    found = dict(keyword)
    for name, value in keyword.items():
        if not isinstance(value, Value):
            continue
        found[name] = known = body.held.get(id(value), value)
        if not _own(body, known):
            fail(
                "NN219",
                f"`{name}` of `{made.operator.name}` is a tensor of another body than "
                f"`{body.graph.name}`, where it is used",
                made.places.get(name) or made.span,
                help=f"make it an input of `{body.graph.name}`",
            )
    return found


def _own(body: Body, value: Value) -> bool:
    if value.node is None:
        return any(value is one for one in body.graph.inputs)
    return any(value.node is node for node in reversed(body.graph.nodes))
