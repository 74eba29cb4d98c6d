"""The base of all steps of a pipeline."""

from __future__ import annotations

import math

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field, Recipe
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


class OfColours(Transform):
    """A step on grey or colour images."""

    channels = (1, 3)

    def shape(self, shape: tuple[int, ...], settings: dict[str, Any]) -> tuple[int, ...]:
        if shape[0] not in self.channels:
            raise Mismatch("NN501", f"`{self.name}` takes 1 or 3 channels, not {shape[0]}")
        return shape


def v2() -> Any:
    from torchvision.transforms import v2 as found

    return found


def pair(value: Any) -> tuple[Any, Any]:
    """One value for both, or the two."""
    return (value[0], value[-1]) if isinstance(value, tuple) else (value, value)


def positive(values: tuple[int, int], name: str) -> tuple[int, int]:
    if min(values) < 1:
        raise Mismatch("NN206", f"`{name}` must be at least 1", argument="size")
    return values


def check_area(settings: dict[str, Any]) -> None:
    """Mismatch NN206 where `scale` is no two shares of an area, or `ratio` no two ratios of the sides."""
    for name, floor, ceiling in (("scale", 0.0, 1.0), ("ratio", 1e-6, math.inf)):
        least, most = pair(settings[name])
        if not floor <= least <= most <= ceiling:
            wanted = "shares from 0 to 1" if name == "scale" else "numbers above 0"
            message = f"`{name}` is {wanted}, the smaller one first, not {least:g} and {most:g}"
            raise Mismatch("NN206", message, argument=name)


SIZE = Setting("size", "int", REQUIRED, 2, doc="height and width")
