"""Steps that are not random: they run once, before training."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.transforms.base import SIZE, Transform, pair, positive, v2
from nnspec.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import Tensor


class Resize(Transform):
    """To this height and width, bilinear with antialiasing. (torchvision's Resize with one number keeps the
    aspect ratio; here one number stands for both, as it does everywhere in the language.)"""

    name = "resize"
    settings = (SIZE,)

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        return (shape[0], *positive(pair(settings["size"]), "size"))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        resize: Callable[[Tensor], Tensor] = v2().Resize(pair(settings["size"]), antialias=True)
        return resize


class CenterCrop(Transform):
    """The middle; smaller images are padded with zeros, as torchvision does."""

    name = "center_crop"
    settings = (SIZE,)

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        return (shape[0], *positive(pair(settings["size"]), "size"))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        crop: Callable[[Tensor], Tensor] = v2().CenterCrop(pair(settings["size"]))
        return crop


class Normalize(Transform):
    """`(x - mean) / std`, for all channels or for each; of samples that are lists of numbers, for each."""

    name = "normalize"
    settings = (
        Setting("mean", "float|list", REQUIRED, doc="one number, or one for each channel"),
        Setting("std", "float|list", REQUIRED, doc="one number, or one for each channel"),
    )

    def apply(self, field: Field, settings: dict[str, Any]) -> Field:
        if len(field.shape) not in (1, 3) or field.classes is not None:
            message = f"`normalize` works on images [C, H, W] and lists of numbers, not on {field}"
            raise Mismatch("NN501", message)
        for name in ("mean", "std"):
            value = settings[name]
            if isinstance(value, tuple) and len(value) not in (1, field.shape[0]):
                raise Mismatch(
                    "NN501",
                    f"`{name}` has {len(value)} numbers for {field.shape[0]} channels",
                    argument=name,
                )
            if name == "std" and 0 in (value if isinstance(value, tuple) else (value,)):
                raise Mismatch("NN206", "`std` must not be 0", argument=name)
        return replace(field, dtype="f32")

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        import torch

        def along(value: Any, rows: Tensor) -> Tensor:
            numbers = torch.tensor(value if isinstance(value, tuple) else (value,)).to(rows)
            return numbers.view(-1, *[1] * (rows.ndim - 2))

        mean, std = settings["mean"], settings["std"]
        return lambda rows: (rows - along(mean, rows)) / along(std, rows)


class Grayscale(Transform):
    """Colour to one channel, by the luminance formula of ITU-R 601-2."""

    name = "grayscale"

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        if shape[0] not in (1, 3):
            raise Mismatch("NN501", f"`grayscale` takes 1 or 3 channels, not {shape[0]}")
        return (1, *shape[1:])

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        gray: Callable[[Tensor], Tensor] = v2().Grayscale()
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


class Pad(Transform):
    """`padding` pixels of `fill` on each side."""

    name = "pad"
    settings = (Setting("padding", "int", doc="pixels"), Setting("fill", "float", 0.0))

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        if settings["padding"] < 0:
            raise Mismatch("NN206", "`padding` must not be negative", argument="padding")
        return (shape[0], *(size + 2 * settings["padding"] for size in shape[1:]))

    def build(self, settings: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        pad: Callable[[Tensor], Tensor] = v2().Pad(settings["padding"], fill=settings["fill"])
        return pad


OWN = (Resize, CenterCrop, Pad, Normalize, Grayscale, Rgb)
