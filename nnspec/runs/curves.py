"""The curves of runs in one picture: a panel for the losses, one for each metric."""

from __future__ import annotations

from pathlib import Path

from nnspec.runs.table import shown
from nnspec.targets import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes

    from nnspec.runs.log import RunLog

ENDINGS = (".svg", ".png", ".pdf")

#: rows of metrics.jsonl have these too; they are no results
_NOT_MEASURED = frozenset(("epoch", "lr", "seconds", "samples_per_second"))
#: panels beside each other
_COLUMNS = 3
#: from this many times the smallest on, what is near the smallest is a flat line on a linear axis
_LOGARITHMIC = 50
#: how each kind of figure is drawn
_STYLES = {"train": "--", "val": "-"}


def plot(runs: Sequence[RunLog], file: str) -> None:
    """Draw the runs into a file, whose ending tells the format. Raises Unreadable where that cannot be."""
    if Path(file).suffix.lower() not in ENDINGS:
        raise Unreadable(f"{file}: a picture ends in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    figures = dict.fromkeys(
        n for run in runs for row in run.rows for n in row if n not in _NOT_MEASURED
    )
    # `train_loss` and `val_loss` share a panel
    panels = list(dict.fromkeys(name.partition("_")[2] for name in figures))
    if not panels:
        raise Unreadable("no epoch has ended yet: there is nothing to draw")
    try:
        from matplotlib import colormaps
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.lines import Line2D
    except ImportError:
        raise Unreadable("curves are drawn by matplotlib: pip install 'nnspec[train]'") from None
    drawn = [run for run in runs if run.rows]
    few = len(drawn) <= 10
    colours = [
        colormaps["tab10"](n) if few else colormaps["turbo"](n / (len(drawn) - 1))
        for n in range(len(drawn))
    ]
    columns = min(len(panels), _COLUMNS)
    lines = -(-len(panels) // columns)
    names = labels(drawn)
    picture = Figure(
        figsize=(max(6.4, 5.2 * columns), 3.8 * lines + 0.2 * (len(names) + 1)),
        layout="constrained",
    )
    FigureCanvasAgg(picture)
    for number, panel in enumerate(panels):
        _draw(picture.add_subplot(lines, columns, number + 1), drawn, colours, panel)
    # one line for each run, below the panels: of many, a legend among the curves would hide them
    keys = [Line2D([], [], color=colour, marker=".") for colour in colours]
    kinds = {split: style for split, style in _STYLES.items() if any(split in n for n in figures)}
    keys += [Line2D([], [], color="black", linestyle=style) for style in kinds.values()]
    picture.legend(keys, [*names, *kinds], loc="outside lower left", fontsize="small")
    try:
        picture.savefig(file, dpi=150)
    except OSError as error:
        raise Unreadable(f"{file} cannot be written: {error.strerror}") from None


def labels(runs: Sequence[RunLog]) -> list[str]:
    """The name of each run, with what was set for it in another way than for the others."""
    found = []
    for run in runs:
        own = [
            f"{name}={shown(value)}"
            for name, value in run.words.items()
            if any(name not in one.words or one.words[name] != value for one in runs)
        ]
        found.append(" ".join([run.name, *own]))
    return found


def _draw(axes: Axes, runs: Sequence[RunLog], colours: Sequence[Any], panel: str) -> None:
    """One figure of each run over its epochs: dashed on the training data, in full on the validation data."""
    from matplotlib.ticker import MaxNLocator

    values = []
    for run, colour in zip(runs, colours, strict=True):
        for split, style in _STYLES.items():
            points = [(r["epoch"], r[key]) for r in run.rows if (key := f"{split}_{panel}") in r]
            if points:
                # a single epoch is a point, which a line alone would not show
                axes.plot(*zip(*points, strict=True), style, color=colour, marker=".")
                values += [value for _, value in points]
    if min(values) > 0 and max(values) >= _LOGARITHMIC * min(values):
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_title(panel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
