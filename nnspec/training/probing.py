"""Settings that are found by trying: `batch_size="auto"`, `lr="find"`.

Both try on models of their own, drawn under the run's seed, which are thrown away. What was found becomes a
setting of the run, so that it is resumed with it. Of several processes the first one tries: the batch that is
best for one is taken by each, and the rate is that of the whole batch.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from nnspec.training.data import Batch
from nnspec.training.errors import RunError, is_out_of_memory
from nnspec.training.loop import Trainer
from nnspec.training.run import Run
from nnspec.training.start import Job

#: makes the job again, with these words in place of what is sought
Again = Callable[[dict[str, Any]], Job]

#: batches are doubled from the least up to the most, with at least so many of them in an epoch
LEAST, MOST, IN_AN_EPOCH = 16, 4096, 8
#: how much faster per sample twice the batch must be
WORTH = 1.1
#: the learning rates that are tried, and in how many steps
LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
#: the steps over which a fall of the loss is looked at
WINDOW = 10


def found_by_first(job: Job, again: Again) -> tuple[dict[str, Any], list[str]]:
    """As `found_by_trying`; of several processes the first one tries, by itself, and tells the others."""
    words, notes = json.loads(
        job.processes.said_by_first(lambda: json.dumps(found_by_trying(job, again)))
    )
    return words, notes


def found_by_trying(job: Job, again: Again) -> tuple[dict[str, Any], list[str]]:
    """The words for what the settings leave to be found, and how it was found, to be shown."""
    words: dict[str, Any] = {}
    processes = job.processes.size
    notes: list[str] = []
    rate = {"optimizer.lr": LOWEST} if job.plan.optimizer.settings["lr"] == "find" else {}
    if job.plan.settings["batch_size"] == "auto":
        own, note = best_batch(lambda more: again({**rate, **more}), processes)
        words["batch_size"] = own * processes
        each = f"{own} in each of {processes} processes, " if processes > 1 else ""
        notes.append(f"batch_size={words['batch_size']}: {each}{note}")
    if rate:
        words["optimizer.lr"] = best_rate(again({**words, **rate}))
        notes.append(
            f"optimizer.lr={words['optimizer.lr']:g}: where the loss falls fastest (range test)"
        )
    return words, notes


def best_batch(again: Again, processes: int = 1) -> tuple[int, str]:
    """The largest batch of one of the processes up to which doubling makes samples faster by a tenth, and
    that fits into memory."""
    size, before = LEAST, 0.0
    while True:
        try:
            job = again({"batch_size": size})
            speed = _samples_per_second(_trial(job), size)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if size == LEAST:
                raise RunError(f"there is not enough memory for batches of {LEAST}") from None
            return size // 2, f"{size} do not fit into memory"
        if speed < WORTH * before:
            return size // 2, f"{before:,.0f} samples/s; with {size} it is {speed:,.0f}"
        in_a_step = 2 * size * processes
        if 2 * size > MOST or in_a_step * IN_AN_EPOCH > len(job.data.splits["train"]):
            return size, f"{speed:,.0f} samples/s; an epoch keeps at least {IN_AN_EPOCH} steps"
        size, before = 2 * size, speed


def best_rate(job: Job) -> float:
    """The learning rate at which the loss falls fastest while the rate grows step by step (Smith 2017,
    arXiv:1506.01186, section 3.3); the loss is smoothed."""
    if len(job.parts) > 1 or job.plan.optimizer.definition.evaluates:
        raise RunError(
            'lr="find" is for one model and an optimizer that computes the loss once a step',
            "give the learning rate as a number",
        )
    trainer = _trial(job)
    every = trainer.update.optimizers[0].param_groups
    groups = [
        g for g in every if g.get("initial_lr", g["lr"]) == LOWEST
    ]  # others have their own rates
    factor = (HIGHEST / LOWEST) ** (1 / STEPS)
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    for number, batch in zip(range(STEPS), _endless(trainer), strict=False):
        rate = LOWEST * factor**number
        for group in groups:
            group["lr"] = rate
        mean = 0.9 * mean + 0.1 * _step(trainer, batch)
        smooth = mean / (1 - 0.9 ** (number + 1))
        if not math.isfinite(smooth) or (number > 10 and smooth > 4 * min(losses)):
            break
        rates.append(rate)
        losses.append(smooth)
    # over several steps: from one to the next it is the batch that makes the difference
    falls = [after - before for before, after in zip(losses, losses[WINDOW:], strict=False)]
    if not falls or min(falls) >= 0:
        raise RunError("no learning rate makes the loss fall", "give one: optimizer.lr=1e-3")
    return float(f"{rates[falls.index(min(falls)) + WINDOW // 2]:.1e}")


def _trial(job: Job) -> Trainer:
    trainer = job.trainer(Run(Path(tempfile.gettempdir())), begins=True)  # nothing is written
    trainer.model.train()
    return trainer


def _endless(trainer: Trainer) -> Iterator[Batch]:
    epoch = 1
    while True:
        split = trainer.splits["train"]
        yield from split.batches(trainer.batch_size, trainer.order(epoch))
        epoch += 1


def _step(trainer: Trainer, batch: Batch) -> float:
    """One step at the rates as they are; the loss before it."""
    update = trainer.update
    update.zero_grad()
    loss = trainer.compute(trainer.mixed(trainer.drawn(batch)))
    update.backward(loss, 1)
    update.move()
    return float(loss.detach())


def _samples_per_second(trainer: Trainer, size: int) -> float:
    times = []
    for number, batch in zip(range(7), _endless(trainer), strict=False):
        if number == 2:  # the first ones make the optimizer's state
            times.append(time.perf_counter())
        _step(trainer, batch)
    return 5 * size / (time.perf_counter() - times[0])
