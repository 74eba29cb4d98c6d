"""Outputs that are images, as pictures: what a generator or an autoencoder draws, and masks of classes."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
import torch
from PIL import Image
from torch import Tensor

from nnspec.recipe.plan import TrainPlan
from nnspec.training.errors import RunError
from nnspec.training.run import write_whole

if TYPE_CHECKING:
    from nnspec.training.predict import Prediction


def as_pictures(result: Tensor, plan: TrainPlan) -> Tensor | None:
    """f32[N, 1 or 3, H, W] as bytes; None of other shapes. Where the data has images of that shape which it
    normalizes last, that is undone; else black is 0 and white 1."""
    if result.ndim != 4 or result.shape[1] not in (1, 3):
        return None
    split = next(reversed(plan.data.split))
    for name, field in plan.data.fields.items():
        steps = plan.data.transforms[name][split]
        if field.shape == tuple(result.shape[1:]) and steps:
            last = steps[-1]
            if last.definition.name == "normalize":
                mean, std = (_by_channel(last.settings[word], result) for word in ("mean", "std"))
                result = result * std + mean
                break
    return (result.clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def _by_channel(value: float | tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(value if isinstance(value, tuple) else (value,)).to(like).view(-1, 1, 1)


def write_pictures(predictions: Sequence[Prediction], folder: Path) -> int:
    """A PNG for each picture, named as its sample: `z_3.png` of row 3 of `z.npy`; how many there are.
    RunError where the model makes none."""
    good = [one for one in predictions if one.problem is None]
    drawn = [_image(one) for one in good]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in zip(_names(good), drawn, strict=True):
            image.save(folder / f"{name}.png")
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from None
    return len(good)


def _image(one: Prediction) -> Image.Image:
    """The picture, or the mask: the number of a class is the byte of its place, shown in a colour."""
    if one.picture is not None:
        pixels = one.picture.squeeze(0)
        return Image.fromarray((pixels if pixels.ndim == 2 else pixels.permute(1, 2, 0)).numpy())
    if one.mask is None or one.mask.ndim != 2 or one.mask.max() > 255:
        raise RunError(
            "this model makes no pictures, which a folder could hold",
            "-o FILE.csv or FILE.json writes what it says",
        )
    made = Image.fromarray(one.mask.to(torch.uint8).numpy())
    made.putpalette(_COLOURS)
    return made


def write_masks(predictions: Sequence[Prediction], file: Path) -> int:
    """An array for each sample in an .npz file, named as it: the number of the class of each place; how many
    there are. RunError where the model gives no class for each place."""
    good = [one for one in predictions if one.problem is None]
    masks = [one.mask for one in good if one.mask is not None]
    if len(masks) < len(good):
        raise RunError(
            "this model gives no class for each place, which an .npz could hold",
            "-o FILE.csv or FILE.json writes what it says",
        )
    packed = io.BytesIO()
    arrays = {name: mask.numpy() for name, mask in zip(_names(good), masks, strict=True)}
    numpy.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    write_whole(file, packed.getvalue())
    return len(good)


def _names(good: Sequence[Prediction]) -> list[str]:
    names = [_named(os.path.basename(one.file)) for one in good]
    if len(set(names)) < len(names):  # of several folders
        names = [_named(one.file.replace(os.sep, "_")) for one in good]
    return names


def _colour(number: int) -> tuple[int, ...]:
    """The colour that PASCAL VOC shows a class in: the bits of its number, dealt to red, green, blue."""
    return tuple(
        sum((number >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3))
        for channel in range(3)
    )


_COLOURS = [part for number in range(256) for part in _colour(number)]


def _named(sample: str) -> str:
    """`z_3` of row 3 of `z.npy`."""
    file, _, row = sample.partition(":")
    return os.path.splitext(file)[0] + (f"_{row}" if row else "")
