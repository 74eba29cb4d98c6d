"""What a written number or string stands for."""

from __future__ import annotations

import re

from nnspec.diagnostics import Problem
from nnspec.source import Span

MAX_DIGITS = 100

#: compiled by `re` when a string with a backslash asks for it
_ESCAPE = r"(?s)\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n)|(.))"
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'"}


def number(span: Span) -> tuple[int | float, Problem | None]:
    """The value of a number, and what is wrong with it."""
    text = span.text
    if text.isdigit() and len(text) <= MAX_DIGITS:  # as most are
        return int(text), None
    if text.replace("_", "").isdigit():
        digits = len(text) - text.count("_")
        if digits <= MAX_DIGITS:
            return int(text), None
        message = f"this integer has {digits:,} digits; the limit is {MAX_DIGITS}"
        return 0, Problem("NN108", message, span)
    value = float(text)
    if value == float("inf"):
        return 0.0, Problem("NN108", "this number is too large: the limit is about 1.8e308", span)
    return value, None


def string(span: Span) -> tuple[str, list[Problem]]:
    """The text of a string in quotes, with its escapes read, and what is wrong with them."""
    quote = quote_length(span)
    return unescape(Span(span.source, span.start + quote, span.end - quote))


def quote_length(span: Span) -> int:
    """How many characters open (and close) a string."""
    return 3 if span.text.startswith(('"""', "'''")) else 1


def unescape(span: Span) -> tuple[str, list[Problem]]:
    """A stretch inside a string, with its escapes read."""
    text = span.text
    if "\\" not in text:
        return text.replace("\r\n", "\n"), []
    problems: list[Problem] = []

    def read(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code is not None:
            number = int(code, 16)
            if number < 0x110000 and not 0xD800 <= number < 0xE000:
                return chr(number)
        elif match[4] is not None:  # a line end
            return ""
        elif match[5] in _SIMPLE:
            return _SIMPLE[match[5]]
        start = span.start + match.start()
        place = Span(span.source, start, start + len(match[0]))
        message = f"`{match[0]}` stands for no character"
        problems.append(
            Problem("NN106", message, place, help="a backslash itself is written `\\\\`")
        )
        return ""

    return re.sub(_ESCAPE, read, text).replace("\r\n", "\n"), problems


def doc_text(text: str) -> str:
    """A documentation string without the indentation of its lines."""
    first, *rest = text.expandtabs(4).split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    lines = [first.strip(), *(line[margin:].rstrip() for line in rest)]
    return "\n".join(lines).strip("\n")
