"""What `check` says would fit is what fits: the operator is written there, and the problem is gone."""

from __future__ import annotations

import re

import pytest

from nnspec.checking import check_source
from nnspec.diagnostics import Problem

#: inputs, the use, the operator that is to be named, and of which input
REFUSED = [
    ("x: [3, 8, 8]", "x -> conv2d(4, 3)", "unsqueeze(0)", "x"),
    ("x: [N, 3, 8, 8]", "x -> batch_norm1d", "flatten", "x"),
    ("x: f16[N, 4]", "x -> linear(4)", 'to("f32")', "x"),
    ("x: bool[N]", "x -> abs", 'to("f32")', "x"),
    ("x: c64[N, 4]", "x -> sigmoid", "abs", "x"),
    ("x: [N, 10]; y: [N]", "(x, y) -> cross_entropy", 'to("i64")', "y"),
    ("x: [N, 10]; y: i64[N, 1]", "(x, y) -> cross_entropy", "squeeze(-1)", "y"),
    ("x: [N, 1]; y: [N]", "(x, y) -> mse_loss", "squeeze(-1)", "x"),
    ("x: [N]; y: i64[N]", "(x, y) -> binary_cross_entropy", 'to("f32")', "y"),
    ("x: [N, 4]; y: f64[4, 3]", "(x, y) -> matmul", 'to("f32")', "y"),
    ("x: [N, 4]; y: [3, 4]", "(x, y) -> matmul", "transpose(-2, -1)", "y"),
]


def problems(inputs: str, use: str) -> list[Problem]:
    lines = [f"    input {one.strip()}" for one in inputs.split(";")]
    text = "\n".join(["model M:", *lines, f"    return {use}", ""])
    return list(check_source(text).diagnostics)


@pytest.mark.parametrize(("inputs", "use", "written", "of"), REFUSED, ids=lambda value: str(value))
def test_what_would_fit_fits(inputs: str, use: str, written: str, of: str) -> None:
    (problem,) = problems(inputs, use)
    told = re.fullmatch(r"`(.+)` makes (.+) of (`\w+`|it), which fits", problem.help)
    assert told is not None, problem
    assert (told[1], told[3]) == (written, f"`{of}`")
    mended = re.sub(rf"\b{of}\b", f"({of} -> {written})", use, count=1)
    assert problems(inputs, mended) == []


def test_numbers_are_no_tensor_yet() -> None:
    inputs, use = (
        "x: [N, 2]; y: [N, 2]",
        "(x, y) -> binary_cross_entropy_with_logits(pos_weight={})",
    )
    (problem,) = problems(inputs, use.format("[1.0, 3]"))
    assert problem.help == "`tensor([1.0, 3])` makes one of it"
    assert problems(inputs, use.format("tensor([1.0, 3])")) == []


def test_nothing_is_said_where_nothing_fits() -> None:
    (problem,) = problems("x: [N, 3, H, W]", "x -> lstm(4)")
    assert problem.help == ""
    (problem,) = problems("x: [N, 3]", "x -> softmax(dim=2)")  # a setting is at fault
    assert problem.help == ""
