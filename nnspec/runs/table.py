"""Runs as a table: a line for each run, or a column for each with what differs between them.

A table is its rows of cells, the head first; whoever prints it aligns them.
"""

from __future__ import annotations

from nnspec.operators.binding import show
from nnspec.report.columns import pad
from nnspec.report.columns import width as columns_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.runs.log import RunLog

Table = list[list[str]]

#: between two columns
GAP = "  "
#: stands where a run has no such value
NOTHING = "-"


def overview(runs: Sequence[RunLog]) -> Table:
    """A line for each run: how far it came, its best epoch, how long it took, what was set."""
    return [["run", "epochs", "best", "epoch", "seconds", "set"], *(_line(run) for run in runs)]


def _line(run: RunLog) -> list[str]:
    best = run.best()
    words = " ".join(f"{name}={shown(value)}" for name, value in run.words.items())
    return [
        run.name,
        f"{len(run.rows)}/{run.epochs}",
        f"{run.monitor} {best[f'val_{run.monitor}']:.4f}" if best else NOTHING,
        str(best["epoch"]) if best else NOTHING,
        f"{run.seconds:.1f}",
        words or NOTHING,
    ]


def comparison(runs: Sequence[RunLog]) -> Table:
    """A column for each run: the settings in which they differ, then the figures of the best epoch. A model
    that is that of all stands at the left."""
    models = {run.model for run in runs}
    shared = f"{runs[0].model}/" if len(models) == 1 else ""
    table = [[shared, *(run.name.removeprefix(shared) for run in runs)]]
    for name in dict.fromkeys(name for run in runs for name in run.settings):
        row = [shown(run.settings[name]) if name in run.settings else NOTHING for run in runs]
        if len(set(row)) > 1:
            table.append([name, *row])
    best = [run.best() or {} for run in runs]
    figures = dict.fromkeys(name for row in best for name in row)
    for name in figures:
        label = "best epoch" if name == "epoch" else name
        table.append([label, *(_figure(row.get(name)) for row in best)])
    return table


def blocks(table: Table, width: int | None) -> list[Table]:
    """A table whose rows fit into so many columns: where it is wider, several, one below the other, each with
    the first column. A column that is wider than that stands alone."""
    if width is None:
        return [table]
    first, *others = _widths(table)
    cuts, used = [1], first
    for number, one in enumerate(others, 1):
        if used + len(GAP) + one > width and number > cuts[-1]:
            cuts.append(number)
            used = first
        used += len(GAP) + one
    ends = [*cuts[1:], len(others) + 1]
    return [[[row[0], *row[a:b]] for row in table] for a, b in zip(cuts, ends, strict=True)]


def lines(table: Table) -> list[str]:
    """The rows, with their columns below each other."""
    widths = _widths(table)
    return [
        GAP.join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _widths(table: Table) -> list[int]:
    return [max(map(columns_of, column)) for column in zip(*table, strict=True)]


def shown(value: Any) -> str:
    """A setting as it is typed on the command line."""
    return value if isinstance(value, str) else show(value)


def _figure(value: float | None) -> str:
    if value is None:
        return NOTHING
    return str(value) if isinstance(value, int) else f"{value:.4g}"
