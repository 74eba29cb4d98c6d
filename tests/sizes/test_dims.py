"""Symbolic sizes against Python's integers.

`NNSPEC_DIMS_EXAMPLES=20000 pytest tests/sizes/test_dims.py --hypothesis-seed 1` looks for long.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import wraps
from math import prod
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnspec import dims
from nnspec.dims import (
    SizeLimit,
    ceildiv,
    conditional,
    evaluate,
    floordiv,
    holds,
    maximum,
    minimum,
    negated,
    render,
    symbol,
    undivided,
)
from nnspec.dims.form import order_of
from nnspec.dims.reading import parse

NAMES = ("H", "W", "C")
#: an expression is a function from the values of the symbols, integers or sizes, to its value
Expression = Callable[[dict[str, Any]], Any]

DEEP = os.environ.get("NNSPEC_DIMS_EXAMPLES")
usual = settings(max_examples=int(DEEP or 300), derandomize=not DEEP, deadline=None)


def common(test: Any) -> Any:
    """A test on examples; those that become too big for a size are left out."""
    inner = test.hypothesis.inner_test

    @wraps(inner)
    def within_limits(**example: Any) -> None:
        try:
            inner(**example)
        except SizeLimit:
            assume(False)

    test.hypothesis.inner_test = within_limits
    return usual(test)


def _least(a: Any, b: Any) -> Any:
    return minimum(a, b) if isinstance(a, dims.Dim) or isinstance(b, dims.Dim) else min(a, b)


def _most(a: Any, b: Any) -> Any:
    return maximum(a, b) if isinstance(a, dims.Dim) or isinstance(b, dims.Dim) else max(a, b)


def _up(a: Any, b: Any) -> Any:
    return ceildiv(a, b) if isinstance(a, dims.Dim) or isinstance(b, dims.Dim) else -(-a // b)


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "min": _least,
    "max": _most,
    "up": _up,
}


def _joined(name: str, left: Expression, right: Expression) -> Expression:
    return lambda values: OPERATIONS[name](left(values), right(values))


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


def _chosen(op: str, negate: bool, parts: tuple[Expression, ...]) -> Expression:
    """`c if a op b else d`."""

    def value(values: dict[str, Any]) -> Any:
        a, b, then, otherwise = (part(values) for part in parts)
        if all(isinstance(number, int) for number in values.values()):
            return then if COMPARISONS[op](a, b) != negate else otherwise
        condition = holds(op, a, b)
        return conditional(negated(condition) if negate else condition, then, otherwise)

    return value


def _powered(base: Expression, exponent: int) -> Expression:
    return lambda values: base(values) ** exponent


def _leaf(name: str) -> Expression:
    return lambda values: values[name]


def _number(value: int) -> Expression:
    return lambda values: value


leaves = st.one_of(
    st.sampled_from(NAMES).map(_leaf),
    st.sampled_from(NAMES).map(_leaf),
    st.integers(-12, 12).map(_number),
    st.sampled_from([16, 32, 100, 224]).map(_number),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(_joined, st.sampled_from(list(OPERATIONS)), inner, inner),
        st.builds(
            _joined, st.sampled_from(["//", "%", "up"]), inner, st.integers(1, 12).map(_number)
        ),
        st.builds(_powered, inner, st.integers(0, 3)),
        st.builds(
            _chosen,
            st.sampled_from(list(COMPARISONS)),
            st.booleans(),
            st.tuples(inner, inner, inner, inner),
        ),
    ),
    max_leaves=9,
)
numbers = st.one_of(st.integers(1, 40), st.integers(1, 10**6))
values = st.fixed_dictionaries(dict.fromkeys(NAMES, numbers))
SYMBOLS = {name: symbol(name) for name in NAMES}


def made(expression: Expression) -> Any:
    """The size; examples that divide by 0 for every value of the symbols are left out."""
    try:
        return expression(dict(SYMBOLS))
    except ZeroDivisionError:
        assume(False)


@common
@given(expressions, st.lists(values, min_size=3, max_size=3))
def test_sizes_are_pythons_integers(expression: Expression, points: list[dict[str, int]]) -> None:
    size = made(expression)
    for point in points:
        try:
            truth = expression(dict(point))
        except ZeroDivisionError:
            continue
        assert evaluate(size, point) == truth


@common
@given(expressions, st.lists(values, min_size=3, max_size=3))
def test_what_is_rendered_is_python_and_reads_back(
    expression: Expression, points: list[dict[str, int]]
) -> None:
    size = made(expression)
    text = render(size)
    assert parse(text) == size
    for point in points:
        try:
            truth = evaluate(size, point)
        except ZeroDivisionError:
            continue
        assert eval(text, {"min": min, "max": max}, dict(point)) == truth


@common
@given(expressions, expressions, st.lists(values, min_size=3, max_size=3))
def test_bounds_and_comparisons_hold(
    left: Expression, right: Expression, points: list[dict[str, int]]
) -> None:
    a, b = made(left), made(right)
    answers = {op: dims.compare(op, a, b) for op in ("==", "!=", "<", "<=", ">", ">=")}
    low, high = dims.lower(a), dims.upper(a)
    if a == b:
        assert answers["=="] is True
    for point in points:
        try:
            x, y = evaluate(a, point), evaluate(b, point)
        except ZeroDivisionError:
            continue
        assert low is None or low <= x
        assert high is None or x <= high
        for op, answer in answers.items():
            truth = {"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}
            assert answer in (None, truth[op]), op


@common
@given(expressions, expressions, values)
def test_substitution_is_evaluation_in_steps(
    outer: Expression, inner: Expression, point: dict[str, int]
) -> None:
    size, put = made(outer), made(inner)
    try:
        value = evaluate(put, point)
        truth = evaluate(size, {**point, "H": value})
        result = dims.substitute(size, {"H": put})
    except ZeroDivisionError:
        return
    # a symbol is at least 1, and what is put in its place must be
    low = dims.lower(put)
    assume(low is not None and low >= 1)
    assert evaluate(result, point) == truth


def _held(size: Any, point: dict[str, int]) -> int:
    try:
        return evaluate(size, point)
    except ZeroDivisionError:
        assume(False)
        raise


@common
@given(expressions, values)
def test_conditions_are_written_as_python_and_read_back(
    expression: Expression, point: dict[str, int]
) -> None:
    size = made(expression)
    value = _held(size, point)
    texts = {
        dims.comparison(size): value >= 0,
        dims.comparison(negated(size)): value < 0,
        dims.relation(">=", size): value >= 0,
        dims.relation("==", size): value == 0,
        dims.relation("!=", size): value != 0,
    }
    for text, truth in texts.items():
        assert eval(text, {"min": min, "max": max}, dict(point)) is truth, text
        assert evaluate(parse(f"1 if {text} else 0"), point) == truth, text


@common
@given(expressions, expressions, values)
def test_other_forms_have_the_same_value(
    f: Expression, g: Expression, point: dict[str, int]
) -> None:
    a, b = made(f), made(g)
    value, other = _held(a, point), _held(b, point)
    if isinstance(a, dims.Dim):
        assert evaluate(dims.complement(a), point) == value
        for shifted in (False, True):
            rest, found = dims.remainders(a, shifted)
            parts = [
                factor * (evaluate(dividend, point) % evaluate(modulus, point))
                for factor, dividend, modulus in found
            ]
            if not shifted:  # which leaves constants out
                assert evaluate(rest, point) + sum(parts) == value
    known = dims.assume(a, b, other >= 0)
    assert evaluate(known, point) == value

    def divides(k: Any, size: Any) -> bool:
        number = evaluate(k, point)
        return number != 0 and evaluate(size, point) % number == 0

    assert evaluate(undivided(a, divides), point) == value


@common
@given(st.lists(expressions, max_size=5), values)
def test_sums_and_products_of_many(parts: list[Expression], point: dict[str, int]) -> None:
    sizes = [made(part) for part in parts]
    numbers = [_held(size, point) for size in sizes]
    assert evaluate(dims.total(sizes), point) == sum(numbers)
    assert evaluate(dims.product(sizes), point) == prod(numbers)
    assert dims.total(sizes) == sum(sizes)
    assert dims.product(sizes) == prod(sizes)


# -- rewrites have one normal form -------------------------------------------------------------------

polynomials = st.recursive(
    leaves,
    lambda inner: st.builds(_joined, st.sampled_from(["+", "-", "*"]), inner, inner),
    max_leaves=5,
)
moduli = st.integers(1, 24)


@common
@given(polynomials, polynomials, polynomials)
def test_ring_laws(f: Expression, g: Expression, h: Expression) -> None:
    a, b, c = made(f), made(g), made(h)
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert (a + b) - b == a
    assert (a + b) ** 2 == a**2 + 2 * a * b + b**2
    assert hash(a + b) == hash(b + a)


@common
@given(st.lists(expressions, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_parts_does_not_matter(parts: list[Expression], random: Random) -> None:
    sizes = [made(part) for part in parts]
    turned = random.sample(sizes, len(sizes))
    assert dims.total(sizes) == dims.total(turned)
    assert dims.product(sizes) == dims.product(turned)
    assert str(dims.total(sizes)) == str(dims.total(turned))
    a, b = sizes[:2]
    assert (order_of(a) == order_of(b)) == (a == b)
    assert sorted(sizes, key=order_of) == sorted(turned, key=order_of)


@common
@given(expressions, expressions)
def test_what_is_divided_exactly_comes_back(f: Expression, g: Expression) -> None:
    a, b = made(f), made(g)
    found = dims.exact_div(a, b)
    assert found is None or b * found == a
    if b != 0 and (isinstance(b, int) or len(b.terms) == 1):
        assert dims.exact_div(a * b, b) == a


@common
@given(polynomials, polynomials, moduli)
def test_multiples_leave_a_division(f: Expression, g: Expression, m: int) -> None:
    a, b = made(f), made(g)
    assert dims.floordiv(a + m * b, m) == dims.floordiv(a, m) + b
    assert dims.mod(a + m * b, m) == dims.mod(a, m)


@common
@given(polynomials, moduli, moduli)
def test_common_factors_leave_a_division(f: Expression, m: int, n: int) -> None:
    a = made(f)
    assert dims.floordiv(a * n, m * n) == dims.floordiv(a, m)
    assert dims.mod(a * n, m * n) == n * dims.mod(a, m)
    assert dims.floordiv(-a, -m) == dims.floordiv(a, m)
    assert ceildiv(a, m) == dims.floordiv(a + m - 1, m)


@common
@given(st.sampled_from(NAMES), st.integers(-30, 30), moduli, moduli, st.integers(-30, 30))
def test_nested_divisions_join(name: str, at: int, m: int, n: int, b: int) -> None:
    x = SYMBOLS[name] + at
    assert (x // m + b) // n == (x + m * b) // (m * n)
    assert (x // m) // n == (x // n) // m


@common
@given(polynomials, moduli)
def test_division_and_remainder_make_the_whole(f: Expression, m: int) -> None:
    a = made(f)
    assert m * dims.floordiv(a, m) + dims.mod(a, m) == a
    assert dims.floordiv(dims.mod(a, m), m) == 0
    assert dims.mod(dims.mod(a, m), m) == dims.mod(a, m)


@common
@given(expressions, expressions, expressions, values)
def test_least_and_greatest(
    f: Expression, g: Expression, h: Expression, point: dict[str, int]
) -> None:
    a, b, c = made(f), made(g), made(h)
    for choose in (minimum, maximum):
        assert choose(a, b) == choose(b, a)
        assert choose(a, a) == a
        assert choose(a) == a
        assert choose(choose(a, b), b) == choose(a, b)
        try:
            truth = (min if choose is minimum else max)(evaluate(size, point) for size in (a, b, c))
        except ZeroDivisionError:
            continue
        assert evaluate(choose(a, b, c), point) == truth
        assert evaluate(choose(a, choose(b, c)), point) == truth


def test_a_quotient_of_one_value_is_a_number() -> None:
    assert floordiv(-1, SYMBOLS["H"]) == -1
    assert floordiv(-1, SYMBOLS["H"] * SYMBOLS["W"]) == -1


# -- how it is written ---------------------------------------------------------------------------------

H, W, C = (SYMBOLS[name] for name in NAMES)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (H % 16, "H % 16"),
        ((H + 1) % 16, "(H + 1) % 16"),
        (3 * (H % 16), "3 * (H % 16)"),
        (-(H % 16), "-(H % 16)"),
        (W - H % 16, "W - H % 16"),
        (H % 16 + 2, "H % 16 + 2"),
        ((H - 1) // 2 + 1, "(H - 1) // 2 + 1"),
        (H // 2 // 2, "H // 4"),
        (4 * C + 1, "4*C + 1"),
        (H * H, "H**2"),
        (H // 4 * 4, "4 * (H // 4)"),
        (-H, "-H"),
        (minimum(H, 3), "min(3, H)"),
    ],
)
def test_written_as_people_do(size: Any, text: str) -> None:
    assert render(size) == text
    assert str(size) == text
    assert parse(text) == size


@pytest.mark.parametrize(
    "text", ["x.y", "f(H)", "1.5", "H / 2", "'H'", "[H]", "True", "H if H else 1"]
)
def test_parse_reads_sizes_only(text: str) -> None:
    with pytest.raises(ValueError, match="not the text"):
        parse(text)


def test_common_factors_of_a_division_are_left_out() -> None:
    assert floordiv(3 * H, 3 * W) == floordiv(H, W)
    assert floordiv(H * C + 2 * C, W * C) == floordiv(H + 2, W)
    assert floordiv(6 * H, 4 * W) == floordiv(3 * H, 2 * W)
    assert floordiv(4 * H + 1, 4 * W) != floordiv(H, W)
    assert floordiv(H * H, H * W) == floordiv(H, W)


def test_a_quotient_times_its_divisor_is_the_dividend_where_it_comes_out_even() -> None:
    def never(by: Any, size: Any) -> bool:
        return False

    def only_w(by: Any, size: Any) -> bool:
        return bool(by == W)

    assert undivided(W * floordiv(H, W) + 1, only_w) == H + 1
    assert undivided(2 * W * floordiv(H, W), only_w) == 2 * H
    assert undivided(W * floordiv(H, W), never) == W * floordiv(H, W)
    assert undivided(floordiv(H, W), only_w) == floordiv(H, W)
    assert undivided(3 * floordiv(H, 3), only_w) == 3 * floordiv(H, 3)


# -- what is refused -----------------------------------------------------------------------------------


def _terms_of_many_symbols() -> object:
    total: Any = 0
    for i in range(10_000):
        total = total + symbol(f"x{i}")
    return total


def _nested(count: int) -> object:
    size: Any = H
    for _ in range(count):
        size = (size * size + 1) // (size + W)
    return size


def _deep(count: int) -> object:
    size: Any = H
    for i in range(count):
        size = W // (size + i)
    return size


@pytest.mark.parametrize(
    "make",
    [
        lambda: H**100_000,
        lambda: (H + 2) ** 64 * (H + 2) ** 64,
        lambda: (H + W + C + 1) ** 60,
        lambda: H * 10**31,
        lambda: H * 10**20 * 10**20,
        lambda: (H + 10**20) * (W + 10**20),
        _terms_of_many_symbols,
        lambda: _nested(100),
        lambda: _deep(5_000),
    ],
)
def test_too_big_is_refused_soon(make: Callable[[], object]) -> None:
    start = time.process_time()
    with pytest.raises(SizeLimit):
        make()
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    "use",
    [
        lambda: bool(H),
        lambda: H < 3,
        lambda: H <= W,
        lambda: H >= W,
        lambda: sorted([H, W]),
        lambda: 1 if H - 1 else 2,
        lambda: max(H, W),
    ],
)
def test_a_size_has_no_truth_and_no_order(use: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        use()


@pytest.mark.parametrize("use", [lambda: H // 0, lambda: H % 0, lambda: dims.floordiv(3, 0)])
def test_division_by_nothing(use: Callable[[], object]) -> None:
    with pytest.raises(ZeroDivisionError):
        use()


@pytest.mark.parametrize("use", [lambda: H + 1.5, lambda: H * "a", lambda: H**-1, lambda: H**H])
def test_sizes_go_with_integers_only(use: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        use()


def test_a_missing_symbol_is_named() -> None:
    with pytest.raises(KeyError, match="W"):
        evaluate(H + W, {"H": 3})
