"""What goes wrong while a run goes on: each is told, and what was saved stays good."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from rich.console import Console  # noqa: E402

from nnspec.source import Source  # noqa: E402
from nnspec.training import data, images, train  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.run import Run  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "specs" / "digits.nn").read_text()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    console = Console(file=io.StringIO())
    return train.train(Source(SPEC, "d.nn"), "", {"epochs": 2}, str(ROOT), console, folder).folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def go_on(folder: Path, **words: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    overrides = {name.replace("__", "."): value for name, value in words.items()}
    train.resume(str(folder), None, console, overrides=overrides)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_resuming_with_other_settings_says_what_changed(folder: Path) -> None:
    said = go_on(folder, epochs=3, optimizer__lr=1e-5)
    for words in (
        "epochs was 2, is 3",
        "optimizer.lr was 0.003, is 1e-05",
        "goes on after epoch 2",
    ):
        assert words in said
    assert [row["epoch"] for row in Run(folder).metrics()] == [1, 2, 3]
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["resolved"]["optimizer"]["lr"] == 1e-5
    state, _ = Run(folder).state("last")
    assert state.parts["optimizers"][0]["param_groups"][0]["initial_lr"] == 1e-5


def test_settings_that_make_another_model_are_refused(folder: Path) -> None:
    with pytest.raises(RunError, match="does not fit its spec and settings"):
        go_on(folder, epochs=3, model__width=8)
    assert "model.width" not in json.loads((folder / "settings.json").read_text())["overrides"]


def test_a_full_disk_keeps_the_last_good_state(folder: Path) -> None:
    """No file may grow beyond 10 kB, as on a disk with no room: the checkpoint cannot be written."""
    before = {p.name: p.read_bytes() for p in (folder / "last").iterdir()}
    code = (
        "import io, resource, sys; from rich.console import Console\n"
        "from nnspec.training.train import resume\n"
        "from nnspec.training.errors import RunError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try: resume(sys.argv[1], None, Console(file=io.StringIO()), overrides={'epochs': 3})\n"
        "except RunError as error: print(error.message); sys.exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "cannot be written" in done.stdout
    assert {p.name: p.read_bytes() for p in (folder / "last").iterdir()} == before
    go_on(folder)


FULL = """
import os, sys
from nnspec.cli import main
folder, size = sys.argv[1:]
if os.system(f"mount -t tmpfs -o size={size} tmpfs {folder}"):
    sys.exit(77)
os.chdir(folder)
with open("net.nn", "w") as file:
    file.write(sys.stdin.read())
sys.argv = ["nnspec", "train", "net.nn", "epochs=20", "model.width=64"]
status = main()
os.system("ls -A runs/Net/*")
sys.exit(status)
"""


@pytest.mark.parametrize("size", ["16k", "200k"])
def test_a_disk_without_room_is_told(tmp_path: Path, size: str) -> None:
    """A real one, of so many bytes: whatever is written when it is full, the message says what, and no half
    of a checkpoint is left. In a mount namespace of its own, where that is allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare")
    done = subprocess.run(
        [unshare, "-rm", sys.executable, "-c", FULL, str(tmp_path), size],
        input=SPEC, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system can be mounted here")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr and "No space left" in done.stderr
    left = done.stdout.rpartition("epoch")[2].split()
    assert not [name for name in left if name.endswith(".new")]
    assert ("--resume" in done.stderr) == ("last" in left)


def test_events_that_cannot_be_written_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """TensorBoard writes in a thread of its own, whose traceback nobody asked for."""
    from tensorboard.summary.writer import record_writer

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(record_writer.RecordWriter, "flush", full)
    with pytest.raises(RunError, match=r"events for TensorBoard .* No space left") as told:
        go_on(folder, epochs=4)
    assert f"--resume {folder}" in told.value.help
    assert "Traceback" not in capfd.readouterr().err
    monkeypatch.undo()
    go_on(folder, epochs=4)
    assert [row["epoch"] for row in Run(folder).metrics()] == [1, 2, 3, 4]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_log_on_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text(SPEC)
    for words in (["train", "net.nn"], ["check", "net.nn"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "nnspec", *words], stdout=full, stderr=subprocess.PIPE,
                text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == "nnspec: the output cannot be written: No space left on device\n"


def test_memory_that_runs_out_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError) as real:
        torch.empty(2**60, dtype=torch.uint8)

    def full(*_: Any) -> None:
        raise real.value

    monkeypatch.setattr(train.Trainer, "train_batches", full)
    with pytest.raises(RunError, match="not enough memory on cpu for batches of 64") as told:
        go_on(folder, epochs=3)
    assert "batch_size=32 accumulate=2" in told.value.help


def test_a_model_that_does_not_fit_is_told(tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    with pytest.raises(RunError, match="not enough memory on cpu for the weights of `DigitsCNN`"):
        train.train(
            Source(SPEC.replace("linear(classes)", "linear(2**40) -> linear(classes)"), "d.nn"), "",
            {}, str(tmp_path), console, tmp_path,
        )  # fmt: skip


def test_other_errors_of_pytorch_are_not_taken_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(train.Trainer, "train_batches", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        go_on(folder, epochs=3)


def test_a_reading_process_that_dies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(4):
            pixels = numpy.full((8, 8), 30 * number, numpy.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    monkeypatch.setattr(data, "RESIDENT", 1)
    parent = os.getpid()

    def dies(*arguments: Any) -> Any:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return read_image(*arguments)

    read_image = images.read_image
    monkeypatch.setattr(images, "read_image", dies)
    spec = SPEC.replace("digits()", 'image_folder(".", size=8, channels=1)')
    console = Console(file=io.StringIO())
    with pytest.raises(RunError, match="a process that reads the data died"):
        train.train(
            Source(spec, "d.nn"), "", {"model.classes": 2}, str(tmp_path), console, tmp_path
        )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("state.json", "{}"),
        ("state.json", "not json"),
        ("state.json", None),
        ("state.safetensors", "junk"),
        ("model.safetensors", "junk"),
    ],
)
def test_a_damaged_checkpoint_is_told(folder: Path, file: str, text: str | None) -> None:
    target = folder / "last" / file
    if text is None:  # good JSON, but what it names is not there
        state = json.loads(target.read_text())
        state["parts"]["rng"][0]["cpu"] = {"$tensor": "nowhere"}
        text = json.dumps(state)
    target.write_text(text)
    with pytest.raises(RunError):
        go_on(folder, epochs=3)


def test_a_checkpoint_cannot_run_code(folder: Path) -> None:
    """A pickle in place of any file is refused, not loaded."""

    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(folder / "ran"),)

    import pickle

    for file in ("model.safetensors", "state.safetensors", "state.json"):
        whole = (folder / "last" / file).read_bytes()
        (folder / "last" / file).write_bytes(pickle.dumps(Evil()))
        with pytest.raises(RunError):
            go_on(folder, epochs=3)
        (folder / "last" / file).write_bytes(whole)
    assert not (folder / "ran").exists()
    go_on(folder, epochs=3)
