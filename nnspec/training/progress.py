"""How a run is shown: a live bar in a terminal, a line for each epoch in a pipe or log file."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text
from torch import nn

from nnspec.recipe.plan import SETTINGS, TrainPlan
from nnspec.training.start import Job, Part

#: seconds between two looks at the loss: reading it waits for the device
REFRESH = 0.2


def header(
    console: Console,
    job: Job,
    counts: dict[str, int],
    models: dict[str, nn.Module],
    words: dict[str, Any],
) -> None:
    """Device, data, model, settings and what was chosen, before the first step."""
    plan = job.plan
    settings = plan.settings
    threads = f", {job.threads} thread{'s' * (job.threads != 1)}" * (job.device.type == "cpu")
    samples = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    fields = ", ".join(f"{name}: {field}" for name, field in plan.data.fields.items())
    changed_settings = {
        s.name: settings[s.name]
        for s in SETTINGS
        if s.name in ("epochs", "batch_size", "seed", "precision") or settings[s.name] != s.default
    }
    rows = [
        ("device", f"{job.device}{threads}"),
        ("data", f"{plan.data.name}: {plan.data.source}; {samples}"),
        ("", fields),
    ]
    for part in job.parts:
        rows += _of_part(part, models[part.plan.model], words)
    rows.append(("settings", ", ".join(f"{n}={value}" for n, value in changed_settings.items())))
    for number, choice in enumerate(job.choices(models[plan.model])):
        rows.append(("" if number else "chosen", choice))
    if words:
        rows.append(("you set", ", ".join(f"{k}={v}" for k, v in words.items())))
    rows += [("note", note) for note in job.notes]
    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(Text(name, "dim"), Text(text))
    console.print(table)
    console.print()


def _of_part(part: Part, model: nn.Module, words: dict[str, Any]) -> list[tuple[str, str]]:
    """A train part's model, loss and optimizer."""
    plan = part.plan
    given = [word for word in words if word.split(".")[-2:-1] == ["model"]]
    changed = {
        k: v for k, v in part.model_settings.items() if any(w.endswith(f".{k}") for w in given)
    }
    arguments = ", ".join(f"{k}={v}" for k, v in changed.items())
    name = f"{plan.model}({arguments})" if changed else plan.model
    parameters = sum(p.numel() for p in model.parameters())
    rows = [
        ("model", f"{name}: {parameters:,} parameters"),
        ("loss", plan.loss.doc),
        ("optimizer", f"{plan.optimizer}, scheduler {plan.scheduler}"),
    ]
    return [*rows, ("average", str(plan.average))] if plan.average else rows


class Display:
    """The loop's watcher; `with display:` around the training."""

    def __init__(
        self, console: Console, epochs: int, done: int, metric: str, batch_size: int
    ) -> None:
        self.console, self.epochs, self.metric = console, epochs, metric
        self.batch_size = batch_size
        self.live = console.is_terminal
        self.last_look = 0.0
        self.rate_from = (time.perf_counter(), 0)
        self.steps = 0
        self.shown_metric = ""
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            expand=True,
        )
        self.task = self.bar.add_task(
            "", total=None, epoch=done + 1, epochs=epochs, figures="", start=True
        )

    def __enter__(self) -> Display:
        if self.live:
            self.bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.live:
            self.bar.stop()

    def batch(self, epoch: int, done: int, of: int, loss: Callable[[], float]) -> None:
        if not self.live:
            return
        self.steps += 1
        now = time.perf_counter()
        if now - self.last_look < REFRESH:
            return
        self.last_look = now
        since, steps = self.rate_from
        rate = (self.steps - steps) * self.batch_size / max(1e-9, now - since)
        self.bar.update(
            self.task,
            total=of * self.epochs,
            completed=(epoch - 1) * of + done,
            epoch=epoch,
            figures=f"loss {loss():.4f}{self.shown_metric}  {rate:,.0f} samples/s",
        )

    def epoch(self, row: dict[str, Any], best: bool) -> None:
        value = row.get(f"val_{self.metric}")
        shown = ""
        if value is not None and self.metric != "loss":
            shown = f"  val {self.metric} {_figure(self.metric, value)}"
        self.shown_metric = shown
        width = len(str(self.epochs))
        line = Text(f"epoch {row['epoch']:>{width}}/{self.epochs}", "dim")
        for name, loss in row.items():
            if name.startswith("train_loss"):
                whose = name.removeprefix("train_loss").replace("_", "  ", 1)
                line.append(f"{whose}  loss {loss:.4f}", "default")
                line.append(f"  val loss {row[name.replace('train', 'val')]:.4f}", "default")
        line.append(shown, "bold" if best else "default")
        line.append(f"  {row['samples_per_second']:>8,.0f} samples/s  {row['seconds']:.1f} s")
        if best and self.metric:
            line.append("  best", "green")
        self.console.print(line, soft_wrap=True)


def footer(
    console: Console,
    metric: str,
    best: float | None,
    best_epoch: int | None,
    folder: str,
    seconds: float,
    plan: TrainPlan,
) -> None:
    """How it ended, where the run folder is, and what to type next."""
    console.print()
    if best is not None:
        console.print(
            Text(
                f"best val {metric} {_figure(metric, best)} (epoch {best_epoch}), {seconds:.1f} s",
                "bold",
            )
        )
    console.print(Text(f"run folder: {folder}"), soft_wrap=True)
    console.print(Text("next:", "dim"))
    classes = any(plan.data.fields[m.field].classes is not None for m in plan.metrics)
    measured = "metrics for each class, and the confusion matrix" if classes else "its figures"
    commands = [(f"nnspec eval {folder}", measured)]
    file, told = _used(plan)
    commands.append((f"nnspec predict {folder} {file}", told))
    for command, what in commands:
        console.print(Text(f"  {command}").append(f"    # {what}", "dim"), soft_wrap=True)


def _used(plan: TrainPlan) -> tuple[str, str]:
    """A file of what the model takes, and what `predict` tells of it."""
    fields = [plan.data.raw[name] for name in plan.inputs.values()]
    measured = plan.data.fields[plan.metrics[0].field] if plan.metrics else None
    chooses = measured is not None and measured.classes is not None
    field = fields[0]
    if len(fields) > 1:
        file, one = "samples.npz", "each sample"
    elif field.columns:
        file, one = "rows.csv", "each row"
    elif field.dtype == "u8" and len(field.shape) == 3:
        file, one = "image.png", "an image"
    else:
        file, one = "samples.npy", "each sample"
    if chooses and measured is not None and measured.shape:
        where = "masks/" if len(measured.shape) == 2 else "masks.npz"
        return f"{file} -o {where}", f"the class of each place of {one}"
    return file, f"the class of {one}" if chooses else f"the output for {one}"


def _figure(metric: str, value: float) -> str:
    return f"{100 * value:.2f}%" if metric.startswith(("accuracy", "f1")) else f"{value:.4f}"
