"""How parameters begin: the `nn.init` lines of a constructor, after the modules that they are for."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.layout import Text, call, lay
from nnspec.compiler.names import attribute, fresh
from nnspec.elaborate.initial import INITIALISERS
from nnspec.graph import CallNode, Graph, Node, OpNode
from nnspec.operators.definition import REQUIRED

if TYPE_CHECKING:
    from nnspec.elaborate.values import Initial

#: what a module is called in a loop over several
ITEM = "layer"


def begins(initial: Initial, target: str, names: code.Names, indent: int) -> list[str]:
    """`nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out")`."""
    required: list[Any] = []
    named: dict[str, Any] = {}
    for setting in INITIALISERS[initial.name]:
        value = initial.settings[setting.name]
        written = code.value(value, names)
        if setting.default is REQUIRED:
            required.append(written)
        elif written.flat != code.value(setting.default, names).flat:
            named[setting.name] = written
    made = call(f"nn.init.{initial.name}_", Text(target), *required, **named)
    return lay(made, indent)


class Beginnings:
    """Writes these lines for the layers of one class."""

    def __init__(self, names: code.Names, taken: Iterable[str], helpers: Container[int]) -> None:
        self.names = names
        self.taken = set(taken)  # the constructor's arguments, and the items of the loops around
        self.helpers = helpers  # steps with a class of their own, which sees to them

    def of(self, node: Node, access: str, indent: int = 8) -> list[str]:
        """The lines for one copy of a node's module, and for what is inside it in this class."""
        if isinstance(node, OpNode):
            return [
                line
                for name, initial in node.init.items()
                for line in begins(initial, f"{access}.{name}", self.names, indent)
            ]
        if isinstance(node, CallNode) and node.graph.definition is None:
            return [] if id(node) in self.helpers else self.of_chain(node.graph, access, indent)
        return []

    def of_chain(self, graph: Graph, access: str, indent: int = 8) -> list[str]:
        """The lines for the steps of an `nn.Sequential`."""
        lines: list[str] = []
        position = 0
        whole = sum(node.count for node in graph.nodes)
        for node in graph.nodes:
            first, position = position, position + node.count
            name = node.path[-1] if node.path else ""
            if node.count > 1:
                if node.count == whole:
                    lines += self.of_each(access, node, indent)
                else:  # a slice of a subclass of `nn.Sequential` would make another of it
                    lines += self.of_range(access, first, node, indent)
            elif attribute(name):
                lines += self.of(node, f"{access}.{name}", indent)
            else:
                lines += self.of(node, f"{access}[{first}]", indent)
        return lines

    def of_each(self, items: str, node: Node, indent: int = 8) -> list[str]:
        """A loop over modules that are all made as this node says."""
        return self._loop(ITEM, "{}", items, node, indent)

    def of_range(self, access: str, first: int, node: Node, indent: int = 8) -> list[str]:
        """A loop over some positions of a list of modules."""
        items = f"range({first}, {first + node.count})"
        return self._loop("i", f"{access}[{{}}]", items, node, indent)

    def _loop(self, name: str, access: str, items: str, node: Node, indent: int) -> list[str]:
        name = fresh(name, self.taken)
        self.taken.add(name)
        inside = self.of(node, access.format(name), indent + 4)
        self.taken.remove(name)
        return [f"{' ' * indent}for {name} in {items}:", *inside] if inside else []
