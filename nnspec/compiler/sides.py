"""An `if` in `forward` that only a run decides: which nodes are on which side, and the lines of both."""

from __future__ import annotations

from collections.abc import Container, Sequence

from nnspec.compiler.layout import Expr, Text
from nnspec.compiler.statements import Statement
from nnspec.graph import Choice, Node, around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.graph import When


class Sides:
    """The nodes of one such `if`, which stands in the side `inside` of another one (None: in none),
    and the choices where its sides meet. The nodes of those within are among them."""

    def __init__(
        self, nodes: Sequence[Node], first: int, dead: Container[int], inside: When | None
    ) -> None:
        start = nodes[first]
        regions = [region for region, _ in around(start.when)]
        if isinstance(start, Choice):
            regions.insert(0, start.region)
        self.region = region = next(r for r in regions if r.outer == inside)
        self.nodes = nodes
        self.members: dict[bool, list[int]] = {True: [], False: []}  # side -> numbers of its nodes
        self.choices: list[Choice] = []
        self.end = first
        for number in range(first, len(nodes)):
            node = nodes[number]
            side = next((first for other, first in around(node.when) if other is region), None)
            if isinstance(node, Choice) and node.region is region:
                if id(node) not in dead:
                    self.choices.append(node)
            elif side is not None:
                if id(node) not in dead:
                    self.members[side].append(number)
            else:
                break
            self.end = number + 1

    def without(self, left: dict[int, int], side: bool | None) -> dict[int, int]:
        """How often each value is still used, less its uses on a side (None: on both)."""
        found = dict(left)
        for training in (True, False) if side is None else (side,):
            used = [value for at in self.members[training] for value in self.nodes[at].inputs]
            for value in (*used, *(choice.source(training) for choice in self.choices)):
                if value is not None:
                    found[id(value)] -= 1
        return found


def assignments(names: Sequence[str], sources: Sequence[Expr]) -> list[Statement]:
    """`x = y` for each name whose value is not in its variable yet; at once where they cross."""
    pairs = [(n, s) for n, s in zip(names, sources, strict=True) if s.flat != n]
    targets = [name for name, _ in pairs]
    if any(source.flat in targets for _, source in pairs):
        text = ", ".join(source.flat for _, source in pairs)
        return [Statement(", ".join(targets), Text(text))]
    return [Statement(name, source) for name, source in pairs]


def either(condition: str, against: str, then: list[str], otherwise: list[str]) -> list[str]:
    """The lines of an `if`, whichever of its sides is empty; `against` is true where the condition is
    not."""
    if then:
        first, *rest = [line.removeprefix("    ") for line in otherwise] or [""]
        if first.startswith("if ") and all(line[:4] in ("    ", "elif", "else") for line in rest):
            return [f"if {condition}:", *then, f"el{first}", *rest]
        return [f"if {condition}:", *then, *(["else:", *otherwise] if otherwise else [])]
    return [f"if {against}:", *otherwise] if otherwise else []
