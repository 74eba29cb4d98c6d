"""Steps of a field's pipeline, torchvision's v2 transforms in snake_case.

Each works on a batch of images [B, C, H, W] with values 0 to 1: what a data set gives as bytes is divided
by 255 before the first step. Those that are random draw anew for each image and run on each batch; the
others run once, before training.
"""

from __future__ import annotations

from nnspec.recipe.definition import by_name
from nnspec.recipe.transforms import affine, images, jitter, random

ALL = by_name([*images.OWN, *affine.OWN, jitter.ColorJitter, *random.OWN])
