"""Where data comes from. A source declares its fields without loading the data where its format allows."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.recipe.definition import Field, Recipe
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from torch import Tensor

    #: what a source loads, by field
    Samples = dict[str, Tensor | list[str] | "Rows"]

#: how the names of image files end
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


class Asks(Record):
    """What a model asks of data that is made for it: its inputs, none where the model has mistakes, and the
    classes that it tells apart, if it does."""

    inputs: dict[str, Field]
    classes: int | None


class Unreadable(Exception):
    """A sample that cannot be read: which, and why."""


class Rows:
    """A field whose samples are read one by one, where they do not fit into memory."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, number: int) -> Tensor:
        """One sample, of the field's dtype and shape. Unreadable where it cannot be read."""
        raise NotImplementedError


class Source(Recipe):
    """A data set. Paths are relative to the folder of the spec (`root`)."""

    #: it is published in two parts, `train` and `test`
    comes_divided: ClassVar[bool] = False
    #: it reads images of any size and kind, and makes them fit
    fits_images: ClassVar[bool] = False

    def waits(self, settings: dict[str, Any]) -> bool:
        """Whether its fields are known only with the model that is trained on it."""
        return False

    def fitted(self, settings: dict[str, Any], asks: Callable[[int], Asks]) -> dict[str, Any]:
        """The settings, with what they leave to the model that is trained on the data; `asks` takes the
        side of images where the model leaves it open."""
        return settings

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        """The fields of one sample, by name. Raises Mismatch NN506 where there is no such data."""
        raise NotImplementedError

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        """All samples: for each field a tensor whose first dimension is over the samples; or what is read
        one by one: for images a list of files, for others `Rows`. Raises Mismatch NN506 where the data is
        not there."""
        raise NotImplementedError

    def is_divided(self, settings: dict[str, Any], root: str) -> bool:
        """Whether it comes in two parts."""
        return self.comes_divided

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice] | None:
        """Of a data set that comes divided: `train` and `test`, as stretches of the samples."""
        return None


def classes(count: int, names: tuple[str, ...] = (), shape: tuple[int, ...] = ()) -> Field:
    """A field of class numbers."""
    return Field("i64", shape, count, names or tuple(str(number) for number in range(count)))


def pair(value: Any) -> tuple[int, int]:
    return (value[0], value[-1]) if isinstance(value, tuple) else (value, value)


def found(path: str, root: str) -> str:
    """The file at this path. Mismatch NN506 where there is none."""
    file = os.path.join(root, path)
    if not os.path.isfile(file):
        raise Mismatch(
            "NN506",
            f"there is no file {file}",
            argument="path",
            help="paths count from the folder of the spec",
        )
    return file
