"""The specs of the zoo that learn: better than what is known without a model."""

from __future__ import annotations

import io
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nnspec.source import Source
from tests.zoo.judge import SPECS

torch = pytest.importorskip("torch")


def losses(name: str, folder: Path, **words: Any) -> list[float]:
    """The validation losses of a run, epoch by epoch."""
    console = pytest.importorskip("rich.console").Console(file=io.StringIO())
    from nnspec.training.train import train

    file = SPECS / f"{name}.nn"
    overrides = {key.replace("__", "."): value for key, value in words.items()}
    run = train(Source(file.read_text(), str(file)), "", overrides, str(SPECS), console, folder)
    return [row["val_loss"] for row in run.metrics()]


def test_the_lstm_learns_what_bytes_follow_each_other(tmp_path: Path) -> None:
    """Who only knows how frequent each byte is needs their entropy (Shannon 1948)."""
    text = (SPECS / "whisper.nn").read_bytes()
    shares = [count / len(text) for count in Counter(text).values()]
    entropy = -sum(share * math.log(share) for share in shares)
    found = losses("lstm", tmp_path, epochs=12, optimizer__lr=0.01)
    assert min(found) < 0.9 * entropy


def test_the_vae_draws_better_than_the_mean_of_all_digits(tmp_path: Path) -> None:
    """The bound of Kingma & Welling 2014, equation 10, in nats an image, against the cross entropy of each
    image to the mean image."""
    images = torch.tensor(pytest.importorskip("sklearn.datasets").load_digits().images) / 16
    mean = images.mean(0).clamp(1e-6, 1 - 1e-6).expand_as(images)
    alone = torch.nn.functional.binary_cross_entropy(mean, images, reduction="sum") / len(images)
    found = losses("vae", tmp_path, epochs=20, optimizer__lr=0.003)
    assert min(found) < 0.95 * float(alone)


def test_the_speed_run_takes_its_steps(tmp_path: Path) -> None:
    """On drawn pictures of CIFAR-10's shape: only the data and a GPU tell how good it is."""
    text = (SPECS / "cifar_speedrun.nn").read_text()
    source = Source(text.replace("cifar10()", "fake([3, 32, 32], samples=40)"), "speedrun.nn")
    console = pytest.importorskip("rich.console").Console(file=io.StringIO())
    from nnspec.training.train import train

    words = {"epochs": 2, "batch_size": 16, "model.width": 8}
    run = train(source, "", words, str(SPECS), console, tmp_path)
    first, second = run.metrics()
    assert math.isfinite(first["train_loss"]) and math.isfinite(second["val_loss"])
    # 4 steps of 0.4, half of them on the way up of 5 epochs of 2 steps each
    assert first["lr"] == pytest.approx(0.4 * 3 / 10) and second["lr"] == pytest.approx(
        0.4 * 5 / 10
    )
