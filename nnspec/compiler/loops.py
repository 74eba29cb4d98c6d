"""Loops of `forward` over layers that the graph has one by one, or as copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler import code
from nnspec.compiler.layout import Call, Text, call, lay
from nnspec.compiler.modules import copies
from nnspec.compiler.names import fresh
from nnspec.compiler.statements import Statement
from nnspec.dims import symbol
from nnspec.graph import Node, OpNode
from nnspec.operators.definition import CallCode

if TYPE_CHECKING:
    from typing import Any

    from nnspec.compiler.forward import Forward
    from nnspec.compiler.growing import Growing


def repeated(forward: Forward, number: int, node: Node) -> None:
    """`n * layer` without a label: a loop over the copies. What a layer holds by name is the same
    for each, and comes after what flows through them."""
    flowing = [value for value in node.inputs[: len(node.outputs)] if value is not None]
    given = forward.given(node)
    sources = [tensor.flat for tensor in given[: len(flowing)]]
    names = [forward.variable(number, node, value) for value in node.outputs]
    held = given[len(flowing) :]
    while held and node.inputs[len(flowing) + len(held) - 1] is None:
        held.pop()
    target = ", ".join(names)
    lines = [] if sources == names else [f"{target} = {', '.join(sources)}"]
    tensors = [*map(Text, names), *held]
    if isinstance(node, OpNode) and not (
        forward.constructor and forward.constructor.is_module(node)
    ):
        function = node.operator.function(node.use)
        assert function is not None
        made = code.function(function, forward.names, tensors)
        step = code.recomputed(made) if node.recomputed else made
        lines += [f"for _ in range({node.count}):", f"    {target} = {step.flat}"]
    else:
        copy = f'getattr(self, f"{node.stem}{{i}}")'
        step = forward.called(node, copy, tensors)
        lines += [f"for i in {copies(node)}:", f"    {target} = {step.flat}"]
    forward.statements.append(Statement("", None, lines))


def grown(forward: Forward, number: int, found: Growing) -> int:
    """A list that grows, as a loop; the number of the first node after it."""
    held = {*forward.live, *forward.names.sizes}
    name = fresh("found", held)
    forward.names.taken.add(name)
    first, last = found.joins[0], found.joins[-1]
    for _ in found.layers:  # each join takes the first tensors once more
        for value in first.inputs:
            forward.left[id(value)] -= 1
    begun = Call("", tuple(("", forward.take(value)) for value in first.inputs if value), "[]")
    function = last.operator.function(last.use)
    assert isinstance(function, CallCode)
    settings = {name: code.value(value, forward.names) for name, value in function.kwargs.items()}
    joined = call(function.function, Text(name), **settings)
    item = fresh("i", {*held, name})
    layer = f'getattr(self, f"{found.stem}{{{item}}}")'
    end: Any = found.first + len(found.layers)
    if forward.plan.count:
        end = code.value(symbol(forward.plan.count) + found.first, forward.names).flat
    numbers = f"range({found.first}, {end})" if found.first else f"range({end})"
    forward.statements += [
        Statement(name, begun),
        Statement(
            "",
            None,
            [
                f"for {item} in {numbers}:",
                *lay(call(f"{name}.append", call(layer, joined)), 4),
            ],
        ),
    ]
    after = number + len(found.joins) + len(found.layers)
    forward.live[name] = -1
    if forward.nesting.fits(after - 1, last, joined, forward.variables):
        forward.pending[id(last.outputs[0])] = joined
    else:
        forward.statements.append(
            Statement(forward.variable(after - 1, last, last.outputs[0]), joined)
        )
    return after
