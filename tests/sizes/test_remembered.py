"""Parts that remember what came of a shape say what they would say without it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.sizes.remembered import Memory


class Counted(nn.Module):
    """A convolution that counts how often it runs."""

    runs = 0

    def __init__(self, stride: int, index: list[int] | None = None) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.ones(1, 1, 3))
        self.register_buffer("index", torch.tensor(index or [0]))

    def forward(self, x: Any) -> Any:
        Counted.runs += 1
        return torch.conv1d(x, self.weight, stride=self.stride)[..., self.index]


@pytest.fixture(autouse=True)
def no_runs() -> None:
    Counted.runs = 0


def test_parts_that_are_alike_share() -> None:
    memory = Memory()
    for _ in range(2):  # also two models
        module = memory.give(nn.Sequential(Counted(1), nn.ConstantPad1d(8, 0.0), Counted(1)))
        for _ in range(3):
            assert module(torch.zeros(1, 1, 3)).shape == (1, 1, 1)
    assert Counted.runs == 2


@pytest.mark.parametrize("other", [Counted(2), Counted(1, [1])])
def test_parts_that_differ_do_not(other: Counted) -> None:
    memory = Memory()
    for part in (Counted(1), other):
        memory.give(nn.Sequential(part))(torch.zeros(1, 1, 8))
    assert Counted.runs == 2


def test_each_shape_and_mode_is_its_own() -> None:
    module = Memory().give(nn.Sequential(Counted(1)))
    for x in (torch.zeros(1, 1, 8), torch.zeros(1, 1, 9), torch.zeros(1, 8, 1).mT):
        module.train()(x)
        module.eval()(x)
    assert Counted.runs == 6


def test_a_refusal_is_remembered_as_it_was() -> None:
    module = Memory().give(nn.Sequential(nn.Conv1d(1, 1, 3)))
    said = []
    for _ in range(2):
        with pytest.raises(RuntimeError, match="Kernel size") as refusal:
            module(torch.zeros(1, 1, 2))
        said.append(str(refusal.value))
    assert said[0] == said[1]


def test_numbers_that_come_in_or_out_are_not_remembered() -> None:
    module = Memory().give(nn.Sequential(nn.Embedding(3, 2)))
    assert module(torch.tensor([2])).shape == (1, 2)
    with pytest.raises(IndexError):
        module(torch.tensor([3]))
