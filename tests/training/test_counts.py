"""What is counted here is what torchmetrics and scikit-learn call by the same name."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnspec.training")  # it defines what a torchvision without operators lacks
theirs = pytest.importorskip("torchmetrics")

from nnspec.diagnostics import Mismatch  # noqa: E402
from nnspec.recipe import lookup  # noqa: E402
from nnspec.recipe.definition import Field  # noqa: E402
from nnspec.recipe.metrics import ALL  # noqa: E402
from nnspec.tensors import TensorType  # noqa: E402

CLASSES = 6
NAMES = {
    "f1": "MulticlassF1Score", "precision": "MulticlassPrecision", "recall": "MulticlassRecall",
    "iou": "MulticlassJaccardIndex",
}  # fmt: skip


@pytest.mark.parametrize("places", [(), (5,), (3, 4)])
@pytest.mark.parametrize("absent", [False, True])
def test_counts_of_classes_are_torchmetrics(places: tuple[int, ...], absent: bool) -> None:
    """Also where a class is never there, or never taken for one."""
    pairs: list[tuple[Any, Any]] = []
    field = Field("i64", places, CLASSES)
    for name, kind in NAMES.items():
        pairs.append((ALL[name].build(field, {}), getattr(theirs.classification, kind)(CLASSES)))  # type: ignore[attr-defined]
    for top in (1, 2, 3):
        mine = ALL["accuracy"].build(field, {"top": top})  # type: ignore[attr-defined]
        pairs.append(
            (mine, theirs.classification.MulticlassAccuracy(CLASSES, top_k=top, average="micro"))
        )
    generator = torch.Generator().manual_seed(len(places))
    for size in (7, 1, 12):
        scores = torch.randn(size, CLASSES, *places, generator=generator)
        target = torch.randint(0, CLASSES - 2 * absent, (size, *places), generator=generator)
        if absent:
            scores[:, -1] = -10.0  # neither there nor taken for one
        for mine, his in pairs:
            mine.update(scores, target)
            his.update(scores, target)
    for mine, his in pairs:
        assert mine.compute() == pytest.approx(float(his.compute()), abs=1e-6), his
        mine.reset()
        assert mine.compute() == 0.0


@pytest.mark.parametrize(
    ("name", "kind"), [("mse", "MeanSquaredError"), ("mae", "MeanAbsoluteError")]
)
def test_mean_errors_are_torchmetrics(name: str, kind: str) -> None:
    mine, his = ALL[name].build(Field("f32", (3,)), {}), getattr(theirs, kind)()  # type: ignore[attr-defined]
    for size in (5, 1, 9):
        output, target = torch.randn(size, 3), torch.randn(size, 3)
        mine.update(output, target)
        his.update(output, target)
    assert mine.compute() == pytest.approx(float(his.compute()), rel=1e-6)


#: the short names, and settings of those that need some
SHORT = {
    "f1": "f1_score", "iou": "jaccard_index", "mse": "mean_squared_error",
    "mae": "mean_absolute_error", "r2": "r2_score",
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "fbeta_score": {"beta": 2.0}, "binary_fbeta_score": {"beta": 0.5},
    "multilabel_fbeta_score": {"beta": 2.0}, "minkowski_distance": {"p": 3.0},
    "critical_success_index": {"threshold": 0.5},
}  # fmt: skip
POSITIVE = ("mean_squared_log_error", "kl_divergence", "jensen_shannon_divergence")
#: arguments of torchmetrics' functions that its classes give by themselves, or that stand for another
THEIR_WORDS = {"accuracy": {"average": "micro"}}


def sample(name: str, places: tuple[int, ...]) -> tuple[Any, Any, Field]:
    """An output and a target that the metric is of, and the target's field."""
    generator = torch.Generator().manual_seed(len(name))
    if name.startswith(("binary", "multilabel")):
        shape = (20, 3) if name.startswith("multilabel") else (20,)
        target = torch.randint(0, 2, shape, generator=generator)
        return torch.randn(shape, generator=generator), target, Field("i64", shape[1:], 2)
    if ALL[name].room == "regression":  # type: ignore[attr-defined]
        rows = ALL[name].torch_class in (
            "CosineSimilarity",
            "KLDivergence",
            "JensenShannonDivergence",
        )  # type: ignore[attr-defined]
        shape = (20, 3) if rows else (20,)
        output, target = (torch.randn(shape, generator=generator) for _ in "ab")
        if name in POSITIVE:
            output, target = output.softmax(-1), target.softmax(-1)
        return output, target, Field("f32", shape[1:])
    field = Field("i64", places, CLASSES)
    target = torch.randint(0, CLASSES, (20, *places), generator=generator)
    return torch.randn(20, CLASSES, *places, generator=generator), target, field


