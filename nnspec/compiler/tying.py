"""Parameters that are another's, once all are made: `self.lm_head.weight = self.wte.weight`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler.begin import ITEM, Lines
from nnspec.compiler.layout import WIDTH
from nnspec.compiler.names import attribute
from nnspec.graph import CallNode, Node, OpNode

if TYPE_CHECKING:
    from nnspec.compiler.modules import Constructor


class Tying:
    """Writes these lines for one class."""

    def __init__(self, constructor: Constructor) -> None:
        self.constructor = constructor
        self.plan = constructor.plan
        arguments = constructor.names.words.values()
        self.walk = Lines(
            self._of_layer, arguments, self.plan.helpers, constructor.indent, through=True
        )

    def lines(self) -> list[str]:
        found: list[str] = []
        for nodes in self.constructor.placed.values():
            for node in nodes:
                if node.count > 1:
                    found += self._of_copies(node)
                else:
                    found += self.walk.of(node, self.constructor.reached(node.path))
        return found

    def _of_copies(self, node: Node) -> list[str]:
        """Copies without a label: `linear_1`, `linear_2`, …"""

        def access(number: str) -> str:
            return f'getattr(self, f"{node.stem}{{{number}}}")'

        numbers = f"range({node.first}, {node.first + node.count})"
        return self.walk.loop("i", numbers, node, access)

    def _of_layer(self, node: OpNode, access: str, indent: int) -> list[str]:
        margin = " " * indent
        lines = []
        for name, tie in node.tied.items():
            whole = self._parameter(tie.path)
            line = f"{margin}{access}.{name} = {whole}"
            short = [f"{margin}{ITEM} = {access}", f"{margin}{ITEM}.{name} = {whole}"]
            lines += [line] if len(line) <= WIDTH else short
        return lines

    def _parameter(self, path: tuple[str, ...]) -> str:
        """A `param` of this class, or a parameter of a layer that it declares."""
        name, *rest = path
        node = next(node for node in self.plan.graph.nodes if node.path == (name,))
        if not rest:
            return self.constructor.access[id(node)]
        access = self.constructor.reached((name,))
        while isinstance(node, CallNode) and node.graph.definition is None:
            if id(node) in self.plan.helpers:
                break
            # an `nn.Sequential`, whose steps have a name or their position
            step, *rest = rest
            access += f".{step}" if attribute(step) else f"[{step}]"
            node = next(n for n in node.graph.nodes if n.path and n.holds(step))
        if len(rest) <= 2 and all(map(attribute, rest)):  # further in, type checkers know nothing
            return ".".join((access, *rest))
        return f'{access}.get_parameter("{".".join(rest)}")'
