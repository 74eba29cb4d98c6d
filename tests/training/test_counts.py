"""What is counted here is what torchmetrics and scikit-learn call by the same name."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnspec.training")  # it defines what a torchvision without operators lacks
theirs = pytest.importorskip("torchmetrics")

from nnspec.recipe.definition import Field  # noqa: E402
from nnspec.recipe.metrics import ALL  # noqa: E402

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
