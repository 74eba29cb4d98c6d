"""A slice of tests/fuzz_check.py: specs with random slips are checked without an exception."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz_check import FILES, case, checked


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.integers(0, 10**6))
def test_no_slip_raises(number: int) -> None:
    checked(case(0, number))


def test_the_specs_themselves_are_right() -> None:
    """What the slips are made to is right: else they would only test the parser."""
    right = [file.name for file in FILES if checked(file.read_text(encoding="utf-8"))]
    assert {"lenet.nn", "resnet.nn", "unet.nn", "mlp.nn"} <= set(right)
