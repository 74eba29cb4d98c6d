"""Mixes of the samples of a batch, with their labels: torchvision's, on the device, in training only."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import Tensor


class Mix(Recipe):
    """`build` gives the function (images, classes) -> (images, shares of each class)."""

    v2_name: str

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if bound["alpha"] <= 0:
            raise Mismatch("NN206", "`alpha` is above 0", argument="alpha")
        return bound

    def build(
        self, classes: int, settings: dict[str, Any]
    ) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        from torchvision.transforms import v2

        made: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = getattr(v2, self.v2_name)(
            alpha=settings["alpha"], num_classes=classes
        )
        return made


class Mixup(Mix):
    """Each image and its label blended with another of the batch (Zhang et al. 2018, arXiv:1710.09412)."""

    name, v2_name = "mixup", "MixUp"
    settings = (Setting("alpha", "float", 0.2, doc="of the Beta distribution of the shares"),)


class Cutmix(Mix):
    """A rectangle of each image from another of the batch (Yun et al. 2019, arXiv:1905.04899)."""

    name, v2_name = "cutmix", "CutMix"
    settings = (Setting("alpha", "float", 1.0, doc="of the Beta distribution of the areas"),)


ALL = by_name([Mixup, Cutmix])
