"""Slips inside expressions."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.syntax.slips.slip import HARD, VALUE_ENDS, VALUE_STARTS, Slip, short
from nnspec.syntax.table import LITERALS
from nnspec.syntax.tokens import END, NAME, NEWLINE, NUMBER, STRING


def foreign_comment(slip: Slip) -> Problem | None:
    """`x -> relu // the first one`: what follows is no value."""
    if slip.kind != NAME or slip.before not in VALUE_ENDS or slip.inside_brackets():
        return None
    tokens = slip.tokens
    for index in range(slip.index - 1, slip.first - 1, -1):
        if (
            slip.is_sign(tokens.kinds[index], "//")
            and "\n" not in tokens.source.text[tokens.ends[index] : tokens.starts[slip.index]]
        ):
            return slip.problem("a comment begins with `#`", at=index)
    return None


def comma(slip: Slip) -> Problem | None:
    """`f(a,, b)`, `f(, a)`, `a, = x`."""
    if slip.is_sign(slip.kind, ",") and slip.is_sign(slip.before, ",", "(", "["):
        return slip.problem("a value is missing before this `,`", "add it, or remove the `,`")
    if slip.is_sign(slip.before, ",") and slip.is_sign(slip.kind, "="):
        return slip.problem(
            "a name is missing after this `,`",
            "several are bound by `a, b = …`; of a list, one is `x[0]`",
            at=slip.index - 1,
        )
    return None


def percent(slip: Slip) -> Problem | None:
    """`[train: 80%, val: 20%]`."""
    if slip.is_sign(slip.before, "%") and slip.tokens.kinds[slip.index - 2] == NUMBER:
        if NUMBER in slip.expected and slip.kind not in VALUE_STARTS:
            return slip.problem(
                "nothing follows this `%`, which gives a remainder",
                "a share is written as a number: `0.8` for 80 percent",
                at=slip.index - 1,
            )
    return None


def hanging_sign(slip: Slip) -> Problem | None:
    if slip.kind not in (NEWLINE, END) or NUMBER not in slip.expected or slip.before < 0:
        return None
    sign = slip.text(slip.index - 1)
    if slip.index == slip.first + 3 and sign in ("+", "-") and slip.text(slip.index - 2) == sign:
        name = slip.text(slip.first)
        return slip.problem(
            f"`{2 * sign}` is not a sign of this language",
            f"bind the name again: `{name} = {name} {sign} 1`",
            at=slip.index - 2,
        )
    if sign == "->":
        help = "a pipeline goes on where the next line begins with `->`"
    elif slip.before in LITERALS.values():
        help = "to go on with the next line, put the whole in parentheses"
    else:
        help = ""
    return slip.problem(f"nothing follows this `{short(sign)}`", help, at=slip.index - 1)


def conditional_without_else(slip: Slip) -> Problem | None:
    if not slip.expects("else") or slip.index == slip.first:
        return None
    if slip.is_sign(slip.kind, "for"):
        return slip.problem(
            "expected `else` before this `for`",
            "a choice has both sides, `a if condition else b`; to leave items out, the `if` stands "
            "last: `[i for i in x if i > 3]`",
        )
    if slip.kind in (NEWLINE, END) or slip.is_sign(slip.kind, ",", ")", "]", ":", "="):
        return slip.problem(
            f"expected `else`, found {slip.found()}",
            "a choice has both sides: `a if condition else b`",
        )
    return None


def generator(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.kind, "for") and slip.before in VALUE_ENDS:
        return slip.problem(
            "a list is made by `for` inside square brackets only",
            "write `[2 * i for i in range(n)]`",
        )
    return None


def side_by_side(slip: Slip) -> Problem | None:
    if slip.kind not in VALUE_STARTS or slip.before not in VALUE_ENDS:
        return None
    text = slip.text(slip.index)
    if slip.kind == NUMBER and text.startswith("."):
        return slip.problem(
            f"a name cannot go on with `{text}`", f"a number in a label is an index: `[{text[1:]}]`"
        )
    message = slip.is_sign(slip.opener, "assert") and slip.kind == STRING
    if slip.expects(",") and (slip.inside_brackets() or message):
        return slip.problem(f"`,` is missing before {slip.found()}")
    return None


def reserved_word(slip: Slip) -> Problem | None:
    if slip.kind in HARD and NAME in slip.expected:
        word = slip.text(slip.index)
        what = "a value" if NUMBER in slip.expected else "a name"
        return slip.problem(
            f"expected {what}, found the word `{word}`",
            f"`{word}` belongs to the language and cannot be a name",
        )
    return None
