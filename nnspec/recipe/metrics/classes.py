"""Metrics of classes that torchmetrics computes, by its names."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.metrics.base import IGNORE, LOGITS, OfClasses, Theirs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType

MEANS = ("macro", "micro", "weighted")
AVERAGE = Setting("average", "str", "macro", choices=MEANS, doc="over the classes")
_CURVE_AVERAGE = Setting(
    "average", "str", "macro", choices=("macro", "weighted"), doc="over the classes"
)
THRESHOLDS = Setting(
    "thresholds",
    "int|none",
    None,
    doc="points of the curve, which need less memory than every score",
)
N_BINS = Setting("n_bins", "int", 15)
NORM = Setting("norm", "str", "l1", choices=("l1", "l2", "max"))
WEIGHTS = Setting("weights", "str|none", None, choices=("linear", "quadratic"))
SQUARED = Setting("squared", "bool", False)
BETA = Setting("beta", "float", doc="how much more recall counts than precision")


class Multiclass(Theirs, OfClasses):
    def more(self, field: Field) -> dict[str, Any]:
        return {"num_classes": field.classes, "validate_args": False}

    def activation(self, scores: Any) -> Any:
        return scores.softmax(1)


class Specificity(Multiclass):
    """The mean over classes of the share of what is something else that is not taken for it."""

    name, torch_class = "specificity", "MulticlassSpecificity"
    settings = (AVERAGE, IGNORE)


class NegativePredictiveValue(Multiclass):
    """The mean over classes of the share of what is not taken for it that is something else."""

    name, torch_class = "negative_predictive_value", "MulticlassNegativePredictiveValue"
    settings = (AVERAGE, IGNORE)


class FBeta(Multiclass):
    """The mean over classes of the weighted harmonic mean of precision and recall."""

    name, torch_class = "fbeta_score", "MulticlassFBetaScore"
    settings = (BETA, AVERAGE, IGNORE)


class HammingDistance(Multiclass):
    """The mean over classes of the share that is not found: 1 minus the accuracy."""

    name, torch_class, higher_is_better = "hamming_distance", "MulticlassHammingDistance", False
    settings = (AVERAGE, IGNORE)


class AUROC(Multiclass):
    """The mean over classes of the area under the curve of true against false positives."""

    name, torch_class = "auroc", "MulticlassAUROC"
    settings = (_CURVE_AVERAGE, THRESHOLDS, IGNORE, LOGITS)


class AveragePrecision(Multiclass):
    """The mean over classes of the area under the curve of precision against recall."""

    name, torch_class = "average_precision", "MulticlassAveragePrecision"
    settings = (_CURVE_AVERAGE, THRESHOLDS, IGNORE, LOGITS)


class CohenKappa(Multiclass):
    """How much better than by chance the two agree (Cohen 1960)."""

    name, torch_class = "cohen_kappa", "MulticlassCohenKappa"
    settings = (WEIGHTS, IGNORE)


class MatthewsCorrCoef(Multiclass):
    """The correlation of what is said and what is so (Matthews 1975; Gorodkin 2004)."""

    name, torch_class = "matthews_corrcoef", "MulticlassMatthewsCorrCoef"
    settings = (IGNORE,)


class CalibrationError(Multiclass):
    """How far the highest probability is from the share of hits (Naeini et al. 2015)."""

    name, torch_class, higher_is_better = "calibration_error", "MulticlassCalibrationError", False
    settings = (N_BINS, NORM, IGNORE, LOGITS)


class HingeLoss(Multiclass):
    """How far the score of the class is from being 1 above the others' (Crammer & Singer 2001)."""

    name, torch_class, higher_is_better = "hinge_loss", "MulticlassHingeLoss", False
    settings = (
        SQUARED,
        Setting(
            "multiclass_mode", "str", "crammer-singer", choices=("crammer-singer", "one-vs-all")
        ),
        IGNORE,
        LOGITS,
    )


class ExactMatch(Multiclass):
    """The share of samples of which the class of every place is right."""

    name, torch_class = "exact_match", "MulticlassExactMatch"
    settings = (IGNORE,)

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        super().check(output, field, settings)
        if not field.shape:
            raise Mismatch(
                "NN501",
                "`exact_match` is of samples with several places, the field has one class",
                help="that is `accuracy`",
            )


OWN = (
    Specificity,
    NegativePredictiveValue,
    FBeta,
    HammingDistance,
    AUROC,
    AveragePrecision,
    CohenKappa,
    MatthewsCorrCoef,
    CalibrationError,
    HingeLoss,
    ExactMatch,
)
