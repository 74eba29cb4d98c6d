"""Measuring a trained model: metrics, each class, the confusion matrix."""

from __future__ import annotations

import torch
from torch import Tensor

from nnspec.recipe.definition import Field
from nnspec.recipe.plan import MetricPlan
from nnspec.training.data import Batch
from nnspec.training.errors import RunError
from nnspec.training.start import restore
from nnspec.training.validation import Look


class ClassRow:
    """Precision, recall and F1 of one class, and its number of samples."""

    def __init__(self, name: str, matrix: Tensor, number: int) -> None:
        hit = int(matrix[number, number])
        self.name = name
        self.support = int(matrix[number].sum())
        predicted = int(matrix[:, number].sum())
        self.precision = hit / predicted if predicted else 0.0
        self.recall = hit / self.support if self.support else 0.0
        both = self.precision + self.recall
        self.f1 = 2 * self.precision * self.recall / both if both else 0.0


class Evaluation:
    """`confusion[i, j]` counts samples of class i that were taken for class j; None without classes."""

    def __init__(
        self,
        split: str,
        epoch: int,
        samples: int,
        results: dict[str, float],
        confusion: Tensor | None,
        names: tuple[str, ...],
    ) -> None:
        self.split, self.epoch, self.samples = split, epoch, samples
        self.results, self.confusion, self.names = results, confusion, names

    @property
    def classes(self) -> list[ClassRow]:
        if self.confusion is None:
            return []
        return [ClassRow(name, self.confusion, i) for i, name in enumerate(self.names)]


def by_class(output: Tensor, measured: MetricPlan, field: Field) -> Tensor:
    """The output as a score for each class, [N, classes, …]: one score of two classes, [N, …], is that of the
    second; of probabilities the logarithms, which a softmax makes of them again."""
    if output.ndim > 1 + len(field.shape):
        return output.log() if measured.probabilities else output
    if measured.probabilities:
        return torch.stack([(1 - output).log(), output.log()], 1)
    return torch.stack([torch.zeros_like(output), output], 1)


def evaluate(
    folder: str, split: str = "val", device: str | None = None, allow_extern: bool = False
) -> Evaluation:
    """The best weights of a run on one of its splits. RunError where that cannot be."""
    run, job = restore(folder, device, allow_extern)
    if split not in job.plan.data.split:
        raise RunError(
            f"there is no split `{split}`", f"the run has {', '.join(job.plan.data.split)}"
        )
    state, _ = run.state("best")
    trainer = job.trainer(run)
    trainer.take(run.weights("best"))
    confusion: Tensor | None = None
    look: Look | None = None
    names: tuple[str, ...] = ()
    target = next(
        (m for m in job.plan.metrics if job.plan.data.fields[m.field].classes is not None), None
    )
    if target is not None:
        field = job.plan.data.fields[target.field]
        assert field.classes is not None
        names, classes, metric, place = field.class_names, field.classes, target, field
        counts = confusion = torch.zeros(classes, classes, dtype=torch.long)

        def look(outputs: Batch, batch: Batch) -> None:
            taken = by_class(outputs[metric.output], metric, place).argmax(1).flatten()
            places = (batch[metric.field].flatten() * classes + taken).cpu()
            counts.add_(places.bincount(minlength=classes**2).view_as(counts))

    results = trainer.validate(split, look)
    samples = len(trainer.splits[split])
    return Evaluation(split, state.epoch, samples, results, confusion, names)
