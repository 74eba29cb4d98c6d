"""Texts that are too long or too deep are told so, soon; those just within the limits are read."""

from __future__ import annotations

import gc
import time

import pytest

from .reading import HEAD, read, wrong


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("y = " + "(" * 10_000 + "x" + ")" * 10_000, "NN107"),
        ("y = " + "[" * 201 + "]" * 201, "NN107"),
        ("y = " + "- " * 40_000 + "x", "NN107"),
        ("y = " + "not " * 20_000 + "x", "NN107"),
        ("y = " + "2 ** " * 15_000 + "x", "NN107"),
        ("y = " + "1 if a else " * 8_000 + "x", "NN107"),
        ("y = " + "x + " * 20_000 + "x", "NN107"),
        ("y = x" + ".a" * 40_000, "NN107"),
        ("y = x" + "()" * 40_000, "NN107"),
        ("y = " + "1" * 5_000, "NN108"),
        ("y = " + "1" * 101, "NN108"),
        ("y = " + "x + " * 300_000 + "x", "NN109"),
        ("# " + "x" * 1_000_000, "NN109"),
        ("x = 1\n" * 1_500_000, "NN110"),
        ("".join("    " * i + "if x:\n" for i in range(300)), "NN107"),
        ("y = f(\n" * 20_000, "NN104"),
        ("$" * 90_000, "NN106"),
    ],
)
def test_limits(text: str, code: str) -> None:
    start = time.perf_counter()
    problems = wrong(HEAD + "    return x\n" + text + "\n")
    assert time.perf_counter() - start < 2
    assert code in {problem.code for problem in problems}
    assert len(problems) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "y = " + "(" * 200 + "x" + ")" * 200,
        "y = " + "[" * 198 + "]" * 198,
        "y = " + "1" * 100,
        "y = x" + " -> relu" * 10_000,
        "y = [" + "1, " * 30_000 + "]",
        "\n" * 1_000_000,
        "y = x -> conv1: conv2d(64, 3) -> relu\n" * 20_000,
    ],
)
def test_within_the_limits(text: str) -> None:
    start = time.perf_counter()
    read(text + "\n")
    assert time.perf_counter() - start < 10


def test_the_garbage_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    read("x = 1")
    assert gc.isenabled()
    gc.disable()
    try:
        read("x = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()
