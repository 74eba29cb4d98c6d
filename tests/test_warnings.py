"""Warnings on the command line and in every format: shown, silenced, counted only where asked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import nnspec
from nnspec.checking import check_text
from nnspec.cli import main
from nnspec.codes import CODES as ALL_CODES
from nnspec.source import Source

TEXT = """\
block Unit(width: int):
    input x: [N, C, H, W]
    return x -> conv2d(width, 3) -> batch_norm2d -> relu

model Net:
    input image: [N, 3, 32, 32]
    y = image -> Unit(8)
    return image -> Unit(4) -> 3 * Unit(6) -> relu
"""
CODES = [("NN608", 3), ("NN603", 7), ("NN609", 8)]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "net.nn"
    file.write_text(TEXT)
    return file


def codes(text: str, name: str = "") -> list[tuple[str, int | None]]:
    report = check_text(Source(text, "net.nn"), name)
    assert report.ok
    return [(p.code, p.span.line if p.span else None) for p in report.diagnostics]


def test_a_warning_of_a_block_is_shown_once_and_is_no_error(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert codes(TEXT) == CODES
    assert main(["check", "net.nn"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("warning[NN608]: the bias of this `conv2d`")
    assert "\n3 warnings in net.nn\n\nNet\n" in out  # and then the layers


def test_strict_makes_warnings_count(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--strict", "net.nn"]) == 1
    counted = capsys.readouterr().out
    assert main(["check", "net.nn"]) == 0
    assert capsys.readouterr().out == counted
    spec.write_text(TEXT.replace("3)", "3, bias=false)").replace("    y = image -> Unit(8)\n", ""))
    assert main(["check", "--strict", "net.nn"]) == 1  # relu after relu is left
    spec.write_text(spec.read_text().replace("Unit(6) -> relu", "Unit(6)"))
    assert main(["check", "--strict", "net.nn"]) == 0


def test_the_other_formats_name_the_severity(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--format", "json", "net.nn"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert [(d["code"], d["severity"]) for d in report["diagnostics"]] == [
        (code, "warning") for code, _ in CODES
    ]
    assert report["models"]
    assert main(["check", "--format", "sarif", "net.nn"]) == 0
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert [(r["ruleId"], r["level"]) for r in results] == [(code, "warning") for code, _ in CODES]
    assert main(["check", "--format", "github", "net.nn"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["::warning file=net.nn"] * 3


def test_a_comment_silences_its_line_and_its_code(spec: Path) -> None:
    silent = TEXT.replace("-> relu\n\n", "-> relu   # ok: NN608\n\n")
    assert codes(silent) == CODES[1:]
    assert codes(silent.replace("NN608", "NN603")) == [("NN608", 3), ("NN610", 3), *CODES[1:]]
    assert codes(silent.replace("# ok: NN608", "# OK as it is")) == CODES


def test_one_model_is_told_of_what_it_uses() -> None:
    text = TEXT + "\nmodel Other:\n    input x: [N, 8]\n    y = x\n    return x   # ok: NN601\n"
    assert codes(text, "Net") == CODES
    assert codes(text, "Other") == [("NN603", 12)]
    assert codes(text) == [*CODES, ("NN603", 12), ("NN610", 13)]


def test_errors_come_alone() -> None:
    """What is unused because its use is misspelt is no news."""
    report = nnspec.check_source(TEXT.replace("return image -> Unit(4)", "return z -> Unit(4)"))
    assert [problem.code for problem in report.diagnostics] == ["NN200"]


def test_the_specs_that_ship_have_none() -> None:
    specs = sorted((Path(__file__).parent.parent / "specs").glob("*.nn"))
    assert len(specs) > 5
    for path in specs:
        assert nnspec.check(str(path)).diagnostics == (), path


PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Warnings\n")[2].partition("\n## ")[0]


def test_the_page_names_every_warning() -> None:
    rows = "".join(line.split("|")[1] for line in SECTION.splitlines() if line.startswith("| `NN"))
    assert re.findall(r"NN\d+", rows) == [
        code for code, found in ALL_CODES.items() if found.severity == "warning"
    ]


def test_the_page_shows_how_to_silence() -> None:
    block = SECTION.split("```")[1]
    model = "\nmodel Net:\n    input x: [N, 3, 8, 8]\n    return x -> Published(4)\n"
    assert codes(block + model) == []
    assert codes(block.replace("# ok:", "#") + model) == [("NN608", 4)]
