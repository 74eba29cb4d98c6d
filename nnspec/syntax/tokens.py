"""Tokens: what the lexer gives to the parser.

They are three parallel lists of numbers (kind, start, end), which is what the parser's loop wants.
A line end has no width and sits at the end of the last token before it, and so do the dedents that
follow: a statement's span then ends where its text ends.

What is wrong with the text itself is reported by the lexer; a token `BAD` at its place tells the
parser to give up on the statement without a word of its own.
"""

from __future__ import annotations

from nnspec.diagnostics import Label, Problem
from nnspec.source import Source, Span
from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS, TERMINALS

MAX_PROBLEMS = 100

END = TERMINALS.index("$END")
NAME = TERMINALS.index("NAME")
NUMBER = TERMINALS.index("NUMBER")
STRING = TERMINALS.index("STRING")
NEWLINE = TERMINALS.index("_NL")
INDENT = TERMINALS.index("_INDENT")
DEDENT = TERMINALS.index("_DEDENT")
BAD = len(TERMINALS)  # a place that is reported already
SKIP = BAD + 1  # a dedent whose indent was given up

# The words of statements that have a body.
HEADERS = {SOFT_WORDS[word] for word in ("model", "block", "fn", "extern", "data", "train")} | {
    HARD_WORDS[word] for word in ("if", "elif", "else", "for")
}
# What joins two values.
JOINING = {LITERALS[sign] for sign in (*"+-*/%@<>.,", "**", "//", "==", "!=", "<=", ">=", "->")} | {
    HARD_WORDS["and"],
    HARD_WORDS["or"],
}


class Enough(Exception):
    """So much is wrong with a text that reading on helps nobody."""


class Tokens:
    """All tokens of a text."""

    __slots__ = (
        "closing",
        "comments",
        "ends",
        "kinds",
        "lines",
        "longest",
        "problems",
        "source",
        "starts",
    )

    def __init__(self, source: Source, lines: bool = True) -> None:
        self.source = source
        self.lines = lines  # False for a lone expression, where line ends do not count
        self.kinds: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.closing: dict[int, int] = {}  # index of an INDENT -> index of its DEDENT
        self.comments: dict[int, str] = {}
        self.problems: list[Problem] = []
        self.longest = 0  # tokens in the longest statement

    def add(self, kind: int, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)

    def cut(self, length: int) -> None:
        """Forget all tokens but the first `length`."""
        for numbers in (self.kinds, self.starts, self.ends):
            del numbers[length:]

    def text(self, index: int) -> str:
        return self.source.text[self.starts[index] : self.ends[index]]

    def span(self, index: int) -> Span:
        return Span(self.source, self.starts[index], self.ends[index])

    def first_of_statement(self, index: int) -> int:
        """The index of the first token of the statement that a token is in."""
        kinds = self.kinds
        while index > 0 and kinds[index - 1] not in (NEWLINE, INDENT, DEDENT):
            index -= 1
        return index

    def is_header(self, first: int, line_end: int) -> bool:
        """Is the statement from `first` to its line end one that has a body?"""
        return self.kinds[first] in HEADERS or self.kinds[line_end - 1] == LITERALS[":"]

    def report(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        help: str = "",
    ) -> None:
        span = Span(self.source, start, end)
        self.problems.append(Problem(code, message, span, label=label, labels=labels, help=help))
        if len(self.problems) >= MAX_PROBLEMS:
            raise Enough
