"""Statements of `forward`, and the loops that equal ones along a list become."""

from __future__ import annotations

import re

from nnspec.compiler.layout import Expr, Text, lay


class Statement:
    """`target = expression`, or lines of another kind; `comments` stand above it."""

    __slots__ = ("comments", "expr", "lines", "target")

    def __init__(self, target: str, expr: Expr | None, lines: list[str] | None = None) -> None:
        self.target, self.expr, self.lines = target, expr, lines
        self.comments: list[str] = []

    def write(self, indent: int) -> list[str]:
        above = [" " * indent + line for line in self.comments]
        if self.lines is not None or self.expr is None:
            return above + [" " * indent + line for line in self.lines or []]
        return above + lay(self.expr, indent, f"{self.target} = " if self.target else "")


_ITEM = re.compile(r"self\.(\w+)\[(\d+)\]")


def rolled(statements: list[Statement], lists: dict[str, int], indent: int) -> list[list[str]]:
    """The lines of the statements; those that only walk along a list become a loop over it."""
    written: list[list[str]] = []
    at = 0
    while at < len(statements):
        found = _loop(statements, at, lists, indent)
        if found is None:
            written.append(statements[at].write(indent))
            at += 1
            continue
        lines, at = found
        written.append(lines)
    return written


def _loop(
    statements: list[Statement], at: int, lists: dict[str, int], indent: int
) -> tuple[list[str], int] | None:
    first = _items(statements[at])
    if not first or any(index != 0 for _, index in first):
        return None
    count = lists.get(f"self.{first[0][0]}", 0)
    if count < 2:
        return None
    for length in range(1, (len(statements) - at) // count + 1):
        rounds = [statements[at + r * length : at + (r + 1) * length] for r in range(count)]
        shapes = [[_shape(statement, number) for statement in r] for number, r in enumerate(rounds)]
        names = sorted({name for s in rounds[0] for name, _ in _items(s)})
        whole = all(lists.get(f"self.{name}") == count for name in names)
        if None not in shapes[0] and all(shape == shapes[0] for shape in shapes) and whole:
            return _written(rounds[0], names, indent), at + count * length
    return None


def _items(statement: Statement) -> list[tuple[str, int]]:
    if statement.expr is None:
        return []
    return [(name, int(index)) for name, index in _ITEM.findall(statement.expr.flat)]


def _shape(statement: Statement, number: int) -> str | None:
    """A statement with its list items made anonymous, if all of them are item `number`."""
    if statement.expr is None or any(index != number for _, index in _items(statement)):
        return None
    anonymous = _ITEM.sub(lambda found: f"self.{found[1]}[]", statement.expr.flat)
    return f"{statement.target} = {anonymous}"


def _written(statements: list[Statement], names: list[str], indent: int) -> list[str]:
    words = {name: _singular(name) for name in names}
    sources = ", ".join(f"self.{name}" for name in names)
    if len(names) > 1:
        sources = f"zip({sources}, strict=True)"
    lines = [f"{' ' * indent}for {', '.join(words.values())} in {sources}:"]
    for statement in statements:
        assert statement.expr is not None
        lines += [" " * (indent + 4) + line for line in statement.comments]
        text = _ITEM.sub(lambda found: words[found[1]], statement.expr.flat)
        lines += lay(Text(text), indent + 4, f"{statement.target} = ")
    return lines


def _singular(name: str) -> str:
    """`layers` -> `layer`."""
    return name[:-1] if name.endswith("s") and len(name) > 2 else "layer"
