"""Outputs that are images, as pictures: what a generator or an autoencoder draws."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from nnspec.recipe.plan import TrainPlan
from nnspec.training.errors import RunError

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
    if any(one.picture is None for one in good):
        raise RunError(
            "this model makes no pictures, which a folder could hold",
            "-o FILE.csv or FILE.json writes what it says",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [_named(os.path.basename(one.file)) for one in good]
        if len(set(names)) < len(names):  # of several folders
            names = [_named(one.file.replace(os.sep, "_")) for one in good]
        for name, one in zip(names, good, strict=True):
            pixels = one.picture.squeeze(0) if one.picture is not None else None
            assert pixels is not None
            shown = pixels if pixels.ndim == 2 else pixels.permute(1, 2, 0)
            Image.fromarray(shown.numpy()).save(folder / f"{name}.png")
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from None
    return len(good)


def _named(sample: str) -> str:
    """`z_3` of row 3 of `z.npy`."""
    file, _, row = sample.partition(":")
    return os.path.splitext(file)[0] + (f"_{row}" if row else "")
