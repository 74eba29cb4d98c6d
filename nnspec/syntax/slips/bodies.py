"""Slips with lines, bodies and indentation."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.source import Span
from nnspec.syntax.slips.habits import is_script
from nnspec.syntax.slips.slip import BODY_WORDS, DEFINITIONS, Slip
from nnspec.syntax.table import HARD_WORDS, SOFT_WORDS
from nnspec.syntax.tokens import DEDENT, INDENT, JOINING, NEWLINE


def unexpected_indent(slip: Slip) -> Problem | None:
    if slip.kind != INDENT:
        return None
    tokens = slip.tokens
    after = slip.index + 1
    if tokens.kinds[after] in JOINING:
        return slip.problem(
            f"a line does not begin with `{slip.text(after)}`",
            "put the whole in parentheses; only `->` goes on with the line before by itself",
            at=after,
        )
    end = tokens.starts[slip.index]
    start = tokens.source.text.rfind("\n", 0, end) + 1
    return Problem(
        "NN103",
        "this line is indented, but the line before it opens no body",
        Span(tokens.source, start, end),
        help="a body follows a line that ends with `:`, a value one that ends with `=`",
    )


def nothing_after_equals(slip: Slip) -> Problem | None:
    if INDENT not in slip.expected:
        return None
    place = slip.index - 1
    while slip.tokens.kinds[place] in (NEWLINE, DEDENT):
        place -= 1
    return slip.problem(
        "nothing follows this `=`",
        "write the value after it, or on the next lines, indented",
        at=place,
    )


def second_line_of_value(slip: Slip) -> Problem | None:
    if DEDENT not in slip.expected or slip.expected - {DEDENT}:
        return None
    return slip.problem(
        "this line belongs to nothing: after `=` stands one expression",
        "a body of several statements follows `:`; a pipeline goes on with `->`",
    )


def else_without_if(slip: Slip) -> Problem | None:
    if slip.index != slip.first or not slip.is_sign(slip.kind, "else", "elif"):
        return None
    word = slip.text(slip.index)
    return slip.problem(
        f"this `{word}` has no `if`", "it stands right after the body of its `if`, indented like it"
    )


def wrong_place(slip: Slip) -> Problem | None:
    if slip.index != slip.first:
        return None
    word = slip.text(slip.index)
    top, body = SOFT_WORDS["model"] in slip.expected, HARD_WORDS["return"] in slip.expected
    if slip.kind in DEFINITIONS and not top:
        return slip.problem(
            f"`{word}` stands at the top level of a file, not in a body",
            "give this line no indentation",
        )
    if slip.kind in BODY_WORDS and not body:
        if top and is_script(slip.tokens, slip.first):
            return slip.problem(
                "a spec is not run",
                "delete this line and those under it: a train part says how it is trained, `train Net on "
                "Digits:`, and `nnspec train` has the loop",
            )
        if top:
            return slip.problem(
                f"`{word}` stands in the body of a block or model, not at the top level of a file",
                "indent it under its block or model",
            )
        return slip.problem(
            f"`{word}` stands in the body of a block or model, not in a data or train part",
            "a data or train part holds settings: `name = value`",
        )
    if slip.is_sign(slip.kind, "->"):
        return slip.problem("there is nothing before this `->`")
    return None


def inline_body(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.before, ":") and slip.expected == {NEWLINE}:
        return slip.problem(
            "the body stands on lines of its own",
            "begin a new line after the `:`, and indent it by four spaces",
        )
    return None
