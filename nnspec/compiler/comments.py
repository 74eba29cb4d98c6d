"""The spec's own comments, where they belong in the generated code.

A comment above a statement or at its end goes above what the statement became: the line of `forward`,
the parameter or declared layer in `__init__`. One above a block goes above its class. What is said of
numbers and conditions that left no line of their own is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from nnspec.syntax import tree
from nnspec.syntax.parser import parse

if TYPE_CHECKING:
    from nnspec.graph import Graph, Node
    from nnspec.source import Source

#: what tells the linter that a warning is meant; a reason may follow
_OK = re.compile(r"#\s*ok:\s*NN\w+(?:\s*,\s*NN\w+)*\s*")


class Comments:
    """The comments of one definition, each given out once."""

    def __init__(self, graph: Graph) -> None:
        self._statements: list[tree.Statement] = []
        self._ends: list[int] = []
        self._of: dict[int, list[tuple[int, str]]] = {}  # number of a statement -> its comments
        self._last: dict[int, Node] = {}  # number of a statement -> its last node
        definition = graph.definition
        if definition is None or not definition.body:
            return
        self._statements = [*_leaves(definition.body)]
        self._ends = [statement.span.end for statement in self._statements]
        source = definition.span.source
        first, last = definition.name_span.end, _end_of_line(source, definition.span.end)
        for at, text in _comments(source).items():
            if first <= at <= last and text:
                number = self._owner(source, at)
                self._of.setdefault(number, []).append((at, text))
        for node in graph.nodes:
            self._last[self._number(node)] = node

    def _owner(self, source: Source, at: int) -> int:
        """The statement that ends on the comment's line, or else the next one."""
        line = source.position(at)[0]
        number = bisect_left(self._ends, at)
        before = number - 1
        if before >= 0 and source.position(self._ends[before])[0] == line:
            return before
        return number

    def _number(self, node: Node) -> int:
        return bisect_left(self._ends, node.span.end)

    def of_node(self, node: Node) -> list[str]:
        """What stands above or beside a step, and has not been given out."""
        number = self._number(node)
        waiting = self._of.get(number)
        if not waiting:
            return []
        end = _end_of_line(node.span.source, node.span.end)
        whole = self._last.get(number) is node
        found = [text for at, text in waiting if whole or at <= end]
        self._of[number] = waiting[len(found) :]
        return found

    def of_declaration(self, name: str) -> list[str]:
        """What is said of a `layer`, `param` or `buffer`."""
        for number, statement in enumerate(self._statements):
            declares = isinstance(statement, (tree.LayerDecl, tree.TensorDecl))
            if declares and statement.name == name:  # type: ignore[attr-defined]
                return [text for _, text in self._of.pop(number, [])]
        return []

    def of_return(self) -> list[str]:
        """What is said of the `return`, and has not been given out with a step in it."""
        for number, statement in enumerate(self._statements):
            if isinstance(statement, tree.Return):
                return [text for _, text in self._of.pop(number, [])]
        return []


def above(definition: tree.BlockDef) -> list[str]:
    """The comment lines right above a definition."""
    source = definition.span.source
    comments = _comments(source)
    found: list[str] = []
    line = definition.span.line - 1
    while line >= 1 and source.line(line).startswith("#"):
        found.insert(0, comments[source.line_starts[line - 1]])
        line -= 1
    return [text for text in found if text]


def _leaves(statements: Iterable[tree.Statement]) -> Iterator[tree.Statement]:
    """The statements that are no `if` and no `for`, in order."""
    for statement in statements:
        if isinstance(statement, tree.For):
            yield from _leaves(statement.body)
        elif isinstance(statement, tree.If):
            for _, branch in statement.branches:
                yield from _leaves(branch)
        else:
            yield statement


@lru_cache(maxsize=8)
def _comments(source: Source) -> dict[int, str]:
    """The comments of a file by their offsets; empty where there is nothing but a code."""
    module, _ = parse(source)
    return {at: _shown(text) for at, text in module.comments.items()}


def _shown(text: str) -> str:
    text = _OK.sub("", text).lstrip("#").strip()
    return f"# {text}" if text else ""


def _end_of_line(source: Source, at: int) -> int:
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end
