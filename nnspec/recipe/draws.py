"""Fields of random numbers that are drawn anew for each batch: what a generator makes its samples from."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field, Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import torch
    from torch import Tensor

_SHAPE = Setting("shape", "int|list", REQUIRED, doc="of one sample: 100, or [8, 4, 4]")


class Draw(Recipe):
    """`draw` gives the numbers of a batch, f32[samples, *shape]."""

    def field(self, settings: dict[str, Any]) -> Field:
        """Raises Mismatch NN206 where the shape has other things than sizes."""
        shape = settings["shape"] if isinstance(settings["shape"], tuple) else (settings["shape"],)
        if not shape or any(not isinstance(size, int) or size < 1 for size in shape):
            message = "`shape` is a size, or a list of them, each at least 1"
            raise Mismatch("NN206", message, argument="shape")
        return Field("f32", shape)

    def draw(self, samples: int, settings: dict[str, Any], device: torch.device) -> Tensor:
        raise NotImplementedError


class Normal(Draw):
    """From the standard normal distribution."""

    name = "normal"
    settings = (_SHAPE,)

    def draw(self, samples: int, settings: dict[str, Any], device: torch.device) -> Tensor:
        import torch

        return torch.randn(samples, *self.field(settings).shape, device=device)


class Uniform(Draw):
    """Evenly between `low` and `high`."""

    name = "uniform"
    settings = (_SHAPE, Setting("low", "float", -1.0), Setting("high", "float", 1.0))

    def draw(self, samples: int, settings: dict[str, Any], device: torch.device) -> Tensor:
        import torch

        low, high = settings["low"], settings["high"]
        shape = (samples, *self.field(settings).shape)
        numbers = torch.rand(shape, device=device)
        return numbers.mul_(high - low).add_(low)


ALL = by_name([Normal, Uniform])
