"""`nnspec train`: one run from its first line to its last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from nnspec.source import Source
from nnspec.training.errors import RunError
from nnspec.training.loop import Interrupted, Trainer
from nnspec.training.progress import Display, footer, header
from nnspec.training.run import Run
from nnspec.training.start import Job, prepare, restore, settings_of


def train(
    source: Source,
    model: str,
    overrides: Mapping[str, Any],
    root: str,
    console: Console,
    parent: Path = Path("runs"),
    allow_extern: bool = False,
) -> Run:
    """Train as the spec says, with the overrides of the command line; the run folder.

    Raises SpecError where the spec has problems, RunError where the run cannot go on.
    """
    job = prepare(source, model, overrides, root, allow_extern=allow_extern)
    _ = job.model_class, job.splits  # what cannot be made or loaded leaves no folder
    run = Run.new(parent, job.plan.model)
    run.begin(source.text, job.program.texts, settings_of(job, overrides))
    return _go(job, run, job.trainer(run), console, overrides)


def resume(folder: str, device: str | None, console: Console, allow_extern: bool = False) -> Run:
    """Go on with a run that was stopped."""
    run, job = restore(folder, device, allow_extern)
    trainer = job.trainer(run)
    trainer.resume()
    if trainer.epoch >= job.plan.settings["epochs"]:
        raise RunError(f"{folder} is finished: {trainer.epoch} epochs", f"nnspec eval {folder}")
    return _go(job, run, trainer, console, run.settings.overrides)


def _go(job: Job, run: Run, trainer: Trainer, console: Console, words: Mapping[str, Any]) -> Run:
    counts = {name: len(split) for name, split in trainer.splits.items()}
    parameters = sum(p.numel() for p in trainer.model.parameters())
    header(console, job, counts, parameters, dict(words))
    display = Display(
        console, job.plan.settings["epochs"], trainer.epoch, trainer.monitor, trainer.batch_size
    )
    begun = time.perf_counter()
    log = _EventLog(run, display)
    try:
        with display:
            trainer.train(log)
    except Interrupted:
        raise RunError(
            f"stopped in epoch {trainer.epoch + 1} after {trainer.step} steps; the state is saved",
            f"nnspec train --resume {run.folder}",
        ) from None
    finally:
        log.close()
    seconds = time.perf_counter() - begun
    run.finish(
        {
            "model": job.plan.model,
            "parameters": parameters,
            "epochs": trainer.epoch,
            "monitor": trainer.monitor,
            "best": trainer.best,
            "best_epoch": trainer.best_epoch,
            "seconds": seconds,
        }
    )
    footer(console, trainer.monitor, trainer.best, trainer.best_epoch, str(run.folder), seconds)
    return run


class _EventLog:
    """Passes on what the loop tells, and writes it down for TensorBoard."""

    def __init__(self, run: Run, display: Display) -> None:
        self.folder, self.display = run.folder, display
        self.batch = display.batch
        self.writer: Any = None

    def epoch(self, row: dict[str, Any], best: bool) -> None:
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(self.folder))
        for name, value in row.items():
            if name != "epoch":
                self.writer.add_scalar(name, value, row["epoch"])
        self.display.epoch(row, best)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
