"""Evaluations and predictions as tables."""

from __future__ import annotations

import csv
import io
import json
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


def show_predictions(console: Console, predictions: Sequence[Prediction], top: int) -> None:
    """The sample, its class and probability, and the next ones; or its numbers."""
    good = [prediction for prediction in predictions if prediction.problem is None]
    if not good:
        return
    if good[0].numbers:
        table = _table("sample", "value")
        for prediction in good:
            table.add_row(prediction.file, " ".join(f"{n:.6g}" for n in prediction.numbers))
        console.print(table)
        return
    measure = _measure(good[0]) if good else ""
    table = _table("file", "class", measure, *["then"] * (top > 1), right=(2,))
    for prediction in good:
        (name, share), *others = prediction.classes
        then = ", ".join(f"{other} {100 * p:.1f}%" for other, p in others[: top - 1])
        cells = [Text(name, "bold"), Text(f"{100 * share:.1f}%")]
        table.add_row(Text(prediction.file), *cells, *[Text(then, "dim")] * (top > 1))
    console.print(table)


def _measure(one: Prediction) -> str:
    """What the figure of a class is."""
    return "probability" if one.mask is None else "share"


def predictions_csv(predictions: Sequence[Prediction], top: int) -> str:
    """A line for each sample: its classes with their probabilities, or its numbers; or the problem."""
    rows = []
    for one in predictions:
        row: dict[str, object] = {"file": one.file}
        for number, (name, share) in enumerate(one.classes[:top], 1):
            row[f"class{number}"], row[f"{_measure(one)}{number}"] = name, f"{share:.6g}"
        row.update({f"value{n}": f"{value:.6g}" for n, value in enumerate(one.numbers, 1)})
        if one.problem is not None:
            row["problem"] = one.problem.message
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def predictions_json(predictions: Sequence[Prediction], top: int) -> str:
    """A list of objects: file, and classes, values or problem."""
    rows = []
    for one in predictions:
        row: dict[str, object] = {"file": one.file}
        if one.problem is not None:
            row["problem"] = one.problem.message
        elif one.numbers:
            row["values"] = one.numbers
        else:
            row["classes"] = [{"class": n, _measure(one): p} for n, p in one.classes[:top]]
        rows.append(row)
    return json.dumps(rows, indent=2) + "\n"


def _table(first: str, *others: str, right: tuple[int, ...] | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold")
    for number, name in enumerate(others, 1):
        justify = "right" if right is None or number in right else "left"
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    return table
