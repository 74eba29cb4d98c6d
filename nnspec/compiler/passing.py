"""Sizes that a class is given when it runs, for it can read them off none of its inputs.

    block Up(h: size, w: size):
        input x: [N, C, _, _]
        return x -> interpolate(size=[h, w])

is used as `x -> Up(H, W)`, where H and W are sizes of another tensor: `forward(self, x, h, w)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.names import fresh
from nnspec.dims import Dim, symbol
from nnspec.graph import CallNode, Graph, Node, OpNode, Value, around

if TYPE_CHECKING:
    from nnspec.compiler.classes import ClassPlan


def passed(plan: ClassPlan, graph: Graph) -> dict[str, str]:
    """These sizes for a class of this graph, each with its name in `forward`."""
    words: dict[str, str] = {}
    taken = [value.name for value in graph.inputs]
    for name in _unread(plan, graph.nodes, graph.inputs):
        if name not in words:
            words[name] = fresh(name.lower() if plan.kind == "helper" else name, taken)
            taken.append(words[name])
    return words


def is_passing(plan: ClassPlan, node: Node) -> bool:
    """Whether a step needs more than its one tensor when it runs: then it is no step of `nn.Sequential`."""
    if isinstance(node, OpNode):
        made = node.operator.module(node.use)
        if made is not None:
            return any(name not in plan.values for name in code.symbols(made))
    elif isinstance(node, CallNode) and id(node) in plan.calls:
        return bool(plan.calls[id(node)].passed)
    inputs = [value for value in node.inputs if value is not None]
    return any(True for _ in _unread(plan, [node], inputs))


def _unread(plan: ClassPlan, nodes: Iterable[Node], inputs: Iterable[Value]) -> Iterator[str]:
    known = {size for value in inputs for size in value.type.shape if isinstance(size, Dim)}
    for node in nodes:
        for given in _codes(plan, node):
            for size in code.sizes(given):
                yield from _names(plan, size, known)


def _codes(plan: ClassPlan, node: Node) -> Iterator[Any]:
    """What is written for a node in `forward`."""
    for region, _ in around(node.when):
        yield region.condition
    if isinstance(node, OpNode):
        made, function = node.operator.module(node.use), node.operator.function(node.use)
        yield function
        if made is not None:
            yield made if function is None else (made.call, made.call_kwargs)
    elif isinstance(node, CallNode):
        if id(node) in plan.calls:
            yield [*plan.calls[id(node)].passing(node.graph).values()]
        elif node.graph.definition is None:
            for inner in node.graph.nodes:
                yield from _codes(plan, inner)


def _names(plan: ClassPlan, size: Dim, known: set[Dim]) -> Iterator[str]:
    """The names in a size that no input has, part for part as it is written."""
    if size in known:
        return
    for monomial, _ in size.terms:
        for atom in monomial:
            if atom.kind != "symbol":
                for part in code.sizes(atom.args):
                    yield from _names(plan, part, known)
            elif atom.args not in plan.values and symbol(atom.args) not in known:
                yield atom.args


def conditions(nodes: Iterable[Node]) -> Iterator[Dim]:
    """Those of the `if`s that only a run decides."""
    for node in nodes:
        for region, _ in around(node.when):
            if region.condition is not None:
                yield region.condition
