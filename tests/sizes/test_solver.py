"""The sets of admitted sizes against counting them out."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec import sizes
from nnspec.conditions import Condition, at_least, differs, divisible, equal
from nnspec.dims import conditional, evaluate, holds, maximum, minimum, symbol
from nnspec.rising import least_number
from nnspec.sizes import solve

if TYPE_CHECKING:
    from nnspec.dims import Size

ROOT = Path(__file__).parents[2]
H, W = symbol("H"), symbol("W")
common = settings(max_examples=150, derandomize=True, deadline=None)
small = st.integers(-20, 60)


def _ahead(size: Any, steps: list[tuple[int, int, int]]) -> Size:
    for factor, offset, divisor in steps:
        size = (factor * size + offset) // divisor
    return size


def _sizes(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    step = st.tuples(st.integers(-3, 3), st.integers(-9, 9), st.integers(1, 6))
    chain = st.builds(_ahead, of, st.lists(step, max_size=2))
    return st.one_of(
        chain,
        st.builds(lambda a, b: a - b, chain, chain),
        st.builds(lambda a, m: a % m, chain, st.integers(2, 9)),
    )


def _conditions(size: st.SearchStrategy[Any]) -> st.SearchStrategy[Condition]:
    return st.one_of(
        st.builds(equal, size, small),
        st.builds(equal, size, size),
        st.builds(differs, size, small),
        st.builds(at_least, size, small),
        st.builds(at_least, small, size),
        st.builds(at_least, size, size),
        st.builds(divisible, size, st.integers(1, 12)),
    )


ONE = _conditions(_sizes(st.just(H)))
TWO = _conditions(
    st.builds(
        lambda a, b, k: a + k * b,
        _sizes(st.just(H)),
        _sizes(st.just(W)),
        st.sampled_from([-2, -1, 0, 1, 2]),
    )
)


def _bent(one: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Minima, maxima, and sizes that depend on a condition."""
    return st.one_of(
        st.builds(lambda f, a, b: f(a, b), st.sampled_from([minimum, maximum]), one, other),
        st.builds(
            lambda op, a, b, then, otherwise: conditional(holds(op, a, b), then, otherwise),
            st.sampled_from(["==", "!=", ">=", "<"]), one, other, one, one,
        ),
    )  # fmt: skip


CLAMPED = _conditions(_bent(_sizes(st.just(H)), small))
TWO_CLAMPED = _conditions(
    st.builds(
        lambda a, b, k: a + k * b,
        _bent(_sizes(st.just(H)), _sizes(st.just(W))),
        _sizes(st.just(W)),
        st.sampled_from([-1, 0, 1]),
    )
)


def _products(one: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda a, b, c, k: k * a * b + c, one, other, _sizes(one), st.integers(-3, 3))


