"""Lines of a constructor for the layers that it has made: how their parameters begin (`nn.init`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.layout import Text, call, lay
from nnspec.compiler.names import attribute, fresh
from nnspec.elaborate.initial import INITIALISERS
from nnspec.graph import CallNode, Graph, Node, OpNode
from nnspec.operators.definition import REQUIRED

if TYPE_CHECKING:
    from nnspec.elaborate.values import Initial

    #: the lines for one layer that is reached so, at an indentation
    Leaf = Callable[[OpNode, str, int], list[str]]

#: what a module is called in a loop over several
ITEM = "layer"


def begins(
    initial: Initial, target: str, names: code.Names, indent: int, computed: bool = False
) -> list[str]:
    """`nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out")`; what is computed of parameters is
    assigned, which PyTorch then finds."""
    required: list[Any] = []
    named: dict[str, Any] = {}
    for setting in INITIALISERS[initial.name]:
        value = initial.settings[setting.name]
        written = code.value(value, names)
        if setting.default is REQUIRED:
            required.append(written)
        elif written.flat != code.value(setting.default, names).flat:
            named[setting.name] = written
    begun = call("torch.empty_like", Text(target)) if computed else Text(target)
    made = call(f"nn.init.{initial.name}_", begun, *required, **named)
    return lay(made, indent, f"{target} = " if computed else "")


def follows(target: str, steps: int, indent: int) -> list[str]:
    """Lines that ask for what is computed of a parameter that was set, until what follows it is there."""
    return [
        f"{' ' * indent}for _ in range({steps}):  # power iteration follows the weight",
        f"{' ' * indent}    {target}.detach()",
    ]


class Lines:
    """The lines for the layers that a class makes, also in its `nn.Sequential`s."""

    def __init__(
        self,
        leaf: Leaf,
        taken: Iterable[str],
        helpers: Container[int],
        indent: int,
        through: bool = False,
    ) -> None:
        self.leaf = leaf
        self.taken = set(taken)  # the constructor's arguments, and the items of the loops around
        self.helpers = helpers  # steps with a class of their own
        self.indent = indent  # of the constructor's body
        self.through = through  # also those, which otherwise see to themselves

    def of(self, node: Node, access: str, indent: int | None = None) -> list[str]:
        """The lines for one copy of a node's module, and for what is inside it in this class."""
        indent = indent or self.indent
        if isinstance(node, OpNode):
            return self.leaf(node, access, indent)
        if isinstance(node, CallNode) and node.graph.definition is None:
            if id(node) not in self.helpers:
                return self.of_chain(node.graph, access, indent)
            if self.through:
                return self._through(node.graph, access, indent)
        return []

    def of_chain(self, graph: Graph, access: str, indent: int | None = None) -> list[str]:
        """The lines for the steps of an `nn.Sequential`."""
        indent = indent or self.indent
        lines: list[str] = []
        position = 0
        whole = sum(node.count for node in graph.nodes)
        for node in graph.nodes:
            first, position = position, position + node.count
            name = node.path[-1] if node.path else ""
            if node.count == whole > 1:
                lines += self.of_each(access, node, indent)
            elif (
                node.count > 1
            ):  # a slice of a subclass of `nn.Sequential` would make another of it
                items = f"range({first}, {position})"
                lines += self.loop("i", items, node, lambda i: f"{access}[{i}]", indent)
            elif attribute(name):
                lines += self.of(node, f"{access}.{name}", indent)
            else:
                lines += self.of(node, f"{access}[{first}]", indent)
        return lines

    def of_each(self, items: str, node: Node, indent: int | None = None) -> list[str]:
        """A loop over modules that are all made as this node says."""
        return self.loop(ITEM, items, node, lambda item: item, indent)

    def loop(
        self,
        name: str,
        items: str,
        node: Node,
        access: Callable[[str], str],
        indent: int | None = None,
    ) -> list[str]:
        """`for name in items`, with a node's lines where it is reached so."""
        indent = indent or self.indent
        name = fresh(name, self.taken)
        self.taken.add(name)
        inside = self.of(node, access(name), indent + 4)
        self.taken.remove(name)
        return [f"{' ' * indent}for {name} in {items}:", *inside] if inside else []

    def _through(self, graph: Graph, access: str, indent: int) -> list[str]:
        """The lines for the layers of a class that another one uses."""
        lines: list[str] = []
        for node in graph.nodes:
            for path in node.paths():
                lines += self.of(node, submodule(access, path), indent)
        return lines


def submodule(access: str, path: tuple[str, ...]) -> str:
    """A module of a module, whatever it is kept in."""
    if all(attribute(part) for part in path):
        return ".".join((access, *path))
    return f'{access}.get_submodule("{".".join(path)}")'


def parameter(access: str, name: str) -> str:
    """A parameter of a module by its name in the state dict: `self.enc.layers[0].norm1.weight`."""
    parts = name.split(".")
    return access + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts)


def typed_parameter(access: str, name: str) -> str:
    """The same for what must be known to be a parameter: of a module within another, of which type checkers
    know nothing, it is `self.encoder.get_parameter("norm.weight")`."""
    found = _HEAD.match(access)
    assert found is not None, access
    inside = [part for parts in _PARTS.findall(access[found.end() :]) for part in parts if part]
    if found[1] and not found[2] and not inside and "." not in name:
        return f"{access}.{name}"
    return f'{found[0]}.get_parameter("{".".join([*inside, name])}")'


#: a module that the class has itself, or the item of a loop; and one of a list at a counted place
_HEAD = re.compile(r"(self\.)?\w+(\[[A-Za-z_]\w*\])?")
#: a step to a module within
_PARTS = re.compile(r"""\.get_submodule\("([\w.]+)"\)|\.(\w+)|\["(\w+)"\]|\[(\d+)\]""")
