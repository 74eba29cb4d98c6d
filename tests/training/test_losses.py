"""Every loss of torch.nn in a train part: one step on drawn data gives the figure of PyTorch's own module."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from rich.console import Console  # noqa: E402
from torch import nn  # noqa: E402

from nnspec.source import Source  # noqa: E402
from nnspec.training.data import Resident  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402
from nnspec.training.train import train  # noqa: E402

SPEC = """
model Net:
    input x: [N, 6]
    return y = x -> linear({width})

data Drawn:
    source = npz("drawn.npz")

train Net on Drawn:
    loss       = {loss}
    optimizer  = sgd(lr=0.01)
    batch_size = 64
    epochs     = 1
"""
DRAWS = numpy.random.default_rng(0)
N, C = 12, 5


def numbers(*shape: int) -> Any:
    return DRAWS.normal(size=(N, *shape)).astype("float32")


def counts(below: int, *shape: int, at_least: int = 0) -> Any:
    return DRAWS.integers(at_least, below, size=(N, *shape))


def signs(*shape: int) -> Any:
    return (2 * counts(2, *shape) - 1).astype("float32")


def some_classes() -> Any:
    """The classes of each sample, and -1 after them, as MultiLabelMarginLoss has them."""
    rows = numpy.full((N, C), -1)
    for row in rows:
        count = DRAWS.integers(1, C)
        row[:count] = DRAWS.permutation(C)[:count]
    return rows


#: torch.nn's class, the loss in a train part, the fields besides `x`, and the same in PyTorch
Case = tuple[str, dict[str, Any], Callable[..., Any]]
BITS = counts(2, C).astype("float32")
CASES: dict[str, Case] = {
    "L1Loss": ("l1_loss(y, t)", {"t": numbers(C)}, nn.L1Loss()),
    "MSELoss": ("mse_loss(y, t)", {"t": numbers(C)}, nn.MSELoss()),
    "SmoothL1Loss": (
        "smooth_l1_loss(y, t, beta=0.5)", {"t": numbers(C)}, nn.SmoothL1Loss(beta=0.5)
    ),
    "HuberLoss": ("huber_loss(y, t, delta=0.7)", {"t": numbers(C)}, nn.HuberLoss(delta=0.7)),
    "CrossEntropyLoss": (
        "cross_entropy(y, t, label_smoothing=0.1)", {"t": counts(C)},
        nn.CrossEntropyLoss(label_smoothing=0.1),
    ),
    "NLLLoss": (
        "nll_loss(y -> log_softmax(dim=1), t)", {"t": counts(C)},
        lambda y, t: nn.NLLLoss()(y.log_softmax(1), t),
    ),
    "PoissonNLLLoss": (
        "poisson_nll_loss(y, t, full=true)", {"t": counts(6, C).astype("float32")},
        nn.PoissonNLLLoss(full=True),
    ),
    "GaussianNLLLoss": (
        "gaussian_nll_loss(y, t, exp(y))", {"t": numbers(C)},
        lambda y, t: nn.GaussianNLLLoss()(y, t, y.exp()),
    ),
    "KLDivLoss": (
        'kl_div(y -> log_softmax(dim=1), t -> softmax(dim=1), "batchmean")', {"t": numbers(C)},
        lambda y, t: nn.KLDivLoss(reduction="batchmean")(y.log_softmax(1), t.softmax(1)),
    ),
    "BCELoss": (
        "binary_cross_entropy(y -> sigmoid, t)", {"t": BITS},
        lambda y, t: nn.BCELoss()(y.sigmoid(), t),
    ),
    "BCEWithLogitsLoss": (
        "binary_cross_entropy_with_logits(y, t)", {"t": BITS}, nn.BCEWithLogitsLoss()
    ),
    "HingeEmbeddingLoss": (
        "hinge_embedding_loss(y, t)", {"t": signs(C)}, nn.HingeEmbeddingLoss()
    ),
    "SoftMarginLoss": ("soft_margin_loss(y, t)", {"t": signs(C)}, nn.SoftMarginLoss()),
    "MultiLabelSoftMarginLoss": (
        "multilabel_soft_margin_loss(y, t)", {"t": BITS}, nn.MultiLabelSoftMarginLoss()
    ),
    "MultiLabelMarginLoss": (
        "multilabel_margin_loss(y, t)", {"t": some_classes()}, nn.MultiLabelMarginLoss()
    ),
    "MultiMarginLoss": (
        "multi_margin_loss(y, t, p=2)", {"t": counts(C)}, nn.MultiMarginLoss(p=2)
    ),
    "CosineEmbeddingLoss": (
        "cosine_embedding_loss(y, t, s)", {"t": numbers(C), "s": signs()}, nn.CosineEmbeddingLoss()
    ),
    "MarginRankingLoss": (
        "margin_ranking_loss(y, t, s, margin=0.2)", {"t": numbers(C), "s": signs(C)},
        nn.MarginRankingLoss(margin=0.2),
    ),
    "TripletMarginLoss": (
        "triplet_margin_loss(y, p, n)", {"p": numbers(C), "n": numbers(C)}, nn.TripletMarginLoss()
    ),
    # a distance of one's own is written out
    "TripletMarginWithDistanceLoss": (
        "mean(relu(sum(abs(y - p), dim=1) - sum(abs(y - n), dim=1) + 1))",
        {"p": numbers(C), "n": numbers(C)},
        nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(1)),
    ),
    "CTCLoss": (
        "ctc_loss(y -> unflatten(1, [8, 5]) -> log_softmax(dim=2) -> transpose(0, 1), t, long, short)",
        {
            "t": counts(C, 3, at_least=1), "long": counts(9, at_least=7),
            "short": counts(4, at_least=1),
        },
        lambda y, t, long, short: nn.CTCLoss()(
            y.unflatten(1, (8, C)).log_softmax(2).transpose(0, 1), t, long, short
        ),
    ),
}  # fmt: skip
#: an old name of NLLLoss; and a linear layer with its loss in one module: in a spec the layer is the model's,
#: and the loss is `cross_entropy`
NOT_LOSSES = {"NLLLoss2d", "LinearCrossEntropyLoss"}


def test_every_loss_of_torch_nn_has_a_case() -> None:
    assert set(nn.modules.loss.__all__) - NOT_LOSSES <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_loss_trains_to_pytorchs_figure(name: str, tmp_path: Path) -> None:
    loss, fields, theirs = CASES[name]
    numpy.savez(tmp_path / "drawn.npz", x=numbers(6), **fields)
    text = SPEC.format(loss=loss, width=8 * C if name == "CTCLoss" else C)
    source = Source(text, "net.nn", str(tmp_path / "net.nn"))
    job = prepare(source, "", {}, str(tmp_path))
    model, _ = job.build()
    split = job.data.splits["train"]
    assert isinstance(split, Resident)
    with torch.no_grad():
        given = [split.fields[field] for field in fields]
        expected = float(theirs(model(split.fields["x"]), *given))
    run = train(source, "", {}, str(tmp_path), Console(file=io.StringIO()), tmp_path)
    (row,) = run.metrics()
    assert row["train_loss"] == pytest.approx(expected, rel=1e-5)
    after = run.weights("last")
    moved = [not torch.equal(value, after[key]) for key, value in model.state_dict().items()]
    assert all(moved)
