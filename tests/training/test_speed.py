"""What is chosen for the machine: threads, and how many samples go through a model together."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from nnspec.source import Source  # noqa: E402
from nnspec.training import start  # noqa: E402
from nnspec.training.start import A_THREADS_COST, prepare, threads_for  # noqa: E402
from tests.training.test_updates import MLP  # noqa: E402

DIGITS = (Path(__file__).parents[2] / "specs/digits.nn").read_text()
RESNET = """
from zoo.resnet import resnet50

data Images:
    source = fake([3, 224, 224], classes=1000, samples=16)

train resnet50 on Images:
    loss = cross_entropy(logits, label)
    optimizer = sgd(lr=0.1)
"""


@pytest.mark.parametrize(
    ("spec", "batch", "together"),
    [
        (MLP, 32, 256),
        (MLP, 512, 512),
        (RESNET, 2, 20_000_000_000 // 4_089_184_256),  # torchvision: 4.089 GMACs an image
        (RESNET, 16, 16),
    ],
)
def test_samples_validated_together(tmp_path: Path, spec: str, batch: int, together: int) -> None:
    """Large ones only as many as in training, for which there is room."""
    job = prepare(Source(spec, "spec.nn"), "", {"batch_size": batch}, str(tmp_path))
    assert job.at_once(job.lead) == together


@pytest.mark.parametrize("cores", [1, 2, 16])
@pytest.mark.parametrize("work", [1, 5_900_000, 6_100_000, 15_000_000, 70_000_000, 10**9])
def test_a_further_thread_is_taken_where_it_pays(work: int, cores: int) -> None:
    """Each divides the work, and costs a step the time in which it begins and ends with each operation."""
    seconds = {n: work / n + n * A_THREADS_COST for n in range(1, cores + 1)}
    assert threads_for(work, cores) == min(seconds, key=lambda n: seconds[n])


@pytest.mark.parametrize(
    ("spec", "words", "threads"),
    # measured on 2 cores: the digits' CNN of 16 channels trains faster by a third with both
    [(MLP, {}, 1), (DIGITS, {"model.width": 16}, 2)],
)
def test_threads_by_the_models_size(
    tmp_path: Path, spec: str, words: dict[str, int], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "EVERY", 2)
    job = prepare(Source(spec, "spec.nn"), "", {"device": "cpu", **words}, str(tmp_path))
    assert job.threads == threads
