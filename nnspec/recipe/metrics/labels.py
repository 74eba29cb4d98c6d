"""Metrics of labels that hold or not, 0 and 1, that torchmetrics computes: of one for each sample
(binary), or of several (multilabel). Scores are taken through a sigmoid first."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.metrics.base import IGNORE, LOGITS, Metric, OfLabels, Theirs
from nnspec.recipe.metrics.classes import (
    AVERAGE,
    BETA,
    N_BINS,
    NORM,
    SQUARED,
    THRESHOLDS,
    WEIGHTS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType

    #: a figure's name, that of torchmetrics' class, what it is, whether higher is better, its settings
    Row = tuple[str, str, str, bool, tuple[Setting, ...]]

THRESHOLD = Setting("threshold", "float", 0.5, doc="probability from which on it is 1")


class _Labels(Theirs, OfLabels):
    def more(self, field: Field) -> dict[str, Any]:
        return {"validate_args": False}

    def activation(self, scores: Any) -> Any:
        return scores.sigmoid()


class _Binary(_Labels):
    of = "Binary"


class _Multilabel(_Labels):
    of = "Multilabel"

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        super().check(output, field, settings)
        if not field.shape:
            raise Mismatch(
                "NN501",
                f"`{self.name}` is of several labels for each sample, the field is {field}",
                help=f"of one it is `{self.name.replace('multilabel', 'binary')}`",
            )

    def more(self, field: Field) -> dict[str, Any]:
        return {"num_labels": field.shape[0], **super().more(field)}


#: figures of one label; of several they are averaged over the labels
_BOTH: tuple[Row, ...] = (
    (
        "accuracy",
        "Accuracy",
        "The share of samples that are taken for what they are.",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "precision",
        "Precision",
        "The share of what is taken for 1 that is 1.",
        True,
        (THRESHOLD, IGNORE),
    ),
    ("recall", "Recall", "The share of what is 1 that is taken for it.", True, (THRESHOLD, IGNORE)),
    (
        "f1_score",
        "F1Score",
        "The harmonic mean of precision and recall.",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "fbeta_score",
        "FBetaScore",
        "The weighted harmonic mean of precision and recall.",
        True,
        (BETA, THRESHOLD, IGNORE),
    ),
    (
        "specificity",
        "Specificity",
        "The share of what is 0 that is taken for it.",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "negative_predictive_value",
        "NegativePredictiveValue",
        "The share of what is taken for 0 that is 0.",
        True,
        (THRESHOLD, IGNORE),
    ),
    ("jaccard_index", "JaccardIndex", "Intersection over union.", True, (THRESHOLD, IGNORE)),
    (
        "hamming_distance",
        "HammingDistance",
        "The share of samples that are taken for what they are not.",
        False,
        (THRESHOLD, IGNORE),
    ),
    (
        "auroc",
        "AUROC",
        "The area under the curve of true against false positives.",
        True,
        (THRESHOLDS, IGNORE),
    ),
    (
        "average_precision",
        "AveragePrecision",
        "The area under the curve of precision against recall.",
        True,
        (THRESHOLDS, IGNORE),
    ),
)
_BINARY: tuple[Row, ...] = (
    (
        "matthews_corrcoef",
        "MatthewsCorrCoef",
        "The correlation of what is said and what is so (Matthews 1975).",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "cohen_kappa",
        "CohenKappa",
        "How much better than by chance the two agree (Cohen 1960).",
        True,
        (THRESHOLD, WEIGHTS, IGNORE),
    ),
    (
        "calibration_error",
        "CalibrationError",
        "How far the probability is from the share of ones (Naeini et al. 2015).",
        False,
        (N_BINS, NORM, IGNORE),
    ),
    (
        "hinge_loss",
        "HingeLoss",
        "How far a score is from its side of 1 and -1.",
        False,
        (SQUARED, IGNORE),
    ),
)
_MULTILABEL: tuple[Row, ...] = (
    (
        "matthews_corrcoef",
        "MatthewsCorrCoef",
        "The correlation of what is said and what is so (Matthews 1975).",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "exact_match",
        "ExactMatch",
        "The share of samples of which every label is right.",
        True,
        (THRESHOLD, IGNORE),
    ),
    (
        "ranking_average_precision",
        "RankingAveragePrecision",
        "How high the labels that hold are ranked, as the share of them at each rank.",
        True,
        (IGNORE,),
    ),
    (
        "ranking_loss",
        "RankingLoss",
        "The share of pairs of labels that are ranked the wrong way round.",
        False,
        (IGNORE,),
    ),
    (
        "coverage_error",
        "CoverageError",
        "How far down the ranking the last label that holds is.",
        False,
        (IGNORE,),
    ),
)


def _made(kind: type[_Binary | _Multilabel], row: Row, averaged: bool = False) -> type[Metric]:
    name, theirs, doc, higher, settings = row
    return type(
        f"{kind.of}{theirs}",
        (kind,),
        {
            "__doc__": f"{doc} The mean over the labels." if averaged else doc,
            "name": f"{kind.of.lower()}_{name}",
            "torch_class": f"{kind.of}{theirs}",
            "higher_is_better": higher,
            "settings": (*settings, *((AVERAGE,) if averaged else ()), LOGITS),
        },
    )


OWN: tuple[type[Metric], ...] = (
    *(_made(_Binary, row) for row in (*_BOTH, *_BINARY)),
    *(_made(_Multilabel, row, averaged=True) for row in _BOTH),
    *(_made(_Multilabel, row) for row in _MULTILABEL),
)
