"""Slips with the shape of a statement."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.source import Span
from nnspec.syntax.slips.slip import BODY_WORDS, DEFINITIONS, SHAPED, Slip
from nnspec.syntax.tokens import HEADERS, NEWLINE, STRING


def unused_value(slip: Slip) -> Problem | None:
    plain = slip.opener not in BODY_WORDS | DEFINITIONS | HEADERS
    if slip.kind != NEWLINE or not slip.expects("=") or not plain:
        return None
    tokens = slip.tokens
    whole = Span(tokens.source, tokens.starts[slip.first], tokens.ends[slip.index - 1])
    if slip.opener == STRING and slip.index == slip.first + 1:
        return Problem(
            "NN101",
            "a text alone documents a file or a body, and stands first in it",
            whole,
            help="write a comment, with `#`",
        )
    if whole.text == "pass":
        return Problem("NN101", "`pass` is no word of this language", whole)
    help = "bind it to a name, `x = …`, or return it, `return …`"
    if slip.is_sign(tokens.kinds[slip.first + 1], "=="):
        help = "a name is bound with one `=`"
    return Problem("NN101", "this value is not used", whole, help=help)


def missing_shape(slip: Slip) -> Problem | None:
    if slip.opener not in SHAPED or slip.index != slip.first + 2:
        return None
    written = f"{slip.text(slip.first)} {slip.text(slip.first + 1)}"
    return slip.problem(
        f"expected a shape after `{written}`, found {slip.found()}", f"write `{written}: [N, C]`"
    )


def missing_end_of_header(slip: Slip) -> Problem | None:
    if slip.kind != NEWLINE:
        return None
    if slip.opener in HEADERS and slip.expects(":"):
        sign = "`:` or `=`" if slip.expects("=") else "`:`"
        return slip.problem(f"{sign} is missing at the end of this line")
    if slip.is_sign(slip.opener, "return") and slip.index == slip.first + 1:
        return slip.problem("`return` needs a value")
    return None


def wrong_equals(slip: Slip) -> Problem | None:
    if not slip.is_sign(slip.kind, "="):
        return None
    if slip.opener in HEADERS and not slip.inside_brackets():
        return slip.problem("`=` binds a name, it does not compare", "write `==`")
    if slip.inside_brackets():
        return slip.problem(
            "`=` has no meaning here",
            "equality is `==`; a key in a list is written with `:`, as in `[train: 0.8]`",
        )
    if any(slip.is_sign(kind, "=") for kind in slip.tokens.kinds[slip.first : slip.index]):
        return slip.problem("a statement has one `=`", "write two statements; equality is `==`")
    return None
