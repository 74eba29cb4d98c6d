"""`nnspec runs` and `nnspec plot`: runs listed, compared, drawn."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from click.testing import CliRunner
from rich.console import Console

from nnspec.cli.commands import commands
from nnspec.source import Source
from nnspec.training.train import train

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "specs" / "digits.nn").read_text()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: one as it should be, one with a learning rate at which nothing is learned."""
    folder = tmp_path_factory.mktemp("runs")
    for words in ({"epochs": 2}, {"epochs": 2, "optimizer.lr": 1e-7}):
        console = Console(file=io.StringIO())
        train(Source(SPEC, "digits.nn"), "", words, str(ROOT), console, folder)
    return folder


def call(*words: str) -> str:
    result = CliRunner().invoke(commands, words, standalone_mode=False)
    assert result.exception is None, result.exception
    return result.output


def test_runs_are_listed(runs: Path) -> None:
    head, first, second = call("runs", str(runs)).splitlines()
    assert head.split() == ["run", "epochs", "best", "epoch", "seconds", "set"]
    assert "2/2" in first
    assert "epochs=2 optimizer.lr=1e-07" in second
    folder = min(runs.glob("*/*"))
    best = json.loads((folder / "summary.json").read_text())["best"]
    assert f"accuracy {best:.4f}" in first
    assert call("runs", "--best", str(runs)).splitlines()[1] == first


def test_runs_are_compared(runs: Path) -> None:
    told = call("runs", *map(str, sorted(runs.glob("*/*"))))
    lines = {line.split()[0]: line.split()[1:] for line in told.splitlines()[1:]}
    assert lines["optimizer.lr"] == ["0.003", "1e-07"]
    assert "optimizer.weight_decay" not in lines
    assert float(lines["val_accuracy"][0]) > float(lines["val_accuracy"][1])


def test_a_comparison_fits_into_the_terminal(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five runs that would take 140 columns: one below the other, every one of them once."""
    one = min(runs.glob("*/*"))
    for number in range(5):
        shutil.copytree(one, tmp_path / "DigitsCNN" / f"{one.name}_{number}")
    words = sorted(map(str, tmp_path.glob("*/*")))
    monkeypatch.delenv("COLUMNS", raising=False)
    (whole, *_) = call("runs", *words).splitlines()
    monkeypatch.setenv("COLUMNS", "80")
    told = call("runs", *words)
    assert max(map(len, told.splitlines())) <= 80 < len(whole)
    heads = [line for line in told.splitlines() if line.startswith("DigitsCNN/")]
    assert len(heads) > 1
    assert [name for line in heads for name in line.split()[1:]] == whole.split()[1:]
    assert told.count("best epoch") == len(heads)


def test_the_events_are_the_metrics(runs: Path) -> None:
    """As TensorBoard reads them."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for folder in runs.glob("*/*"):
        events = accumulator.EventAccumulator(str(folder)).Reload()
        rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        names = rows[0].keys() - {"epoch"}
        assert set(events.Tags()["scalars"]) == names
        for name in names:
            told = {one.step: one.value for one in events.Scalars(name)}
            assert told == pytest.approx({row["epoch"]: row[name] for row in rows}, rel=1e-6)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_runs_are_drawn(runs: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"curves.{ending}"
    assert "2 runs" in call("plot", str(runs), "-o", str(file))
    head = file.read_bytes()[:8]
    assert head.startswith(b"<?xml" if ending == "svg" else b"\x89PNG")


def test_a_picture_of_many_runs_and_metrics(runs: Path, tmp_path: Path) -> None:
    """Lines of three panels; each run told by what was set for it alone; an epoch alone is one tick; a loss
    that falls by decades is drawn so."""
    one = min(runs.glob("*/*"))
    for number in range(12):
        other = shutil.copytree(one, tmp_path / "DigitsCNN" / f"{one.name}_{number + 1}")
        settings = json.loads((other / "settings.json").read_text())
        settings["overrides"] = {"epochs": 1, "data.source": "digits", "seed": number}
        (other / "settings.json").write_text(json.dumps(settings))
        row = {"epoch": 1, "train_loss": 10.0**-number, "val_loss": 1.0, "seconds": 1.0}
        row |= {f"val_metric{n}": number for n in range(6)}
        (other / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    file = tmp_path / "many.svg"
    assert "12 runs" in call("plot", str(tmp_path), "-o", str(file))
    told = re.findall("<!-- (.*) -->", file.read_text())
    names = [f"DigitsCNN/{one.name}_{n + 1} seed={n}" for n in range(12)]
    assert [text for text in told if text.startswith("DigitsCNN/")] == names
    titles = ["loss", *(f"metric{n}" for n in range(6))]
    assert [text for text in told if text in titles] == titles
    assert told.count("epoch") == 7
    assert not [text for text in told if text.startswith("0.9")]
    assert [text for text in told if "{10^{" in text]
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', file.read_text()).groups())
    assert 0.5 < width / height < 2


def test_what_cannot_be_listed_or_drawn_is_told(runs: Path, tmp_path: Path) -> None:
    from click import ClickException

    damaged = tmp_path / "damaged"
    shutil.copytree(next(runs.glob("*/*")), damaged)
    (damaged / "metrics.jsonl").write_text("{")
    cases = [
        ("runs", str(tmp_path / "no"), "no such folder"),
        ("runs", str(ROOT / "specs"), "holds no runs"),
        ("runs", str(damaged), "damaged"),
        ("runs", str(damaged / "best"), f"name its folder, {damaged}"),
        ("plot", str(damaged / "metrics.jsonl"), f"name its folder, {damaged}"),
        ("plot", str(ROOT / "specs/digits.nn"), "is a file"),
        ("plot", str(runs), "-o", "curves.txt", "ends in .svg"),
        ("plot", str(runs), "-o", str(tmp_path / "no" / "c.svg"), "cannot be written"),
    ]
    for *words, said in cases:
        result = CliRunner().invoke(commands, words, standalone_mode=False)
        assert isinstance(result.exception, ClickException), words
        assert said in result.exception.message


def test_runs_are_listed_without_pytorch(runs: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"from nnspec.cli import main; sys.exit(main(['runs', {str(runs)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "2/2" in done.stdout, done.stderr


def test_the_csv_is_the_jsonl(runs: Path) -> None:
    for folder in runs.glob("*/*"):
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        rows = list(csv.DictReader((folder / "metrics.csv").open()))
        assert [{k: float(v) for k, v in row.items()} for row in rows] == lines
