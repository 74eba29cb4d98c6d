"""A model as a flat list: every use of an operator, with its shapes, parameters and MACs."""

from __future__ import annotations

from nnspec.analysis import macs, params
from nnspec.analysis.fold import when_run
from nnspec.graph import CallNode, OpNode
from nnspec.records import Record
from nnspec.report.tree import sides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.dims import Size
    from nnspec.graph import Node
    from nnspec.report.model import ModelReport, Shown, Tensor
    from nnspec.source import Span


class Layer(Record):
    """A use of an operator. Copies of a repeated layer are one Layer: `path` is that of the first,
    `count` their number; `params` and `macs` are those of all copies, so that they add up to the
    model's."""

    path: str
    operator: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    params: Shown
    macs: Shown
    span: Span
    count: int = 1
    tied: tuple[tuple[str, str], ...] = ()  # parameter -> the path of the one that it is
    #: "training" or "evaluation", and the sizes ("H >= 64"), where it stands in a side of such an `if`;
    #: its MACs are evaluation's
    only: str = ""


def layers(model: ModelReport) -> Iterator[Layer]:
    """Every use of an operator, in order of execution, those in blocks too."""
    stack = [_Walk(iter(model.graph.nodes))]
    while stack:
        walk = stack[-1]
        node = next(walk.nodes, None)
        if node is None:
            stack.pop()
        elif model.leaves_out(node):
            continue
        elif isinstance(node, CallNode):
            stack.append(walk.into(node))
        elif isinstance(node, OpNode):
            yield _layer(model, node, walk)


def _layer(model: ModelReport, node: OpNode, walk: _Walk) -> Layer:
    own = 0 if walk.shared or node.shared else walk.copies * params.of_node(node, {})
    return Layer(
        ".".join(walk.prefix + next(node.paths())),
        node.operator.name,
        tuple(model.tensor(value.type) for value in node.inputs if value is not None),
        tuple(model.tensor(value.type) for value in node.outputs),
        model.show(own),
        model.show(walk.work(macs.of_node(node, {}))),
        node.span,
        walk.copies * node.count,
        tuple((name, ".".join(walk.home + tie.path)) for name, tie in node.tied.items()),
        " and ".join(filter(None, (walk.side, side(node)))),
    )


def side(node: Node) -> str:
    """The sides that a node stands in of `if`s that only a run decides, or ""."""
    modes, sizes = sides(node)
    return " and ".join(filter(None, (*modes, sizes)))


class _Walk:
    """A body on the way through a model: where it is, and how often it is there."""

    __slots__ = ("calls", "copies", "home", "nodes", "prefix", "shared", "side")

    def __init__(self, nodes: Iterator[Node]) -> None:
        self.nodes = nodes
        self.prefix: tuple[str, ...] = ()
        self.home: tuple[str, ...] = ()  # the prefix of the body that declares its layers
        self.copies = 1
        self.shared = False
        self.side = ""
        self.calls: tuple[CallNode, ...] = ()

    def work(self, macs: Size) -> Size:
        """The MACs of all copies, where the calls that lead here are run."""
        for node in self.calls:
            macs = when_run(macs, node)
        return self.copies * macs

    def into(self, node: CallNode) -> _Walk:
        """The body of a call."""
        inside = _Walk(iter(node.graph.nodes))
        inside.prefix = self.prefix + next(node.paths())
        inside.home = self.home if node.graph.definition is None else inside.prefix
        inside.copies = self.copies * node.count
        inside.shared = self.shared or node.shared
        inside.side = " and ".join(filter(None, (self.side, side(node))))
        inside.calls = (*self.calls, node) if node.when else self.calls
        return inside
