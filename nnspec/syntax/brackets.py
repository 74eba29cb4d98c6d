"""Brackets: which are open, and where one was most likely forgotten.

Inside brackets line ends do not count, so a forgotten one would swallow the rest of the file. Two
kinds of line give it away: one that cannot stand inside brackets at all, and one that looks like a
statement and is not indented further than the one that opened the bracket. The second kind may be
right; it is remembered, and gone back to when the brackets turn out wrong.
"""

from __future__ import annotations

import re

from nnspec.diagnostics import Label
from nnspec.syntax.table import LITERALS, PATTERNS, SOFT_WORDS
from nnspec.syntax.tokens import BAD, Enough, Tokens

MAX_BRACKETS = 200

CLOSING = {"(": ")", "[": "]"}
# The signs of a wide keyboard, which are told, and then read as what they stand for.
_PLAIN = {"（": "(", "［": "[", "【": "[", "〔": "["}
_OPENERS = "|".join(word for word in SOFT_WORDS if word not in ("import", "as", "on"))
_STATEMENT_WORDS = ("return", "assert", "el", *_OPENERS.split("|"))
_STATEMENT = rf"(?:return|assert|elif)\b|else[ \t]*:|(?:{_OPENERS}){PATTERNS['WORD_FOLLOWS']}"
_ASSIGNMENT = r"[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*[ \t]*=(?!=)"


class Brackets:
    """The open brackets of a statement. A method that returns an offset tells where to read on."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.open: list[int] = []  # token indexes
        # A line that looks like a statement: its offset, the tokens before it, `quiet` then.
        self.suspect: tuple[int, int, bool] | None = None
        self.eager = False  # one was forgotten before: from now on believe the looks
        self.quiet = False  # this statement's brackets are reported already

    def sign(self, index: int) -> str:
        written = self.tokens.text(index)
        return _PLAIN.get(written, written)

    def end_statement(self) -> None:
        self.suspect = None
        self.quiet = False

    def opening(self, sign: str, start: int, end: int) -> int | None:
        tokens = self.tokens
        self.open.append(len(tokens.kinds))
        tokens.add(LITERALS[sign], start, end)
        if len(self.open) <= MAX_BRACKETS:
            return None
        if self.suspect is not None:  # not nested, but forgotten line after line
            return self.never_closed(start)
        tokens.add(BAD, start, end)
        message = f"more than {MAX_BRACKETS} brackets are open here"
        tokens.report("NN107", message, start, end, help="give inner parts names of their own")
        raise Enough

    def closing(self, sign: str, start: int, end: int) -> int | None:
        tokens = self.tokens
        if self.open and CLOSING[self.sign(self.open[-1])] == sign:
            self.open.pop()
            tokens.add(LITERALS[sign], start, end)
        elif self.suspect is not None:
            return self.never_closed(start)
        elif self.open:
            opener = self.open.pop()
            opened = self.sign(opener)
            tokens.add(BAD, start, end)
            if not self.quiet:
                self.quiet = True
                tokens.report(
                    "NN104",
                    f"`{sign}` does not close `{opened}`",
                    start,
                    end,
                    label=f"`{CLOSING[opened]}` is needed here",
                    labels=(Label(tokens.span(opener), "opened here"),),
                )
        else:
            tokens.add(BAD, start, end)
            if not self.quiet:
                self.quiet = True
                help = "remove it, or add the bracket that it should close"
                tokens.report("NN104", f"this `{sign}` closes nothing", start, end, help=help)
        if not self.open:
            self.suspect = None
        return None

    def line(self, line_end: int, width: int, start: int, level: int) -> int | None:
        """In brackets: a line end, and a line that begins at `start`, indented by `width`."""
        text = self.tokens.source.text
        # most files never need the patterns, whose making takes longer than the reading
        begins = text.startswith(_STATEMENT_WORDS, start)
        if begins and re.compile(_STATEMENT).match(text, start):
            return self.never_closed(line_end)
        suspicious = width <= level and self.suspect is None
        if suspicious and re.compile(_ASSIGNMENT).match(text, start):
            if self.eager:
                return self.never_closed(line_end)
            self.suspect = (line_end, len(self.tokens.kinds), self.quiet)
        return None

    def never_closed(self, at: int) -> int:
        """Report the open bracket and end its statement; the offset of the line to read next."""
        tokens = self.tokens
        resume, length = at, len(tokens.kinds)
        if self.suspect is not None:
            resume, length, self.quiet = self.suspect
            self.eager = True
        opener = max(index for index in self.open if index < length)
        tokens.cut(length)
        tokens.problems = [
            problem for problem in tokens.problems if problem.span and problem.span.start < resume
        ]
        self.open.clear()
        self.suspect = None
        last = tokens.ends[-1]
        tokens.add(BAD, last, last)
        if not self.quiet:
            self.quiet = True
            opened = self.sign(opener)
            tokens.report(
                "NN104",
                f"this `{opened}` is never closed",
                tokens.starts[opener],
                tokens.ends[opener],
                label="opened here",
                help=f"add the missing `{CLOSING[opened]}`",
            )
        return resume

    def swallowed(self, text: str) -> None:
        """What a string without an end took with it closes what it would have closed."""
        self.quiet = True
        for sign in text:
            if self.open and CLOSING[self.sign(self.open[-1])] == sign:
                self.open.pop()
