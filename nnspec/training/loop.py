"""The training loop: the batches of each epoch; after it validate and save."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

import torch
from torch import nn

from nnspec.recipe.plan import TrainPlan
from nnspec.training import checkpoints
from nnspec.training.data import Split
from nnspec.training.parallel.whole import Whole
from nnspec.training.run import Run
from nnspec.training.step import Learner, Loss
from nnspec.training.validation import Look, validate


class Watcher(Protocol):
    """Who is told how training goes; `progress.py` shows it."""

    def batch(self, epoch: int, done: int, of: int, loss: Callable[[], float]) -> None: ...
    def epoch(self, row: dict[str, Any], best: bool) -> None: ...


class Interrupted(Exception):
    """Ctrl-C or SIGTERM: the step was finished and the state saved."""


class Trainer(Learner):
    """A learner with its run: the epochs, which one was best, and what is saved of them."""

    def __init__(
        self,
        plan: TrainPlan,
        model: nn.Module,
        loss: Loss,
        splits: dict[str, Split],
        run: Run,
        strategy: Whole,
        at_once: int,
    ) -> None:
        """`at_once`: samples that are validated together."""
        super().__init__(plan, model, loss, splits, strategy, at_once)
        self.run_folder = run
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.saved_at = time.monotonic()
        self.stop_requested = False

    # -- training -----------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or as many without a better one as are waited for."""
        return self.epoch >= self.plan.settings["epochs"] or self.stalled

    @property
    def stalled(self) -> bool:
        patience: int | None = self.plan.settings["patience"]
        return patience is not None and self.epoch - (self.best_epoch or 0) >= patience

    def train(self, watcher: Watcher) -> None:
        """All epochs that are left. Raises Interrupted after a saved stop."""
        self.saved_at = time.monotonic()
        while not self.finished:
            self._train_epoch(watcher)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM are heard: the step that is on is finished and saved. What is left to write
        after the last step belongs in here, too.
        """
        previous = {
            number: signal.signal(number, self._request_stop)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stop_requested:  # asked twice: at once
            raise KeyboardInterrupt
        self.stop_requested = True

    def _train_epoch(self, watcher: Watcher) -> None:
        begun = time.perf_counter()
        number = self.epoch + 1
        seen_before = self.samples
        self.train_batches(watcher)
        train_loss = self.loss_of_all()
        self.refuse_nonsense(train_loss)
        seconds = time.perf_counter() - begun
        results = self.validate()
        figures = self.figures()
        seen = int(self.processes.total(torch.tensor(self.samples - seen_before)))
        self.ends_epoch(number, results)
        row = {
            "epoch": number,
            **figures,
            **{f"val_{name}": value for name, value in results.items()},
            "lr": self.update.lr,
            "samples_per_second": seen / seconds,
            "seconds": time.perf_counter() - begun,
        }
        better = self._is_better(results)
        if better:
            self.best, self.best_epoch = results.get(self.monitor), number
        self.run_folder.record(row)
        if (
            better
        ):  # before `last`: a run that dies in between does the epoch again, and finds it better
            self._save("best", self.update.evaluated)
        self._save("last", self.model)
        watcher.epoch(row, better)

    def train_batches(self, watcher: Watcher) -> None:
        """What is left of the batches of the epoch under way."""
        number = self.epoch + 1
        self.model.train()
        split = self.splits["train"]
        order, share = self.order(number), self.processes.share
        for batch in split.batches(self.batch_size, order, self.step, share):
            is_update = self.train_batch(self.mixed(self.drawn(batch)))
            watcher.batch(number, self.step, self.per_epoch, self.mean_loss)
            if is_update:
                self.update.averaged(number, self.step == self.per_epoch)
                self._save_within_epoch()

    def _is_better(self, results: dict[str, float]) -> bool:
        value = results[self.monitor]
        if self.best is None:
            return True
        return (value > self.best) if self.higher_is_better else (value < self.best)

    def validate(self, split: str = "val", look: Look | None = None) -> dict[str, float]:
        """Loss and metrics on a split; `look` sees the outputs and the fields of each batch."""
        return validate(self, split, look)

    # -- checkpoints --------------------------------------------------------------------------------------

    def _save_within_epoch(self) -> None:
        """After a step: the state, where it is time or a stop was asked for."""
        due = time.monotonic() - self.saved_at > 60 * self.plan.settings["checkpoint_minutes"]
        due, stop = self.processes.any(due, self.stop_requested)
        ends = self.step == self.per_epoch  # it is saved after the validation
        if not stop and (ends or not due):
            return
        self.refuse_nonsense(self.loss_of_all())
        self._save("last", self.model)
        if stop:
            raise Interrupted

    def _save(self, which: str, model: nn.Module) -> None:
        checkpoints.save(self, which, model)

    def resume(self, changed: Collection[str] = ()) -> None:
        """Take up the state of `last`; `changed` are the settings that are not as they were."""
        checkpoints.resume(self, changed)
