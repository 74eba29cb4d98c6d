"""Sizes written shorter: the same number for every size of the progression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import nnspec
from nnspec.conditions import Condition, equal
from nnspec.dims import conditional, evaluate, maximum, minimum, render, symbol
from nnspec.known import Known
from nnspec.report.formula import formula
from nnspec.report.units import short
from nnspec.residues import Progression

if TYPE_CHECKING:
    from nnspec.dims import Size

H, W, N = symbol("H"), symbol("W"), symbol("N")
EVEN = Known(dict.fromkeys("HW", Progression(16, 16, None)))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2 * (H // 2), "H"),
        (2 * (H // 16), "H // 8"),
        ((H - 1) // 2 + 1, "H // 2"),
        (64 * N * (H // 2) * (W // 2), "16*H*N*W"),
        (H // 32, "H // 32"),
        (7, "7"),
        (N // 2, "N // 2"),
    ],
)
def test_what_a_person_writes(size: Size, text: str) -> None:
    assert render(EVEN.write(size)) == text


def test_the_only_size() -> None:
    assert Known({"H": Progression(14, 0, 14)}).write(H // 2 + W) == 7 + W


def _quotient(size: Any, factor: int, offset: int, divisor: int) -> Size:
    return (factor * size + offset) // divisor


QUOTIENT = st.builds(
    _quotient, st.sampled_from([H, W]), st.integers(1, 5), st.integers(-9, 9), st.integers(1, 12)
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(0, 24),
    st.integers(1, 9),
    st.builds(lambda a, b, c, k: k * a * b + c, QUOTIENT, QUOTIENT, QUOTIENT, st.integers(1, 64)),
)
def test_it_is_the_same_number(first: int, step: int, other: int, size: Size) -> None:
    known = Known({"H": Progression(first, step, None), "W": Progression(other, 6, None)})
    written = known.write(size)
    assert len(render(written)) <= len(render(size))
    for count in range(6):
        point = {"H": first + step * count, "W": other + 6 * (count % 3)}
        assert evaluate(written, point) == evaluate(size, point)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (minimum(H, 1024), "H"),
        (minimum(H, 100), "min(100, H)"),
        (maximum(H - 8, 3), "H - 8"),
        (maximum(minimum(H, 2000), 5) // 2, "H // 2"),
        (conditional(H - 11, H // 2, W), "H // 2"),
        (conditional(1024 - H, H, N), "H"),
        (conditional(500 - H, H, N), "(H if H <= 500 else N)"),
        (minimum(H, W), "W"),
        (H * N + N * W, "2*N*W"),
        (H // 2 - W // 2 + 1, "1"),
    ],
)
def test_bounds_and_equations(size: Size, text: str) -> None:
    known = Known({"H": Progression(11, 1, 1024)}, [equal(H, W)])
    assert render(known.write(size)) == text


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.integers(1, 30),
    st.integers(0, 30),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([H, 2 * H + 1, H // 3]),
    st.lists(QUOTIENT, min_size=2, max_size=3),
    st.integers(-40, 40),
)
def test_it_is_the_same_number_within_the_bounds(
    first: int, more: int, step: int, other: Size, parts: list[Size], offset: int
) -> None:
    last = first + more * step
    known = Known({"H": Progression(first, step, last)}, [Condition("==", W - other, "")])
    size = minimum(parts[0] + offset, *parts[1:]) + maximum(parts[0], 7) * H
    size = size + conditional(parts[1] - offset, parts[0], W)
    written = known.write(size)
    for h in range(first, last + 1, step):
        point = {"H": h, "W": evaluate(other, {"H": h})}
        if point["W"] >= 1:
            assert evaluate(written, point) == evaluate(size, point)


HOURGLASS = """
block Hourglass(depth: int):
    input x: [N, C, H, W]
    low = x -> max_pool2d(2)
    if depth > 1:
        low = low -> Hourglass(depth - 1)
    return x + (low -> interpolate(scale_factor=2))

model M:
    input x: [N, 3, H, W]
    return x -> conv2d(8, 7, stride=2, padding=3) -> max_pool2d(2) -> Hourglass(4)
"""


def test_an_equation_says_the_shorter_size() -> None:
    """What goes down and up again is as large as it was, where the model runs: by PyTorch's own count."""
    (model,) = nnspec.check_source(HOURGLASS).models.values()
    (output,) = model.outputs.values()
    assert output.shape == ("N", 8, "(H + 1) // 4", "(W + 1) // 4")
    for high in range(1, 200):
        found = F.max_pool1d(torch.zeros(1, 1, (high - 1) // 2 + 1), 2) if high > 2 else None
        length = 0 if found is None else found.shape[-1]
        assert model.admits({"H": high, "W": 64}) == (length > 0 and length % 16 == 0), high
        if length % 16 == 0 and length:
            assert eval(str(output.shape[2]), {}, {"H": high}) == length


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((H * W) // 2, "0.5·H·W"),
        (5 * H * W + (H * H * W * W) // 8, "0.125·H²·W² + 5·H·W"),
        (7 * (H // 4) * (W // 4) + (H * W) // 16, "0.5·H·W"),
        (3000 * (H // 16), "187.5·H"),
        (100_001 * (H // 4), "25,000·H"),
    ],
)
def test_a_figure_that_is_divided_without_a_remainder(size: Size, text: str) -> None:
    assert formula(*_of(EVEN.quotient(size))) == text


def _of(found: tuple[Size, int]) -> tuple[Size, Any, int]:
    size, by = found
    return size, short, by


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 8), st.integers(1, 5), st.integers(1, 5)
)
def test_a_quotient_is_the_size(a: int, b: int, by: int, high: int, wide: int) -> None:
    point = {"H": 16 * high, "W": 16 * wide}
    for size in (a * (H // by) * W + b, a * H * (W // 4) - b * (H // 8), (a * H * W) // 16 + b * H):
        whole, divisor = EVEN.quotient(size)
        assert evaluate(whole, point) == divisor * evaluate(size, point)
