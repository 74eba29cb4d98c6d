"""`nnspec train`: one run from its first line to its last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from nnspec.runs.log import dotted
from nnspec.source import Source
from nnspec.training.errors import RunError, is_out_of_memory
from nnspec.training.loop import Interrupted, Trainer
from nnspec.training.parallel.processes import Processes, launch, restarted
from nnspec.training.progress import Display, footer, header
from nnspec.training.run import Onlooker, Run, write_whole
from nnspec.training.start import Job, prepare, restore, settings_of

#: the file of a run folder that says which `torchrun` it belongs to
LAUNCH = "launch"


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

    Where torchrun has started the processes again, the run that they had begun goes on. Raises SpecError
    where the spec has problems, RunError where the run cannot go on.
    """
    processes = Processes.join()
    with processes.together():
        job = prepare(
            source, model, overrides, root, allow_extern=allow_extern, processes=processes
        )
        # what cannot be made, loaded or compiled leaves no folder
        _ = job.model_class, job.data
        if job.plan.settings["compile"]:
            from nnspec.training.compiling import require_compiler

            require_compiler(job.device)
        before = processes.said_by_first(lambda: begun(parent / job.plan.model))
        if before:
            return _resume(before, None, console, allow_extern, {}, processes)
        if job.is_open:
            from nnspec.training.probing import found_by_first

            def again(words: dict[str, Any], alone: bool = True) -> Job:
                own = None if alone else processes
                more = {**overrides, **words}
                made = prepare(source, model, more, root, allow_extern=allow_extern, processes=own)
                made.data = job.data
                return made

            found, notes = found_by_first(job, again)
            overrides = {**overrides, **found}
            job = again({}, alone=False)
            job.notes += notes
        run = _new_run(parent, job, processes)
        run.begin(source.text, job.program.texts, settings_of(job, overrides))
        return _go(job, run, job.trainer(run, begins=True), console, overrides)


def _new_run(parent: Path, job: Job, processes: Processes) -> Run:
    """A new run folder, which one process makes."""

    def make() -> str:
        run = Run.new(parent, job.plan.model)
        if processes.size > 1 and launch():
            write_whole(run.folder / LAUNCH, launch().encode())
        return str(run.folder)

    folder = Path(processes.said_by_first(make))
    return Run(folder) if processes.leads else Onlooker(folder)


def begun(runs: Path) -> str:
    """The folder of the run that these processes had begun, and saved, before torchrun started them again."""
    if not restarted():
        return ""
    for file in sorted(runs.glob(f"*/{LAUNCH}"), reverse=True):
        saved = any((file.parent / name / "state.json").is_file() for name in ("last", ".last.old"))
        if file.read_text() == launch() and saved:
            return str(file.parent)
    return ""


