"""Image files as tensors of bytes."""

from __future__ import annotations

import os

import numpy
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from nnspec.recipe.sources.base import IMAGES
from nnspec.training.errors import RunError


def open_image(path: str) -> Image.Image:
    """The image in a file, read whole. RunError that names the file where there is none."""
    if os.path.isdir(path):
        raise RunError(f"{path} is a folder, not an image", "name the images in it")
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except FileNotFoundError:
        raise RunError(f"{path}: no such file") from None
    except UnidentifiedImageError:
        known = path.lower().endswith(IMAGES)
        told = (
            "only its name says so: it is cut off, or something else"
            if known
            else f"images end in {', '.join(IMAGES)}"
        )
        raise RunError(f"{path} is not an image", told) from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RunError(f"{path} cannot be read as an image: {error}") from None


def channels_of(image: Image.Image) -> int:
    """1 for grey, 3 for colour, 4 with transparency."""
    if image.mode in ("1", "L", "I", "F", "I;16"):
        return 1
    return len(image.getbands()) if image.mode != "P" else 3


def as_tensor(image: Image.Image, channels: int) -> Tensor:
    """u8[channels, H, W]."""
    if image.mode.startswith("I;16") or image.mode == "I":
        values = numpy.asarray(image, dtype=numpy.float64) * (255 / 65535)
        pixels = torch.from_numpy(values.round().clip(0, 255).astype(numpy.uint8))
        return pixels.unsqueeze(0).expand(channels, -1, -1).contiguous()
    plain = image.convert("L" if channels == 1 else "RGB")
    pixels = torch.from_numpy(numpy.array(plain))
    return pixels.unsqueeze(0) if channels == 1 else pixels.permute(2, 0, 1).contiguous()


def read_image(path: str, channels: int, size: tuple[int, int]) -> Tensor:
    """The image of a file with these channels, resized to (height, width): u8[channels, H, W]."""
    image = open_image(path)
    if (image.height, image.width) != size:
        image = image.convert("L" if channels == 1 else "RGB").resize((size[1], size[0]))
    return as_tensor(image, channels)
