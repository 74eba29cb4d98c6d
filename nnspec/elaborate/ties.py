"""Weight tying: `linear(vocab, bias=false, weight=wte.weight)` has no weight of its own.

The tensor that is named belongs to a layer declared in the same body, or to a `param` there. A layer has
its parameters from its first use on; a tie to one that comes later is held against it at the end of the body.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, nearest
from nnspec.dims import compare, render
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import LayerTensor, SharedLayer, describe
from nnspec.graph import CallNode, OpNode, OwnParam, Tie, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.graph import Graph, Node
    from nnspec.operators.definition import Param
    from nnspec.source import Span

#: so many parameters are looked through for the nearest name
MOST_NAMES = 2_000


class Pending:
    """A tie whose other side is looked for at the end of the body."""

    __slots__ = ("labels", "layer", "name", "node", "span", "tie")

    def __init__(
        self,
        node: OpNode,
        name: str,
        tie: Tie,
        layer: SharedLayer | None,
        span: Span,
        labels: tuple[Label, ...],
    ) -> None:
        self.node = node
        self.name = name
        self.tie = tie
        self.layer = layer
        self.span = span
        self.labels = labels  # where the node's inputs come from


def tensor_of(value: SharedLayer | LayerTensor, part: str, span: Span) -> LayerTensor:
    """`wte.weight`, `encoder.layers[0].weight`: a step further into a declared layer."""
    if isinstance(value, SharedLayer):
        return LayerTensor(value, (part,), span)
    return LayerTensor(value.layer, (*value.path, part), span)


def tie(
    body: Body, node: OpNode, name: str, value: Any, span: Span, labels: tuple[Label, ...]
) -> Tie:
    """The tie of a node's parameter to what is given for it."""
    owner = body.owner
    layer: SharedLayer | None = None
    if isinstance(value, LayerTensor):
        layer = value.layer
        if layer.body is not owner:
            fail(
                "NN215",
                f"`{layer.name}` is declared outside of this block; its tensors are its body's own",
                span,
                labels=(Label(layer.span, "declared here"),),
                help="tie the layers in the body that declares both",
            )
        made = Tie((layer.name, *value.path))
    elif isinstance(value, Value) and isinstance(value.node, OwnParam):
        if value.node not in owner.graph.nodes:
            fail("NN215", f"`{value.name}` is no `param` of this body", span)
        made = Tie(value.node.path)
    else:
        fail(
            "NN215",
            f"`{name}` of `{node.operator.name}` is a parameter; this is {describe(value)}",
            span,
            help="it can be that of a declared layer, `weight=wte.weight`, or a `param` of this body"
            + (
                "; or anything where all are given, without a label"
                if node.operator.functional
                else ""
            ),
        )
    owner.ties.append(Pending(node, name, made, layer, span, labels))
    return made


def settle(body: Body) -> None:
    """Hold every tie of a body against what it names, now that all of its layers are there."""
    for pending in body.ties:
        try:
            if not body.session.formal:
                _hold(body, pending)
            _to_the_root(body.graph, pending.tie)
        except Failure as failure:
            body.problem(failure)


