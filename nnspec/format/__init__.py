"""The one layout of a spec: `formatted` gives a text in it, with every comment in its place.

The text is laid out from its tokens, so that what the grammar does not see (comments, blank lines,
where the author breaks a pipeline) is not lost; the tree before and after is compared.
"""

from __future__ import annotations

from nnspec.collector import uncollected
from nnspec.format.layout import Layout
from nnspec.format.pieces import WIDTH
from nnspec.records import Record
from nnspec.source import Source, Span
from nnspec.syntax import lexer
from nnspec.syntax.parser import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.diagnostics import Problem


#: how often a text that is too wide is laid out
MOST_ROUNDS = 8


def formatted(source: Source) -> tuple[str, list[Problem]]:
    """The text in the one layout; where its syntax is wrong, as it is and with its problems."""
    with uncollected():
        if "\r" in source.text:  # line ends are those of Unix, in texts over several lines too
            source = Source(source.text.replace("\r\n", "\n"), source.name, source.path)
        module, problems = parse(source)
        if problems:
            return source.text, problems
        text = _laid_out(source)
        again, broken = parse(Source(text, source.name))
        if broken or not same(module, again):
            raise AssertionError(f"the layout of {source.name} would change its meaning")
        return text, []


def _laid_out(source: Source) -> str:
    """The text in the layout. Where it does not get into the width, breaks of its own may be better ones for
    the layout of what it has become: then until nothing changes any more."""
    text = Layout(lexer.tokenize(source)).text()
    for _ in range(MOST_ROUNDS):
        if all(len(line) <= WIDTH for line in text.splitlines()):
            break
        before, text = text, Layout(lexer.tokenize(Source(text, source.name))).text()
        if text == before:
            break
    return text


def same(a: Any, b: Any) -> bool:
    """Whether two trees differ in nothing but places."""
    stack = [(a, b)]
    while stack:
        left, right = stack.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, (Source, Span)):
            continue
        if isinstance(left, Record):
            fields = [f for f in left._fields if f != "comments"]
            stack.extend((getattr(left, f), getattr(right, f)) for f in fields)
        elif isinstance(left, (list, tuple)):
            if len(left) != len(right):
                return False
            stack.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True
