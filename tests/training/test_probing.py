"""Settings that are found by trying."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rich.console import Console  # noqa: E402

from nnspec.source import Source  # noqa: E402
from nnspec.training import probing, train  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.start import Job, prepare  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "specs" / "digits.nn").read_text()


def start(folder: Path, spec: str = SPEC, **words: Any) -> tuple[Run, str]:
    console = Console(file=io.StringIO(), width=200)
    overrides = {name.replace("__", "."): value for name, value in words.items()}
    run = train.train(Source(spec, "d.nn"), "", overrides, str(ROOT), console, folder)
    return run, console.file.getvalue()  # type: ignore[attr-defined]


def test_a_rate_is_found_that_learns_and_is_kept(tmp_path: Path) -> None:
    run, said = start(tmp_path, epochs=3, optimizer__lr="find")
    rate = run.settings.overrides["optimizer.lr"]
    assert f"optimizer.lr={rate:g}: where the loss falls fastest" in said
    assert 1e-4 < rate < 1e-1  # AdamW's usual rates
    assert max(row["val_accuracy"] for row in run.metrics()) > 0.8
    again, _ = start(tmp_path, epochs=3, optimizer__lr="find")
    assert again.settings.overrides["optimizer.lr"] == rate
    # to find it changed nothing of the run itself
    told, _ = start(tmp_path, epochs=3, optimizer__lr=rate)
    for name, value in run.weights("last").items():
        assert torch.equal(value, told.weights("last")[name]), name


def test_the_batch_is_doubled_while_that_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = {16: 100.0, 32: 180.0, 64: 190.0}
    monkeypatch.setattr(probing, "_samples_per_second", lambda _, size: speeds[size])

    def again(words: dict[str, Any]) -> Job:
        return prepare(Source(SPEC, "d.nn"), "", words, str(ROOT))

    assert probing.best_batch(again)[0] == 32
    speeds |= {64: 300.0, 128: 900.0}
    assert probing.best_batch(again) == (128, "900 samples/s; an epoch keeps at least 8 steps")

    def full(_: Any, size: int) -> float:
        return 1.0 * size if size < 64 else float(torch.empty(2**60, dtype=torch.uint8)[0])

    monkeypatch.setattr(probing, "_samples_per_second", full)
    assert probing.best_batch(again) == (32, "64 do not fit into memory")


def test_a_batch_is_found_and_kept(tmp_path: Path) -> None:
    run, said = start(tmp_path, epochs=1, batch_size="auto")
    assert run.settings.overrides["batch_size"] in (16, 32, 64, 128)
    assert f"batch_size={run.settings.overrides['batch_size']}: " in said


def test_where_no_rate_can_be_found_is_told(tmp_path: Path) -> None:
    lbfgs = SPEC.replace("adamw(lr=3e-3, weight_decay=0.01)", 'lbfgs(lr="find")')
    with pytest.raises(RunError, match="computes the loss once a step"):
        start(tmp_path, lbfgs)
    assert not list(tmp_path.iterdir())
