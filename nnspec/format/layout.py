"""A file: its statements one after the other, its comments and blank lines where they were."""

from __future__ import annotations

import re

from nnspec.format.align import aligned
from nnspec.format.pieces import INDENT, Piece, lines
from nnspec.format.spacing import ARROW, spaces
from nnspec.syntax.tokens import DEDENT, END, NEWLINE, STRING
from nnspec.syntax.tokens import INDENT as DEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.tokens import Tokens

_PLAIN = re.compile(r"'([^'\"\\\n]*)'")


class Line:
    """A line of the result; `comment` stands behind it, and stood in `comment_column`."""

    __slots__ = ("comment", "comment_column", "level", "quoted", "statement", "text")

    def __init__(self, text: str, level: int, statement: int, quoted: bool = False) -> None:
        self.text = text
        self.level = level
        self.quoted = quoted  # it begins within a string, which may look like anything
        self.statement = statement  # its number; -1 for a comment or a blank line
        self.comment = ""
        self.comment_column = 0


class Layout:
    """Writes the tokens of a text."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.source = tokens.source.text
        self.lines: list[Line] = []
        self.comments = sorted(tokens.comments.items())
        self.next_comment = 0
        self.columns = [0]  # the column of each open level in the source
        self.statement = 0

    def text(self) -> str:
        """All of it; one line end at the end, none in an empty text."""
        kinds, starts = self.tokens.kinds, self.tokens.starts
        index = 0
        while kinds[index] != END:
            kind = kinds[index]
            if kind == DEEPER:
                self.columns.append(self._column(starts[self._first(index)]))
                index += 1
            elif kind == DEDENT:
                following = self._first(index)
                self._own_comments(starts[following] if kinds[following] != END else None)
                self.columns.pop()
                index += 1
            elif kind == NEWLINE:
                index += 1
            else:
                index = self._statement(index)
        self._own_comments(None)
        while self.lines and not self.lines[-1].text:
            self.lines.pop()
        return "".join(f"{text}\n" for text in aligned(self.lines))

    def _first(self, index: int) -> int:
        """The first token from here on that is more than a mark."""
        kinds = self.tokens.kinds
        while kinds[index] in (NEWLINE, DEEPER, DEDENT):
            index += 1
        return index

    def _column(self, offset: int) -> int:
        return offset - self.source.rfind("\n", 0, offset) - 1

    # -- statements --------------------------------------------------------------------------------

    def _statement(self, index: int) -> int:
        """Write one statement; the index after it."""
        tokens = self.tokens
        end = tokens.kinds.index(NEWLINE, index)  # the lexer ends the last one, too
        self._own_comments(tokens.starts[index])
        self._blank(tokens.starts[index])
        level = len(self.columns) - 1
        kinds = tokens.kinds[index:end]
        pieces: list[Piece] = []
        for number, (kind, space) in enumerate(zip(kinds, spaces(kinds), strict=True)):
            start, stop = tokens.starts[index + number], tokens.ends[index + number]
            piece = Piece(kind, self._written(kind, self.source[start:stop]), space)
            if number:
                self._inside(piece, pieces[-1], tokens.ends[index + number - 1], start)
            pieces.append(piece)
        comment, column = self._trailing(tokens.ends[end - 1])
        for line in lines(pieces, INDENT * level):
            for number, text in enumerate(line.split("\n")):
                self.lines.append(Line(text, level, self.statement, quoted=number > 0))
        self.lines[-1].comment, self.lines[-1].comment_column = comment, column
        self.statement += 1
        return end

    def _written(self, kind: int, text: str) -> str:
        plain = _PLAIN.fullmatch(text) if kind == STRING else None
        return f'"{plain[1]}"' if plain else text

    def _inside(self, piece: Piece, last: Piece, before: int, start: int) -> None:
        """What lies between two tokens of a statement: comments, and the author's line end."""
        between = self.source[before:start]
        if "\n" not in between:
            return
        piece.forced = piece.kind == ARROW
        line_end = self.source.index("\n", before)
        while self._comment_at(start):
            offset, text = self._take()
            if offset < line_end:
                last.trailing = text
            else:
                piece.comments.append(text)
                piece.forced = True

    # -- comments and blank lines ------------------------------------------------------------------

    def _comment_at(self, before: int | None) -> bool:
        """Whether the next comment stands before this offset."""
        if self.next_comment == len(self.comments):
            return False
        return before is None or self.comments[self.next_comment][0] < before

    def _take(self) -> tuple[int, str]:
        self.next_comment += 1
        offset, text = self.comments[self.next_comment - 1]
        return offset, text if text[1:2] in ("", " ", "!", "#") else f"# {text[1:]}"

    def _trailing(self, end: int) -> tuple[str, int]:
        """The comment behind a statement, and its column."""
        line_end = self.source.find("\n", end)
        if self._comment_at(line_end if line_end >= 0 else None):
            offset, text = self._take()
            return text, self._column(offset)
        return "", 0

    def _own_comments(self, before: int | None) -> None:
        """Comments on lines of their own, up to an offset: as deep as what follows, or what they end."""
        following = 0 if before is None else self._column(before)
        while self._comment_at(before):
            offset = self.comments[self.next_comment][0]
            self._blank(offset)
            _, text = self._take()
            column = self._column(offset)
            level = 0
            for depth, open_column in enumerate(self.columns):
                if open_column <= max(column, following):
                    level = depth
            self.lines.append(Line(" " * (INDENT * level) + text, level, -1))

    def _blank(self, offset: int) -> None:
        """One blank line where the author has any; none at the beginning."""
        start = self.source.rfind("\n", 0, offset) + 1
        above = self.source.rfind("\n", 0, max(start - 1, 0)) + 1
        if start and not self.source[above : start - 1].strip() and self.lines:
            if self.lines[-1].text:
                self.lines.append(Line("", 0, -1))
