"""The rows of a model's tree: what is shown, to which depth, and what is folded.

A row stands for a node, or for neighbours that are the same body (`layer1.1 … 2`, twice the same
block). Folding and depth change what is shown, never a sum.
"""

from __future__ import annotations

from nnspec.analysis import macs, params
from nnspec.conditions import Condition
from nnspec.dims import Dim, comparison, negated
from nnspec.graph import CallNode, Choice, OpNode, OwnParam, around
from nnspec.operators.binding import show
from nnspec.operators.definition import REQUIRED, Inner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size
    from nnspec.graph import Graph, Node
    from nnspec.operators.definition import Operator, Use
    from nnspec.report.model import ModelReport

#: without --depth: the deepest tree that has no more rows than this
MOST_ROWS = 80


class Row:
    """One line of the tree. `depth` from 0; `last` tells for each depth whether the branch ends
    here.

    `params` and `macs` are those of the row's `count` copies, inside one copy of the row above;
    `outer` is how often that one is there.
    """

    __slots__ = (
        "aside", "count", "depth", "last", "macs", "name", "node", "operator", "outer", "params",
    )  # fmt: skip

    def __init__(
        self,
        node: Node,
        operator: str,
        name: str,
        count: int,
        params: Size,
        macs: Size,
        outer: int,
        last: tuple[bool, ...],
    ) -> None:
        self.node = node
        self.name = name
        self.count = count
        self.params = params
        self.macs = macs
        self.outer = outer
        self.last = last
        self.depth = len(last) - 1
        said = operator + tied(node) + alias(node) + only(node) + again(node)
        self.operator = said.strip()
        # what carries no name of its own and no weights stands back
        self.aside = isinstance(node, OpNode) and not node.labelled and not node.params


def rows(report: ModelReport, depth: int | None) -> list[Row]:
    """The rows of a model, down to `depth` levels (None: as deep as fits)."""
    if depth is None:
        depth = fitting_depth(report.graph)
    return list(_rows(report, {}, report.graph, depth, 1, (), False))


def _rows(
    report: ModelReport,
    described: dict[int, str],
    graph: Graph,
    depth: int,
    outer: int,
    last: tuple[bool, ...],
    shared: bool,
    idle: bool = False,
) -> Iterator[Row]:
    if depth < 1:
        return
    groups = folded(graph)
    for number, (node, count, name) in enumerate(groups):
        ends = (*last, number == len(groups) - 1)
        runs = (
            count // node.count
        )  # neighbours that were folded; a node's own copies are counted below
        quiet = shared or node.shared
        own = 0 if quiet else params.of_node(node, report.param_sums) * runs
        rests = idle or not node.runs(training=False)  # no MACs: evaluation does without it
        work = 0 if rests else macs.of_node(node, report.mac_sums) * runs
        kind = id(node.use if isinstance(node, OpNode) else node)  # equal uses are one object
        if kind not in described:
            described[kind] = describe(node)
        yield Row(node, described[kind], name, count, own, work, outer, ends)
        if isinstance(node, CallNode) and not report.leaves_out(node):
            yield from _rows(
                report, described, node.graph, depth - 1, outer * count, ends, quiet, rests
            )


def folded(graph: Graph) -> list[tuple[Node, int, str]]:
    """The nodes with their number of copies and shown name; neighbours that are the same body are
    one.
    """
    found: list[tuple[Node, int, str]] = []
    run: list[Node] = []
    for node in graph.nodes:
        if isinstance(node, Choice):
            continue
        if run and not _continues(run[-1], node):
            found.append(_group(run))
            run = []
        run.append(node)
    if run:
        found.append(_group(run))
    return found


def _continues(before: Node, node: Node) -> bool:
    """Is `node` the next copy of `before`: the same body, in the place with the next number?"""
    return (
        isinstance(before, CallNode)
        and isinstance(node, CallNode)
        and before.graph is node.graph
        and before.count == node.count == 1
        and before.shared == node.shared
        and before.when == node.when
        and before.path[:-1] == node.path[:-1]
        and bool(node.path)
        and before.path[-1].isdecimal()
        and node.path[-1] == str(int(before.path[-1]) + 1)
    )


def _group(run: list[Node]) -> tuple[Node, int, str]:
    first = run[0]
    if len(run) == 1:
        return first, first.count, first.shown
    return first, len(run), ".".join((*first.path[:-1], f"{first.path[-1]} … {run[-1].path[-1]}"))


