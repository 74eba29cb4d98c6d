"""Metrics: what is measured on outputs and fields, as torchmetrics defines it.

What is no more than a count or a sum is computed in `counts.py`, the rest by torchmetrics itself.
"""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType


class Metric(Recipe):
    """A metric of an output (its first argument) and a field (its second)."""

    higher_is_better = True

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        """Raises Mismatch NN501 or NN502 where the two do not fit."""
        raise NotImplementedError

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        """A torchmetrics.Metric, or a Count."""
        raise NotImplementedError


class _OfClasses(Metric):
    """Scores [N, classes], or [N, classes, …] where each place of a sample has a class."""

    torch_class: str

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is None:
            raise Mismatch("NN501", f"`{self.name}` needs class numbers, the field is {field}")
        wanted = f"[N, classes{''.join(f', {size}' for size in field.shape)}]"
        if output.rank != 2 + len(field.shape) or output.shape[2:] != field.shape:
            raise Mismatch("NN501", f"`{self.name}` needs scores {wanted}, not {output}")
        if compare("==", output.shape[1], field.classes) is False:
            raise Mismatch(
                "NN502",
                f"the output has {render(output.shape[1])} classes, the data {field.classes}",
            )

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from torchmetrics import classification

        return getattr(classification, self.torch_class)(field.classes)


class _PerClass(_OfClasses):
    """The mean over classes of a figure of the counts: hits, times taken for one, times there."""

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        raise NotImplementedError

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from nnspec.recipe.counts import PerClass

        assert field.classes is not None
        return PerClass(field.classes, self.figure)


class Accuracy(_OfClasses):
    """The share of samples whose class is among the `top` highest scores."""

    name = "accuracy"
    settings = (Setting("top", "int", 1, doc="how many of the highest scores count"),)

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        super().check(output, field, settings)
        if not 1 <= settings["top"] <= (field.classes or 1):
            message = f"`top` lies between 1 and the {field.classes} classes"
            raise Mismatch("NN206", message, argument="top")

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from nnspec.recipe.counts import Hits

        return Hits(settings["top"])


class F1(_PerClass):
    """The mean over classes of the harmonic mean of precision and recall."""

    name = "f1"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return 2 * hit / (taken + there)


class Precision(_PerClass):
    """The mean over classes of the share of what is taken for it that is it."""

    name = "precision"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return hit / taken


class Recall(_PerClass):
    """The mean over classes of the share of it that is found."""

    name = "recall"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return hit / there


class AUROC(_OfClasses):
    """The mean over classes of the area under the curve of true against false positives."""

    name, torch_class = "auroc", "MulticlassAUROC"


class MeanIoU(_PerClass):
    """The mean over classes of intersection over union (Jaccard), as segmentation is judged."""

    name = "iou"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return hit / (taken + there - hit)


class Perplexity(Metric):
    """e to the mean cross entropy of the class at each place: scores [N, T, classes]."""

    name = "perplexity"
    higher_is_better = False

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is None or len(field.shape) != 1:
            raise Mismatch("NN501", f"`perplexity` needs a class at each place, not {field}")
        if output.rank != 3 or output.shape[1] != field.shape[0]:
            wanted = f"[N, {field.shape[0]}, classes]"
            raise Mismatch("NN501", f"`perplexity` needs scores {wanted}, not {output}")
        if compare("==", output.shape[2], field.classes) is False:
            raise Mismatch(
                "NN502",
                f"the output has {render(output.shape[2])} classes, the data {field.classes}",
            )

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from torchmetrics.text import Perplexity as Theirs

        return Theirs()


class _OfNumbers(Metric):
    higher_is_better = False

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is not None:
            raise Mismatch("NN501", f"`{self.name}` compares numbers, the field is {field}")
        if output.shape[1:] != field.shape:
            raise Mismatch("NN501", f"`{self.name}` compares {output} with samples {field}")


class MeanSquaredError(_OfNumbers):
    """The mean of the squared differences."""

    name = "mse"

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from nnspec.recipe.counts import MeanError

        return MeanError(2)


class MeanAbsoluteError(_OfNumbers):
    """The mean of the absolute differences."""

    name = "mae"

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from nnspec.recipe.counts import MeanError

        return MeanError(1)


class R2(_OfNumbers):
    """The coefficient of determination: 1 is perfect, 0 as good as the mean."""

    name, higher_is_better = "r2", True

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from torchmetrics import R2Score

        return R2Score()


ALL = by_name(
    [
        Accuracy, F1, Precision, Recall, AUROC, MeanIoU, Perplexity, MeanSquaredError, MeanAbsoluteError, R2,
    ]
)  # fmt: skip
