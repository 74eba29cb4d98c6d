"""Sizes written shorter: the same number for every size of the progression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.dims import evaluate, render, symbol
from nnspec.known import Known
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
