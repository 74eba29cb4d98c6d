"""Whole files by people who know PyTorch, Keras or JAX and have never seen a `.nn` file.

`#! words | words` at a line are what the messages there must say, in order: one message for each slip, all of
them in one run, and none that follows from another.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import nnspec
from nnspec.diagnostics import Problem

FILES = sorted((Path(__file__).parent / "strangers").glob("*.nn"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_slip_is_told_once_with_what_to_type(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    wanted = {
        n: line.split("#! ")[1].split(" | ") for n, line in enumerate(lines, 1) if "#! " in line
    }
    report = nnspec.check(path)
    found: dict[int, list[Problem]] = {}
    for problem in report.diagnostics:
        assert problem.span is not None
        if problem.severity == "error":
            found.setdefault(problem.span.line, []).append(problem)
    assert {n: len(problems) for n, problems in found.items()} == {
        n: len(words) for n, words in wanted.items()
    }
    for number, words in wanted.items():
        for problem, said in zip(found[number], words, strict=True):
            assert said in f"{problem.message}\n{problem.help}"


def test_of_a_named_model_all_is_told_too() -> None:
    path = next(path for path in FILES if path.stem == "one_pipeline")
    assert len(nnspec.check(f"{path}:M").diagnostics) == 6


def test_there_are_many() -> None:
    assert len(FILES) > 30
