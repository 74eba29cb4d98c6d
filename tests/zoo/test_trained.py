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
