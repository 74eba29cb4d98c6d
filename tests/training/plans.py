"""Plans of data without a spec, and what is read by them."""

from __future__ import annotations

from typing import Any

import torch

from nnspec.recipe import lookup
from nnspec.recipe.definition import Bound
from nnspec.recipe.plan import AS_PUBLISHED, DataPlan

CPU = torch.device("cpu")


def plan(source: str, split: dict[str, float] | None = None, **settings: Any) -> DataPlan:
    recipe: Any = lookup("source", source)
    bound = Bound(recipe, recipe.bind((), settings))
    raw = recipe.fields(bound.settings, ".")
    split = split or (
        AS_PUBLISHED if recipe.is_divided(bound.settings, ".") else {"train": 0.5, "val": 0.5}
    )
    transforms = {name: {one: [] for one in split} for name in raw}
    return DataPlan("Data", bound, split, transforms, raw, raw, 0)


def resident(split: Any) -> dict[str, Any]:
    return dict(split.fields)


def read(data: Any) -> int:
    """How many samples there are, all read."""
    return sum(len(b["label"]) for split in data.splits.values() for b in split.batches(4))
