"""Whatever a setting is given, an answer is drawn, with problems or without, and never an exception."""

from __future__ import annotations

import random

import pytest

import nnspec
from nnspec.operators import every
from nnspec.operators.definition import REQUIRED, Operator
from nnspec.report.problems import draw_all
from nnspec.report.style import Style
from nnspec.report.text import draw

VALUES = [
    '[["a"]]', "[[1], [2]]", '["a", 1]', "[none, 1]", "[none]", "[...]", "[true, 2]", "[1.5, 2]", "[]",
    "[[]]", "[2**70]", "2**70", "-2**70", '"a"', "none", "true", "1.5", "[1, 2, 3, 4, 5, 6, 7, 8, 9]", "[N]",
    "N", "[N, -N]", "N * N", "-N", "1 / 3", "[0.0]", '""', "[x: 1]", "relu", "x",
]  # fmt: skip
SHAPES = ("[N, 2, 6]", "[4, 4]", "[N, 3, 8, 8]")
#: of each operator in CI
SOME = 30


def specs(operator: Operator) -> list[str]:
    """A use of the operator for each setting, value and shape; what it needs besides is 2."""
    needed = sum(not tensor.optional for tensor in operator.tensors)
    given = "x" if needed < 2 else f"({', '.join(['x'] * needed)})"
    made = []
    for setting in operator.settings:
        others = [o.name for o in operator.settings if o.default is REQUIRED and o is not setting]
        for value in VALUES if setting.kind not in ("layer", "axes") else ():
            words = ", ".join([f"{setting.name}={value}", *(f"{name}=2" for name in others)])
            made += [
                f"model A:\n    input x: {shape}\n    return {given} -> {operator.name}({words})\n"
                for shape in SHAPES
            ]
    return made


@pytest.mark.parametrize("operator", list(every()), ids=lambda operator: operator.name)
def test_odd_settings(operator: Operator) -> None:
    made = specs(operator)
    for text in random.Random(operator.name).sample(made, min(SOME, len(made))):
        report = nnspec.check_source(text)
        assert draw(report, "odd.nn", Style()) if report.ok else draw_all(report.diagnostics)
