"""Files that import each other, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nnspec
from nnspec.report.model import Report

ROOT = Path(__file__).parent.parent.parent

BLOCKS = """\
WIDTHS = [8, 16]

fn double(n: int) = 2 * n

block Block(width: int):
    input x: [N, C]
    return x -> fc: linear(double(width)) -> relu

model Net(width: int = 4):
    input x: [N, 3]
    return x -> Block(width) -> head: linear(2)

model wide = Net(width=32)

data Digits:
    source = digits()
"""

USE = "model Main:\n    input x: [N, 3]\n    return x -> Block(5)\n"


def write(folder: Path, **files: str) -> Path:
    """Files by their names with `__` for `/` and without the ending; the path of `main.nn`."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".nn")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main.nn"


def problems(report: Report) -> list[tuple[str, str, int]]:
    """File, code and line of each problem."""
    return [
        (Path(p.span.source.name).name, p.code, p.span.line)
        for p in report.diagnostics
        if p.span is not None
    ]


def refusal(folder: Path, line: str, rest: str = USE) -> Any:
    """The one problem of a spec that begins with this import."""
    (problem,) = nnspec.check(write(folder, main=f"{line}\n{rest}")).diagnostics
    return problem
