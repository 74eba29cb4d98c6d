"""The digits' spec, and runs that are started from a text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from nnspec.source import Source
from nnspec.training.run import Run
from nnspec.training.train import train

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "specs" / "digits.nn").read_text()


def start(folder: Path, spec: str = SPEC, **words: Any) -> Run:
    """Train as the words say, quietly; `optimizer__lr` is `optimizer.lr`."""
    console = Console(file=io.StringIO())
    overrides = {name.replace("__", "."): value for name, value in words.items()}
    return train(Source(spec, "digits.nn"), "", overrides, str(ROOT), console, folder)
