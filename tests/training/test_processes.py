"""Two processes, by torchrun and gloo, against one: the same weights and figures, one message, any number
goes on.

`python tests/training/processes_deep.py` is the deep run: other optimizers, workers that are killed.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from rich.console import Console  # noqa: E402

from nnspec.source import Source  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.parallel.processes import Processes  # noqa: E402
from nnspec.training.parallel.share import Share, joined, one_after_another  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402
from nnspec.training.train import resume, train  # noqa: E402

ROOT = Path(__file__).parent.parent.parent

#: no sample is left out or seen twice: 1,438 is no multiple of 50, and 38 none of 2 * 2
SPEC = """
block Unit(width: int):
    input x: [N, C, H, W]
    return x -> conv: conv2d(width, 3, padding=1) -> relu

model Net(width: int = 4):
    input image: [N, 1, 8, 8]
    x = image -> a: Unit(width) -> b: Unit(2 * width)
    return logits = x -> flatten -> head: linear(10)

data Digits:
    source = digits()
    image.train = normalize(mean=0.3, std=0.375)
    image.val = normalize(mean=0.3, std=0.375)

train Net on Digits:
    loss = cross_entropy(logits, label)
    metrics = [accuracy(logits, label), f1(logits, label), auroc(logits, label)]
    optimizer = adamw(lr=3e-3)
    scheduler = cosine(warmup_epochs=1)
    average = ema(decay=0.9)
    epochs = 2
    batch_size = 50
    accumulate = 2
    clip_grad_norm = 1.0
    threads = 1
"""

#: two models that share their losses; nothing in them is drawn, so that two processes see what one does
PAIR = """
model Maker():
    input image: [N, 1, 8, 8]
    return made = image -> conv2d(4, 3, padding=1) -> relu -> conv2d(1, 3, padding=1)

model Judge(width: int = 4):
    input image: [N, 1, 8, 8]
    x = image -> conv2d(width, 3, padding=1) -> relu -> flatten
    return score = x -> linear(1)

data Digits:
    source = digits()
    image = normalize(mean=0.3, std=0.375)

train Judge on Digits:
    loss = mean(softplus(-score)) + mean(softplus(image -> Maker -> Judge))
    optimizer = adam(lr=1e-3)
    average = ema(decay=0.9)
    epochs = 2
    batch_size = 50
    accumulate = 2
    threads = 1

train Maker on Digits:
    loss = mean(softplus(-(made -> Judge)))
    optimizer = adam(lr=1e-3)
"""

#: one torchrun for all: PyTorch is imported once in each process
WORKER = """
import os, sys
from pathlib import Path
from rich.console import Console
from nnspec.source import Source
from nnspec.training import loop, train as room
from nnspec.training.errors import RunError

spec, folder = Path("net.nn").read_text(), Path(".")

def train(name, spec=spec, **words):
    room.train(Source(spec, "net.nn"), "", words, ".", Console(quiet=True), folder / name)

train("ddp")
train("fsdp", strategy="fsdp")
pair = Path("pair.nn").read_text()
train("pair", pair)
train("found", **{"batch_size": "auto", "optimizer.lr": "find", "epochs": 1})
if os.environ["RANK"] == "1":
    def nonsense(self, loss): raise RunError("nonsense")
    loop.Trainer.refuse_nonsense = nonsense
try:
    train("failed")
except RunError as error:
    print("told:", error.message)
    sys.exit(1)
