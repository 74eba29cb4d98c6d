"""Expressions of the generated source, laid out as a formatter lays them out: on one line where it fits,
else the arguments on a line of their own, else one argument a line."""

from __future__ import annotations

WIDTH = 88


class Bracket:
    """`head(item, item)`: a call, a list, a tuple. `head` may be empty, `closed` is the closing bracket."""

    __slots__ = ("closed", "comma", "head", "items")

    def __init__(
        self, head: str, items: list[Piece], closed: str = ")", comma: bool = True
    ) -> None:
        self.head = head  # with the opening bracket
        self.items = items
        self.closed = closed
        self.comma = comma  # whether a comma may follow the last item


Piece = str | Bracket


def flat(piece: Piece) -> str:
    """On one line."""
    if isinstance(piece, str):
        return piece
    return piece.head + ", ".join(flat(item) for item in piece.items) + piece.closed


def lay_out(prefix: str, piece: Piece, indent: int, suffix: str = "") -> list[str]:
    """The lines of `prefix` + the expression + `suffix`, each with its indentation."""
    pad = " " * indent
    line = f"{pad}{prefix}{flat(piece)}{suffix}"
    if len(line) <= WIDTH or isinstance(piece, str) or not piece.items:
        return [line]
    inner = ", ".join(flat(item) for item in piece.items)
    if len(inner) + indent + 4 <= WIDTH:
        return [f"{pad}{prefix}{piece.head}", f"{pad}    {inner}", f"{pad}{piece.closed}{suffix}"]
    lines = [f"{pad}{prefix}{piece.head}"]
    for item in piece.items:
        lines += lay_out("", item, indent + 4, "," if piece.comma and len(piece.items) > 1 else "")
    lines.append(f"{pad}{piece.closed}{suffix}")
    return lines
