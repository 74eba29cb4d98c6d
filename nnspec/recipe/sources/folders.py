"""Images in folders, one for each class."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import IMAGES, Source, classes, pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.recipe.sources.base import Samples


#: what the parts of a data set that comes divided are called: the first is trained on, the other tested
PARTS = (("train", "val"), ("train", "test"))


class ImageFolder(Source):
    """Images in a folder, one folder for each class: `path/cat/1.png`; or two such, `path/train` and
    `path/val` (or `path/test`). All are resized to `size` with `channels` channels when they are read."""

    name = "image_folder"
    fits_images = True
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("path", "str", doc="folder that holds a folder for each class"),
        Setting("size", "int", 224, 2, doc="height and width to which each image is resized"),
        Setting("channels", "int", 3, doc="1 for grey, 3 for colour"),
    )

    def is_divided(self, settings: dict[str, Any], root: str) -> bool:
        return len(self._folders(settings, root)) == 2

    def _folders(self, settings: dict[str, Any], root: str) -> list[str]:
        """The folders that hold one for each class."""
        folder = os.path.join(root, settings["path"])
        if not os.path.isdir(folder):
            raise Mismatch("NN506", f"there is no folder {folder}", argument="path")
        inside = {entry.name for entry in os.scandir(folder) if entry.is_dir()}
        for parts in PARTS:
            if set(parts) <= inside <= {"train", "val", "test"}:
                return [os.path.join(folder, part) for part in parts]
        return [folder]

    def _names(self, settings: dict[str, Any], root: str) -> list[str]:
        """The classes, in order."""
        found = set()
        for folder in self._folders(settings, root):
            own = {entry.name for entry in os.scandir(folder) if entry.is_dir()}
            if not own:
                help = "one for each class"
                raise Mismatch(
                    "NN506", f"{folder} has no folders in it", argument="path", help=help
                )
            found |= own
        return sorted(found)

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        names = self._names(settings, root)
        height, width = pair(settings["size"])
        if settings["channels"] not in (1, 3):
            raise Mismatch("NN206", "channels is 1 or 3", argument="channels")
        return {
            "image": Field("u8", (settings["channels"], height, width)),
            "label": classes(len(names), tuple(names)),
        }

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import torch

        parts = self._files(settings, root)
        return {
            "image": [file for part in parts for file, _ in part],
            "label": torch.tensor([number for part in parts for _, number in part]),
        }

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice] | None:
        if not self.is_divided(settings, root):
            return None
        count = len(self._files(settings, root)[0])
        return {"train": slice(0, count), "test": slice(count, None)}

    def _files(self, settings: dict[str, Any], root: str) -> list[list[tuple[str, int]]]:
        """Of each part the files, and the number of their class."""
        names, parts = self._names(settings, root), []
        for folder in self._folders(settings, root):
            part: list[tuple[str, int]] = []
            for number, name in enumerate(names):
                inside = os.path.join(folder, name)
                files = sorted(os.listdir(inside)) if os.path.isdir(inside) else []
                part += [
                    (os.path.join(inside, file), number)
                    for file in files
                    if file.lower().endswith(IMAGES)
                ]
            if not part:
                raise Mismatch(
                    "NN506", f"{folder} has no images", help=f"images end in {', '.join(IMAGES)}"
                )
            parts.append(part)
        return parts


class ImageNet(ImageFolder):
    """ImageNet as it is unpacked: `path/train` and `path/val`, each with a folder for each of its classes
    (Russakovsky et al. 2015, arXiv:1409.0575)."""

    name = "imagenet"
    settings = (
        Setting("path", "str", "imagenet", doc="folder that holds `train` and `val`"),
        Setting("size", "int", 256, 2, doc="height and width to which each image is resized"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return {**super().bind(positional, keyword), "channels": 3}

    def _folders(self, settings: dict[str, Any], root: str) -> list[str]:
        found = super()._folders(settings, root)
        if len(found) != 2:
            raise Mismatch(
                "NN506",
                f"{found[0]} has no folders `train` and `val`",
                argument="path",
                help="the validation images come in one folder: sort them by class first",
            )
        return found


OWN = (ImageFolder, ImageNet)
