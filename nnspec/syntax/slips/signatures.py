"""Slips in the first line of a definition, and in lines that declare a tensor or a layer."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.syntax.slips.slip import SHAPED, SIGNATURES, Slip
from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS
from nnspec.syntax.tokens import NAME, NEWLINE, STRING

_TYPES = "`int`, `float`, `bool`, `str`, `list`, `layer` or `size`"


def stars(slip: Slip) -> Problem | None:
    """`*args`, `**kwargs`: in a definition, and `**options` in a use."""
    if not slip.is_sign(slip.kind, "*", "**") or not slip.is_sign(slip.before, "(", ","):
        return None
    sign = slip.text(slip.index)
    if slip.opener in SIGNATURES and not slip.expects("+"):
        return slip.problem(
            f"no parameter begins with `{sign}`",
            "parameters are listed one by one; one may be a list, `depths: list`",
        )
    if slip.inside_brackets():
        return slip.problem(
            f"`{sign}` does not spread settings here", "write them out: `padding=1, bias=false`"
        )
    return slip.problem(f"no name begins with `{sign}`", "name each of them: `a, b, c = …`")


def parameter_type(slip: Slip) -> Problem | None:
    if slip.opener not in SIGNATURES or not slip.inside_brackets():
        return None
    kinds = slip.tokens.kinds
    if slip.is_sign(slip.before, ":") and slip.is_sign(slip.kind, "[", "("):
        name = slip.text(slip.index - 2)
        return slip.problem(
            f"a tensor is no parameter: parameters are {_TYPES}",
            f"declare it in the body: `input {name}: [N, C]`",
        )
    if slip.before == NAME and slip.is_sign(kinds[slip.index - 2], ":"):
        if slip.is_sign(slip.kind, "[", "."):
            return slip.problem(
                f"the type of a parameter is one word, not `{slip.text(slip.index - 1)}"
                f"{slip.text(slip.index)}…`",
                f"write {_TYPES}; `none` is allowed where it is the default",
                at=slip.index - 1,
            )
    return None


def definition_name(slip: Slip) -> Problem | None:
    """`model my-net:`, `model "Net":`."""
    if slip.opener not in SIGNATURES | {SOFT_WORDS["data"]}:
        return None
    word = slip.text(slip.first)
    if slip.index == slip.first + 1 and slip.kind == STRING:
        name = slip.text(slip.index).strip("\"'")
        help = f"write `{word} {name}`" if name.isidentifier() else "letters, digits and `_`"
        return slip.problem(f"the name of a {word} stands without quotes", help)
    if slip.index == slip.first + 2 and slip.is_sign(slip.kind, "-", ".", "/"):
        return slip.problem(
            f"a name has no `{slip.text(slip.index)}` in it",
            "names are made of letters, digits and `_`",
        )
    return None


def preset(slip: Slip) -> Problem | None:
    """`model small Net(3)` and `model small: Net(3)`."""
    if slip.opener not in SIGNATURES or slip.kind != NAME or slip.inside_brackets():
        return None
    if slip.text(slip.index) in SOFT_WORDS:  # the beginning of a body
        return None
    if not slip.expects("=") and not slip.is_sign(slip.before, ":"):
        return None
    colon = slip.is_sign(slip.before, ":")
    if slip.index != slip.first + 2 + colon:
        return None
    start = " ".join(slip.text(index) for index in (slip.first, slip.first + 1))
    return slip.problem(
        "expected the end of the line" if colon else f"expected `=` or `:`, found {slip.found()}",
        f"what stands on the same line follows `=`: `{start} = {slip.text(slip.index)}(…)`",
    )


def extern_target(slip: Slip) -> Problem | None:
    if slip.opener != SOFT_WORDS["extern"] or slip.inside_brackets():
        return None
    help = 'write `extern Name(…) = "package.module:Class":`'
    if slip.expects("=") and slip.is_sign(slip.kind, ":"):
        return slip.problem("the Python class is missing before this `:`", help)
    if slip.is_sign(slip.before, "=") and slip.kind != STRING:
        return slip.problem(f"expected a text in quotes, found {slip.found()}", help)
    return None


def missing_on(slip: Slip) -> Problem | None:
    if slip.opener != SOFT_WORDS["train"] or slip.index != slip.first + 2:
        return None
    model = slip.text(slip.first + 1)
    return slip.problem(
        f"expected `on`, found {slip.found()}",
        f"name the data part: `train {model} on Data:`",
    )


# -- lines that declare ------------------------------------------------------------------------------


def declaration(slip: Slip) -> Problem | None:
    """`input x = [N]`, `input x, y: [N]`, `layer enc: f`."""
    word = slip.text(slip.first)
    if slip.opener in SHAPED:
        if slip.text(slip.index + 1) == "dtype" or (
            slip.kind == NAME and slip.before == LITERALS["]"]
        ):
            return slip.problem(
                "the type of the numbers stands before the shape",
                f"write `{word} {slip.text(slip.first + 1)}: i64[N, T]`; without one it is the model's "
                "floating type",
            )
        if slip.is_sign(slip.kind, ",") and not slip.inside_brackets():
            return slip.problem(
                f"each `{word}` has a line of its own", f"write `{word} x: [N, C]` for each"
            )
        if slip.index == slip.first + 2:
            written = f"{word} {slip.text(slip.first + 1)}"
            return slip.problem(
                f"expected a shape after `{written}`, found {slip.found()}",
                f"write `{written}: [N, C]`",
            )
        if slip.is_sign(slip.kind, "=") and NEWLINE in slip.expected:
            return slip.problem(
                f"an `{word}` has no value of its own", "remove what follows the shape"
            )
    if slip.opener == SOFT_WORDS["layer"] and slip.index == slip.first + 2:
        written = f"layer {slip.text(slip.first + 1)}"
        return slip.problem(
            f"expected `=` after `{written}`, found {slip.found()}",
            f"write `{written} = conv2d(64, 3)`",
        )
    return None


def loop(slip: Slip) -> Problem | None:
    """`for (i in x):`, `for i of x:`, `for i range(3):`."""
    if not slip.is_sign(slip.opener, "for"):
        return None
    if any(kind == HARD_WORDS["in"] for kind in slip.tokens.kinds[slip.first : slip.index]):
        return None
    if slip.is_sign(slip.kind, "in") and slip.is_sign(slip.tokens.kinds[slip.first + 1], "("):
        return slip.problem(
            "a loop stands without parentheses",
            "write `for i in range(n):`",
            at=slip.first + 1,
        )
    return slip.problem(
        f"expected {'a name' if NAME in slip.expected else '`in`'}, found {slip.found()}",
        "a loop is written `for i in range(n):`",
    )


def condition(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.opener, "if", "elif") and slip.index == slip.first + 1:
        if slip.is_sign(slip.kind, ":") or slip.kind == NEWLINE:
            word = slip.text(slip.first)
            return slip.problem(f"this `{word}` has no condition", "write `if H > 32:`")
    return None
