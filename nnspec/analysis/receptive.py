"""The receptive field: how many positions of the input one output value sees, per spatial axis.

For chains of convolutions, pools and what works position by position. It is the size in the middle
of an image; several paths give the largest. None where an operator mixes positions in another way
(a linear layer over positions, attention): what it sees is then no window.

A body's effect is a pair for each axis, memoised: a window of `reach` input positions moving by
`step`. After a window (a, s), a window (b, t) sees a + (b - 1) * s positions and moves by s * t.
"""

from __future__ import annotations

from nnspec.graph import CallNode, Choice, OpNode, OwnParam
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fractions import Fraction

    from nnspec.graph import Graph, Node


class Window(Record):
    """Per axis: how many positions it sees, and how far it moves for one output position."""

    reach: tuple[Fraction | int, ...]
    step: tuple[Fraction | int, ...]

    def then(self, after: Window) -> Window:
        """This window, and one over its output."""
        pairs = zip(self.reach, self.step, after.reach, after.step, strict=True)
        steps = zip(self.step, after.step, strict=True)
        return Window(
            tuple(a + (b - 1) * s for a, s, b, _ in pairs), tuple(s * t for s, t in steps)
        )

    def repeated(self, count: int) -> Window:
        """This window `count` times, by repeated squaring."""
        if count == 1:
            return self
        out, power = point(len(self.reach)), self
        while count:
            if count & 1:
                out = out.then(power)
            count >>= 1
            if count:
                power = power.then(power)
        return out

    @property
    def sizes(self) -> tuple[int, ...]:
        """Whole positions, rounded up (an upsampling moves by parts of one)."""
        return tuple(-int(-size // 1) for size in self.reach)


def point(axes: int) -> Window:
    """One position sees itself."""
    return Window((1,) * axes, (1,) * axes)


def windows(root: Graph) -> dict[int, dict[int, Window | None]]:
    """For each distinct graph, by its id: the window of each value over the graph's own inputs, by
    the value's id."""
    found: dict[int, dict[int, Window | None]] = {}
    for graph in root.subgraphs():
        found[id(graph)] = _of_body(graph, found)
    return found


def of_graph(graph: Graph, found: dict[int, dict[int, Window | None]]) -> Window | None:
    """The window of a body's first output."""
    return found[id(graph)].get(id(graph.outputs[0][1])) if graph.outputs else None


def _of_body(graph: Graph, found: dict[int, dict[int, Window | None]]) -> dict[int, Window | None]:
    known: dict[int, Window | None] = {}
    alike: dict[int, Window | None] = {}  # equal uses of an operator are one object
    for value in graph.inputs:
        known[id(value)] = point(value.type.rank - 2) if value.type.rank > 2 else None
    for node in graph.nodes:
        if isinstance(node, OwnParam):
            continue
        if isinstance(node, Choice):
            side = node.region.takes(training=False)
            sides = (True, False) if side is None else (side,)
            windows = [known.get(id(node.source(first))) for first in sides]
            known[id(node.outputs[0])] = windows[0] if windows[0] == windows[-1] else None
            continue
        seen = before(node, known)
        own: Window | None = None
        if seen is not None and isinstance(node, OpNode):
            if id(node.use) not in alike:
                alike[id(node.use)] = of_node(node)
            own = alike[id(node.use)]
        elif seen is not None:
            own = of_any(node, found)
        after: Window | None = None
        if seen is not None and own is not None and len(seen.reach) == len(own.reach):
            after = seen.then(own.repeated(node.count))
        for value in node.outputs:
            known[id(value)] = after
    return known


def before(node: Node, known: dict[int, Window | None]) -> Window | None:
    """What a node's inputs see together, of its body's inputs."""
    inputs = [value for value in node.inputs if value is not None]
    return _widest([known[id(value)] for value in inputs if id(value) in known])


def of_any(node: Node, found: dict[int, dict[int, Window | None]]) -> Window | None:
    """The window of one copy of a node over the node's inputs."""
    return of_graph(node.graph, found) if isinstance(node, CallNode) else of_node(node)


def _widest(before: list[Window | None]) -> Window | None:
    """What several inputs see together; None unless they move alike."""
    first = before[0] if before else None
    if first is None or len(before) == 1:
        return first
    reach = list(first.reach)
    for other in before[1:]:
        if other is None or other.step != first.step:
            return None
        reach = [max(a, b) for a, b in zip(reach, other.reach, strict=True)]
    return Window(tuple(reach), first.step)


def of_node(node: Node) -> Window | None:
    """The window of one operator, from its settings; None where it has none."""
    if not isinstance(node, OpNode) or not node.outputs:
        return None
    first = next((value for value in node.inputs if value is not None), None)
    if first is None or first.type.rank < 3:
        return None
    use, axes = node.use, first.type.rank - 2
    if use.settings.get("kernel_size") is not None and "stride" in use.settings:
        return _of_kernel(node, axes)
    operator = node.operator
    if operator.keeps_shape or operator.family == "arithmetic":
        return point(axes)
    if operator.name == "concat" and use.settings.get("dim") in (1, 1 - (axes + 2)):
        return point(axes)
    return None


def _of_kernel(node: OpNode, axes: int) -> Window | None:
    use = node.use
    kernel = use.tuple("kernel_size", axes)
    stride = kernel if use.settings["stride"] is None else use.tuple("stride", axes)
    dilation = use.tuple("dilation", axes) if "dilation" in use.settings else (1,) * axes
    if not all(isinstance(n, int) for n in (*kernel, *stride, *dilation)):
        return None
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if not node.operator.name.startswith("conv_transpose"):
        return Window(reach, stride)
    from fractions import Fraction

    seen = tuple(-(-r // s) for r, s in zip(reach, stride, strict=True))
    return Window(seen, tuple(Fraction(1, s) for s in stride))
