"""The forward pass of a class: nodes become statements, chains of unnamed steps nested calls."""

from __future__ import annotations

from collections.abc import Callable

from nnspec.compiler.classes import is_submodule
from nnspec.compiler.code import Text, expression, source
from nnspec.compiler.layout import Bracket, Piece, flat, lay_out
from nnspec.compiler.names import Variables, lives_on
from nnspec.dims import Dim, substitute, symbol
from nnspec.graph import Graph, Node, OpNode, OwnParam, Value

#: a nested call longer than this, or deeper, is taken apart into statements
LONGEST = 60
DEEPEST = 3


class Forward:
    """Writes the statements of one body. `own` gives the name of a constructor's formal inside of the
    class, as `self.width`; sizes that are known only now come from the inputs' shapes."""

    def __init__(self, graph: Graph, own: Callable[[str], str | None]) -> None:
        self.graph = graph
        self.own = own
        self.variables = Variables(graph)
        self.texts: dict[int, Text] = {}
        self.lines: list[str] = []
        self.runtime: dict[str, str] = {}  # symbol -> variable that holds it
        self.attributes: set[str] = set()  # formals that the forward pass needs
        self.targets = self._targets()

    def write(self, indent: int) -> list[str]:
        """All lines of the body, with the `return`."""
        for value in self.graph.inputs:
            name = self.variables.assign(value, value.name, -1)
            self.texts[id(value)] = Text(name)
        self.inputs = [self.variables.names[id(value)] for value in self.graph.inputs]
        for number, node in enumerate(self.graph.nodes):
            self._node(number, node, indent)
        results = [self.texts[id(value)].piece for _, value in self.graph.outputs]
        end = self._return(results, indent)
        return [*self._bind_sizes(indent), *self.lines, *end]

    def _return(self, results: list[Piece], indent: int) -> list[str]:
        if len(results) == 1:
            return lay_out("return ", results[0], indent)
        text = ", ".join(flat(result) for result in results)
        return lay_out("return ", text, indent)

    def _targets(self) -> dict[int, str]:
        """For a tensor without a name that of the one which its chain ends in."""
        found: dict[int, str] = {}
        for node in reversed(self.graph.nodes):
            following = next((found.get(id(v)) or v.name for v in node.outputs), "")
            for value in node.inputs:
                if value is not None and not value.name and following:
                    found.setdefault(id(value), following)
        return found

    # -- nodes --------------------------------------------------------------------------------------------

    def _node(self, number: int, node: Node, indent: int) -> None:
        if isinstance(node, OwnParam):
            self.texts[id(node.outputs[0])] = Text(f"self.{node.path[0]}")
            return
        if node.count > 1:
            self._repeated(number, node, indent)
            return
        if number in self.variables.dead and not lives_on(node):
            return  # nothing comes of it
        text = self._call(node, [self._text(value) for value in node.inputs])
        if number in self.variables.dead:
            self.lines += lay_out("", text.piece, indent)
            return
        if len(node.outputs) > 1:
            self._several(number, node, text, indent)
            return
        value = node.outputs[0]
        single = self.variables.uses.get(id(value), 0) == 1
        unnamed = not value.name or self._returned_at_once(value, number)
        short = len(flat(text.piece)) + indent <= LONGEST and text.depth < DEEPEST
        last = number == len(self.graph.nodes) - 1
        if single and unnamed and (short or (last and len(self.graph.outputs) == 1)):
            self.texts[id(value)] = text
            return
        name = self.variables.assign(value, self._wanted(value, number), number)
        self.lines += lay_out(f"{name} = ", text.piece, indent)
        self.texts[id(value)] = Text(name)

    def _wanted(self, value: Value, number: int) -> str:
        """The spec's name; for a tensor in the middle of a chain `x` where that is free, else the name at
        the chain's end."""
        if value.name:
            return value.name
        return "x" if self.variables.is_free("x", number) else self.targets.get(id(value)) or "x"

    def _returned_at_once(self, value: Value, number: int) -> bool:
        """A last step that is named and returned: `return self.fc(x)` says it as well."""
        outputs = self.graph.outputs
        return number == len(self.graph.nodes) - 1 and len(outputs) == 1 and outputs[0][1] is value

    def _text(self, value: Value | None) -> Text:
        return Text("None") if value is None else self.texts[id(value)]

    def _call(self, node: Node, tensors: list[Text]) -> Text:
        if isinstance(node, OpNode) and not is_submodule(node):
            code = node.operator.function(node.use)
            assert code is not None
            return expression(code, tensors, self.size)
        depth = 1 + max((tensor.depth for tensor in tensors), default=0)
        items = [tensor.piece for tensor in tensors]
        return Text(Bracket(f"{attribute(node)}(", items), depth=depth)

    def _several(self, number: int, node: Node, text: Text, indent: int) -> None:
        names = []
        for index, value in enumerate(node.outputs):
            if id(value) not in self.variables.uses:
                names.append("_")
                continue
            name = self.variables.assign(value, value.name or f"x{index}", number)
            names.append(name)
            self.texts[id(value)] = Text(name)
        self.lines += lay_out(f"{', '.join(names)} = ", text.piece, indent)

    def _repeated(self, number: int, node: Node, indent: int) -> None:
        """Copies of one layer: a loop. The variable goes in and comes out."""
        given = [self._text(value) for value in node.inputs]
        value = node.outputs[0]
        name = self.variables.assign(value, self._wanted(value, number), number)
        pad = " " * indent
        if flat(given[0].piece) != name:
            self.lines += lay_out(f"{name} = ", given[0].piece, indent)
        if isinstance(node, OpNode) and not is_submodule(node):
            step = self._call(node, [Text(name)])
            self.lines.append(f"{pad}for _ in range({node.count}):")
        else:
            step = Text(Bracket("layer(", [name]))
            self.lines.append(f"{pad}for layer in {self._copies(node)}:")
        self.lines += lay_out(f"{name} = ", step.piece, indent + 4)
        self.texts[id(value)] = Text(name)

    def _copies(self, node: Node) -> str:
        first, last = node.first, node.first + node.count
        return f'(self.get_submodule(f"{node.stem}{{i}}") for i in range({first}, {last}))'

    # -- sizes --------------------------------------------------------------------------------------------

    def size(self, size: Dim) -> str:
        """A size in the forward pass: constructor arguments through self, others from shapes."""
        names: dict[str, int | Dim] = {}
        for name in size.symbols:
            own = self.own(name)
            if own is not None:
                self.attributes.add(name)
                names[name] = symbol(own)
            else:
                names[name] = symbol(self._runtime(name))
        renamed = substitute(size, names)
        return str(renamed) if isinstance(renamed, int) else source(renamed)

    def _runtime(self, name: str) -> str:
        if name not in self.runtime:
            variable = name.lower()
            taken = {value.name for value in self.graph.inputs} | set(self.variables.holders)
            while variable in taken or variable in self.runtime.values():
                variable += "_"
            self.runtime[name] = variable
            self.variables.reserved.add(variable)
        return self.runtime[name]

    def _bind_sizes(self, indent: int) -> list[str]:
        lines = []
        for name, variable in self.runtime.items():
            place = next(
                f"{self.inputs[number]}.shape[{dim}]"
                for number, value in enumerate(self.graph.inputs)
                for dim, size in enumerate(value.type.shape)
                if isinstance(size, Dim) and str(size) == name
            )
            lines.append(f"{' ' * indent}{variable} = {place}")
        return lines


def attribute(node: Node) -> str:
    """`self.conv1`, `self.layers[0]`, `self.features.norm0`."""
    text = "self"
    for part in node.path:
        text += f"[{part}]" if part.isdecimal() else f".{part}"
    return text
