"""Metrics that are no more than a count or a sum, computed in `counts.py`; with settings other than the usual
ones torchmetrics computes them. Each has torchmetrics' name beside a short one."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.operators.definition import Setting
from nnspec.recipe.metrics.base import IGNORE, Metric, OfNumbers, Theirs
from nnspec.recipe.metrics.classes import AVERAGE, MEANS, Multiclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

    from nnspec.recipe.counts import Count
    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType


class _Counted(Theirs):
    """Counted here where every setting but `counted_with` is as usual."""

    counted_with: tuple[str, ...] = ()

    def count(self, field: Field, settings: dict[str, Any]) -> Count:
        raise NotImplementedError

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        usual = {s.name: s.default for s in self.settings if s.name not in self.counted_with}
        if all(settings.get(name, value) == value for name, value in usual.items()):
            return self.count(field, settings)
        theirs = {"top_k" if name == "top" else name: value for name, value in settings.items()}
        return super().build(field, theirs)


class _CountedClasses(_Counted, Multiclass):
    pass


class _PerClass(_CountedClasses):
    """The mean over classes of a figure of the counts: hits, times taken for one, times there."""

    settings = (AVERAGE, IGNORE)

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        raise NotImplementedError

    def count(self, field: Field, settings: dict[str, Any]) -> Count:
        from nnspec.recipe.counts import PerClass

        assert field.classes is not None
        return PerClass(field.classes, self.figure)


class Accuracy(_CountedClasses):
    """The share of samples whose class is among the `top` highest scores; with average="macro" the mean of
    that over the classes."""

    name, torch_class, counted_with = "accuracy", "MulticlassAccuracy", ("top",)
    settings = (
        Setting("top", "int", 1, doc="how many of the highest scores count"),
        Setting("average", "str", "micro", choices=MEANS, doc="over the classes"),
        IGNORE,
    )

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        super().check(output, field, settings)
        if not 1 <= settings["top"] <= (field.classes or 1):
            message = f"`top` lies between 1 and the {field.classes} classes"
            raise Mismatch("NN206", message, argument="top")

    def count(self, field: Field, settings: dict[str, Any]) -> Count:
        from nnspec.recipe.counts import Hits

        return Hits(settings["top"])


class F1(_PerClass):
    """The mean over classes of the harmonic mean of precision and recall."""

    name, torch_class = "f1", "MulticlassF1Score"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return 2 * hit / (taken + there)


class Precision(_PerClass):
    """The mean over classes of the share of what is taken for it that is it."""

    name, torch_class = "precision", "MulticlassPrecision"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return hit / taken


class Recall(_PerClass):
    """The mean over classes of the share of it that is found."""

    name, torch_class = "recall", "MulticlassRecall"

    def figure(self, hit: Tensor, taken: Tensor, there: Tensor) -> Tensor:
        return hit / there


class MeanIoU(_PerClass):
    """The mean over classes of intersection over union (Jaccard), as segmentation is judged."""

    name, torch_class = "iou", "MulticlassJaccardIndex"

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


class F1Score(F1):
    """`f1`, by torchmetrics' name."""

    name = "f1_score"


class JaccardIndex(MeanIoU):
    """`iou`, by torchmetrics' name."""

    name = "jaccard_index"


class _Errors(_Counted, OfNumbers):
    room = "regression"


class MeanSquaredError(_Errors):
    """The mean of the squared differences."""

    name, torch_class = "mse", "MeanSquaredError"
    settings = (Setting("squared", "bool", True, doc="without the root"),)

    def count(self, field: Field, settings: dict[str, Any]) -> Count:
        from nnspec.recipe.counts import MeanError

        return MeanError(2)


class MeanAbsoluteError(_Errors):
    """The mean of the absolute differences."""

    name, torch_class = "mae", "MeanAbsoluteError"

    def count(self, field: Field, settings: dict[str, Any]) -> Count:
        from nnspec.recipe.counts import MeanError

        return MeanError(1)


class MeanSquaredErrorByName(MeanSquaredError):
    """`mse`, by torchmetrics' name."""

    name = "mean_squared_error"


class MeanAbsoluteErrorByName(MeanAbsoluteError):
    """`mae`, by torchmetrics' name."""

    name = "mean_absolute_error"


OWN = (
    Accuracy,
    F1,
    F1Score,
    Precision,
    Recall,
    MeanIoU,
    JaccardIndex,
    Perplexity,
    MeanSquaredError,
    MeanSquaredErrorByName,
    MeanAbsoluteError,
    MeanAbsoluteErrorByName,
)
