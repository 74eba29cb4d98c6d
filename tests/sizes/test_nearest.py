"""The nearest admitted sizes against looking at all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnspec
from nnspec.conditions import at_least, differs, divisible, equal
from nnspec.dims import symbol
from nnspec.nearest import nearest_sizes
from nnspec.sizes import solve

H, W = symbol("H"), symbol("W")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(1, 20), st.integers(1, 60), st.integers(20, 140), st.integers(1, 150))
def test_one_symbol(step: int, low: int, hole: int, wanted: int) -> None:
    found = solve([divisible(H, step), at_least(H, low), differs(H, hole)])
    admitted = [h for h in range(1, 400) if h % step == 0 and h >= low and h != hole]
    below = [h for h in admitted if h <= wanted][-1:]
    above = [h for h in admitted if h >= wanted][:1]
    expected = sorted({*below, *above} if wanted not in admitted else {wanted})
    answers = nearest_sizes(found, {"H": wanted}, {})
    assert sorted(answer["H"] for answer in answers) == expected
    distances = [abs(answer["H"] - wanted) for answer in answers]
    assert distances == sorted(distances)


def test_symbols_that_hang_together() -> None:
    found = solve([equal(H, W), divisible(H, 8)])
    for wanted in ({"H": 12, "W": 21}, {"H": 30, "W": 40}):
        answers = nearest_sizes(found, wanted, {})
        squares = [8 * n for n in range(1, 20)]
        far = min(max(abs(s - wanted["H"]), abs(s - wanted["W"])) for s in squares)
        for answer in answers:
            assert answer["H"] == answer["W"]
            assert max(abs(answer[name] - size) for name, size in wanted.items()) == far
        assert answers


def test_far_away_where_sizes_lie_wide_apart() -> None:
    raft = nnspec.check("zoo:raft").models["raft_small"]
    assert raft.nearest({"H": 1, "W": 1}) == [{"H": 128, "W": 128}]
    found = solve([equal(H * W, W * 96), divisible(H, 32), divisible(W, 48)])
    assert nearest_sizes(found, {"H": 1000, "W": 1000}, {})[0] == {"H": 96, "W": 1008}


@pytest.mark.parametrize("wanted", [(1, 1), (300, 300), (50, 900), (2, 1500)])
def test_maxvit_from_far_away(wanted: tuple[int, int]) -> None:
    """64 windows of 28 pixels, in any rectangle, against looking at all of them; each side may be up to 3
    pixels less, since strides round up."""
    sides = [(28 * n - less, 28 * (64 // n) - more)
             for n in (1, 2, 4, 8, 16, 32, 64) for less in range(4) for more in range(4)]  # fmt: skip

    def far(size: tuple[int, int]) -> tuple[int, int]:
        by = [abs(a - b) for a, b in zip(size, wanted, strict=True)]
        return max(by), sum(by)

    report = nnspec.check("zoo:maxvit").models["maxvit_t"]
    found = report.nearest({"H": wanted[0], "W": wanted[1]})[0]
    assert far((found["H"], found["W"])) == min(map(far, sides))


@settings(max_examples=30, derandomize=True, deadline=None)
@given(
    st.integers(1, 9), st.integers(200, 900), st.integers(1, 7), st.integers(1, 900), st.integers(1, 90)
)  # fmt: skip
def test_a_line_far_away(slope: int, least: int, step: int, high: int, wide: int) -> None:
    found = solve([equal(H, slope * W + least), divisible(W, step)])
    answers = nearest_sizes(found, {"H": high, "W": wide}, {})
    line = [(slope * w + least, w) for w in range(step, 2000, step)]
    near = min(max(abs(h - high), abs(w - wide)) for h, w in line)
    assert answers
    for answer in answers:
        assert (answer["H"], answer["W"]) in line
        assert max(abs(answer["H"] - high), abs(answer["W"] - wide)) == near


def test_bounds() -> None:
    assert nearest_sizes(solve([at_least(H, 10), at_least(W, H)]), {"W": 4}, {"H": 12}) == [
        {"W": 12}
    ]
    assert nearest_sizes(solve([at_least(5, H), at_least(H, W)]), {"W": 9}, {"H": 5}) == [{"W": 5}]
    assert nearest_sizes(solve([at_least(5, H)]), {"H": 10**9}, {}) == [{"H": 5}]


def test_in_the_report() -> None:
    unet = nnspec.check("zoo:unet").models["UNet"]
    assert unet.nearest({"H": 225}) == [{"H": 224}, {"H": 240}]
    assert unet.nearest({"H": 3}) == [{"H": 16}]
    assert unet.nearest({"H": 224}) == [{"H": 224}]
    with pytest.raises(ValueError, match="no size `Q`"):
        unet.nearest({"Q": 3})
