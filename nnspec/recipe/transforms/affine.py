"""Images turned, moved and scaled at random: each by numbers of its own, all in one pass."""

from __future__ import annotations

from math import inf, radians

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.transforms.base import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from torch import Tensor


def moved(images: Tensor, degrees: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Each image [N, C, H, W] turned clockwise by its degrees [N] about its middle, scaled [N], and moved by
    pixels to the right and down [N, 2]; what comes from outside is 0. The nearest pixel is taken, as
    torchvision's `affine` does by default."""
    import torch
    from torch.nn.functional import grid_sample

    high, wide = images.shape[2:]
    angle = degrees * radians(1)
    cos, sin = angle.cos() / scale, angle.sin() / scale
    back = torch.stack([torch.stack([cos, sin], 1), torch.stack([-sin, cos], 1)], 1)  # [N, 2, 2]
    y = torch.linspace(0.5 - high / 2, high / 2 - 0.5, high, device=images.device)
    x = torch.linspace(0.5 - wide / 2, wide / 2 - 0.5, wide, device=images.device)
    places = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).view(1, -1, 2)
    sources = (places - shift.unsqueeze(1)) @ back.transpose(1, 2)
    half = torch.tensor([wide / 2, high / 2], device=images.device)
    grid = (sources / half).view(len(images), high, wide, 2)
    return grid_sample(images, grid, mode="nearest", align_corners=False)


def _between(low: float, high: float, images: Tensor) -> Tensor:
    """A number for each image."""
    import torch

    return low + (high - low) * torch.rand(len(images), device=images.device)


class RandomAffine(Transform):
    """Rotated, moved and scaled at random."""

    name = "random_affine"
    is_random = True
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("degrees", "float"),
        Setting(
            "translate", "list|none", None, doc="largest shares of width and height to move by"
        ),
        Setting("scale", "list|none", None, doc="least and most to scale by"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if bound["degrees"] < 0:
            raise Mismatch("NN206", "`degrees` is at least 0", argument="degrees")
        for name, least, most, words in (
            ("translate", 0.0, 1.0, "two shares from 0 to 1"),
            ("scale", 1e-9, inf, "two numbers above 0"),
        ):
            value = bound.get(name)
            if value is None:
                continue
            plain = len(value) == 2 and all(isinstance(v, (int, float)) for v in value)
            if not plain or not least <= min(value) <= max(value) <= most:
                raise Mismatch("NN206", f"`{name}` is {words}", argument=name)
        return bound

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        most, share, scale = settings["degrees"], settings.get("translate"), settings.get("scale")

        def move(images: Tensor) -> Tensor:
            degrees = _between(-most, most, images)
            shift = torch.zeros(len(images), 2, device=images.device)
            if share is not None:
                for axis, size in enumerate((images.shape[3], images.shape[2])):
                    reach = share[axis] * size
                    shift[:, axis] = _between(-reach, reach, images).round()
            factor = (
                torch.ones_like(degrees) if scale is None else _between(scale[0], scale[1], images)
            )
            return moved(images, degrees, shift, factor)

        return move


class RandomRotation(RandomAffine):
    """Rotated by an angle between -degrees and degrees; corners become 0."""

    name = "random_rotation"
    settings = (Setting("degrees", "float"),)


OWN = (RandomRotation, RandomAffine)
