"""A place where the parser stopped: the token, those around it, and what could come instead."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.source import Span
from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS, TERMINALS
from nnspec.syntax.tokens import END, HEADERS, NAME, NEWLINE, NUMBER, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.parser import Parser

DEFINITIONS = {
    SOFT_WORDS[word] for word in ("model", "block", "fn", "extern", "data", "train", "from")
}
BODY_WORDS = {SOFT_WORDS[word] for word in ("input", "layer", "param", "buffer")} | {
    HARD_WORDS[word] for word in ("if", "for", "return", "assert")
}
#: the words of definitions that have a signature
SIGNATURES = {SOFT_WORDS[word] for word in ("model", "block", "fn", "extern")}
SHAPED = {SOFT_WORDS[word] for word in ("input", "param", "buffer")}
VALUE_ENDS = {NAME, NUMBER, STRING, LITERALS[")"], LITERALS["]"], LITERALS["..."]} | {
    HARD_WORDS[word] for word in ("true", "false", "none")
}
VALUE_STARTS = {NAME, NUMBER, STRING} | {HARD_WORDS[word] for word in ("true", "false", "none")}
HARD = set(HARD_WORDS.values())


class Slip:
    """A place where the parser stopped."""

    def __init__(self, parser: Parser, index: int) -> None:
        tokens = parser.tokens
        self.tokens = tokens
        self.index = index
        self.kind = tokens.kinds[index]
        self.first = tokens.first_of_statement(index)
        self.opener = tokens.kinds[self.first]
        self.before = tokens.kinds[index - 1] if index > self.first else -1
        self.expected = {kind for kind in range(len(TERMINALS)) if parser.accepts(kind)}

    def text(self, index: int) -> str:
        return self.tokens.text(index)

    def span(self, index: int) -> Span:
        return self.tokens.span(index)

    def expects(self, sign: str) -> bool:
        return LITERALS.get(sign, HARD_WORDS.get(sign)) in self.expected

    def is_sign(self, kind: int, *signs: str) -> bool:
        return any(kind == LITERALS.get(sign, HARD_WORDS.get(sign)) for sign in signs)

    def in_settings(self) -> bool:
        """Does the statement stand in a data or train part?"""
        tokens = self.tokens
        around = [opener for opener, end in tokens.closing.items() if opener < self.first <= end]
        if not around:
            return False
        header = tokens.first_of_statement(max(around) - 1)
        return tokens.kinds[header] in (SOFT_WORDS["data"], SOFT_WORDS["train"])

    def problem(self, message: str, help: str = "", at: int | None = None) -> Problem:
        return Problem("NN101", message, self.span(self.index if at is None else at), help=help)

    def inside_brackets(self) -> bool:
        depth = 0
        for kind in self.tokens.kinds[self.first : self.index]:
            depth += self.is_sign(kind, "(", "[") - self.is_sign(kind, ")", "]")
        return depth > 0

    def found(self) -> str:
        text = self.text(self.index)
        if self.kind == NEWLINE:
            return "the end of the line"
        if self.kind == END:
            return "the end" if not self.tokens.lines else "the end of the file"
        if self.kind == NUMBER:
            return f"the number `{short(text)}`"
        if self.kind == STRING:
            return "a string"
        if self.kind == NAME:
            return f"the name `{short(text)}`"
        return f"the word `{text}`" if text.isalpha() else f"`{text}`"


def wanted(slip: Slip) -> str:
    """What could have come instead, as a person would say it."""
    words: list[str] = []
    if NUMBER in slip.expected:
        words.append("a value")
    elif NAME in slip.expected:
        words.append("a name")
    if slip.expects("+") and NUMBER not in slip.expected:
        words.append("an operator")
        signs = [":" if slip.opener in HEADERS else "=", ",", ")", "]"]
    else:
        signs = [":", "=", ",", ")", "]", "in", "else"]
    if NUMBER not in slip.expected:
        for sign in signs:
            if slip.expects(sign):
                words.append(f"`{sign}`")
        for word in ("import", "on"):
            if SOFT_WORDS[word] in slip.expected:
                words.append(f"`{word}`")
        if NEWLINE in slip.expected:
            words.append("the end of the line")
    if not words:
        return "something else here"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