"""


def alone(folder: Path, words: Mapping[str, Any], spec: str = SPEC) -> Run:
    return train(Source(spec, "net.nn"), "", words, ".", Console(file=io.StringIO()), folder)


def the_run(folder: Path) -> Path:
    (found,) = folder.glob("*/*")
    return found


def assert_alike(ours: Path, theirs: Path) -> None:
    """Weights and figures up to the order of sums."""
    for which in ("last", "best"):
        a = safetensors.load_file(ours / which / "model.safetensors")
        b = safetensors.load_file(theirs / which / "model.safetensors")
        assert a.keys() == b.keys()
        for name, value in a.items():
            torch.testing.assert_close(value, b[name], rtol=0, atol=1e-5, msg=name)
    for one, other in zip(Run(ours).metrics(), Run(theirs).metrics(), strict=True):
        for name in one.keys() - {"samples_per_second", "seconds"}:
            assert one[name] == pytest.approx(other[name], abs=1e-5), name


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text(SPEC)
    (tmp_path / "pair.nn").write_text(PAIR)
    (tmp_path / "worker.py").write_text(WORKER)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "worker.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    # the last of the runs fails in one process: it is told once, and the other does not wait
    assert done.returncode != 0
    assert done.stdout.count("told: nonsense") == 1, done.stderr
    assert "told: " not in done.stdout.replace("told: nonsense", "", 1)

    ddp, fsdp = the_run(tmp_path / "ddp"), the_run(tmp_path / "fsdp")
    one = alone(tmp_path / "one", {}).folder
    assert_alike(ddp, one)
    assert_alike(fsdp, one)
    assert len(list((fsdp / "last" / "shards").glob("*.safetensors"))) == 2
    assert json.loads((fsdp / "settings.json").read_text())["resolved"]["processes"] == 2

    pair = the_run(tmp_path / "pair")
    alone_pair = alone(tmp_path / "one_pair", {}, PAIR).folder
    assert_alike(pair, alone_pair)
    for folder in (pair, alone_pair):
        resume(str(folder), None, Console(file=io.StringIO()), overrides={"epochs": 3})
    assert_alike(pair, alone_pair)

    # what is to be found is found by one process, and both go by it
    found = the_run(tmp_path / "found")
    words = Run(found).settings.overrides
    assert words["batch_size"] in (32, 64, 128) and 1e-6 < words["optimizer.lr"] < 1
    assert_alike(found, alone(tmp_path / "told", words).folder)

    # nothing in it is a pickle; what each process held a part of, one process takes up whole
    for path in fsdp.rglob("*"):
        assert not path.is_file() or not path.read_bytes().startswith((b"\x80", b"PK")), path
    for folder in (one, fsdp, ddp):
        resume(str(folder), None, Console(file=io.StringIO()), overrides={"epochs": 3})
    assert_alike(fsdp, one)
    assert_alike(ddp, one)
    assert not (fsdp / "last" / "shards").exists()  # it went on alone, and holds everything


def test_models_that_share_losses_are_not_divided() -> None:
    from nnspec.training.parallel.strategies import strategy_of

    both = Processes(rank=0, size=2)
    job = prepare(Source(PAIR, "pair.nn"), "", {"strategy": "fsdp"}, ".", processes=both)
    cpu = torch.device("cpu")
    with pytest.raises(RunError, match="not divided") as told:
        strategy_of(job.lead.plan, job.lead.graph, both, cpu, together=True)
    assert told.value.help.startswith("strategy=ddp")


def test_damaged_shards_are_told(tmp_path: Path) -> None:
    from nnspec.training.parallel.shards import read_shards

    (tmp_path / "shard-00001-model-00001-of-00001.safetensors").write_bytes(b"\x80\x04x")
    with pytest.raises(RunError, match="is damaged"):
        read_shards(tmp_path, lambda name: None, alone=True)


@pytest.mark.parametrize("samples", [0, 1, 7, 50, 51])
@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_every_sample_counts_once(samples: int, of: int) -> None:
    size, seen = 16, []
    shares = [Share(rank, of) for rank in range(of)]
    parts = [list(share.parts(samples, size, 0)) for share in shares]
    assert len({len(one) for one in parts}) == 1  # every process has as many batches
    for number, start in enumerate(range(0, samples, size)):
        batch = min(size, samples - start)
        assert sum(share.count(batch) for share in shares) == batch
        for share, own in zip(shares, parts, strict=True):
            a, b = own[number]
            assert b > a, "each has something to compute"
            if share.count(batch):
                assert b - a == share.count(batch)
                seen += range(a, b)
    assert seen == list(range(samples))
    order = torch.arange(samples).flip(0)
    for own in parts:
        together = joined(order, own)
        for (a, b), (c, d) in zip(own, one_after_another(own), strict=True):
            assert together[c:d].equal(order[a:b])
