"""A layer by its path (`conv1`, `layer1.0.conv2`): the node, and the way to it through the
blocks.
"""

from __future__ import annotations

from nnspec.analysis import receptive
from nnspec.graph import CallNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nnspec.graph import Graph, Node

    #: a node of a body, and which of its copies is meant
    Step = tuple[Graph, Node, int]

#: so many paths are looked through for the nearest one
MOST_PATHS = 20_000


def find(root: Graph, path: str) -> list[Step] | None:
    """The steps from the model's body to the node at `path`, outermost first; None where there is
    none.
    """
    wanted = tuple(path.split("."))
    graph, steps = root, []
    while True:
        step = next(_at(graph, wanted), None)
        if step is None:
            return None
        node, copy = step
        steps.append((graph, node, copy))
        wanted = wanted[len(node.path) :]
        if not wanted:
            return steps
        if not isinstance(node, CallNode):
            return None
        graph = node.graph


def _at(graph: Graph, wanted: tuple[str, ...]) -> Iterator[tuple[Node, int]]:
    """The nodes of a body whose path `wanted` begins with, the longest first."""
    for node in sorted(graph.nodes, key=lambda node: -len(node.path)):
        own = wanted[: len(node.path)]
        if not own or own[:-1] != node.path[:-1]:
            continue
        if node.count == 1:
            if own == node.path:
                yield node, 0
        elif own[-1].startswith(node.stem) and own[-1][len(node.stem) :].isdecimal():
            copy = int(own[-1][len(node.stem) :]) - node.first
            if 0 <= copy < node.count:
                yield node, copy


def paths(root: Graph) -> Iterator[str]:
    """The paths of layers and blocks; of copies the first."""
    stack: list[tuple[Iterator[Node], tuple[str, ...]]] = [(iter(root.nodes), ())]
    given = 0
    while stack and given < MOST_PATHS:
        nodes, prefix = stack[-1]
        node = next(nodes, None)
        if node is None:
            stack.pop()
            continue
        own = prefix + next(node.paths())
        if node.path:
            given += 1
            yield ".".join(own)
        if isinstance(node, CallNode):
            stack.append((iter(node.graph.nodes), own))


def window(root: Graph, steps: list[Step]) -> tuple[int, ...] | None:
    """The receptive field of the node over the model's input; None where it is no window."""
    found = receptive.windows(root)
    so_far: receptive.Window | None = None
    for graph, node, copy in steps:
        known = found[id(graph)]
        if node is steps[-1][1]:
            inner = known.get(id(node.outputs[0])) if node.outputs else None
            # the copies before it are part of the way, those after it are not
            if node.count > 1 and inner is not None:
                before = receptive.before(node, known)
                own = receptive.of_any(node, found)
                inner = (
                    None if before is None or own is None else before.then(own.repeated(copy + 1))
                )
        else:
            assert isinstance(node, CallNode)
            inner = receptive.before(node, known)
            own = receptive.of_graph(node.graph, found) if copy else None
            if copy and inner is not None:
                inner = None if own is None else inner.then(own.repeated(copy))
        if inner is None:
            return None
        if so_far is None:
            so_far = inner
        elif len(so_far.reach) != len(inner.reach):
            return None
        else:
            so_far = so_far.then(inner)
    return None if so_far is None else so_far.sizes
