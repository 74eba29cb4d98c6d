"""The fields of a label that is a string: `"layer{i + 1}"` is a text and an expression."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.source import Span
from nnspec.syntax.literals import quote_length, unescape
from nnspec.syntax.parser import parse_expression
from nnspec.syntax.tree import Expr, String


def fields(string: String) -> tuple[tuple[str | Expr, ...], list[Problem]]:
    """The texts and the expressions of a string in their order, and what is wrong with them.

    The expressions have their own places in the file. `{{` and `}}` stand for the braces.
    """
    source = string.span.source
    text = source.text
    quote = quote_length(string.span)
    at, stop = string.span.start + quote, string.span.end - quote
    pieces: list[str | Expr] = []
    problems: list[Problem] = []
    literal = ""
    while at < stop:
        brace = next((i for i in range(at, stop) if text[i] in "{}"), stop)
        literal += unescape(Span(source, at, brace))[
            0
        ]  # escapes were judged with the string itself
        if brace == stop:
            break
        if brace + 1 < stop and text[brace + 1] == text[brace]:
            literal += text[brace]
            at = brace + 2
            continue
        end = text.find("}", brace, stop)
        if text[brace] == "}" or end < 0:
            word = "closes nothing" if text[brace] == "}" else "is never closed"
            problems.append(
                Problem(
                    "NN104",
                    f"this `{text[brace]}` {word}",
                    Span(source, brace, brace + 1),
                    help="in a label `{...}` holds an expression; a brace itself is written twice",
                )
            )
            break
        value, found = parse_expression(source, brace + 1, end)
        problems.extend(found)
        if literal:
            pieces.append(literal)
            literal = ""
        if value is not None:
            pieces.append(value)
        at = end + 1
    if literal:
        pieces.append(literal)
    return tuple(pieces), problems
