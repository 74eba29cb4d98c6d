"""Milliseconds a training step, eager and compiled, against a careful loop by hand and other trainers.

All train the same model from the same weights on the same data in batches of the same size, with the same
optimizer, one epoch each in turn. The loop by hand is what a careful person writes: a `DataLoader` over a
`TensorDataset`, `set_to_none`, no synchronisation. Lightning, Fabric, Accelerate and Keras 3 take part where
they are installed; each has its logging and checkpoints off.

    python benchmarks/training_steps.py [digits|resnet18] [--compile]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from pairs import seconds
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from nnspec.source import Source
from nnspec.training.run import Run
from nnspec.training.start import prepare

ROOT = Path(__file__).parent.parent
TURNS = 15
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
TASKS = {
    "digits": ((ROOT / "specs/digits.nn").read_text(), "DigitsCNN"),
    "resnet18": (RESNET, "resnet18"),
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
        raise ImportError(
            "Keras takes part with the digits only: its model is written here by hand"
        )
    width, layers = 32, [k.layers.Input((8, 8, 1))]
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


def contestants(task: str, compiled: bool) -> Iterator[tuple[str, Epoch, int]]:
    spec, model = TASKS[task]
    job = prepare(Source(spec, f"{task}.nn"), model, {}, str(ROOT))
    steps = -(-len(job.data.splits["train"]) // job.plan.settings["batch_size"])
    yield f"nnspec ({job.threads} threads)", ours(job), steps
    if compiled:
        with_compile = prepare(Source(spec, f"{task}.nn"), model, {"compile": True}, str(ROOT))
        yield "nnspec, compile=true", ours(with_compile), steps
    yield f"loop by hand ({THREADS} threads)", by_hand(job), steps
    for name, make in (
        ("Fabric", fabric), ("Accelerate", accelerate), ("Lightning", lightning), ("Keras 3", keras),
    ):  # fmt: skip
        with suppress(ImportError):
            yield name, make(job), steps


def main() -> None:
    warnings.filterwarnings("ignore")
    task = next((word for word in sys.argv[1:] if word in TASKS), "digits")
    made = list(contestants(task, "--compile" in sys.argv))
    for _, epoch, _ in made:  # each has its caches filled, and its code compiled
        epoch()
        epoch()
    times: dict[str, list[float]] = {name: [] for name, _, _ in made}
    for turn in range(TURNS):
        for name, epoch, _ in made if turn % 2 else reversed(made):
            times[name].append(seconds(epoch))
    hand = next(times[name] for name in times if name.startswith("loop"))
    for name, _, steps in made:
        ratio = statistics.median(h / own for own, h in zip(times[name], hand, strict=True))
        print(
            f"{name:<26} {1000 * statistics.median(times[name]) / steps:7.2f} ms a step, "
            f"{ratio:.2f} times as fast as the loop"
        )


if __name__ == "__main__":
    main()
