"""Runs: what a run folder holds, stopping and resuming, evaluation against scikit-learn."""

from __future__ import annotations

import io
import itertools
import json
import signal
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from rich.console import Console  # noqa: E402

from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.evaluate import evaluate  # noqa: E402
from nnspec.training.loop import Trainer  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.train import resume  # noqa: E402
from tests.training.started import ROOT, SPEC, start  # noqa: E402


def test_the_folder_holds_everything(run: Run) -> None:
    names = {path.name for path in run.folder.iterdir()}
    assert {"spec.nn", "settings.json", "metrics.jsonl", "summary.json", "last", "best"} <= names
    assert any(name.startswith("events.out") for name in names)
    assert not any(name.startswith(".") for name in names)
    assert (run.folder / "spec.nn").read_text() == SPEC
    rows = run.metrics()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["best"] == max(row["val_accuracy"] for row in rows)


def test_nothing_in_the_folder_is_a_pickle(run: Run) -> None:
    for path in run.folder.rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith((b"\x80", b"PK")), path


def test_the_same_seed_gives_the_same_weights(run: Run, tmp_path: Path) -> None:
    again = start(tmp_path, epochs=4)
    for name, value in run.weights("last").items():
        assert torch.equal(value, again.weights("last")[name]), name
    other = start(tmp_path, epochs=1, seed=1)
    assert not torch.equal(other.weights("last")["head.weight"], run.weights("last")["head.weight"])


#: of the 4 epochs of 23 batches: the first step, in an epoch, its last step, and while it is validated
MOMENTS = {
    "first step": ("train_batch", 1),
    "within an epoch": ("train_batch", 30),
    "last step of an epoch": ("train_batch", 46),
    "validation": ("validate", 2),
}


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_stopped_run_resumes_bit_for_bit(
    run: Run, tmp_path: Path, moment: str, name: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted at some moment, resumed: the same weights and the same log as without.

    The signal is raised at a step that is counted, not after a time, at which the run may be over.
    """
    method, number = MOMENTS[moment]
    with monkeypatch.context() as patched:
        raise_at(patched, method, number, name)
        with pytest.raises(RunError, match="the state is saved") as stopped:
            start(tmp_path, epochs=4)
    (folder,) = tmp_path.glob("DigitsCNN/*")
    assert stopped.value.help == f"nnspec train --resume {folder}"
    assert not (folder / "summary.json").exists()
    resumed = resume(str(folder), None, Console(file=io.StringIO()))
    for key, value in run.weights("last").items():
        assert torch.equal(value, resumed.weights("last")[key]), key
    keys = ("epoch", "train_loss", "val_loss", "val_accuracy", "lr")
    assert [[r[k] for k in keys] for r in resumed.metrics()] == [
        [r[k] for k in keys] for r in run.metrics()
    ]


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("method", ["validate", "train"])
def test_a_stop_after_the_last_step_finds_the_run_over(
    tmp_path: Path, method: str, name: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last validation, and between that and the summary."""
    raise_at(monkeypatch, method, 1, name)
    assert (start(tmp_path, epochs=1).folder / "summary.json").exists()


def raise_at(patched: pytest.MonkeyPatch, method: str, number: int, name: signal.Signals) -> None:
    """The signal comes at the end of the call of this number of a method of the trainer."""
    original, calls = getattr(Trainer, method), itertools.count(1)

    def signalled(self: Trainer, *given: Any) -> Any:
        result = original(self, *given)
        if next(calls) == number:
            signal.raise_signal(name)
        return result

    patched.setattr(Trainer, method, signalled)


def test_a_finished_run_is_not_resumed(run: Run) -> None:
    with pytest.raises(RunError, match="finished"):
        resume(str(run.folder), None, Console(file=io.StringIO()))


def test_evaluation_agrees_with_scikit_learn(run: Run) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    from nnspec.training.start import restore

    result = evaluate(str(run.folder))
    _, job = restore(str(run.folder))
    model, _ = job.build()
    model.load_state_dict(run.weights("best"))
    model.eval()
    split = job.data.splits["val"]
    with torch.no_grad():
        taken = model(split.fields["image"]).argmax(1).numpy()
    truth = split.fields["label"].numpy()
    assert result.confusion is not None
    assert (result.confusion.numpy() == metrics.confusion_matrix(truth, taken)).all()
    assert result.results["accuracy"] == pytest.approx(metrics.accuracy_score(truth, taken))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, taken)
    for number, row in enumerate(result.classes):
        assert row.precision == pytest.approx(precision[number])
        assert row.recall == pytest.approx(recall[number])
        assert row.f1 == pytest.approx(f1[number])
        assert row.support == support[number]


def test_an_unknown_split_is_named(run: Run) -> None:
    with pytest.raises(RunError, match="no split `test`"):
        evaluate(str(run.folder), "test")


def test_a_damaged_folder_is_told(run: Run, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run.folder, copy)
    (copy / "best" / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(RunError, match="cannot be read"):
        evaluate(str(copy))
    (copy / "settings.json").write_text('{"model": 3}')
    with pytest.raises(RunError, match="damaged"):
        evaluate(str(copy))
    with pytest.raises(RunError, match="not a run folder"):
        evaluate(str(ROOT))
    with pytest.raises(RunError, match="no such run"):
        evaluate(str(tmp_path / "nowhere"))


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"the loss became (nan|inf)"):
        start(tmp_path, epochs=2, optimizer__lr=1e30)


def test_an_unknown_device_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no device `tpu9`"):
        start(tmp_path, epochs=1, device="tpu9")


def test_a_folder_of_runs_is_told_with_the_latest_of_any_model(tmp_path: Path) -> None:
    for name in ("B/2026-01-01_08-00-00", "A/2026-01-02_08-00-00", "B/2025-12-31_08-00-00"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "settings.json").write_text("{}")
    with pytest.raises(RunError, match="is a folder of runs") as told:
        Run.open(str(tmp_path))
    assert told.value.help == f"the latest is {tmp_path / 'A' / '2026-01-02_08-00-00'}"
