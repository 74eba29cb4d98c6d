"""Every code is defined once; its wrong example has it, its mended one is clean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nnspec
from nnspec.codes import CODES, EXAMPLE
from nnspec.report.explain import code
from nnspec.report.model import Report
from nnspec.report.style import Style

PACKAGE = Path(nnspec.__file__).parent
EXAMPLES = [name for name in CODES if CODES[name].wrong]


def checked(text: str, name: str, folder: Path) -> Report:
    """The report of an example, with the files beside it that it imports."""
    for file, neighbour in ((EXAMPLE, text), *CODES[name].beside):
        (folder / file).write_text(neighbour, encoding="utf-8")
    return nnspec.check_source(text, str(folder / EXAMPLE))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_wrong_example_has_the_code(name: str, tmp_path: Path) -> None:
    found = [problem.code for problem in checked(CODES[name].wrong, name, tmp_path).diagnostics]
    assert found == [name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_mended_example_is_clean(name: str, tmp_path: Path) -> None:
    report = checked(CODES[name].mended, name, tmp_path)
    assert [problem.message for problem in report.diagnostics] == []
    assert report.models


def test_every_code_that_is_used_is_defined() -> None:
    used = {
        name
        for file in PACKAGE.rglob("*.py")
        if file.name != "codes.py"
        for name in re.findall(r'"(NN\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert len(used) > 20
    assert used <= CODES.keys()


@pytest.mark.parametrize("name", CODES)
def test_every_code_is_explained(name: str) -> None:
    found = CODES[name]
    assert found.severity in ("error", "warning", "note")
    assert found.summary
    assert found.summary[-1] not in ".!"
    assert found.explanation.endswith(".")
    assert bool(found.wrong) == bool(found.mended)
    text = code(name, Style())
    assert text.startswith(f"{name}: {found.summary}\n")
    assert max(len(line) for line in text.splitlines()) <= 100
