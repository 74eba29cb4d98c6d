"""`nnspec fmt` as a user meets it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from nnspec.cli import main

WRONG = "model Net:\n  input x:[N,4]\n  return x->linear(3)   # scores\n"
RIGHT = "model Net:\n    input x: [N, 4]\n    return x -> linear(3)  # scores\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "net.nn"
    file.write_text(WRONG)
    file.chmod(0o640)
    return file


def test_a_file_is_written_with_its_permissions(file: Path) -> None:
    assert main(["fmt", "net.nn"]) == 0
    assert file.read_text() == RIGHT
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["net.nn"]


def test_a_file_in_the_layout_is_left_alone(file: Path) -> None:
    file.write_text(RIGHT)
    before = file.stat().st_mtime_ns
    assert main(["fmt", "net.nn"]) == 0
    assert file.stat().st_mtime_ns == before


def test_check_and_diff_write_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", "net.nn"]) == 1
    assert "net.nn" in capsys.readouterr().err
    assert main(["fmt", "--diff", "net.nn"]) == 0
    out = capsys.readouterr().out
    assert "-  input x:[N,4]\n" in out
    assert "+    input x: [N, 4]\n" in out
    assert file.read_text() == WRONG
    file.write_text(RIGHT)
    assert main(["fmt", "--check", "--diff", "net.nn"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_is_every_spec_below_it(file: Path) -> None:
    below = file.parent / "parts" / "more"
    below.mkdir(parents=True)
    (below / "other.nn").write_text(WRONG)
    (below / "notes.txt").write_text(WRONG)
    assert main(["fmt", "."]) == 0
    assert (below / "other.nn").read_text() == RIGHT
    assert (below / "notes.txt").read_text() == WRONG


def test_standard_input(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stdin:
        buffer = io.BytesIO(WRONG.encode())

    monkeypatch.setattr("sys.stdin", Stdin())
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == RIGHT


def test_wrong_syntax_is_shown_and_left_alone(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "bad.nn").write_text("model Net:\n  input x [N]\n")
    assert main(["fmt", "bad.nn", "net.nn"]) == 1
    assert "bad.nn:2" in capsys.readouterr().out
    assert (file.parent / "bad.nn").read_text() == "model Net:\n  input x [N]\n"
    assert file.read_text() == RIGHT


def test_what_cannot_be_read_or_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "gone.nn"]) == 2
    assert "gone.nn" in capsys.readouterr().err
