"""A `param` or `buffer` that begins as a tensor that is computed from numbers, when the module is made.

`buffer index: i64[T * T] = flatten(outer(arange(T), arange(T)), 0)`. The steps that lead there belong to the
constructor, not to the graph that runs.
"""

from __future__ import annotations

from nnspec.dims import Dim, compare, symbols
from nnspec.elaborate.session import fail
from nnspec.graph import Computed, OpNode, OwnParam, Value
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.graph import Graph, Node
    from nnspec.operators.definition import Param
    from nnspec.source import Span


def computed(body: Body, value: Value, param: Param, what: str, span: Span) -> Computed:
    """The beginning of a tensor of this shape, held against it."""
    fits = (value.type.dtype, value.type.rank) == (param.dtype, len(param.shape))
    if not body.session.formal:
        fits = fits and all(
            compare("==", a, b) is True for a, b in zip(value.type.shape, param.shape, strict=True)
        )
    if not fits:
        wanted = TensorType(param.dtype, param.shape)
        fail("NN301", f"{what} is {wanted}, and begins as {value.type}", span)
    made = Computed(value, _leading(body.graph, value))
    for source in (value, *(each for node in made.nodes for each in node.inputs)):
        if source is not None and (source.node is None or isinstance(source.node, OwnParam)):
            kind = "an input" if source.node is None else "a tensor of this body"
            fail(
                "NN202",
                f"{what} begins before the module runs; `{source.name}` is {kind}",
                span,
                help="it can be computed from numbers: `arange`, `tensor`, `zeros`, `ones`, `full`",
            )
    for node in made.nodes:
        if not isinstance(node, OpNode) or node.labelled or node.params:
            fail("NN202", f"{what} begins before the module runs, and by no layer", node.span)
        if node.when is not None or node.operator.function(node.use) is None:
            name = node.operator.name
            fail("NN202", f"{what} begins before the module runs, not with `{name}`", node.span)
        free = sorted({name for size in _sizes(node) for name in symbols(size)})
        if free and not (body.session.formal or body.session.trial):
            named = " and ".join(f"`{name}`" for name in free)
            fail(
                "NN308",
                f"{what} would depend on {named}, which is any size",
                node.span,
                help=f"give the input a number in place of {named}, or make it a parameter",
            )
    return made


def _leading(graph: Graph, value: Value) -> list[Node]:
    """The steps of a graph that lead to a value, in order; what it owns is none."""
    wanted = {id(value)}
    found: list[Node] = []
    for node in reversed(graph.nodes):
        if any(id(output) in wanted for output in node.outputs) and not isinstance(node, OwnParam):
            found.append(node)
            wanted.update(id(each) for each in node.inputs if each is not None)
    return found[::-1]


def _sizes(node: OpNode) -> Iterator[Any]:
    """The sizes that a step is written with."""
    stack: list[Any] = [node.use.settings]
    while stack:
        item = stack.pop()
        if isinstance(item, Dim):
            yield item
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, slice):
            stack.extend((item.start, item.stop, item.step))


def settle(graph: Graph) -> None:
    """Leave out of a graph the steps that lead to beginnings only."""
    leading = {
        id(node)
        for own in graph.nodes
        if isinstance(own, OwnParam) and isinstance(own.init, Computed)
        for node in own.init.nodes
    }
    if not leading:
        return
    live = {id(value) for _, value in graph.outputs}
    kept = []
    for node in reversed(graph.nodes):
        if id(node) not in leading or any(id(value) in live for value in node.outputs):
            kept.append(node)
            live.update(id(value) for value in node.inputs if value is not None)
    graph.nodes[:] = reversed(kept)