def resume(
    folder: str,
    device: str | None,
    console: Console,
    allow_extern: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> Run:
    """Go on with a run that was stopped, with settings of the command line in place of its own; with as many
    processes as there are now."""
    processes = Processes.join()
    with processes.together():
        return _resume(folder, device, console, allow_extern, overrides, processes)


def _resume(
    folder: str,
    device: str | None,
    console: Console,
    allow_extern: bool,
    overrides: Mapping[str, Any] | None,
    processes: Processes,
) -> Run:
    run, job = restore(folder, device, allow_extern, overrides, processes)
    before, now = run.settings, settings_of(job, {**run.settings.overrides, **(overrides or {})})
    changed = changes(before.resolved, now.resolved)
    trainer = job.trainer(run)
    trainer.resume(changed)
    if trainer.finished:
        more = f"nnspec train --resume {folder} epochs={2 * trainer.epoch}"
        raise RunError(
            f"{folder} is finished: {trainer.epoch} epochs", f"nnspec eval {folder}, or {more}"
        )
    job.notes += [f"{name} was {old}, is {new}" for name, (old, new) in changed.items()]
    job.notes.append(
        f"goes on after epoch {trainer.epoch}"
        + (f" and {trainer.step} batches of the next" if trainer.step else "")
    )
    if changed:
        run.settle(now)
    return _go(job, run, trainer, console, now.overrides)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, dotted: what they were, and what they are."""
    old, new = dotted(before), dotted(now)
    names = [*old, *(name for name in new if name not in old)]
    return {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}


def _go(job: Job, run: Run, trainer: Trainer, console: Console, words: Mapping[str, Any]) -> Run:
    with trainer.listening():
        return _from_first_line_to_last(job, run, trainer, console, words)


def _from_first_line_to_last(
    job: Job, run: Run, trainer: Trainer, console: Console, words: Mapping[str, Any]
) -> Run:
    counts = {name: len(split) for name, split in trainer.splits.items()}
    console = console if job.processes.leads else Console(quiet=True)
    models = {one.plan.model: one.model for one in trainer.together}
    parameters = sum(p.numel() for model in models.values() for p in model.parameters())
    header(console, job, counts, models, dict(words))
    display = Display(
        console, job.plan.settings["epochs"], trainer.epoch, trainer.monitor, trainer.batch_size
    )
    begun = time.perf_counter()
    log = _EventLog(run, display, trainer.epoch) if job.processes.leads else Silent()
    try:
        with display:
            trainer.train(log)
    except Interrupted:
        raise RunError(
            f"stopped in epoch {trainer.epoch + 1} after {trainer.step} steps; the state is saved",
            f"nnspec train --resume {run.folder}",
        ) from None
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        batch, times = job.plan.settings["batch_size"], job.plan.settings["accumulate"]
        raise RunError(
            f"there is not enough memory on {job.device} for batches of {batch}; what was saved is kept",
            f"batch_size={max(1, batch // 2)} accumulate={2 * times} gives the same steps with half of it",
        ) from None
    except RunError as error:
        # what cannot be written, as on a full disk: there is nothing to say but how to go on
        if not error.help and (run.folder / "last").is_dir():
            error.help = f"what was saved is kept: nnspec train --resume {run.folder}"
        raise
    finally:
        log.close()
    seconds = time.perf_counter() - begun
    if trainer.stalled and trainer.epoch < job.plan.settings["epochs"]:
        patience = job.plan.settings["patience"]
        console.print(f"stopped early: no better {trainer.monitor} in {patience} epochs")
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
    best = trainer.monitor, trainer.best, trainer.best_epoch
    footer(console, *best, str(run.folder), seconds, job.plan)
    return run


class Silent:
    """The watcher of a process that does not lead."""

    def batch(self, epoch: int, done: int, of: int, loss: Callable[[], float]) -> None:
        pass

    def epoch(self, row: dict[str, Any], best: bool) -> None:
        pass

    def close(self) -> None:
        pass


class _EventLog:
    """Passes on what the loop tells, and writes it down for TensorBoard."""

    def __init__(self, run: Run, display: Display, done: int) -> None:
        self.folder, self.display, self.done = run.folder, display, done
        self.batch = display.batch
        self.writer: Any = None
        # a full disk comes out of `flush`; TensorBoard's thread would tell of it by a traceback as well
        self.told = threading.excepthook
        threading.excepthook = lambda args: (
            None if isinstance(args.exc_value, OSError) else self.told(args)
        )

    def epoch(self, row: dict[str, Any], best: bool) -> None:
        self.display.epoch(row, best)
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            with self._writing():
                self.writer = SummaryWriter(str(self.folder), purge_step=self.done + 1)
        with self._writing():
            for name, value in row.items():
                if name != "epoch":
                    self.writer.add_scalar(name, value, row["epoch"])
            self.writer.flush()

    def close(self) -> None:
        threading.excepthook = self.told
        writer, self.writer = self.writer, None
        if writer is not None:
            with self._writing():
                writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.writer = None  # it would fail again where it is closed
            raise RunError(
                f"the events for TensorBoard in {self.folder} cannot be written: {error.strerror}"
            ) from None
