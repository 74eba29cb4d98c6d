"""What a step does: groups, frozen parameters, accumulation, averages, each against PyTorch by hand."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from rich.console import Console  # noqa: E402

from nnspec.source import Source  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.loop import Trainer  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402
from nnspec.training.train import train  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
MLP = """
model MLP(hidden: int = 16):
    input image: [N, 1, 8, 8]
    return logits = image -> flatten -> body: linear(hidden) -> norm: layer_norm -> relu -> head: linear(10)

data Digits:
    source = digits()
    split = [train: 320, val: 160]
    image = normalize(mean=0.3, std=0.375)

train MLP on Digits:
    loss = cross_entropy(logits, label)
    metrics = [accuracy(logits, label)]
    optimizer = sgd(lr=0.1, weight_decay=0.1)
    batch_size = 32
    epochs = 2
"""


def trainer(tmp_path: Path, spec: str = MLP, **words: Any) -> Trainer:
    overrides = {name.replace("__", "."): value for name, value in words.items()}
    job = prepare(Source(spec, "mlp.nn"), "", overrides, str(ROOT))
    return job.trainer(Run(tmp_path), begins=True)


def one_epoch(made: Trainer) -> dict[str, Any]:
    made.model.train()
    split = made.splits["train"]
    for batch in split.batches(made.batch_size, made.order(1), made.step):
        if made.train_batch(batch):
            made.update.averaged(1, made.step == made.per_epoch)
    return {name: value.detach().clone() for name, value in made.model.state_dict().items()}


def by_hand(made: Trainer, make_optimizer: Any, **words: Any) -> dict[str, Any]:
    """The same epoch as a plain PyTorch loop."""
    model = made.model
    model.train()
    optimizer = make_optimizer(model)
    split, batch = made.splits["train"], words.get("batch_size", 32)
    order = made.order(1)
    for start in range(0, len(split), batch):
        rows = order[start : start + batch]
        logits = model(split.fields["image"][rows])
        loss = torch.nn.functional.cross_entropy(logits, split.fields["label"][rows])
        optimizer.zero_grad()
        loss.backward()
        if "value" in words:
            torch.nn.utils.clip_grad_value_(model.parameters(), words["value"])
        if "norm" in words:
            torch.nn.utils.clip_grad_norm_(model.parameters(), words["norm"])
        optimizer.step()
        if "after" in words:
            words["after"](model)
    return dict(model.state_dict())


def same(ours: dict[str, Any], theirs: dict[str, Any], **near: float) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], **(near or {"rtol": 0, "atol": 0}))


def sgd(model: Any) -> Any:
    return torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1, fused=True)


def test_an_epoch_is_that_of_a_plain_loop(tmp_path: Path) -> None:
    same(one_epoch(trainer(tmp_path)), by_hand(trainer(tmp_path), sgd))


def test_fused_or_not(tmp_path: Path) -> None:
    made = trainer(tmp_path, fused=False)
    same(
        one_epoch(made),
        by_hand(
            trainer(tmp_path),
            lambda model: torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1),
        ),
    )
    assert not made.update.optimizers[0].param_groups[0]["fused"]
    with pytest.raises(RunError, match="`rprop` has no fused"):
        trainer(tmp_path, MLP.replace("sgd(lr=0.1, weight_decay=0.1)", "rprop()"), fused=True)


def test_clipping(tmp_path: Path) -> None:
    same(
        one_epoch(trainer(tmp_path, clip_grad_norm=0.5)), by_hand(trainer(tmp_path), sgd, norm=0.5)
    )
    same(
        one_epoch(trainer(tmp_path, clip_grad_value=0.01)),
        by_hand(trainer(tmp_path), sgd, value=0.01),
    )


def test_four_small_batches_make_one_large(tmp_path: Path) -> None:
    """The last step of an epoch has fewer samples: its batches count by their share."""
    small = one_epoch(trainer(tmp_path, batch_size=24, accumulate=4))
    large = one_epoch(trainer(tmp_path, batch_size=96))
    same(small, large, rtol=1e-4, atol=1e-6)
    other = one_epoch(trainer(tmp_path, batch_size=24))
    assert not torch.allclose(other["head.weight"], large["head.weight"], atol=1e-4)


def test_no_decay_leaves_norms_and_biases_out(tmp_path: Path) -> None:
    def grouped(model: Any) -> Any:
        named = dict(model.named_parameters())
        one = [p for p in named.values() if p.ndim > 1]
        other = [p for p in named.values() if p.ndim <= 1]
        groups = [{"params": one}, {"params": other, "weight_decay": 0.0}]
        return torch.optim.SGD(groups, lr=0.1, weight_decay=0.1, fused=True)

    same(one_epoch(trainer(tmp_path, no_decay=True)), by_hand(trainer(tmp_path), grouped))


def test_groups_have_their_own_settings(tmp_path: Path) -> None:
    spec = MLP.rstrip() + '\n    groups = [group("head", lr=0.5), group("*.bias", momentum=0.9)]\n'

    def grouped(model: Any) -> Any:
        groups = [
            {"params": [model.body.weight, model.norm.weight]},
            {"params": [model.body.bias, model.norm.bias], "momentum": 0.9},
            {"params": [model.head.weight], "lr": 0.5},
            {"params": [model.head.bias], "lr": 0.5, "momentum": 0.9},
        ]
        return torch.optim.SGD(groups, lr=0.1, weight_decay=0.1, fused=True)

    same(one_epoch(trainer(tmp_path, spec)), by_hand(trainer(tmp_path), grouped))


def test_frozen_parameters_stay(tmp_path: Path) -> None:
    made = trainer(tmp_path, freeze=["body", "norm.bias"])
    before = {name: value.clone() for name, value in made.model.state_dict().items()}
    after = one_epoch(made)
    for name, value in after.items():
        frozen = name.startswith("body.") or name == "norm.bias"
        assert torch.equal(value, before[name]) == frozen, name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"freeze": "boddy"}, "no parameters `boddy`"),
        ({"freeze": ["body", "norm", "head"]}, "every parameter"),
        ({"weights": "nowhere.pt"}, "no file"),
    ],
)
def test_a_pattern_or_file_that_means_nothing_is_told(
    tmp_path: Path, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(RunError, match=said):
        trainer(tmp_path, **words)


def test_an_average_is_pytorchs(tmp_path: Path) -> None:
    swa_utils = torch.optim.swa_utils
    spec = MLP.rstrip() + "\n    average = ema(decay=0.9)\n"
    made = trainer(tmp_path, spec)
    weights = one_epoch(made)
    hand = trainer(tmp_path)
    kept = swa_utils.AveragedModel(
        hand.model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.9), use_buffers=True
    )
    same(weights, by_hand(hand, sgd, after=kept.update_parameters))
    same(dict(made.update.evaluated.state_dict()), dict(kept.module.state_dict()))
    assert not torch.equal(made.update.evaluated.head.weight, made.model.head.weight)


def test_swa_measures_its_batch_norms(tmp_path: Path) -> None:
    spec = MLP.replace("layer_norm", "batch_norm1d").rstrip() + "\n    average = swa(start=0)\n"
    made = trainer(tmp_path, spec, epochs=1)
    one_epoch(made)
    rng = torch.get_rng_state()
    made.validate()
    assert torch.equal(rng, torch.get_rng_state())
    average = made.update.evaluated
    with torch.no_grad():
        rows = average.body(made.splits["train"].fields["image"].flatten(1))
    torch.testing.assert_close(average.norm.running_mean, rows.mean(0), rtol=1e-4, atol=1e-5)


def test_muon_leaves_the_rest_to_adamw(tmp_path: Path) -> None:
    made = trainer(tmp_path, MLP.replace("sgd(lr=0.1, weight_decay=0.1)", "muon(lr=0.02)"))
    muon, adamw = made.update.optimizers
    assert isinstance(muon, torch.optim.Muon)
    assert isinstance(adamw, torch.optim.AdamW)
    assert {p.ndim for g in muon.param_groups for p in g["params"]} == {2}
    assert {p.ndim for g in adamw.param_groups for p in g["params"]} == {1}
    batch = next(made.splits["train"].batches(320))
    before = float(made.compute(batch).detach())
    one_epoch(made)
    assert float(made.compute(batch).detach()) < before


TABLE = """
model Net:
    input tokens: i64[N, T]
    scores = tokens -> table: embedding(20, 8, sparse=true) -> mean(1) -> head: linear(3)
    return scores

