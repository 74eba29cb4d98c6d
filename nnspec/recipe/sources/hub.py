"""Data sets of the Hugging Face Hub, and folders that `datasets` has saved."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Rows, Source, Unreadable, classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

    from nnspec.recipe.sources.base import Samples

#: the part that is no training data, the first of these that there is
OTHERS = ("validation", "test")
#: a folder that `save_to_disk` has written holds one of these
SAVED = ("dataset_dict.json", "state.json")


class HuggingFace(Source):
    """A data set of the Hugging Face Hub, or a folder of its files, also as `save_to_disk` writes it: a field
    for each column of numbers, classes, arrays or images; columns of other kinds, as text, are left out."""

    name = "huggingface"
    fits_images = True
    settings = (
        Setting("path", "str", doc='on the hub, "user/name", or a folder'),
        Setting("config", "str|none", None, doc="which of the variants it has"),
        Setting("size", "list", (32, 32), doc="height and width that images are resized to"),
        Setting("grey", "bool", False, doc="images have one channel, not three"),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        size = settings["size"]
        if len(size) != 2 or any(not isinstance(n, int) or n < 1 for n in size):
            raise Mismatch(
                "NN206", "`size` is a height and a width, each at least 1", argument="size"
            )
        features = self._described(settings, root)[0]
        found = {
            name: field
            for name, feature in features.items()
            if (field := _field(feature, settings)) is not None
        }
        if not found:
            columns = ", ".join(f"{name} ({type(f).__name__})" for name, f in features.items())
            raise Mismatch(
                "NN506",
                f"{settings['path']} has no column of numbers, classes or images: {columns}",
                argument="path",
            )
        odd = next((name for name in found if not name.isidentifier()), None)
        if odd is not None:
            raise Mismatch("NN506", f"the column `{odd}` has a name that no spec can write")
        return found

    def is_divided(self, settings: dict[str, Any], root: str) -> bool:
        return len(self._parts(settings, root)) == 2

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice] | None:
        counts = [len(part) for part in self._loaded(settings, root)]
        if len(counts) == 1:
            return None
        return {"train": slice(0, counts[0]), "test": slice(counts[0], None)}

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        """Single numbers as tensors; images and arrays are read from the mapped files one by one."""
        import torch

        parts = self._loaded(settings, root)
        found: Samples = {}
        for name, field in self.fields(settings, root).items():
            if field.shape:
                found[name] = Column(parts, name, field, settings["path"])
                continue
            columns = [part.with_format("torch")[name][:] for part in parts]
            dtype = _torch_dtype(field)
            found[name] = torch.cat([torch.as_tensor(column).to(dtype) for column in columns])
        return found

    def _parts(self, settings: dict[str, Any], root: str) -> list[str]:
        """The names of the parts that are used: for training, and the other one if there is one."""
        names = self._described(settings, root)[1]
        if "train" not in names:
            return names[:1]
        return ["train", *[name for name in OTHERS if name in names][:1]]

    def _described(self, settings: dict[str, Any], root: str) -> tuple[dict[str, Any], list[str]]:
        """The features of the columns and the names of the parts; no sample is read."""
        saved = self._saved(settings, root)
        if saved is not None:
            whole = next(iter(saved.values()))
            return dict(whole.features), list(saved)
        datasets = _package()
        builder = self._asked(datasets.load_dataset_builder, settings, root)
        names = list(builder.info.splits or {"train": None})
        if builder.info.features is None:  # files without a description: the first sample tells
            stream = self._asked(
                datasets.load_dataset, settings, root, split=names[0], streaming=True
            )
            return dict(datasets.Dataset.from_list(list(stream.take(1))).features), names
        return dict(builder.info.features), names

    def _loaded(self, settings: dict[str, Any], root: str) -> list[Any]:
        """The parts, mapped from their files."""
        names = self._parts(settings, root)
        saved = self._saved(settings, root)
        if saved is None:
            load = _package().load_dataset
            return [self._asked(load, settings, root, split=name) for name in names]
        return [saved[name] for name in names]

    @staticmethod
    def _saved(settings: dict[str, Any], root: str) -> dict[str, Any] | None:
        """The parts of a folder that `save_to_disk` has written; None where the path is none."""
        folder = os.path.join(root, settings["path"])
        if not any(os.path.isfile(os.path.join(folder, name)) for name in SAVED):
            return None
        datasets = _package()
        try:
            found = datasets.load_from_disk(folder)
        except (OSError, ValueError, KeyError) as error:
            raise Mismatch(
                "NN506", f"{folder} cannot be read as a data set: {error}", argument="path"
            ) from None
        return dict(found) if isinstance(found, datasets.DatasetDict) else {"train": found}

    @staticmethod
    def _asked(load: Any, settings: dict[str, Any], root: str, **words: Any) -> Any:
        """What `datasets` makes of the path: a folder of files, else a name on the hub. Mismatch NN506 where
        that does not answer, or has no such data set."""
        path = settings["path"]
        folder = os.path.join(root, path)
        here = os.path.isdir(folder)
        try:
            return load(folder if here else path, settings["config"], **words)
        except Exception as error:  # its own, those of files, and of the network library of the day
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if here:
                message, helped = f"{folder} cannot be read as a data set: {reason}", ""
            else:
                message = f"`{path}` cannot be had from the Hugging Face Hub: {reason}"
                helped = (
                    f"there is no folder {folder} either; a data set that was loaded once stays on the "
                    "machine, and one that is saved by `save_to_disk` can be copied to it"
                )
            raise Mismatch("NN506", message, argument="path", help=helped) from None


def _package() -> Any:
    """Mismatch NN506 where the package `datasets` is not installed."""
    try:
        import datasets
    except ImportError:
        raise Mismatch(
            "NN506",
            "`huggingface` needs the package `datasets`, which is not installed",
            help='pip install "nnspec[huggingface]"',
        ) from None
    datasets.disable_progress_bars()
    return datasets


def _field(feature: Any, settings: dict[str, Any]) -> Field | None:
    """The field of a column; None of a kind that no tensor holds."""
    datasets = _package()
    if isinstance(feature, datasets.ClassLabel):
        return classes(feature.num_classes, tuple(feature.names or ()))
    if isinstance(feature, datasets.Image):
        return Field("u8", (1 if settings["grey"] else 3, *settings["size"]))
    if isinstance(feature, datasets.Value):
        dtype = _dtype(feature.dtype)
        return None if dtype is None else Field(dtype, ())
    if isinstance(feature, (datasets.Array2D, datasets.Array3D, datasets.Array4D)):
        dtype = _dtype(feature.dtype)
        fixed = all(size is not None for size in feature.shape)
        return Field(dtype, tuple(feature.shape)) if dtype and fixed else None
    if isinstance(feature, datasets.List) and feature.length > 0:
        inner = _field(feature.feature, settings)
        if inner is not None and inner.classes is None:
            return Field(inner.dtype, (feature.length, *inner.shape))
    return None


def _dtype(arrow: str) -> str | None:
    if arrow in ("bool", "uint8"):
        return {"bool": "bool", "uint8": "u8"}[arrow]
    if arrow.startswith("float"):
        return "f32"
    return "i64" if arrow.startswith(("int", "uint")) else None


class Column(Rows):
    """A column of one or two parts, whose rows are read from the files that `datasets` maps."""

    def __init__(self, parts: list[Any], name: str, field: Field, path: str) -> None:
        self.name, self.field, self.path = name, field, path
        self.parts = [part.select_columns([name]) for part in parts]
        self.is_image = isinstance(parts[0].features[name], _package().Image)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __getitem__(self, number: int) -> Tensor:
        import torch

        row, part = number, self.parts[0]
        if row >= len(part):
            row, part = row - len(part), self.parts[1]
        try:
            value = part[row][self.name]
            if value is None:
                raise ValueError("it is empty")
            if self.is_image:
                return _pixels(value, self.field)
            found = torch.as_tensor(value, dtype=_torch_dtype(self.field))
            if tuple(found.shape) != self.field.shape:
                raise ValueError(f"it is {list(found.shape)}, not {list(self.field.shape)}")
        except (
            OSError,
            ValueError,
            TypeError,
            SyntaxError,
        ) as error:  # SyntaxError: of a broken PNG
            raise Unreadable(
                f"row {number} of `{self.name}` of {self.path} cannot be read: {error}"
            ) from None
        return found


def _pixels(image: Any, field: Field) -> Tensor:
    """A picture as u8[C, H, W], resized to the field's size."""
    import numpy
    import torch

    channels, height, width = field.shape
    plain = image.convert("L" if channels == 1 else "RGB")
    if plain.size != (width, height):
        plain = plain.resize((width, height))
    pixels = torch.from_numpy(numpy.array(plain))
    return pixels.unsqueeze(0) if channels == 1 else pixels.permute(2, 0, 1).contiguous()


def _torch_dtype(field: Field) -> Any:
    import torch

    return {"i64": torch.int64, "bool": torch.bool, "u8": torch.uint8}.get(
        field.dtype, torch.float32
    )


OWN = (HuggingFace,)
