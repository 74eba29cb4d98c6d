"""Steps of a field's pipeline, torchvision's v2 transforms in snake_case.

Each works on a batch of images [B, C, H, W] with values 0 to 1: what a data set gives as bytes is divided
by 255 before the first step. Those that are random draw anew for each image and run on each batch; the
others run once, before training.
"""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field, Recipe, by_name
from nnspec.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import Tensor


class Transform(Recipe):
    """A step: `apply` is its rule on shapes, `build` gives the function on batches."""

    is_random = False

    def apply(self, field: Field, settings: dict[str, Any]) -> Field:
        """The field after this step. Raises Mismatch NN502 where it does not fit."""
        if len(field.shape) != 3:
            raise Mismatch("NN501", f"`{self.name}` works on images [C, H, W], not on {field}")
        return replace(field, dtype="f32", shape=self.shape(field.shape, settings))

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        return shape

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        raise NotImplementedError


def _v2() -> Any:
    from torchvision.transforms import v2

    return v2


def _pair(value: Any) -> tuple[int, int]:
    return (value[0], value[-1]) if isinstance(value, tuple) else (value, value)


def _positive(values: tuple[int, int], name: str) -> tuple[int, int]:
    if min(values) < 1:
        raise Mismatch("NN206", f"`{name}` must be at least 1", argument="size")
    return values


_SIZE = Setting("size", "int", REQUIRED, 2, doc="height and width")


class Resize(Transform):
    """To this height and width, bilinear with antialiasing. (torchvision's Resize with one number keeps the
    aspect ratio; here one number stands for both, as it does everywhere in the language.)"""

    name = "resize"
    settings = (_SIZE,)

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        return (shape[0], *_positive(_pair(settings["size"]), "size"))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        resize: Callable[[Tensor], Tensor] = _v2().Resize(_pair(settings["size"]), antialias=True)
        return resize


class CenterCrop(Transform):
    """The middle; smaller images are padded with zeros, as torchvision does."""

    name = "center_crop"
    settings = (_SIZE,)

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        return (shape[0], *_positive(_pair(settings["size"]), "size"))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        crop: Callable[[Tensor], Tensor] = _v2().CenterCrop(_pair(settings["size"]))
        return crop


class RandomCrop(Transform):
    """A random part of this size, after `padding` zeros on each side."""

    name = "random_crop"
    is_random = True
    settings = (_SIZE, Setting("padding", "int", 0, doc="zeros added on each side first"))

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        size, padding = _positive(_pair(settings["size"]), "size"), settings["padding"]
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

        (height, width), padding = _pair(settings["size"]), settings["padding"]

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


class RandomHorizontalFlip(Transform):
    """Left and right swapped, with probability p."""

    name = "random_horizontal_flip"
    is_random = True
    settings = (Setting("p", "float", 0.5),)

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        def flip(images: Tensor) -> Tensor:
            chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < settings["p"]
            return torch.where(chosen, images.flip(-1), images)

        return flip


class _PerImage(Transform):
    """A random transform of torchvision that draws once per call, and so is called for each image."""

    is_random = True
    v2_name: str

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        one = getattr(_v2(), self.v2_name)(**{k: v for k, v in settings.items() if v is not None})
        return lambda images: torch.stack([one(image) for image in images])


class RandomRotation(_PerImage):
    """Rotated by an angle between -degrees and degrees; corners become 0."""

    name, v2_name = "random_rotation", "RandomRotation"
    settings = (Setting("degrees", "float"),)


class RandomAffine(_PerImage):
    """Rotated, moved and scaled at random."""

    name, v2_name = "random_affine", "RandomAffine"
    settings = (
        Setting("degrees", "float"),
        Setting(
            "translate", "list|none", None, doc="largest shares of width and height to move by"
        ),
        Setting("scale", "list|none", None, doc="least and most to scale by"),
    )


class Normalize(Transform):
    """`(x - mean) / std`, for all channels or for each."""

    name = "normalize"
    settings = (
        Setting("mean", "float|list", REQUIRED, doc="one number, or one for each channel"),
        Setting("std", "float|list", REQUIRED, doc="one number, or one for each channel"),
    )

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        for name in ("mean", "std"):
            value = settings[name]
            if isinstance(value, tuple) and len(value) not in (1, shape[0]):
                raise Mismatch(
                    "NN501",
                    f"`{name}` has {len(value)} numbers for {shape[0]} channels",
                    argument=name,
                )
            if name == "std" and 0 in (value if isinstance(value, tuple) else (value,)):
                raise Mismatch("NN206", "`std` must not be 0", argument=name)
        return shape

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        def column(value: Any) -> Tensor:
            return (
                torch.tensor(value if isinstance(value, tuple) else (value,)).float().view(-1, 1, 1)
            )

        mean, std = column(settings["mean"]), column(settings["std"])
        return lambda images: (images - mean.to(images)) / std.to(images)


class Grayscale(Transform):
    """Colour to one channel, by the luminance formula of ITU-R 601-2."""

    name = "grayscale"

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        if shape[0] not in (1, 3):
            raise Mismatch("NN501", f"`grayscale` takes 1 or 3 channels, not {shape[0]}")
        return (1, *shape[1:])

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        gray: Callable[[Tensor], Tensor] = _v2().Grayscale()
        return gray


class Rgb(Transform):
    """One grey channel three times."""

    name = "rgb"

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        if shape[0] not in (1, 3):
            raise Mismatch("NN501", f"`rgb` takes 1 or 3 channels, not {shape[0]}")
        return (3, *shape[1:])

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        return lambda images: images.expand(-1, 3, -1, -1)


ALL = by_name(
    [
        Resize, CenterCrop, RandomCrop, RandomHorizontalFlip, RandomRotation, RandomAffine, Normalize,
        Grayscale, Rgb,
    ]
)  # fmt: skip
