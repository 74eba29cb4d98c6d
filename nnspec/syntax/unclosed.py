"""Where a text in quotes was most likely meant to end, when nothing ends it.

A text in one quote ends with its line. One in three quotes would take the rest of the file with it, and
where a later text follows, it ends at the beginning of that one and turns the file inside out. In both
cases the lines that it took tell: prose has none that begin like a statement.
"""

from __future__ import annotations

import re

from nnspec.syntax.tokens import STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.tokens import Tokens

_DEFINITION = r"(?:model|block|fn|extern|data|train)[ \t]+[A-Za-z_]\w*[ \t]*(?:\(|[:=]|on\b)"
_DECLARATION = r"(?:input|param|buffer|layer)[ \t]+[A-Za-z_]\w*[ \t]*[:=]"
_BINDING = (
    r"[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*[ \t]*(?::[ \t]*\[[^\]\n]*\][ \t]*)?=(?!=)"
)
_STATEMENT = re.compile(
    rf"^[ \t]*(?:{_DEFINITION}|{_DECLARATION}|{_BINDING}|from[ \t]+\S+[ \t]+import\b)", re.MULTILINE
)


def report(tokens: Tokens, start: int, quote: str) -> None:
    """A string without an end."""
    help = f"close it with {quote}"
    if len(quote) == 1:
        help += '; a text over several lines stands in """three quotes"""'
    label = f"{quote} opens it"
    tokens.report(
        "NN105", "this string has no end", start, start + len(quote), label=label, help=help
    )


def end_of_string(text: str, start: int, quote: str, stop: int) -> int:
    """The end of the line, or of the last line before one that looks like a statement."""
    if len(quote) == 1:
        end = text.find("\n", start, stop)
        return stop if end < 0 else end
    found = _statement_after(text, start, stop)
    return stop if found is None else found


def swallower(tokens: Tokens) -> tuple[int, int] | None:
    """An earlier text in three quotes that took statements with it: its start, its likely end."""
    text = tokens.source.text
    for kind, start, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True):
        if kind == STRING and text.startswith(('"""', "'''"), start):
            found = _statement_after(text, start, end)
            if found is not None:
                return start, found
    return None


def _statement_after(text: str, start: int, stop: int) -> int | None:
    """The end of the line before the next one that looks like a statement."""
    line = text.find("\n", start, stop)
    if line < 0:
        return None
    found = _STATEMENT.search(text, line + 1, stop)
    if found is None:
        return None
    return text.rfind("\n", start, found.start() + 1) if found.start() > line else line
