"""Schedulers: how the learning rate changes over training, as a factor on it for each step."""

from __future__ import annotations

from nnspec.recipe.definition import by_name
from nnspec.recipe.schedulers import chains, curves, drops

ALL = by_name([*curves.OWN, *drops.OWN, *chains.OWN])