data Rows:
    source = npz("rows.npz", classes=[label: 3])

train Net on Rows:
    loss = cross_entropy(scores, label)
    optimizer = sparse_adam(lr=0.02, adamw_lr=0.05)
    epochs = 1
    batch_size = 32
"""


def test_sparse_adam_moves_the_tables_and_adamw_the_rest(tmp_path: Path) -> None:
    drawn = torch.Generator().manual_seed(3)
    tokens = torch.randint(0, 20, (80, 5), generator=drawn)
    labels = torch.randint(0, 3, (80,), generator=drawn)
    numpy.savez(tmp_path / "rows.npz", tokens=tokens.numpy(), label=labels.numpy())

    def made(spec: str = TABLE, **words: Any) -> Any:
        job = prepare(Source(spec, "table.nn"), "", words, str(tmp_path))
        return job.trainer(Run(tmp_path))

    found, hand = one_epoch(made()), made()
    sparse = torch.optim.SparseAdam([hand.model.table.weight], lr=0.02)
    dense = torch.optim.AdamW(hand.model.head.parameters(), lr=0.05, fused=True)
    for batch in hand.splits["train"].batches(32, hand.order(1)):
        sparse.zero_grad()
        dense.zero_grad()
        scores = hand.model(batch["tokens"])
        torch.nn.functional.cross_entropy(scores, batch["label"]).backward()
        assert hand.model.table.weight.grad.is_sparse
        sparse.step()
        dense.step()
    same(found, dict(hand.model.state_dict()))

    with pytest.raises(RunError, match="cannot be clipped: `clip_grad_norm`"):
        made(clip_grad_norm=1.0)
    with pytest.raises(RunError, match="`sgd` does not take the sparse gradients"):
        made(TABLE.replace("sparse_adam(lr=0.02, adamw_lr=0.05)", "sgd(lr=0.1)"))
    with pytest.raises(RunError, match="the model has none"):
        made(TABLE.replace(", sparse=true", ""))


def test_a_chain_of_schedules_runs_and_is_taken_up(tmp_path: Path) -> None:
    chain = "sequential([linear(start=0.1, final=1), cosine(final=0.5)], epochs=[1])"
    spec = MLP.rstrip() + f"\n    scheduler = {chain}\n"
    made = trainer(tmp_path, spec, epochs=2)
    one_epoch(made)
    assert made.update.lr == pytest.approx(0.1)  # the whole rate, where the first one ends
    parts = made.state(tensors := {})
    other = trainer(tmp_path, spec, epochs=2)
    other.update.load(parts, tensors)
    for one in (made, other):
        one.epoch, one.step = 1, 0
        one_epoch(one)
        assert one.update.lr == pytest.approx(0.05)


def test_lbfgs_asks_for_the_loss_itself(tmp_path: Path) -> None:
    spec = MLP.replace("sgd(lr=0.1, weight_decay=0.1)", "lbfgs(max_iter=5)")
    made = trainer(tmp_path, spec, batch_size=320)

    def make(model: Any) -> Any:
        return torch.optim.LBFGS(model.parameters(), max_iter=5)

    hand = trainer(tmp_path)
    optimizer = make(hand.model)
    split, rows = hand.splits["train"], hand.order(1)

    def closure() -> Any:
        optimizer.zero_grad()
        logits = hand.model(split.fields["image"][rows])
        loss = torch.nn.functional.cross_entropy(logits, split.fields["label"][rows])
        loss.backward()
        return loss

    optimizer.step(closure)
    same(one_epoch(made), dict(hand.model.state_dict()))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_low_precision_learns_as_well(tmp_path: Path, precision: str) -> None:
    losses = {}
    for one in ("float32", precision):
        made = trainer(tmp_path, precision=one)
        one_epoch(made)
        assert {p.dtype for p in made.model.parameters()} == {torch.float32}
        losses[one] = float(made.loss_sum)
    assert losses[precision] != losses["float32"]
    assert losses[precision] == pytest.approx(losses["float32"], rel=0.01)


def test_weights_to_begin_with_are_reported(tmp_path: Path) -> None:
    given = trainer(tmp_path).model.state_dict()
    given["head.weight"] = torch.zeros(3, 16)
    given["extra"] = torch.zeros(2)
    del given["norm.bias"]
    given["body.weight"] = torch.full((16, 64), 0.5)
    file = tmp_path / "weights.pt"
    torch.save({"state_dict": given}, file)
    job = prepare(Source(MLP, "mlp.nn"), "", {"weights": str(file)}, str(ROOT))
    made = job.trainer(Run(tmp_path), begins=True)
    assert (made.model.state_dict()["body.weight"] == 0.5).all()
    said = "\n".join(job.notes)
    for words in ("4 of 6 tensors", "head.weight [3, 16], not [10, 16]", "norm.bias", "extra"):
        assert words in said
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(RunError, match="neither a safetensors file nor a state_dict"):
        trainer(tmp_path, weights=str(tmp_path / "module.pt"))
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(RunError, match="nothing in"):
        trainer(tmp_path, weights=str(tmp_path / "other.pt"))


def test_it_stops_early(tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    words = {"epochs": 50, "patience": 2, "optimizer.lr": 1e-9}
    run = train(Source(MLP, "mlp.nn"), "", words, str(ROOT), console, tmp_path)
    rows = run.metrics()
    best = max(range(len(rows)), key=lambda i: (rows[i]["val_accuracy"], -i))
    assert len(rows) == best + 1 + 2
    assert "stopped early" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_samples_are_mixed_as_torchvision_does(tmp_path: Path, name: str) -> None:
    from torchvision.transforms import v2

    made = trainer(tmp_path, MLP.rstrip() + f"\n    mix = {name}(alpha=1.0)\n")
    batch = next(made.splits["train"].batches(32))
    torch.manual_seed(3)
    ours = made.mixed(batch)
    torch.manual_seed(3)
    theirs = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[name](alpha=1.0, num_classes=10)
    image, label = theirs(batch["image"], batch["label"])
    assert torch.equal(ours["image"], image)
    assert torch.equal(ours["label"], label)
    assert made.compute(ours).requires_grad
    one_epoch(made)


METRICS = """
model Net:
    input image: [N, 1, 8, 8]
    return logits = image -> flatten -> linear(10)

