"""One statement as physical lines of at most 100 columns.

A line may end before an arrow or after a comma in brackets. Where the author ends a line before an
arrow, it ends there: the stages of a line belong together. Where brackets end with a comma, each item has
a line of its own. Other ends are chosen: a line that is too long ends at the outermost place that is left,
the last of these that fits.
"""

from __future__ import annotations

from nnspec.format.spacing import ARROW, CLOSE, COMMA, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

WIDTH = 100
INDENT = 4


class Piece:
    """A token as it is written, and what may or must be before it."""

    __slots__ = ("comments", "forced", "kind", "space", "text", "trailing")

    def __init__(self, kind: int, text: str, space: bool) -> None:
        self.kind = kind
        self.text = text
        self.space = space
        self.forced = False  # the line ends before it
        self.comments: list[str] = []  # lines of their own before it
        self.trailing = ""  # a comment behind it: the line ends after it


def lines(pieces: list[Piece], indent: int) -> list[str]:
    """The lines of a statement, the first one at `indent`."""
    opened = _each_on_its_own(pieces)
    breaks = set(_author(pieces)).union(*opened.values())
    depths = _depths(pieces)
    while True:
        laid = _laid(pieces, breaks, indent, opened)
        extra = _relief(pieces, depths, laid)
        if extra is None:
            return [line for text in laid for line in text[1]]
        breaks.add(extra)


def _author(pieces: list[Piece]) -> list[int]:
    return [i for i, piece in enumerate(pieces) if i and (piece.forced or pieces[i - 1].trailing)]


def _depths(pieces: list[Piece]) -> list[int]:
    """In how many brackets each piece stands."""
    found, depth = [], 0
    for piece in pieces:
        depth -= piece.kind in CLOSE
        found.append(depth)
        depth += piece.kind in OPEN
    return found


def _each_on_its_own(pieces: list[Piece]) -> dict[int, list[int]]:
    """Brackets whose last item is followed by a comma -> the pieces that begin a line in them."""
    found: dict[int, list[int]] = {}
    open_brackets: list[tuple[int, list[int]]] = []
    for index, piece in enumerate(pieces):
        if piece.kind in CLOSE and open_brackets:
            opening, starts = open_brackets.pop()
            if pieces[index - 1].kind == COMMA and len(starts) > 1:
                found[opening] = [opening + 1, *starts]
        elif piece.kind == COMMA and open_brackets:
            open_brackets[-1][1].append(index + 1)
        if piece.kind in OPEN:
            open_brackets.append((index, []))
    return found


#: a physical line: the index of its first piece, and its text (comment lines before it, too)
Laid = tuple[int, list[str]]


def _laid(pieces: list[Piece], breaks: set[int], indent: int, opened: Container[int]) -> list[Laid]:
    """The lines with these breaks; the brackets in `opened` have nothing behind them on their line."""
    found: list[Laid] = []
    line = " " * indent
    first = 0
    above: list[str] = []
    columns = [indent + INDENT]  # where an item of each open bracket begins
    closing = [0]  # where the bracket that closes it stands
    arrows: list[int | None] = [None]  # the column of its pipeline's first arrow
    for index, piece in enumerate(pieces):
        if index in breaks:
            found.append((first, [*above, line]))
            column = columns[-1]
            if piece.kind == ARROW and arrows[-1] is not None:
                column = arrows[-1]
            elif piece.kind in CLOSE and len(columns) > 1:
                column = closing[-1]
            above = [" " * column + comment for comment in piece.comments]
            line, first = " " * column, index
        elif piece.comments:
            above += [" " * indent + comment for comment in piece.comments]
        if piece.space and index not in breaks and index:
            line += " "
        if piece.kind == ARROW and arrows[-1] is None:
            arrows[-1] = len(line)
        elif piece.kind == COMMA:
            arrows[-1] = None
        if piece.kind in CLOSE and len(columns) > 1:
            columns.pop()
            closing.pop()
            arrows.pop()
        line += piece.text
        if piece.kind in OPEN:
            start = len(line) - len(line.lstrip())
            columns.append(start + INDENT if index in opened else len(line))
            closing.append(start if index in opened else len(line) - 1)
            arrows.append(None)
        if piece.trailing:
            line += f"  {piece.trailing}"
    found.append((first, [*above, line]))
    return found


def _relief(pieces: list[Piece], depths: list[int], laid: list[Laid]) -> int | None:
    """The next place where a line that is too long ends; None where all fit, or none can."""
    for number, (first, texts) in enumerate(laid):
        if len(texts[-1]) <= WIDTH:
            continue
        end = laid[number + 1][0] if number + 1 < len(laid) else len(pieces)
        best: tuple[int, int] | None = None
        column = len(texts[-1]) - len(texts[-1].lstrip())
        for index in range(first, end):
            piece, depth = pieces[index], depths[index]
            may = piece.kind == ARROW or (
                index and pieces[index - 1].kind == COMMA and piece.kind not in CLOSE and depth > 0
            )
            if may and index > first:
                if best is None or depth < best[0] or (depth == best[0] and column <= WIDTH):
                    best = depth, index
            column += len(piece.text) + piece.space
        if best is not None:
            return best[1]
    return None
