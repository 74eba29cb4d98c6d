"""Tensors that a layer holds by name before the arrow gives it the others:
`tgt -> layers: 6 * transformer_decoder_layer(8, memory=memory)`, and so `6 * Block(8, memory=memory)`.

A composed layer is a graph of its own, so they become further inputs of it.
"""

from __future__ import annotations

from nnspec.elaborate.parameters import inputs_of
from nnspec.elaborate.patterns import list_input
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import BlockLayer, Composed, OperatorLayer, Repeated, describe
from nnspec.graph import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.source import Span
    from nnspec.syntax.tree import BlockDef


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
        elif isinstance(value, (OperatorLayer, BlockLayer)):
            held = value.keyword if isinstance(value, OperatorLayer) else value.tensors
            for item in held.values():
                if isinstance(item, Value):
                    found.setdefault(id(item), item)
    return list(found.values())


def taken(
    definition: BlockDef, keyword: dict[str, Any], places: Mapping[str, Span]
) -> dict[str, Value]:
    """The named arguments of a use of a block that are inputs, taken out of all of them."""
    found: dict[str, Value] = {}
    for name in inputs_of(definition) if keyword else ():
        if name in keyword:
            value = keyword.pop(name)
            if not isinstance(value, Value):
                message = f"`{name}` of `{definition.name}` is a tensor, not {describe(value)}"
                fail("NN210", message, places[name])
            found[name] = value
    return found


def joined(body: Body, made: BlockLayer, tensors: Sequence[Value]) -> Sequence[Value]:
    """The tensors of a use of a block in the order of its inputs: those that it holds, and between
    them those that flow. Too few or too many are left to be told."""
    if not made.tensors:
        return tensors
    definition = made.block.definition
    kept = here(body, definition.name, made.tensors, made.places, made.span)
    names, listed = inputs_of(definition), list_input(definition)
    others = sum(name not in kept and name != listed for name in names)
    flowing = list(tensors)
    found = []
    for name in names:
        if name in kept:
            found.append(kept[name])
            continue
        many = max(len(tensors) - others, 0) if name == listed else 1
        found += flowing[:many]
        del flowing[:many]
    return [*found, *flowing]


def here(
    body: Body, owner: str, keyword: Mapping[str, Any], places: Mapping[str, Span], span: Span
) -> Mapping[str, Any]:
    """The named arguments of a layer, with its tensors as this body knows them."""
    if not keyword or not any(isinstance(value, Value) for value in keyword.values()):
        return keyword
    found = dict(keyword)
    for name, value in keyword.items():
        if not isinstance(value, Value):
            continue
        found[name] = known = body.held.get(id(value), value)
        if not _own(body, known):
            fail(
                "NN219",
                f"`{name}` of `{owner}` is a tensor of another body than "
                f"`{body.graph.name}`, where it is used",
                places.get(name) or span,
                help=f"make it an input of `{body.graph.name}`",
            )
    return found


def _own(body: Body, value: Value) -> bool:
    if value.node is None:
        return any(value is one for one in body.graph.inputs)
    return any(value.node is node for node in reversed(body.graph.nodes))