def fitting_depth(graph: Graph) -> int:
    """The deepest tree of at most MOST_ROWS rows, at least one level."""
    # heights[d] of a body: its rows down to d levels; a body is counted once, whatever uses it
    heights: dict[int, list[int]] = {}
    for body in graph.subgraphs():
        groups = folded(body)
        below = [heights[id(node.graph)] for node, _, _ in groups if isinstance(node, CallNode)]
        deepest = max((len(counts) for counts in below), default=1)
        own = [0]
        for level in range(1, deepest + 1):
            inner = sum(counts[min(level - 1, len(counts) - 1)] for counts in below)
            own.append(len(groups) + inner)
            if own[-1] > MOST_ROWS:
                break
        heights[id(body)] = own
    counts = heights[id(graph)]
    fits = [level for level in range(1, len(counts)) if counts[level] <= MOST_ROWS]
    return max(fits, default=1)


# -- the operator of a row, as a spec writes it ----------------------------------------------------


def describe(node: Node) -> str:
    """`conv2d(6, 5, padding=2)`, `Bottleneck(64, stride=2)`."""
    if isinstance(node, OpNode):
        return operator_text(node.operator, node.use)
    if isinstance(node, CallNode):
        if node.graph.kind == "sequence" and node.graph.definition is None:
            return ""
        return node.graph.name + _arguments(_of_block(node.graph))
    assert isinstance(node, OwnParam)
    return "param" if node.param.trainable else "buffer"


def title(graph: Graph) -> str:
    """`resnet18`, `Down(width)`, `Down(width=64)`: a model, or a block with what it is looked at with."""
    if graph.kind == "model":
        return graph.name
    free = [name for name, value in graph.arguments.items() if isinstance(value, Dim)]
    given = [text for text in _of_block(graph) if text.partition("=")[0] not in free]
    return graph.name + _arguments([*free, *given])


def tied(node: Node) -> str:
    """` tied to wte.weight`; with the parameter's name where that is another."""
    if not isinstance(node, OpNode):
        return ""
    said = [
        f"tied to {tie}" if tie.path[-1] == name else f"{name} tied to {tie}"
        for name, tie in node.tied.items()
    ]
    return " " + ", ".join(said) if said else ""


def alias(node: Node) -> str:
    """The further name that a use gives a declared layer."""
    return f" as {'.'.join(node.alias)}" if node.alias else ""


def only(node: Node) -> str:
    """When it is run, of what stands in a side of an `if` that only a run decides."""
    modes, sizes = sides(node)
    told = [f" in {mode} only" for mode in modes]
    return "".join([*told, *([f" if {sizes}"] if sizes else [])])


def again(node: Node) -> str:
    """What the backward pass computes again."""
    return " recomputed" if node.recomputed else ""


def operator_text(operator: Operator, use: Use | Inner) -> str:
    """The use as a spec writes it: what must be given first and without a name, the rest named
    where it differs from its default."""
    written: list[str] = []
    for setting in operator.settings:
        value = use.settings.get(setting.name, setting.default)
        required = setting.default is REQUIRED
        if setting.kind == "axes":
            written += [f"{name}={show(length)}" for name, length in value.items()]
            continue
        text = _value(value)
        if text is not None and (required or not _same(value, setting.default)):
            written.append(text if required else f"{setting.name}={text}")
    return operator.name + _arguments(written)


def _of_block(graph: Graph) -> list[str]:
    """The arguments of a block that are numbers, strings or lists; those of its defaults left
    out.
    """
    defaults: dict[str, object] = {}
    if graph.definition is not None:
        for parameter in graph.definition.parameters:
            # a default that is written as a literal carries its value
            defaults[parameter.name] = getattr(parameter.default, "value", REQUIRED)
    written: list[str] = []
    for name, value in graph.arguments.items():
        text = _value(value)
        if text is not None and not _same(value, defaults.get(name)):
            written.append(f"{name}={text}")
    return written


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def _value(value: Any) -> str | None:
    """A value as the language writes it; None for what has no short form (a layer, a tensor)."""
    if isinstance(value, (list, tuple)):
        items = [_value(item) for item in value]
        return None if None in items else "[" + ", ".join(str(item) for item in items) + "]"
    if value is None or isinstance(value, (bool, int, float, str)) or type(value).__name__ == "Dim":
        return show(value)
    if isinstance(value, Inner):
        return operator_text(value.operator, value)
    return None


def _arguments(written: list[str]) -> str:
    return f"({', '.join(written)})" if written else ""


def sides(node: Node) -> tuple[list[str], str]:
    """When a node is run, where only a run decides that: in "training" or "evaluation", and for which sizes:
    `32 <= H <= 63`, or ""."""
    if not node.when:
        return [], ""
    from nnspec.words import joined, said

    modes: list[str] = []
    conditions: list[Condition] = []
    for region, first in around(node.when):
        if region.condition is None:
            modes.append("training" if first else "evaluation")
        else:
            size = region.condition if first else negated(region.condition)
            conditions.append(Condition(">=", size, comparison(size)))
    return modes[::-1], joined(said(conditions[::-1]))