@pytest.mark.parametrize("name", sorted(set(ALL) - {"perplexity"}))
@pytest.mark.parametrize("places", [(), (3,)])
def test_every_metric_has_torchmetrics_name_and_figure(name: str, places: tuple[int, ...]) -> None:
    """In batches, as its function of that name gives of all at once."""
    functional = theirs.functional
    if name == "exact_match" and not places:
        return
    recipe: Any = lookup("metric", name)
    settings = recipe.bind((), NEEDED.get(name, {}))
    output, target, field = sample(name, places)
    kind = TensorType("f32", tuple(output.shape))
    recipe.check(kind, field, settings)
    metric = recipe.build(field, settings)
    for some in (slice(0, 7), slice(7, 8), slice(8, 20)):
        metric.update(output[some], target[some])
    full, words = SHORT.get(name, name), dict(NEEDED.get(name, {}))
    if field.dtype == "i64" and not name.startswith(("binary", "multilabel")):
        full, words = f"multiclass_{full}", {**words, "num_classes": CLASSES}
        words |= THEIR_WORDS.get(name, {})
    if name.startswith("multilabel"):
        words["num_labels"] = 3
    if name == "cosine_similarity":
        words["reduction"] = "mean"
    room = functional.regression if field.dtype == "f32" else functional.classification
    wanted = getattr(room, full)(output, target, **words)
    assert float(metric.compute()) == pytest.approx(float(wanted), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["binary_auroc", "binary_f1_score", "binary_accuracy"])
def test_labels_may_be_numbers(name: str) -> None:
    """As `bce_with_logits` wants them."""
    metrics = pytest.importorskip("sklearn.metrics")
    output, target, _ = sample(name, ())
    output[3:5] = torch.tensor([0.3, 0.4])  # a batch that looks like probabilities
    built: Any = ALL[name].build(Field("f32", ()), ALL[name].bind((), {}))  # type: ignore[attr-defined]
    for some in (slice(0, 3), slice(3, 5), slice(5, 20)):
        built.update(output[some], target[some].float())
    known = {
        "binary_auroc": lambda: metrics.roc_auc_score(target, output),
        "binary_f1_score": lambda: metrics.f1_score(target, output > 0),
        "binary_accuracy": lambda: metrics.accuracy_score(target, output > 0),
    }
    assert float(built.compute()) == pytest.approx(known[name](), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("accuracy", {"average": "macro"}), ("accuracy", {"ignore_index": 0, "top": 2}),
        ("f1", {"average": "weighted"}), ("precision", {"average": "micro"}),
        ("iou", {"ignore_index": 1}), ("auroc", {"thresholds": 50}),
        ("cohen_kappa", {"weights": "quadratic"}), ("mse", {"squared": False}),
        ("spearman_corrcoef", {}),
    ],
)  # fmt: skip
def test_settings_reach_torchmetrics(name: str, settings: dict[str, Any]) -> None:
    recipe: Any = ALL[name]
    output, target, field = sample(name, ())
    built = recipe.build(field, recipe.bind((), settings))
    words = {"top_k" if k == "top" else k: v for k, v in settings.items()}
    if name == "accuracy":
        words = {"average": "micro", **words}
    room = theirs.regression if field.dtype == "f32" else theirs.classification
    many = {} if field.dtype == "f32" else {"num_classes": CLASSES}
    wanted = getattr(room, recipe.torch_class)(**many, **words)
    for metric in (built, wanted):
        metric.update(output, target)
    assert float(built.compute()) == pytest.approx(float(wanted.compute()))


@pytest.mark.parametrize(
    ("name", "settings", "shape", "field", "code"),
    [
        ("fbeta_score", {}, (8, 6), Field("i64", (), 6), "NN204"),
        ("fbeta_score", {"beta": 0}, (8, 6), Field("i64", (), 6), "NN206"),
        ("f1_score", {"average": "mean"}, (8, 6), Field("i64", (), 6), "NN206"),
        ("auroc", {"thresholds": 1}, (8, 6), Field("i64", (), 6), "NN206"),
        ("binary_accuracy", {"threshold": 2}, (8,), Field("i64", (), 2), "NN206"),
        ("exact_match", {}, (8, 6), Field("i64", (), 6), "NN501"),
        ("binary_auroc", {}, (8, 6), Field("i64", (), 6), "NN501"),
        ("binary_auroc", {}, (8, 1), Field("i64", (), 2), "NN501"),
        ("multilabel_auroc", {}, (8,), Field("f32", ()), "NN501"),
        ("auroc", {}, (8,), Field("i64", (), 2), "NN501"),
        ("specificity", {}, (8, 5), Field("i64", (), 6), "NN502"),
        ("pearson_corrcoef", {}, (8, 2, 2), Field("f32", (2, 2)), "NN501"),
        ("cosine_similarity", {}, (8,), Field("f32", ()), "NN501"),
        ("tweedie_deviance_score", {"power": 0.5}, (8,), Field("f32", ()), "NN206"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_runs(
    name: str, settings: dict[str, Any], shape: tuple[int, ...], field: Field, code: str
) -> None:
    recipe: Any = ALL[name]
    with pytest.raises(Mismatch) as told:
        recipe.check(TensorType("f32", shape), field, recipe.bind((), settings))
    assert told.value.code == code
