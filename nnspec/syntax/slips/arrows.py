"""Slips with the arrow and with labels."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.syntax.slips.slip import SHAPED, SIGNATURES, VALUE_ENDS, Slip
from nnspec.syntax.tokens import END, NAME, NEWLINE, NUMBER

#: two signs side by side that were meant to be one arrow
_NEARLY = {("-", ">"), ("-", "->"), (">", ">"), ("=", ">"), ("~", ">")}


def nearly_an_arrow(slip: Slip) -> Problem | None:
    if slip.index == slip.first or slip.kind in VALUE_ENDS | {NEWLINE, END}:
        return None
    if (slip.text(slip.index - 1), slip.text(slip.index)) not in _NEARLY:
        return None
    if slip.tokens.ends[slip.index - 1] == slip.tokens.starts[slip.index]:
        written = slip.text(slip.index - 1) + slip.text(slip.index)
        return slip.problem(
            f"`{written}` is not a sign of this language",
            "the arrow is `->`",
            at=slip.index - 1,
        )
    return slip.problem("the arrow is written without a space", "write `->`", at=slip.index - 1)


def spread_layers(slip: Slip) -> Problem | None:
    """`x -> *layers`."""
    if not (slip.is_sign(slip.kind, "*") and slip.is_sign(slip.before, "->")):
        return None
    word = slip.text(slip.index + 1) or "layers"
    return slip.problem(
        "a list of layers is applied one by one",
        f"write `for layer in {word}:`, and under it `x = x -> layer`",
    )


def misplaced_arrow(slip: Slip) -> Problem | None:
    if not slip.is_sign(slip.kind, "->") or slip.index == slip.first:
        return None
    if slip.is_sign(slip.before, "->"):
        between = slip.tokens.source.text[
            slip.tokens.ends[slip.index - 1] : slip.tokens.starts[slip.index]
        ]
        if "\n" in between:
            return slip.problem(
                "nothing follows this `->`",
                "the arrow stands at the beginning of the next line only: remove this one",
                at=slip.index - 1,
            )
        return slip.problem("there is no layer between these two arrows", "remove one of them")
    if slip.is_sign(slip.before, ":") and NUMBER in slip.expected:
        return _label_alone(slip)
    if slip.opener in SIGNATURES and slip.expects(":"):
        return slip.problem(
            "the first line does not say what comes back",
            "end it with `:`; `return y: [N, C]` asserts a shape",
        )
    if slip.opener in SHAPED and NEWLINE in slip.expected:
        word = slip.text(slip.first)
        return slip.problem(
            f"no layer is applied in `{word}`",
            f"its line ends after the shape; go on with a line such as "
            f"`y = {slip.text(slip.first + 1)} -> …`",
        )
    if NUMBER in slip.expected:
        return slip.problem(
            "there is nothing before this `->`",
            "a tensor or a layer stands before the arrow: `x -> relu`",
        )
    return None


def label_without_layer(slip: Slip) -> Problem | None:
    """`-> conv1:` and then the end of the line."""
    if slip.kind not in (NEWLINE, END) or not slip.is_sign(slip.before, ":"):
        return None
    if NUMBER not in slip.expected or slip.index < slip.first + 3:
        return None
    return _label_alone(slip)


def _label_alone(slip: Slip) -> Problem:
    start = slip.index - 1
    while start > slip.first and not slip.is_sign(
        slip.tokens.kinds[start - 1], "->", "=", ",", "(", ":"
    ):
        start -= 1
    text = slip.tokens.source.text
    label = text[slip.tokens.starts[start] : slip.tokens.starts[slip.index - 1]].strip()
    return slip.problem(
        f"the label `{label}` has no layer",
        f"the layer follows it: `{label}: conv2d(64, 3)`",
        at=slip.index - 1,
    )


def label_without_colon(slip: Slip) -> Problem | None:
    """`x -> conv1 conv2d(64, 3)`, `x -> conv1 = conv2d(64, 3)`."""
    if slip.before != NAME or slip.index < slip.first + 2 or slip.inside_brackets():
        return None
    if not slip.is_sign(slip.tokens.kinds[slip.index - 2], "->"):
        return None
    if slip.kind == NAME:
        return slip.problem(
            f"expected `:` or `->`, found {slip.found()}",
            f"a label ends with `:`, as in `{slip.text(slip.index - 1)}: "
            f"{slip.text(slip.index)}`; between two layers stands `->`",
        )
    if slip.is_sign(slip.kind, "="):
        return slip.problem(
            "a label is written with `:`", f"write `{slip.text(slip.index - 1)}: …`"
        )
    return None


def second_label(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.kind, ":") and slip.before in VALUE_ENDS and slip.expects("->"):
        return slip.problem("a stage has one label", "put an inner pipeline in parentheses")
    return None
