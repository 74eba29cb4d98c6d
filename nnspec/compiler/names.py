"""Names for classes, attributes, arguments and variables of generated code."""

from __future__ import annotations

from nnspec.compiler.classes import TAKEN, is_submodule
from nnspec.graph import CallNode, Graph, Node, OpNode, Value


def usable(name: str) -> str:
    """The name, with `_` behind it where Python or the generated file needs it."""
    hard_to_read = name in ("l", "O", "I")
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED or hard_to_read else name


    def __init__(self, graph: Graph) -> None:
        self.last_use: dict[int, int] = {}
        self.uses: dict[int, int] = {}
        self.dead = dead_nodes(graph)
        for number, node in enumerate(graph.nodes):
            if number in self.dead and not lives_on(node):
                continue
            for value in node.inputs:
                if value is not None:
                    self.last_use[id(value)] = number
                    self.uses[id(value)] = self.uses.get(id(value), 0) + 1
        for _, value in graph.outputs:
            self.last_use[id(value)] = len(graph.nodes)
            self.uses[id(value)] = self.uses.get(id(value), 0) + 1
        self.holders: dict[str, Value] = {}
        self.names: dict[int, str] = {}
        self.reserved: set[str] = set()

    def assign(self, value: Value, wanted: str, now: int) -> str:
        """The name of a tensor that node number `now` makes (-1: an input)."""
        name, number = wanted or "x", 1
        while name in TAKEN or not self.is_free(name, now):
            number += 1
            name = f"{wanted or 'x'}_{number}"
        self.holders[name] = value
        self.names[id(value)] = name
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"

    def is_free(self, name: str, now: int) -> bool:
        """Whether no tensor that is used after node number `now` has this name."""
        holder = self.holders.get(name)
        held = holder is not None and self.last_use.get(id(holder), -1) > now
        return not held and name not in self.reserved


def lives_on(node: Node) -> bool:
    """Whether a step is run although nothing uses its results: it has a state of its own."""
    return isinstance(node, CallNode) or (isinstance(node, OpNode) and is_submodule(node))


def dead_nodes(graph: Graph) -> set[int]:
    """The steps of which no output comes, by number."""
    used = {id(value) for _, value in graph.outputs}
    found: set[int] = set()
    for number in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[number]
        if any(id(value) in used for value in node.outputs):
            used.update(id(value) for value in node.inputs)
            continue
        found.add(number)
        if lives_on(node):
            used.update(id(value) for value in node.inputs)
    return found
