"""A slice of tests/fuzz_check.py: texts by chance are checked without an exception, right ones run."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.judge import checked, runs
from tests.fuzz.mutations import FILES
from tests.fuzz_check import case


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.integers(0, 10**6))
def test_no_slip_raises(number: int) -> None:
    checked(case("mutations", 0, number))


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.integers(0, 10**6))
def test_no_soup_raises(number: int) -> None:
    checked(case("soups", 0, number))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_well_formed_is_right(number: int) -> None:
    assert checked(case("specs", 0, number))


@pytest.mark.parametrize("kind", ["specs", "sizes"])
@settings(max_examples=50, derandomize=True, deadline=None)
@given(number=st.integers(0, 10**6))
def test_what_is_right_runs_at_the_sizes_that_it_says(kind: str, number: int) -> None:
    """And not at others."""
    pytest.importorskip("torch")
    text = case(kind, 1, number)
    if checked(text):
        runs(text, random.Random(number))


def test_the_specs_themselves_are_right() -> None:
    """What the slips are made to is right: else they would only test the parser."""
    right = [file.name for file in FILES if checked(file.read_text(encoding="utf-8"))]
    assert {"lenet.nn", "resnet.nn", "unet.nn", "mlp.nn"} <= set(right)
