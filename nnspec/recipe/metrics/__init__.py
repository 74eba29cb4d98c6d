"""Metrics: what is measured on outputs and fields, as torchmetrics defines it and by its names."""

from __future__ import annotations

from nnspec.recipe.definition import by_name
from nnspec.recipe.metrics import classes, counted, labels, numbers
from nnspec.recipe.metrics.base import Metric

OWN: tuple[type[Metric], ...] = (*counted.OWN, *classes.OWN, *labels.OWN, *numbers.OWN)
ALL = by_name(OWN)
