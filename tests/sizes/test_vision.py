"""A slice of tests/sizes/vision.py, and that it finds what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.sizes.vision import Vision


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("alexnet", "alexnet"),
        ("mobilenet_v3", "mobilenet_v3_small"),
        ("shufflenet_v2", "shufflenet_v2_x0_5"),
        ("siamese", "Siamese"),
        ("squeezenet", "squeezenet1_1"),
        ("swin", "swin_t"),
    ],
)
def test_the_checker_says_what_torchvision_does(
    file: str, name: str, torchvision_models: Any
) -> None:
    torch.set_num_threads(1)
    assert list(Vision(file, name).disagreements(thin=107)) == []


def test_a_wrong_set_is_found(monkeypatch: pytest.MonkeyPatch, torchvision_models: Any) -> None:
    vision = Vision("squeezenet", "squeezenet1_1")
    monkeypatch.setattr(vision.report, "admits", lambda sizes, training: sizes["H"] >= 16)
    assert any("(16, 17)" in said for said in vision.disagreements(thin=107))
