"""Random steps: they draw anew for each image, on every batch."""

from __future__ import annotations

import math

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.transforms.base import SIZE, OfColours, Transform, check_area, pair, positive, v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import Tensor


class RandomCrop(Transform):
    """A random part of this size, after `padding` zeros on each side."""

    name = "random_crop"
    is_random = True
    settings = (SIZE, Setting("padding", "int", 0, doc="zeros added on each side first"))

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        size, padding = positive(pair(settings["size"]), "size"), settings["padding"]
        for have, want in zip(shape[1:], size, strict=True):
            if have + 2 * padding < want:
                raise Mismatch(
                    "NN501",
                    f"a crop of {size[0]}x{size[1]} does not fit into "
                    f"{shape[1]}x{shape[2]} with padding {padding}",
                    argument="size",
                )
        return (shape[0], *size)

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch
        from torch.nn.functional import pad

        (height, width), padding = pair(settings["size"]), settings["padding"]

        def crop(images: Tensor) -> Tensor:
            images = pad(images, [padding] * 4)
            count, _, high, wide = images.shape
            top = torch.randint(0, high - height + 1, (count, 1, 1), device=images.device)
            left = torch.randint(0, wide - width + 1, (count, 1, 1), device=images.device)
            rows = top + torch.arange(height, device=images.device).view(1, -1, 1)
            columns = left + torch.arange(width, device=images.device).view(1, 1, -1)
            sample = torch.arange(count, device=images.device).view(-1, 1, 1)
            return images.permute(0, 2, 3, 1)[sample, rows, columns].permute(0, 3, 1, 2)

        return crop


class _Flip(Transform):
    is_random = True
    axis: int
    settings = (Setting("p", "float", 0.5, doc="probability"),)

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        def flip(images: Tensor) -> Tensor:
            chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < settings["p"]
            return torch.where(chosen, images.flip(self.axis), images)

        return flip


class RandomHorizontalFlip(_Flip):
    """Left and right swapped, with probability p."""

    name, axis = "random_horizontal_flip", -1


class RandomVerticalFlip(_Flip):
    """Top and bottom swapped, with probability p."""

    name, axis = "random_vertical_flip", -2


class _PerImage(Transform):
    """A random transform of torchvision that draws once per call, and so is called for each image."""

    is_random = True
    v2_name: str

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        one = getattr(v2(), self.v2_name)(**{k: v for k, v in settings.items() if v is not None})
        return lambda images: torch.stack([one(image) for image in images])


class _Chosen(Transform):
    """A step of torchvision that is done or not, with probability p, and draws nothing else: it is done to
    the batch, and taken for the images that are chosen."""

    is_random = True
    v2_name: str

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        every = getattr(v2(), self.v2_name)(**{**settings, "p": 1.0})

        def chosen(images: Tensor) -> Tensor:
            those = torch.rand(len(images), 1, 1, 1, device=images.device) < settings["p"]
            return torch.where(those, every(images), images)

        return chosen


class RandomResizedCrop(_PerImage):
    """A random part with `scale` of the area and `ratio` of width to height, resized to this size (Szegedy
    et al. 2015, arXiv:1409.4842)."""

    name, v2_name = "random_resized_crop", "RandomResizedCrop"
    settings = (
        SIZE,
        Setting("scale", "float", (0.08, 1.0), 2, doc="least and most of the area"),
        Setting("ratio", "float", (3 / 4, 4 / 3), 2, doc="least and most of width to height"),
    )

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        check_area(settings)
        return (shape[0], *positive(pair(settings["size"]), "size"))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        return super().build({**settings, "size": pair(settings["size"]), "antialias": True})


class _Colours(OfColours, _PerImage):
    pass


class _ChosenColours(OfColours, _Chosen):
    pass


class RandomGrayscale(_ChosenColours):
    """Colour taken away, with probability p; the channels stay."""

    name, v2_name = "random_grayscale", "RandomGrayscale"
    settings = (Setting("p", "float", 0.1),)


