"""Runs as a table: a line for each run, or a column for each with what differs between them.

A table is its rows of cells, the head first; whoever prints it aligns them.
"""

from __future__ import annotations

from nnspec.operators.binding import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.runs.log import RunLog

Table = list[list[str]]

#: stands where a run has no such value
NOTHING = "-"


def overview(runs: Sequence[RunLog]) -> Table:
    """A line for each run: how far it came, its best epoch, how long it took, what was set."""
    return [["run", "epochs", "best", "epoch", "seconds", "set"], *(_line(run) for run in runs)]


def _line(run: RunLog) -> list[str]:
    best = run.best()
    words = " ".join(f"{name}={_shown(value)}" for name, value in run.words.items())
    return [
        run.name,
        f"{len(run.rows)}/{run.epochs}",
        f"{run.monitor} {best[f'val_{run.monitor}']:.4f}" if best else NOTHING,
        str(best["epoch"]) if best else NOTHING,
        f"{run.seconds:.1f}",
        words or NOTHING,
    ]


def comparison(runs: Sequence[RunLog]) -> Table:
    """A column for each run: the settings in which they differ, then the figures of the best epoch."""
    table = [["", *(run.name for run in runs)]]
    names = dict.fromkeys(name for run in runs for name in run.settings)
    for name in names:
        row = [_shown(run.settings[name]) if name in run.settings else NOTHING for run in runs]
        if len(set(row)) > 1:
            table.append([name, *row])
    best = [run.best() or {} for run in runs]
    figures = dict.fromkeys(name for row in best for name in row)
    for name in figures:
        label = "best epoch" if name == "epoch" else name
        table.append([label, *(_figure(row.get(name)) for row in best)])
    return table


def _shown(value: Any) -> str:
    """A setting as it is typed on the command line."""
    return value if isinstance(value, str) else show(value)


def _figure(value: float | None) -> str:
    if value is None:
        return NOTHING
    return str(value) if isinstance(value, int) else f"{value:.4g}"