def _hold(body: Body, pending: Pending) -> None:
    node, name, path, span = pending.node, pending.name, pending.tie.path, pending.span
    shown, layer = ".".join(path), pending.layer
    if layer is not None and not layer.used:
        if not body.fine:
            return  # its use may be what failed
        fail(
            "NN215",
            f"`{layer.name}` is never used, so there is no `{shown}`",
            span,
            labels=(Label(layer.span, "declared here"),),
            help=f"give `{layer.name}` its tensor somewhere in this body: `x -> {layer.name}`",
        )
    found = find(body.graph, path)
    if found is None:
        assert layer is not None
        known = _names(body.graph, (layer.name,))
        wanted = ".".join(path[1:])
        close = nearest(wanted, known)
        fail(
            "NN209",
            f"`{layer.name}` has no parameter `{wanted}`",
            span,
            labels=(Label(layer.span, "declared here"),),
            help=f"did you mean `{layer.name}.{close}`?"
            if close
            else f"it has {', '.join(known[:8])}"
            if known
            else "it has none",
        )
    theirs, mine = found, node.params[name]
    place = layer.span if layer is not None else _declaration(body.graph, path)
    if not theirs.trainable:
        fail(
            "NN215",
            f"`{shown}` is a buffer; only what is trained can be tied",
            span,
            labels=(Label(place, "it belongs to this"),),
        )
    same = len(mine.shape) == len(theirs.shape) and all(
        compare("==", a, b) is True for a, b in zip(mine.shape, theirs.shape, strict=True)
    )
    if not same or mine.dtype != theirs.dtype:
        fail(
            "NN301",
            f"`{name}` of `{node.operator.name}` is {_shown(mine)}, and `{shown}` is {_shown(theirs)}",
            span,
            labels=(
                Label(place, f"`{shown}` is {_shown(theirs)}{_formula(theirs)}"),
                *pending.labels,
            ),
            label=f"{_shown(mine)} is needed{_formula(mine)}",
        )


def _shown(param: Param) -> str:
    dtype = "" if param.dtype == "f32" else param.dtype
    return f"{dtype}[{', '.join(render(size) for size in param.shape)}]"


def _formula(param: Param) -> str:
    plain = f"[{param.formula}]" == _shown(param)
    return f" ({param.formula})" if param.formula and not plain else ""


def _declaration(graph: Graph, path: tuple[str, ...]) -> Span:
    return next(node.span for node in graph.nodes if node.path == path)


# -- a parameter by its path -----------------------------------------------------------------------


def _below(graph: Graph, path: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """The nodes of a body that a path leads into, with what is left of the path."""
    for node in graph.nodes:
        length = len(node.path)
        if not length or length > len(path) or node.path[:-1] != path[: length - 1]:
            continue
        if node.holds(path[length - 1]):
            yield node, path[length:]


def find(graph: Graph, path: tuple[str, ...]) -> Param | None:
    """The parameter or buffer at a path below a body."""
    for node, rest in _below(graph, path):
        if isinstance(node, OwnParam) and not rest:
            return node.param
        if isinstance(node, OpNode) and len(rest) == 1 and rest[0] in node.params:
            return node.params[rest[0]]
        if isinstance(node, CallNode) and rest:
            found = find(node.graph, rest)
            if found is not None:
                return found
    return None


def _to_the_root(graph: Graph, tie: Tie) -> None:
    """A tie to what is tied itself means the tensor at the end."""
    while True:
        further = _tied(graph, tie.path)
        if further is None:
            return
        tie.path = further.path


def _tied(graph: Graph, path: tuple[str, ...]) -> Tie | None:
    """The tie of the parameter at a path, if it is one of this body (not of a block in it)."""
    for node, rest in _below(graph, path):
        if isinstance(node, OpNode) and len(rest) == 1:
            return node.tied.get(rest[0])
        if isinstance(node, CallNode) and node.graph.definition is None and rest:
            return _tied(node.graph, rest)
    return None


def _names(graph: Graph, start: tuple[str, ...]) -> list[str]:
    """The parameters below a layer, as they would be named after it."""
    found: list[str] = []
    stack: list[tuple[Node, tuple[str, ...]]] = []
    stack += [(node, ()) for node in graph.nodes if node.path == start][:1]
    while stack and len(found) < MOST_NAMES:
        node, prefix = stack.pop()
        if isinstance(node, OpNode):
            own = [name for name, param in node.params.items() if param.trainable]
            found += [_written((*prefix, name)) for name in own]
        elif isinstance(node, OwnParam):
            found.append(_written(prefix))
        elif isinstance(node, CallNode):
            inside = [(child, (*prefix, *next(child.paths()))) for child in node.graph.nodes]
            stack.extend(reversed([(child, path) for child, path in inside if child.path]))
    return found


def _written(path: tuple[str, ...]) -> str:
    """`layers[0].weight`."""
    text = ""
    for part in path:
        text += f"[{part}]" if part.isdecimal() else f".{part}" if text else part
    return text