class RandomErasing(Transform):
    """A random rectangle set to `value`, with probability p (Zhong et al. 2020, arXiv:1708.04896)."""

    name = "random_erasing"
    is_random = True
    settings = (
        Setting("p", "float", 0.5),
        Setting("scale", "float", (0.02, 0.33), 2, doc="least and most of the area"),
        Setting("ratio", "float", (0.3, 3.3), 2, doc="least and most of height to width"),
        Setting("value", "float", 0.0),
    )

    #: rectangles that are drawn for an image until one fits into it, as torchvision does
    tries = 10

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        check_area(settings)
        return shape

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        scale, ratio = pair(settings["scale"]), pair(settings["ratio"])
        logs = math.log(ratio[0]), math.log(ratio[1])

        def erase(images: Tensor) -> Tensor:
            count, _, high, wide = images.shape
            device = images.device
            area = high * wide * torch.empty(self.tries, count, device=device).uniform_(*scale)
            slope = torch.empty(self.tries, count, device=device).uniform_(*logs).exp()
            heights, widths = (area * slope).sqrt().round(), (area / slope).sqrt().round()
            fits = (heights < high) & (widths < wide)
            first = fits.byte().argmax(0, keepdim=True)
            height, width = (sides.gather(0, first).view(-1, 1) for sides in (heights, widths))
            chosen = fits.any(0) & (torch.rand(count, device=device) < settings["p"])
            top = (torch.rand(count, 1, device=device) * (high - height + 1)).floor()
            left = (torch.rand(count, 1, device=device) * (wide - width + 1)).floor()
            row, column = torch.arange(high, device=device), torch.arange(wide, device=device)
            rows = (top <= row) & (row < top + height) & chosen.view(-1, 1)
            columns = (left <= column) & (column < left + width)
            inside = rows.view(count, 1, high, 1) & columns.view(count, 1, 1, wide)
            return images.masked_fill(inside, settings["value"])

        return erase


class RandomPerspective(_PerImage):
    """Seen from another side, with probability p."""

    name, v2_name = "random_perspective", "RandomPerspective"
    settings = (Setting("distortion_scale", "float", 0.5), Setting("p", "float", 0.5))


class GaussianBlur(_PerImage):
    """Blurred with a standard deviation drawn between the two of `sigma`."""

    name, v2_name = "gaussian_blur", "GaussianBlur"
    settings = (
        Setting("kernel_size", "int", doc="odd"),
        Setting("sigma", "float", (0.1, 2.0), 2, doc="least and most, in pixels"),
    )

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        size = settings["kernel_size"]
        if size < 1 or size % 2 == 0:
            message = f"`kernel_size` is odd and above 0, not {size}"
            raise Mismatch("NN206", message, argument="kernel_size")
        return shape


class RandomSolarize(_Chosen):
    """Values from `threshold` on inverted, with probability p."""

    name, v2_name = "random_solarize", "RandomSolarize"
    settings = (Setting("threshold", "float", 0.5), Setting("p", "float", 0.5))


class RandomAutocontrast(_ChosenColours):
    """Contrast stretched to the whole range, with probability p."""

    name, v2_name = "random_autocontrast", "RandomAutocontrast"
    settings = (Setting("p", "float", 0.5),)


class RandomAdjustSharpness(_ChosenColours):
    """Sharpness multiplied, with probability p."""

    name, v2_name = "random_adjust_sharpness", "RandomAdjustSharpness"
    settings = (Setting("sharpness_factor", "float"), Setting("p", "float", 0.5))


class RandAugment(_Colours):
    """`num_ops` steps drawn from 14, each of this magnitude (Cubuk et al. 2020, arXiv:1909.13719)."""

    name, v2_name = "rand_augment", "RandAugment"
    settings = (Setting("num_ops", "int", 2), Setting("magnitude", "int", 9, doc="0 to 30"))


class TrivialAugment(_Colours):
    """One step of random magnitude (Müller & Hutter 2021, arXiv:2103.10158)."""

    name, v2_name = "trivial_augment", "TrivialAugmentWide"


OWN = (
    RandomCrop, RandomHorizontalFlip, RandomVerticalFlip, RandomResizedCrop, RandomPerspective,
    RandomGrayscale, RandomErasing, GaussianBlur, RandomSolarize, RandomAutocontrast, RandomAdjustSharpness,
    RandAugment, TrivialAugment,
)  # fmt: skip
