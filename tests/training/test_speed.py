"""What is chosen for the machine: how many samples go through a model together."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from nnspec.source import Source  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402
from tests.training.test_updates import MLP  # noqa: E402

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
