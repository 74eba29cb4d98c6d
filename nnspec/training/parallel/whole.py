"""How one process holds a model: whole. `strategies.py` has the ways of several, which need much more of
PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nnspec.training.parallel.processes import Processes


class Whole:
    """One process, which holds everything."""

    #: each process holds a part of the weights
    divides = False

    def __init__(
        self, processes: Processes, device: torch.device, always_learns: bool = True
    ) -> None:
        """`always_learns`: every weight has a gradient at every step."""
        self.processes, self.device, self.always_learns = processes, device, always_learns

    def spread(self, model: nn.Module) -> None:
        """Divide the weights, before an optimizer knows them."""

    def called(self, model: nn.Module) -> nn.Module:
        """What a training step calls in place of the model."""
        return model

    def gathers(self, called: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Around a backward pass; `last`: the gradients are needed after it."""
        return nullcontext()

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        """The whole weights and buffers; all processes ask, the first one gets them."""
        return dict(model.state_dict())

    def load(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        """Take whole or divided tensors as a module has them."""
        own = model.state_dict()
        held = {k: self.held_as(v, own[k]) if k in own else v for k, v in tensors.items()}
        model.load_state_dict(held)

    def held_as(self, value: Tensor, held: Any) -> Tensor:
        """A tensor divided as the one that it takes the place of."""
        return value

    def divided(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Those of which each process holds a part."""
        return {}

    def write(self, folder: Path, tensors: dict[str, Tensor]) -> None:
        """Write what each process holds a part of; all do it together."""
