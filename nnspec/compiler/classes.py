"""Which classes a file has: one for all uses of a block that have the same structure.

Each use is made formal (`formals.py`); uses with equal signatures share a class, and the names that
occur in its code are the constructor's arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnspec.compiler import code
from nnspec.compiler.formals import at, formal_use, numbered
from nnspec.compiler.names import camel, fresh, usable
from nnspec.compiler.numbers import FormalFloat
from nnspec.compiler.signature import Written, signature
from nnspec.dims import symbol
from nnspec.elaborate.program import Model
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.values import key
from nnspec.graph import CallNode, Graph, Node, OpNode, OwnParam
from nnspec.records import Record
from nnspec.syntax import tree

SCALARS = (bool, int, float, str)


class Argument(Record):
    """One argument of a constructor. `symbol` is its name in the formal graph."""

    symbol: str
    name: str
    annotation: str
    default: str = ""
    parameter: bool = True
    input: int = 0
    dim: int = 0


class ClassPlan:
    """One class: the graph it is written from, and what its constructor takes."""

    __slots__ = (
        "arguments", "calls", "definition", "doc", "fixed", "graph", "helpers", "kind", "model",
        "name", "optional", "shapes", "values",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, graph: Graph, values: dict[str, Any]) -> None:
        self.name = name
        self.kind = kind  # "model", "block" or "helper"
        self.graph = graph
        self.definition = graph.definition
        self.doc = graph.doc
        self.values = values  # the number behind each name, in the use that the graph is of
        self.fixed: dict[str, Any] = {}  # names that are written as their number
        self.arguments: list[Argument] = []
        self.calls: dict[int, ClassPlan] = {}  # id of a call node -> its class
        self.helpers: dict[int, ClassPlan] = {}  # id of a node that needs a class of its own -> it
        self.optional: dict[int, str] = {}  # id of a node -> the condition under which it is there
        self.shapes: set[str] = set()
        self.model: Model | None = None

    @property
    def checked(self) -> list[tuple[Argument, Any]]:
        """Arguments whose value shapes the code: it holds for one value only."""
        return [(a, self.fixed[a.symbol]) for a in self.arguments if a.symbol in self.fixed]

    def given(self, graph: Graph) -> Iterator[tuple[Argument, Any]]:
        """What a use of this class gives for each argument, over the names of the user."""
        for argument in self.arguments:
            if self.kind == "helper":
                value = self.values.get(argument.symbol)
                formal = FormalFloat(value, argument.symbol) if isinstance(value, float) else None
                yield argument, formal or symbol(argument.symbol)
            elif argument.parameter:
                yield argument, graph.arguments[argument.symbol]
            else:
                known.uses.append(made)
                known.pinned |= found.pinned
            self.of[id(graph)] = known
        for info in self.all:
            info.needed = set(_needed(info, info.graph))
        self._name()

    def _adopt_children(self, info: ClassInfo, concrete: Graph, made: Graph) -> None:
        """Find the class of each block that is used, and what it pins: a formal graph has the nodes of the
        graph with numbers, in the same order."""
        for node, twin in zip(concrete.nodes, made.nodes, strict=True):
            if not isinstance(node, CallNode) or not isinstance(twin, CallNode):
                continue
            child = self.of.get(id(node.graph))
            if child is None:
                self._adopt_children(info, node.graph, twin.graph)
                continue
            info.children[id(twin)] = child
            for name in child.pinned:
                if name in child.uses[0].hints:
                    info.pinned |= symbols(child.passed(twin, name)) & info.uses[0].hints.keys()

    def _signature(self, info: ClassInfo, graph: Graph) -> Hashable:
        """Equal for formal graphs that give the same source."""
        numbers: dict[int, int] = {}
        for value in graph.inputs:
            numbers[id(value)] = len(numbers)
        rows: list[Hashable] = []
        for node in graph.nodes:
            wires = tuple(-1 if v is None else numbers[id(v)] for v in node.inputs)
            names = tuple(value.name for value in node.outputs)
            row = (node.path, node.count, node.shared, wires, names, self._what(info, node))
            rows.append(row)
            for value in node.outputs:
                numbers[id(value)] = len(numbers)
        outputs = tuple((name, numbers[id(value)]) for name, value in graph.outputs)
        others = tuple(
            (name, key(value)) for name, value in graph.arguments.items()
            if not isinstance(value, Dim)
        )  # fmt: skip
        return (graph.kind, tuple(rows), outputs, tuple(v.type.rank for v in graph.inputs), others)

    def _what(self, info: ClassInfo, node: Node) -> Hashable:
        if isinstance(node, OpNode):
            return (
                "op",
                node.operator.name,
                repr(node.operator.module(node.use)),
                repr(_function(node)),
            )
        if isinstance(node, OwnParam):
            return ("param", repr(node.param), repr(node.init))
        assert isinstance(node, CallNode)
        child = info.children.get(id(node))
        if child is None:
            return ("sequence", self._signature(info, node.graph))
        passed = tuple(
            str(child.passed(node, name)) for name in child.uses[0].hints
            if isinstance(child.uses[0].hints[name], int)
        )  # fmt: skip
        return ("block", id(child), passed)

    def _name(self) -> None:
        """Each class its own name; of several made from one block the smallest keeps the block's."""
        by_block: dict[str, list[ClassInfo]] = {}
        for info in self.all:
            by_block.setdefault(info.name, []).append(info)
        used: set[str] = set(TAKEN) | set(by_block)
        for name, infos in by_block.items():
            infos.sort(key=lambda info: len(info.graph.nodes))
            plain = {node.path for node in infos[0].graph.nodes}
            for info in infos[1:]:
                extra = [n.path[0] for n in info.graph.nodes if n.labelled and n.path not in plain]
                word = extra[0].title().replace("_", "") if extra else ""
                candidate, number = f"{name}{word}" if word else f"{name}2", 2
                while candidate in used:
                    number += 1
                    candidate = f"{name}{word}{number}"
                info.name = candidate
                used.add(candidate)


def is_chain(graph: Graph) -> bool:
    """Whether every step takes the one result of the step before it."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return False
    current = graph.inputs[0]
    for node in graph.nodes:
        if isinstance(node, OwnParam) or node.shared or len(node.outputs) != 1:
            return False
        if [value for value in node.inputs if value is not None] != [current]:
            return False
        if len(node.path) != 1:
            return False
        value = node.outputs[0]
    return graph.outputs[0][1] is value
