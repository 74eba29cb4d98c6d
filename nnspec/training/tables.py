"""Evaluations and predictions as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nnspec.training.evaluate import Evaluation
from nnspec.training.predict import Prediction


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Metrics, a row for each class, the confusion matrix."""
    console.print(
        Text(
            f"{evaluation.samples:,} samples of {evaluation.split}, weights of epoch {evaluation.epoch}"
        )
    )
    console.print()
    for name, value in evaluation.results.items():
        console.print(Text(f"{name:<12} {value:.4f}"))
    if evaluation.confusion is None:
        return
    console.print()
    classes = _table("class", "precision", "recall", "f1", "samples")
    for row in evaluation.classes:
        classes.add_row(
            row.name,
            f"{row.precision:.4f}",
            f"{row.recall:.4f}",
            f"{row.f1:.4f}",
            f"{row.support:,}",
        )
    console.print(classes)
    console.print()
    console.print(Text("confusion: rows are what a sample is, columns what it was taken for"))
    confusion = _table("", *evaluation.names)
    for number, name in enumerate(evaluation.names):
        cells = [
            Text(str(int(count)), "bold green" if number == column else "red" if count else "dim")
            for column, count in enumerate(evaluation.confusion[number])
        ]
        confusion.add_row(name, *cells)
    console.print(confusion)


def show_predictions(console: Console, predictions: Sequence[Prediction]) -> None:
    """The file, its class and probability, and the next two."""
    good = [prediction for prediction in predictions if prediction.problem is None]
    if not good:
        return
    table = _table("file", "class", "probability", "then", right=(2,))
    for prediction in good:
        (name, share), *others = prediction.classes
        then = ", ".join(f"{other} {100 * p:.1f}%" for other, p in others[:2])
        table.add_row(prediction.file, Text(name, "bold"), f"{100 * share:.1f}%", Text(then, "dim"))
    console.print(table)


def _table(first: str, *others: str, right: tuple[int, ...] | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold")
    for number, name in enumerate(others, 1):
        justify = "right" if right is None or number in right else "left"
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    return table
