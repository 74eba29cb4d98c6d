"""The curves of runs in one picture: a panel for the losses, one for each metric."""

from __future__ import annotations

from pathlib import Path

from nnspec.targets import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from nnspec.runs.log import RunLog

ENDINGS = (".svg", ".png", ".pdf")

#: rows of metrics.jsonl have these too; they are no results
_NOT_MEASURED = frozenset(("epoch", "lr", "seconds", "samples_per_second"))


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
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise Unreadable("curves are drawn by matplotlib: pip install 'nnspec[train]'") from None
    picture = Figure(figsize=(5.2 * len(panels), 3.8), layout="constrained")
    FigureCanvasAgg(picture)
    for number, panel in enumerate(panels):
        axes = picture.add_subplot(1, len(panels), number + 1)
        _draw(axes, runs, panel)
        if number == 0:
            axes.legend(fontsize="small")
    try:
        picture.savefig(file, dpi=150)
    except OSError as error:
        raise Unreadable(f"{file} cannot be written: {error.strerror}") from None


def _draw(axes: Axes, runs: Sequence[RunLog], panel: str) -> None:
    """One figure of each run over its epochs: dashed on the training data, in full on the validation data."""
    from matplotlib.ticker import MaxNLocator

    for number, run in enumerate(runs):
        name = run.name if len(runs) > 1 else ""
        for split, dashes in (("train", "--"), ("val", "-")):
            points = [(r["epoch"], r[key]) for r in run.rows if (key := f"{split}_{panel}") in r]
            if points:
                label = f"{name} {split}".strip()
                # a single epoch is a point, which a line alone would not show
                axes.plot(
                    *zip(*points, strict=True),
                    dashes,
                    color=f"C{number % 10}",
                    label=label,
                    marker=".",
                )
    axes.set_xlabel("epoch")
    axes.set_title(panel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
