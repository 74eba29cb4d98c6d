"""`color_jitter` over a batch: each image by its own draw, as torchvision does it to one."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.transforms.base import OfColours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from torch import Tensor


class ColorJitter(OfColours):
    """Brightness, contrast, saturation and hue, in a drawn order, each changed by up to its share."""

    name = "color_jitter"
    is_random = True
    settings = (
        Setting("brightness", "float", 0.0),
        Setting("contrast", "float", 0.0),
        Setting("saturation", "float", 0.0),
        Setting("hue", "float", 0.0, doc="at most 0.5"),
    )

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        for name, share in settings.items():
            if share < 0 or (name == "hue" and share > 0.5):
                wanted = "from 0 to 0.5" if name == "hue" else "0 or more"
                message = f"`{name}` is {wanted}, not {share:g}"
                raise Mismatch("NN206", message, argument=name)
        return super().shape(shape, settings)

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        shares = {name: share for name, share in settings.items() if share}

        def jitter(images: Tensor) -> Tensor:
            def drawn() -> Tensor:
                return torch.rand(len(images), device=images.device)

            factors = {}
            for name, share in shares.items():
                least = -share if name == "hue" else max(0.0, 1 - share)
                most = share if name == "hue" else 1 + share
                factors[name] = least + (most - least) * drawn()
            # the place of each step in the order of each image
            places = torch.stack([drawn() for _ in shares]).argsort(0)
            return jittered(images, factors, places)

        return jitter if shares else lambda images: images


def jittered(images: Tensor, factors: Mapping[str, Tensor], places: Tensor) -> Tensor:
    """Images f32[B, 1 or 3, H, W] from 0 to 1 after all steps: each with its own factor [B] for each step,
    the step `places[p, b]` of them in place p."""
    images = images.clone()
    for place in range(len(factors)):
        for number, (name, factor) in enumerate(factors.items()):
            those = (places[place] == number).nonzero().squeeze(1)
            images[those] = STEPS[name](images[those], factor[those].view(-1, 1, 1, 1))
    return images


def _brightness(images: Tensor, factor: Tensor) -> Tensor:
    return (images * factor).clamp(0, 1)


def _contrast(images: Tensor, factor: Tensor) -> Tensor:
    return _blended(images, _grey(images).mean((1, 2, 3), keepdim=True), factor)


def _saturation(images: Tensor, factor: Tensor) -> Tensor:
    return _blended(images, _grey(images), factor) if images.shape[1] == 3 else images


def _hue(images: Tensor, turn: Tensor) -> Tensor:
    """The hue turned by this share of the circle (hue, chroma and value: Smith 1978)."""
    import torch

    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    value = images.amax(1)
    chroma = value - images.amin(1)
    size = torch.where(chroma == 0, 1, chroma)  # grey has no hue
    hue = torch.where(value == green, 2 + (blue - red) / size, 4 + (red - green) / size)
    hue = torch.where(value == red, (green - blue) / size, hue) + 6 * turn.squeeze(1)
    from_channel = torch.stack([(at + hue) % 6 for at in (5, 3, 1)], 1)
    less = torch.minimum(from_channel, 4 - from_channel).clamp(0, 1)
    return value.unsqueeze(1) - chroma.unsqueeze(1) * less


def _blended(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return (images * factor + other * (1 - factor)).clamp(0, 1)


def _grey(images: Tensor) -> Tensor:
    """The luma of ITU-R BT.601."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).unsqueeze(1)


STEPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": _brightness, "contrast": _contrast, "saturation": _saturation, "hue": _hue,
}  # fmt: skip