SQUARED = _conditions(_products(_sizes(st.just(H)), _sizes(st.just(H))))
AREA = _conditions(_products(st.just(H), st.sampled_from([W, W, W // 2, H])))


def agrees(conditions: list[Condition], points: list[dict[str, int]]) -> None:
    """The solved set, its words and its emptiness are what the points say."""
    found = solve(conditions)
    words = [compile(text, "requires", "eval") for text in found.requires]
    some = False
    for point in points:
        truth = all(condition.holds(point) for condition in conditions)
        some = some or truth
        assert found.admits(point) == truth, point
        if not found.empty:
            told = all(eval(word, {"min": min, "max": max}, dict(point)) for word in words)
            assert told == truth, (point, found.requires)
    if found.empty:
        assert not some
        assert found.conflict
        assert set(found.conflict) <= set(conditions)
        for condition in found.conflict:  # none of them can be left out
            others = [other for other in found.conflict if other is not condition]
            assert not solve(others).empty
    assert bool(found.conflict) == found.empty


@common
@given(st.lists(ONE, min_size=1, max_size=3))
def test_one_symbol(conditions: list[Condition]) -> None:
    agrees(conditions, [{"H": h} for h in range(1, 151)])
    assert not solve(conditions).unproved


@settings(common, max_examples=400)
@given(_sizes(st.just(H)), _sizes(st.just(H)), st.integers(-3, 6), st.integers(1, 64), small)
def test_from_which_number_on_a_size_is_at_least_0(
    one: Any, other: Any, factor: int, divisor: int, more: int
) -> None:
    size = one - other * factor // divisor + more
    least = least_number("H", size)
    if least is not None:
        for h in range(1, 700):
            assert (evaluate(size, {"H": h}) >= 0) == (h >= least), h


def test_padding_to_windows_needs_no_remainders() -> None:
    padded = 8 * ((H + 28) // 32)
    assert least_number("H", padded - 1) == 4
    assert least_number("H", 8 * ((63 * H + 8 * (H // 4) + 63) // 64) - 8 * H) == 1
    assert least_number("H", 10**9 * (H // 3) - 10**15) == 3_000_000
    assert least_number("H", H // 4 - H // 2 + 5) is None  # it falls
    assert least_number("H", H % 4 - 1) is None
    assert least_number("H", H - 20 * (H % 3)) is None  # it holds at 3, and not at 4


@settings(common, max_examples=60)
@given(st.lists(CLAMPED, min_size=1, max_size=2))
def test_minima_and_maxima(conditions: list[Condition]) -> None:
    agrees(conditions, [{"H": h} for h in range(1, 151)])


@settings(common, max_examples=80)
@given(st.lists(st.one_of(SQUARED, SQUARED, ONE), min_size=1, max_size=3))
def test_products_of_one_symbol(conditions: list[Condition]) -> None:
    agrees(conditions, [{"H": h} for h in range(1, 151)])
    assert not solve(conditions).unproved


@settings(common, max_examples=60)
@given(st.lists(st.one_of(AREA, AREA, TWO), min_size=1, max_size=3))
def test_products_of_two_symbols(conditions: list[Condition]) -> None:
    square = itertools.product(range(1, 26), repeat=2)
    agrees(conditions, [{"H": h, "W": w} for h, w in square])


@settings(common, max_examples=60)
@given(st.lists(st.one_of(TWO_CLAMPED, ONE), min_size=1, max_size=2))
def test_minima_and_maxima_of_two_symbols(conditions: list[Condition]) -> None:
    square = itertools.product(range(1, 26), repeat=2)
    agrees(conditions, [{"H": h, "W": w} for h, w in square])


@settings(common, max_examples=80)
@given(st.lists(st.one_of(TWO, TWO, ONE), min_size=1, max_size=3))
def test_two_symbols(conditions: list[Condition]) -> None:
    square = itertools.product(range(1, 26), repeat=2)
    agrees(conditions, [{"H": h, "W": w} for h, w in square])


@common
@given(st.lists(ONE, min_size=1, max_size=3))
def test_what_is_not_empty_has_a_size(conditions: list[Condition]) -> None:
    # divisors multiply to 6**4 * 9 * 12 at most, but bounds are small: a period decides
    found = solve(conditions)
    if not found.empty:
        assert any(found.admits({"H": h}) for h in range(1, 30_000))


@settings(common, max_examples=40)
@given(st.integers(1, 60), st.integers(0, 59), st.integers(-5, 90), st.integers(-5, 400))
def test_a_range_of_one_remainder(m: int, r: int, low: int, high: int) -> None:
    conditions = [equal(H % m, r % m), at_least(H, low), at_least(high, H)]
    admitted = [h for h in range(1, 500) if h % m == r % m and low <= h <= high]
    found = solve(conditions)
    assert found.empty == (not admitted)
    for h in range(1, 500):
        assert found.admits({"H": h}) == (h in admitted)
        if not found.empty:
            assert all(eval(text, {}, {"H": h}) for text in found.requires) == (h in admitted)


def test_a_u_net_of_four_levels() -> None:
    """The skip of each level has the height that the next one was halved from."""
    heights: list[Size] = [H]
    conditions = []
    for _ in range(4):
        conditions.append(at_least(heights[-1] // 2, 1))
        heights.append(heights[-1] // 2)
    height = heights.pop()
    while heights:
        height = 2 * height
        conditions.append(equal(height, heights.pop()))
    found = solve(conditions)
    assert found.requires == ("H % 16 == 0", "H >= 16")
    assert found.unproved == ()


@pytest.mark.parametrize(
    ("conditions", "requires"),
    [
        ([at_least(H, 5)], ("H >= 5",)),
        ([divisible(H, 2), divisible(H, 3)], ("H % 6 == 0", "H >= 6")),
        ([equal(H, 7)], ("H == 7",)),
        ([at_least(10**9, H)], ("H <= 1000000000",)),
        ([at_least(H, 10**9)], ("H >= 1000000000",)),
        ([at_least(H, 1)], ()),
        ([differs(H, 4)], ("H != 4",)),
        ([equal(H, W)], ("H == W",)),
        ([equal(H, W), at_least(W, H)], ("H == W",)),
    ],
)
def test_in_words(conditions: list[Condition], requires: tuple[str, ...]) -> None:
    assert solve(conditions).requires == requires


def test_conflicts_name_what_is_in_conflict() -> None:
    low, high, even = at_least(H, 10), at_least(5, H), divisible(H, 2)
    assert set(solve([even, low, high]).conflict) == {low, high}
    same, more = equal(H, W), at_least(H, W + 1)
    found = solve([even, same, at_least(W, 3), more])
    assert set(found.conflict) == {same, more}
    assert found.empty


C, T = symbol("C"), symbol("T")


@pytest.mark.parametrize(
    ("conditions", "requires"),
    [
        ([equal(H * W, 12), at_least(H, 2)], ("H >= 2", "H*W == 12")),
        ([equal(H * W, 6 * W)], ("H == 6",)),
        ([equal(3 * C * H * W, 6 * C * T)], ("H*W == 2*T",)),
        ([equal(H * H, 49)], ("H == 7",)),
        ([at_least((H // 4) ** 2, 16)], ("H >= 16",)),
        ([at_least(1000, H * H), divisible(H, 4)], ("H % 4 == 0", "4 <= H <= 28")),
        ([divisible(3 * C * H, 12)], ("(C*H) % 4 == 0",)),
        ([at_least(((H + 7) // 8) * ((W + 7) // 8), 2), at_least(H, 9)], ("H >= 9",)),
        ([at_least(((H + 7) // 8) * ((W + 7) // 8), 3), at_least(H, 9), at_least(W, 9)],
         ("H >= 9", "W >= 9")),
        ([at_least(H * W, 3), at_least(H, 2)], ("H >= 2", "H*W >= 3")),
        ([equal(((H + 3) // 28) * (W // 28), 64), at_least(H, 80)],
         ("H >= 80", "((H + 3) // 28) * (W // 28) == 64")),
    ],
)  # fmt: skip
def test_products_in_words(conditions: list[Condition], requires: tuple[str, ...]) -> None:
    found = solve(conditions)
    assert found.requires == requires
    assert found.unproved == ()


@pytest.mark.parametrize(
    "conditions",
    [
        [equal(H * W, 13), at_least(H, 2), at_least(W, 2)],
        [equal(H * W, 12), equal(H, W)],
        [equal(T, H * W), at_least(10, T), at_least(H, 4), at_least(W, 3)],
        [equal(C * H, 2 * C * W), equal(H % 2, 1)],
        [equal(H * H, 2)],
        [equal((H // 2) * (W // 3), 7), at_least(13, H), at_least(20, W)],
    ],
)
def test_products_that_no_size_satisfies(conditions: list[Condition]) -> None:
    found = solve(conditions)
    assert set(found.conflict) == set(conditions)


def test_what_is_not_decided_is_told() -> None:
    """x**3 + y**3 == z**3 has no solutions (Euler 1770), which is not found by isolating anything."""
    cubes = equal(H**3 + W**3, C**3)
    found = solve([cubes, at_least(T, 2)])
    assert found.unproved == (cubes,)
    assert found.requires == ("T >= 2", cubes.text)
    assert not found.admits({"H": 3, "W": 4, "C": 5, "T": 2})


def test_sizes_are_at_least_one() -> None:
    assert not solve([]).admits({"H": 0})
    assert solve([]).admits({"H": 1})
    with pytest.raises(KeyError):
        solve([at_least(H, 2)]).admits({"W": 3})


def test_symbols_may_be_named_like_words_of_islpy() -> None:
    names = ["floor", "mod", "min", "and", "exists", "v1", "true", "größe"]
    loop = [equal(symbol(a), symbol(b)) for a, b in itertools.pairwise(names)]
    assert not solve(loop).empty
    assert solve([*loop, at_least(symbol(names[0]), symbol(names[-1]) + 1)]).empty


def _loads_islpy(make: str) -> bool:
    code = (
        "import sys; from nnspec.dims import symbol; from nnspec.conditions import *\n"
        "from nnspec.sizes import solve\n"
        f"H, W = symbol('H'), symbol('W'); solve({make})\n"
        "print('islpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout.strip() == "True"


def test_islpy_is_loaded_for_several_symbols_only() -> None:
    one = "[equal(H // 2 * 2, H), differs(H, 8), at_least(W, 7), divisible(W, 3), at_least(3, H - 99)]"
    assert not _loads_islpy(one)
    assert _loads_islpy("[equal(H, W)]")


P, Q = 10**9 + 7, 10**9 + 9


@pytest.mark.parametrize(
    "conditions",
    [
        [equal(H % P, 5), equal(H % Q, 7)],
        [divisible(H, 19_997)],
        [equal(H % 19_997, 3), at_least(H, 10**9), at_least(10**15, H)],
        [divisible(H, m) for m in (7, 11, 13, 17, 19, 23, 29)],
        [equal(H % P, W % Q), equal(W % P, H % Q), differs(H, W)],
        [equal((H * 10**25 + i) // P % 17, W // (Q + i) % 13) for i in range(12)],
        [differs(H // 1000, i) for i in range(30)],
        [differs(H + i, W) for i in range(60)],
        [at_least(minimum(H, W + i), maximum(5, W // (i + 2))) for i in range(30)],
        [equal((H + i) // (i + 2) % 5, (W + i) // (i + 3) % 5) for i in range(15)],
    ],
)
def test_an_answer_comes_in_time(conditions: list[Condition]) -> None:
    start = time.perf_counter()
    found = solve(conditions)
    assert time.perf_counter() - start < 10
    point = {"H": 30_030, "W": 17}
    assert found.admits(point) == all(condition.holds(point) for condition in conditions)


def test_solving_is_the_same_in_any_order() -> None:
    conditions = [divisible(H, 4), at_least(H, 10), at_least(100, H)]
    answers = {solve(order).requires for order in itertools.permutations(conditions)}
    assert len(answers) == 1
    assert sizes.solve(conditions + conditions).requires in answers
