"""Milliseconds a training step: nnspec, a careful loop by hand, and other trainers.

All train the same model from the same weights on the same data in batches of the same size, with the
same optimizer. Each is a process of its own, so that none has the threads, the memory or the hooks of
another; they take turns of as many epochs as make half a second, the same for all, while the others wait.
The loop by hand is what a careful person writes: a `DataLoader` over a `TensorDataset`, `set_to_none`, no
synchronisation. Lightning, Fabric, Accelerate and Keras 3 take part where they are installed, with their
logging and checkpoints off.

    python benchmarks/training_steps.py [digits|digits16|digits8|resnet18 …]
                                        [--no-compile] [--turns N] [--cpu] [--set threads=2 …]

`--set` gives nnspec's own a setting, to try what it chooses by itself against another choice.
`--cpu` counts the processor's seconds in place of the clock's, for a machine that has other work.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from nnspec.source import Source
from nnspec.training.run import Run
from nnspec.training.start import prepare

ROOT = Path(__file__).parent.parent
#: seconds of a turn at least: who comes back to cold caches and sleeping threads is soon training as before
TURN = 0.5
THREADS = torch.get_num_threads()
RESNET = """
from zoo.resnet import resnet18

data Images:
    source = fake([3, 64, 64], classes=10, samples=160)
    split = [train: 128, val: 32]

train resnet18 on Images:
    loss = cross_entropy(logits, label)
    optimizer = adamw(lr=1e-3)
    batch_size = 16
    epochs = 1
