"""A run that is killed at random moments, and resumed each time, ends as one that was left alone.

`NNSPEC_KILLS=20 pytest tests/training/test_kills.py` is the deep run; the suite does a few.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

ROOT = Path(__file__).parent.parent.parent
KILLS = int(os.environ.get("NNSPEC_KILLS", "4"))

#: everything that draws random numbers or keeps a state of its own
SPEC = """
model Net(width: int = 8):
    input image: [N, 1, 8, 8]
    x = image -> stem: conv2d(width, 3, padding=1) -> norm: batch_norm2d -> relu -> dropout(0.2)
    return logits = x -> flatten -> head: linear(10)

data Digits:
    source = digits()
    image.train = random_crop(8, padding=1) -> random_rotation(10) -> normalize(mean=0.3, std=0.375)
    image.val = normalize(mean=0.3, std=0.375)

train Net on Digits:
    loss = cross_entropy(logits, label)
    metrics = [accuracy(logits, label)]
    optimizer = adamw(lr=3e-3)
    scheduler = cosine(warmup_epochs=1)
    average = ema(decay=0.99)
    epochs = 4
    batch_size = 32
    accumulate = 2
    checkpoint_minutes = 1e-4
    threads = 1
"""

#: PyTorch is imported once; each life of the run is a fork of that process, killed after a while
LIVES = """
import io, os, random, signal, sys, time
from pathlib import Path
import torch
from rich.console import Console
from nnspec.source import Source
from nnspec.training import train as room

seed, kills, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
spec = (folder / "net.nn").read_text()
draw, killed = random.Random(seed), 0

def live():
    console = Console(file=io.StringIO())
    (found,) = list(folder.glob("runs/Net/*")) or [None]
    if found is None:
        room.train(Source(spec, "net.nn"), "", {}, ".", console, folder / "runs")
    else:
        room.resume(str(found), None, console)

while True:
    child = os.fork()
    if child == 0:
        try:
            live()
        except room.RunError as error:
            # killed before anything was saved: it begins anew
            if "no checkpoint" not in error.message and "not a run folder" not in error.message:
                print(error.message, file=sys.stderr)
                os._exit(3)
            import shutil
            shutil.rmtree(folder / "runs")
            os._exit(9)
        os._exit(0)
    if killed < kills:
        time.sleep(draw.uniform(0.05, 0.6))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        killed += 1
    elif os.WEXITSTATUS(status) not in (0, 9):
        sys.exit(1)
    elif os.WEXITSTATUS(status) == 0:
        break
print(killed)
"""


def lives(folder: Path, kills: int) -> tuple[Path, int]:
    folder.mkdir()
    (folder / "net.nn").write_text(SPEC)
    done = subprocess.run(
        [sys.executable, "-c", LIVES, str(kills), str(kills), str(folder)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = folder.glob("runs/Net/*")
    return run, int(done.stdout)


def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, _ = lives(tmp_path / "whole", 0)
    killed, times = lives(tmp_path / "killed", KILLS)
    assert times > 0
    for which in ("last", "best"):
        for file in ("model.safetensors", "state.safetensors"):
            ours = safetensors.load_file(killed / which / file)
            theirs = safetensors.load_file(whole / which / file)
            assert ours.keys() == theirs.keys()
            for name, value in ours.items():
                assert value.equal(theirs[name]), (which, name)
        assert (killed / which / "state.json").read_text() == (
            whole / which / "state.json"
        ).read_text()

    def rows(run: Path) -> list[dict[str, Any]]:
        lines = (run / "metrics.jsonl").read_text().splitlines()
        timed = ("seconds", "samples_per_second")
        return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in lines]

    assert rows(killed) == rows(whole)
    assert not [file.name for file in killed.iterdir() if file.name.startswith(".")]