data Digits:
    source = digits()

train Net on Digits:
    loss = cross_entropy(logits, label)
    metrics = [accuracy(logits, label), accuracy(logits, label, top=3), f1(logits, label),
        precision(logits, label), recall(logits, label), auroc(logits, label)]
    epochs = 1
"""


def test_metrics_are_scikit_learns(tmp_path: Path) -> None:
    m = pytest.importorskip("sklearn.metrics")
    made = trainer(tmp_path, METRICS)
    one_epoch(made)
    results = made.validate()
    fields = made.splits["val"].fields  # type: ignore[attr-defined]
    with torch.no_grad():
        logits = made.model(fields["image"])
    truth, taken = fields["label"].numpy(), logits.argmax(1).numpy()
    expected = {
        "accuracy": m.accuracy_score(truth, taken),
        "accuracy(top=3)": m.top_k_accuracy_score(truth, logits.numpy(), k=3),
        "f1": m.f1_score(truth, taken, average="macro"),
        "precision": m.precision_score(truth, taken, average="macro"),
        "recall": m.recall_score(truth, taken, average="macro"),
        "auroc": m.roc_auc_score(truth, logits.softmax(1).numpy(), multi_class="ovr"),
    }
    for name, value in expected.items():
        assert results[name] == pytest.approx(value, abs=1e-6), name


LANGUAGE = """
model Letters(vocab: int = COUNT, width: int = 16):
    input tokens: i64[N, T]
    logits = tokens -> embedding(vocab, width) -> linear(vocab)
    return logits: [N, T, vocab]

data Poem:
    source = text("poem.txt", context=8)

train Letters on Poem:
    loss = cross_entropy(logits -> permute(0, 2, 1), next)
    metrics = [perplexity(logits, next)]
    epochs = 2
    batch_size = 4
"""


def test_a_language_model_learns_letters(tmp_path: Path) -> None:
    text = "how much wood would a woodchuck chuck if a woodchuck could chuck wood? " * 4
    (tmp_path / "poem.txt").write_text(text)
    count = len(set(text))
    spec = LANGUAGE.replace("COUNT", str(count))
    job = prepare(Source(spec, "poem.nn"), "", {}, str(tmp_path))
    made = job.trainer(Run(tmp_path))
    before = made.validate()
    assert before["perplexity"] == pytest.approx(math.exp(before["loss"]), rel=1e-4)
    one_epoch(made)
    assert made.validate()["perplexity"] < before["perplexity"]
    from nnspec.diagnostics import SpecError

    with pytest.raises(SpecError, match=f"the data has {count}"):
        prepare(Source(spec, "poem.nn"), "", {"model.vocab": count + 1}, str(tmp_path))
