"""Metrics of numbers that torchmetrics computes, by its names. Of samples of several numbers, what it
gives for each is averaged."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.metrics.base import Metric, OfNumbers, Theirs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType

#: those that torchmetrics must be told how many numbers a sample has
_COUNTED = (
    "LogCoshError", "RelativeSquaredError", "NormalizedRootMeanSquaredError", "PearsonCorrCoef",
    "SpearmanCorrCoef", "KendallRankCorrCoef", "ConcordanceCorrCoef",
)  # fmt: skip
#: those of the rows of a batch, each of which is a sample
_ROWS = ("CosineSimilarity", "KLDivergence", "JensenShannonDivergence")
_SQUARED = Setting("squared", "bool", True, doc="without the root")
_LOG_PROB = Setting("log_prob", "bool", False, doc="both are logarithms")
_MULTIOUTPUT = Setting(
    "multioutput", "str", "uniform_average", choices=("uniform_average", "variance_weighted")
)


class _Numbers(Theirs, OfNumbers):
    room = "regression"

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        super().check(output, field, settings)
        if self.torch_class in _ROWS and len(field.shape) != 1:
            raise Mismatch("NN501", f"`{self.name}` is of rows [N, D], the field is {field}")
        if self.torch_class in (*_COUNTED, "R2Score", "ExplainedVariance") and len(field.shape) > 1:
            raise Mismatch(
                "NN501", f"`{self.name}` is of numbers, or rows of them, the field is {field}"
            )

    def more(self, field: Field) -> dict[str, Any]:
        if self.torch_class in _COUNTED:
            return {"num_outputs": field.shape[0] if field.shape else 1}
        return {"reduction": "mean"} if self.torch_class in _ROWS else {}


class R2(_Numbers):
    """The coefficient of determination: 1 is perfect, 0 as good as the mean."""

    name, torch_class, higher_is_better = "r2", "R2Score", True
    settings = (_MULTIOUTPUT,)


class R2Score(R2):
    """`r2`, by torchmetrics' name."""

    name = "r2_score"


_TABLE = (
    (
        "mean_absolute_percentage_error",
        "MeanAbsolutePercentageError",
        "The mean of the absolute differences, as shares of the target.",
        False,
        (),
    ),
    (
        "symmetric_mean_absolute_percentage_error",
        "SymmetricMeanAbsolutePercentageError",
        "The mean of the absolute differences, as shares of the mean of both.",
        False,
        (),
    ),
    (
        "weighted_mean_absolute_percentage_error",
        "WeightedMeanAbsolutePercentageError",
        "The sum of the absolute differences, as a share of that of the targets.",
        False,
        (),
    ),
    (
        "mean_squared_log_error",
        "MeanSquaredLogError",
        "The mean of the squared differences of the logarithms, of 1 more.",
        False,
        (),
    ),
    (
        "log_cosh_error",
        "LogCoshError",
        "The mean of the logarithms of the hyperbolic cosines of the differences.",
        False,
        (),
    ),
    (
        "minkowski_distance",
        "MinkowskiDistance",
        "The root of the sum of the powers of the differences.",
        False,
        (Setting("p", "float", doc="the power"),),
    ),
    (
        "relative_squared_error",
        "RelativeSquaredError",
        "The squared differences, as a share of those to the mean of the targets.",
        False,
        (_SQUARED,),
    ),
    (
        "normalized_root_mean_squared_error",
        "NormalizedRootMeanSquaredError",
        "The root of the mean squared difference, as a share of the targets' mean, range or norm.",
        False,
        (Setting("normalization", "str", "mean", choices=("mean", "range", "std", "l2")),),
    ),
    (
        "explained_variance",
        "ExplainedVariance",
        "The share of the variance of the targets that is explained.",
        True,
        (_MULTIOUTPUT,),
    ),
    ("pearson_corrcoef", "PearsonCorrCoef", "The correlation of the two.", True, ()),
    ("spearman_corrcoef", "SpearmanCorrCoef", "The correlation of their ranks.", True, ()),
    (
        "kendall_rank_corrcoef",
        "KendallRankCorrCoef",
        "How much more often pairs are ordered the same way than not.",
        True,
        (Setting("variant", "str", "b", choices=("a", "b", "c")),),
    ),
    (
        "concordance_corrcoef",
        "ConcordanceCorrCoef",
        "Their correlation, lessened by the distance of their means and variances (Lin 1989).",
        True,
        (),
    ),
    (
        "cosine_similarity",
        "CosineSimilarity",
        "The mean cosine of the angle between the rows.",
        True,
        (),
    ),
    (
        "kl_divergence",
        "KLDivergence",
        "The mean of the divergence of the first distribution from the second.",
        False,
        (_LOG_PROB,),
    ),
    (
        "jensen_shannon_divergence",
        "JensenShannonDivergence",
        "The mean of the divergences of both distributions from their mean.",
        False,
        (_LOG_PROB,),
    ),
    (
        "tweedie_deviance_score",
        "TweedieDevianceScore",
        "The deviance: 0 of a normal, 1 of a Poisson, 2 of a gamma distribution.",
        False,
        (Setting("power", "float", 0.0),),
    ),
    (
        "critical_success_index",
        "CriticalSuccessIndex",
        "Hits as a share of hits, misses and false alarms, of what is at least the threshold.",
        True,
        (Setting("threshold", "float", doc="what counts as an event"),),
    ),
)

OWN: tuple[type[Metric], ...] = (
    R2,
    R2Score,
    *(
        type(
            theirs,
            (_Numbers,),
            {
                "__doc__": doc,
                "name": name,
                "torch_class": theirs,
                "higher_is_better": higher,
                "settings": settings,
            },
        )
        for name, theirs, doc, higher, settings in _TABLE
    ),
)
