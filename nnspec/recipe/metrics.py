"""Metrics: what is measured on outputs and fields; torchmetrics computes them."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType


class Metric(Recipe):
    """A metric of an output (its first argument) and a field (its second)."""

    higher_is_better = True

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        """Raises Mismatch NN501 or NN502 where the two do not fit."""
        raise NotImplementedError

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        """A torchmetrics.Metric."""
        raise NotImplementedError


class _OfClasses(Metric):
    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is None:
            raise Mismatch("NN501", f"`{self.name}` needs class numbers, the field is {field}")
        if output.rank != 2:
            raise Mismatch("NN501", f"`{self.name}` needs scores [N, classes], not {output}")
        if compare("==", output.shape[1], field.classes) is False:
            raise Mismatch(
                "NN502",
                f"the output has {render(output.shape[1])} classes, the data {field.classes}",
            )


class Accuracy(_OfClasses):
    """The share of samples whose class is among the `top` highest scores."""

    name = "accuracy"
    settings = (Setting("top", "int", 1, doc="how many of the highest scores count"),)

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(field.classes, top_k=settings["top"], average="micro")


class F1(_OfClasses):
    """The mean over classes of the harmonic mean of precision and recall."""

    name = "f1"

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from torchmetrics.classification import MulticlassF1Score

        return MulticlassF1Score(field.classes, average="macro")


class _OfNumbers(Metric):
    higher_is_better = False
    torch_class: str

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is not None:
            raise Mismatch("NN501", f"`{self.name}` compares numbers, the field is {field}")
        if output.shape[1:] != field.shape:
            raise Mismatch("NN501", f"`{self.name}` compares {output} with samples {field}")

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        import torchmetrics

        return getattr(torchmetrics, self.torch_class)()


class MeanSquaredError(_OfNumbers):
    """The mean of the squared differences."""

    name, torch_class = "mse", "MeanSquaredError"


class MeanAbsoluteError(_OfNumbers):
    """The mean of the absolute differences."""

    name, torch_class = "mae", "MeanAbsoluteError"


ALL = by_name([Accuracy, F1, MeanSquaredError, MeanAbsoluteError])
