"""`python tests/training/processes_deep.py [seed]`: all optimizers under both strategies against one process.

And runs whose processes are killed, and started again by torchrun, against one that was left alone."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import safetensors.torch
import torch
from rich.console import Console

from nnspec.recipe.optimizers import ALL
from nnspec.source import Source
from nnspec.training.train import train

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.training.test_processes import SPEC, the_run  # noqa: E402

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
OPTIMIZERS = {
    name: SPEC.replace("adamw(lr=3e-3)", name).replace("epochs = 2", "epochs = 1")
    for name, recipe in ALL.items()
    if not recipe.evaluates
}

WORKER = """
import sys
from pathlib import Path
from rich.console import Console
from nnspec.source import Source
from nnspec.training import train as room
from nnspec.training.errors import RunError

for file in sorted(Path(".").glob("*.nn")):
    for strategy in ("ddp", "fsdp"):
        try:
            room.train(Source(file.read_text(), file.name), "", {"strategy": strategy}, ".",
                       Console(quiet=True), Path(strategy) / file.stem)
        except (RunError, SystemExit) as error:
            import torch.distributed as dist
            dist.destroy_process_group()
            print("refused", strategy, file.stem, error)
"""


def distance(a: Path, b: Path) -> float:
    """The largest difference of weights."""
    ours = safetensors.torch.load_file(a / "last" / "model.safetensors")
    theirs = safetensors.torch.load_file(b / "last" / "model.safetensors")
    assert ours.keys() == theirs.keys()
    return max(float((value - theirs[name]).abs().max()) for name, value in ours.items())


def optimizers(folder: Path) -> None:
    for name, spec in OPTIMIZERS.items():
        (folder / f"{name}.nn").write_text(spec)
    (folder / "worker.py").write_text(WORKER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*TORCHRUN, "worker.py"], cwd=folder, env=environment, text=True,
                          capture_output=True)  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    for name, spec in OPTIMIZERS.items():
        console = Console(file=io.StringIO())
        one = train(Source(spec, "n.nn"), "", {}, ".", console, folder / "one" / name).folder
        for strategy in ("ddp", "fsdp"):
            if any((folder / strategy / name).glob("Net/*/summary.json")):
                off = distance(the_run(folder / strategy / name), one)
                print(f"{name:10} {strategy:5} {off:.1e}", "" if off < 1e-4 else "<-- differs")


def kills(folder: Path, seed: int, strategy: str, times: int = 3) -> None:
    draw = random.Random(seed)
    (folder / "net.nn").write_text(SPEC.replace("epochs = 2", "epochs = 40"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["-m", "nnspec", "train", "net.nn", f"strategy={strategy}", "checkpoint_minutes=0.01"]
    launched = subprocess.Popen([*TORCHRUN[:-1], "--nproc-per-node=2", f"--max-restarts={times}", *words],
                                cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)  # fmt: skip
    killed = 0
    while launched.poll() is None and killed < times:
        if not any(folder.glob("runs/Net/*/last/state.json")):
            time.sleep(0.2)
            continue
        time.sleep(draw.uniform(8, 20))
        found = subprocess.run(["pgrep", "-P", str(launched.pid)], capture_output=True, text=True)
        workers = found.stdout.split()
        if workers:
            os.kill(int(draw.choice(workers)), signal.SIGKILL)
            killed += 1
    assert launched.wait() == 0
    spec = (folder / "net.nn").read_text()
    one = train(Source(spec, "n.nn"), "", {}, ".", Console(file=io.StringIO()), folder / "one")
    runs = list(folder.glob("runs/Net/*"))
    assert len(runs) == 1, runs
    print(f"killed {killed} times, {strategy}: {distance(runs[0], one.folder):.1e}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with tempfile.TemporaryDirectory() as made:
        optimizers(Path(made))
    for number, way in enumerate(("ddp", "fsdp")):
        with tempfile.TemporaryDirectory() as made:
            kills(Path(made), first + number, way)