"""
DIGITS = (ROOT / "specs/digits.nn").read_text()
#: a spec, the model in it, and the settings that differ
TASKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "digits": (DIGITS, "DigitsCNN", {}),
    "digits16": (DIGITS, "DigitsCNN", {"model.width": 16}),
    "digits8": (DIGITS, "DigitsCNN", {"model.width": 8}),
    "resnet18": (RESNET, "resnet18", {"model.classes": 10}),
}
#: what nnspec is told besides
OURS: dict[str, dict[str, Any]] = {
    "nnspec": {},
    "nnspec, compile=true": {"compile": True},
    "nnspec, precision=bf16": {"precision": "bf16"},
}

Epoch = Callable[[], object]


class Silent:
    def batch(self, epoch: int, done: int, of: int, loss: Callable[[], float]) -> None: ...
    def epoch(self, row: dict[str, Any], best: bool) -> None: ...


def ours(job: Any) -> Epoch:
    trainer = job.trainer(Run(Path(tempfile.mkdtemp())))

    def epoch() -> None:
        torch.set_num_threads(job.threads)
        trainer.step = 0
        trainer.train_batches(Silent())

    return epoch


class Peer:
    """What the peers begin with: the same model, data, optimizer, on all threads."""

    def __init__(self, job: Any) -> None:
        torch.set_num_threads(THREADS)
        self.model = job.build()[0].to(memory_format=torch.contiguous_format)
        train = job.data.splits["train"].fields
        self.batch = job.plan.settings["batch_size"]
        self.rows = TensorDataset(train["image"].contiguous(), train["label"])
        self.loader = DataLoader(self.rows, self.batch, shuffle=True)
        settings = dict(job.plan.optimizer.settings)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings["lr"], weight_decay=settings["weight_decay"]
        )


def by_hand(job: Any) -> Epoch:
    peer = Peer(job)

    def epoch() -> None:
        torch.set_num_threads(THREADS)
        peer.model.train()
        total = torch.zeros(())
        for image, label in peer.loader:
            loss = F.cross_entropy(peer.model(image), label)
            peer.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            peer.optimizer.step()
            total += loss.detach() * len(image)

    return epoch


def fabric(job: Any) -> Epoch:
    from lightning.fabric import Fabric

    peer, made = Peer(job), Fabric(accelerator="cpu", devices=1)
    model, optimizer = made.setup(peer.model, peer.optimizer)
    loader = made.setup_dataloaders(peer.loader)

    def epoch() -> None:
        torch.set_num_threads(THREADS)
        model.train()
        for image, label in loader:
            loss = F.cross_entropy(model(image), label)
            optimizer.zero_grad()
            made.backward(loss)
            optimizer.step()

    return epoch


def accelerate(job: Any) -> Epoch:
    from accelerate import Accelerator

    peer, made = Peer(job), Accelerator(cpu=True)
    model, optimizer, loader = made.prepare(peer.model, peer.optimizer, peer.loader)

    def epoch() -> None:
        torch.set_num_threads(THREADS)
        model.train()
        for image, label in loader:
            loss = F.cross_entropy(model(image), label)
            optimizer.zero_grad()
            made.backward(loss)
            optimizer.step()

    return epoch


def lightning(job: Any) -> Epoch:
    from lightning.pytorch import LightningModule, Trainer

    peer = Peer(job)

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = peer.model

        def training_step(self, batch: Any, _index: int) -> Any:
            image, label = batch
            return F.cross_entropy(self.model(image), label)

        def configure_optimizers(self) -> Any:
            return peer.optimizer

    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=10_000, logger=False, barebones=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    module, done = Module(), [0]

    def epoch() -> None:
        torch.set_num_threads(THREADS)
        done[0] += 1
        trainer.fit_loop.max_epochs = done[0]
        trainer.fit(module, peer.loader)

    return epoch


def keras(job: Any) -> Epoch:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras as k

    peer = Peer(job)
    if job.plan.model != "DigitsCNN":
        raise ImportError("it takes part with the digits only: its model is written here by hand")
    width = job.model_settings.get("width", 32)
    layers = [k.layers.Input((8, 8, 1))]
    for channels, pool in ((width, False), (width, True), (2 * width, True)):
        layers += [
            k.layers.Conv2D(channels, 3, padding="same", use_bias=False),
            k.layers.BatchNormalization(), k.layers.ReLU(),
        ]  # fmt: skip
        layers += [k.layers.MaxPooling2D(2)] if pool else []
    layers += [k.layers.Flatten(), k.layers.Dropout(0.2), k.layers.Dense(10)]
    model = k.Sequential(layers)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.AdamW(3e-3, 0.01), loss)
    image, label = peer.rows.tensors
    image = image.permute(0, 2, 3, 1).contiguous()

    def epoch() -> None:
        torch.set_num_threads(THREADS)
        model.fit(image, label, batch_size=peer.batch, epochs=1, verbose=0)

    return epoch


HAND = "loop by hand"
PEERS: dict[str, Callable[[Any], Epoch]] = {
    HAND: by_hand, "Fabric": fabric, "Accelerate": accelerate, "Lightning": lightning, "Keras 3": keras,
}  # fmt: skip


def take_turns(task: str, name: str, clock: Callable[[], float], settings: dict[str, Any]) -> None:
    """One of the contestants, in a process of its own: for each line that it reads so many epochs."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a peer prints is no answer
    warnings.filterwarnings("ignore")
    spec, model, words = TASKS[task]
    words = {**words, **({**settings, **OURS[name]} if name in OURS else {})}
    job = prepare(Source(spec, f"{task}.nn"), model, words, str(ROOT))
    steps = -(-len(job.data.splits["train"]) // job.plan.settings["batch_size"])
    try:
        epoch = PEERS.get(name, ours)(job)
    except ImportError as missing:
        answers.write(f"skipped: {missing}\n")
        return
    epoch()  # caches are filled, and code compiled
    answers.write(f"{job.threads if name in OURS else THREADS}\n")
    for line in sys.stdin:
        begun = clock()
        for _ in range(int(line)):
            epoch()
        answers.write(f"{(clock() - begun) / (int(line) * steps)}\n")


class Contestant:
    """The process of one of them."""

    def __init__(self, task: str, name: str, cpu: bool, settings: list[str]) -> None:
        self.name = name
        self.times: list[float] = []
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process lives
        self.process = subprocess.Popen(
            [
                sys.executable, __file__, task, "--turn-of", name, *["--cpu"] * cpu,
                *(f"--set={one}" for one in settings),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, bufsize=1,
        )  # fmt: skip
        self.threads = self.answer()

    @property
    def takes_part(self) -> bool:
        return self.threads.isdigit()

    def answer(self) -> str:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        if not said:
            self.errors.seek(0)
            lines = self.errors.read().strip().splitlines()
            said = f"failed: {lines[-1] if lines else 'without a word'}"
        return said

    def turn(self, epochs: int) -> float:
        """Train so long; the seconds of a step."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{epochs}\n")
        return float(self.answer())

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def _epoch(one: Contestant) -> float:
    """The seconds of an epoch."""
    begun = time.perf_counter()
    one.turn(1)
    return time.perf_counter() - begun


def compete(task: str, turns: int, compiled: bool, cpu: bool, settings: list[str]) -> None:
    print(f"{task}: milliseconds a step" + "".join(f", {one}" for one in settings))
    names = [*OURS, *PEERS]
    if not compiled:
        names.remove("nnspec, compile=true")
    every = [Contestant(task, name, cpu, settings) for name in names]
    able = [one for one in every if one.takes_part]
    fastest = min(_epoch(one) for one in able)
    epochs = math.ceil(TURN / fastest)
    for turn in range(turns):
        for one in able if turn % 2 else reversed(able):
            one.times.append(one.turn(epochs))
    hand = next((one.times for one in able if one.name == HAND), None)
    for one in every:
        if not one.takes_part or hand is None:
            print(f"  {one.name:<24} {one.threads}")
            continue
        ratio = statistics.median(h / own for own, h in zip(one.times, hand, strict=True))
        print(
            f"  {one.name:<24} {1000 * statistics.median(one.times):7.2f}  "
            f"{ratio:.2f} times as fast as the loop  ({one.threads} threads)",
            flush=True,
        )
    for one in every:
        one.leave()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(TASKS)}; all by default")
    parser.add_argument("--no-compile", action="store_true", help="leave compile=true out")
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--cpu", action="store_true", help="the processor's seconds")
    parser.add_argument("--set", action="append", default=[], help="a setting of nnspec's own")
    parser.add_argument("--turn-of", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.turn_of:
        clock = time.process_time if said.cpu else time.perf_counter
        given = dict(one.split("=", 1) for one in said.set)
        settings = {name: json.loads(value) for name, value in given.items()}
        take_turns(said.tasks[0], said.turn_of, clock, settings)
        return
    for task in said.tasks or TASKS:
        compete(task, said.turns, not said.no_compile, said.cpu, said.set)


if __name__ == "__main__":
    main()
