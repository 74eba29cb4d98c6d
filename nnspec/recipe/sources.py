"""Where data comes from. A source declares its fields without loading the data where its format allows."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field, Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from torch import Tensor


#: how the names of image files end
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


class Source(Recipe):
    """A data set. Paths are relative to the folder of the spec (`root`)."""

    #: it is published in two parts, `train` and `test`
    comes_divided: ClassVar[bool] = False

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        """The fields of one sample, by name. Raises Mismatch NN506 where there is no such data."""
        raise NotImplementedError

    def load(self, settings: dict[str, Any], root: str) -> dict[str, Tensor | list[str]]:
        """All samples: for each field a tensor whose first dimension is over the samples, or for images a
        list of files. Raises Mismatch NN506 where the data is not there."""
        raise NotImplementedError

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice] | None:
        """Of a data set that comes divided: `train` and `test`, as stretches of the samples."""
        return None


def _classes(count: int, names: tuple[str, ...] = ()) -> Field:
    return Field("i64", (), count, names or tuple(str(number) for number in range(count)))


class Digits(Source):
    """1,797 handwritten digits of 8x8 pixels: the test part of Alpaydin & Kaynak's Optical Recognition of
    Handwritten Digits (UCI, 1998), as it ships with scikit-learn. Values 0 to 16 are scaled to 0 to 255."""

    name = "digits"

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        return {"image": Field("u8", (1, 8, 8)), "label": _classes(10)}

    def load(self, settings: dict[str, Any], root: str) -> dict[str, Tensor | list[str]]:
        import torch

        table = torch.from_numpy(_digits_table())
        images = (table[:, :64].float() * (255 / 16)).round().to(torch.uint8)
        return {"image": images.reshape(-1, 1, 8, 8), "label": table[:, 64].long()}


def _digits_table() -> Any:
    """Rows of 64 pixels and the class. Read from scikit-learn's file directly where it lies where it has
    for years: importing scikit-learn for it takes a second."""
    import importlib.util

    import numpy

    found = importlib.util.find_spec("sklearn")
    if found is None:
        raise Mismatch(
            "NN506",
            "digits() reads the images that ship with scikit-learn, which is not installed",
            help='pip install "nnspec[train]"',
        )
    for folder in found.submodule_search_locations or ():
        file = os.path.join(folder, "datasets", "data", "digits.csv.gz")
        if os.path.exists(file):
            return numpy.loadtxt(file, delimiter=",", dtype=numpy.int64)
    from sklearn.datasets import load_digits

    digits = load_digits()
    return numpy.column_stack([digits.data, digits.target]).astype(numpy.int64)


class _Torchvision(Source):
    """A data set that torchvision loads, from files in `path`; they are downloaded if that is asked for."""

    comes_divided = True
    shape: tuple[int, ...]
    classes = 10
    dataset: str
    class_names: tuple[str, ...] = ()
    settings = (
        Setting("path", "str", "data", doc="folder of the files"),
        Setting("download", "bool", False, doc="fetch the files if they are not there"),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        return {"image": Field("u8", self.shape), "label": _classes(self.classes, self.class_names)}

    def load(self, settings: dict[str, Any], root: str) -> dict[str, Tensor | list[str]]:
        import torch

        images, labels = [], []
        for train in (True, False):
            data = self._open(settings, root, train)
            pictures = torch.as_tensor(data.data)
            images.append(
                pictures.unsqueeze(1) if pictures.ndim == 3 else pictures.permute(0, 3, 1, 2)
            )
            labels.append(torch.as_tensor(data.targets))
        return {"image": torch.cat(images).contiguous(), "label": torch.cat(labels).long()}

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice]:
        count = len(self._open(settings, root, True))
        return {"train": slice(0, count), "test": slice(count, None)}

    def _open(self, settings: dict[str, Any], root: str, train: bool) -> Any:
        from torchvision import datasets

        folder = os.path.join(root, settings["path"])
        try:
            return getattr(datasets, self.dataset)(
                folder, train=train, download=settings["download"]
            )
        except RuntimeError as error:
            raise Mismatch(
                "NN506",
                f"{self.name}: the data set is not in {folder}: {error}",
                help=f"put its files there, or let it be downloaded: {self.name}(download=true)",
            ) from None


class Mnist(_Torchvision):
    """MNIST: 60,000 + 10,000 handwritten digits of 28x28 (LeCun, Cortes & Burges 1998)."""

    name, dataset, shape = "mnist", "MNIST", (1, 28, 28)


class FashionMnist(_Torchvision):
    """Fashion-MNIST: 60,000 + 10,000 pictures of clothes of 28x28 (Xiao et al. 2017)."""

    name, dataset, shape = "fashion_mnist", "FashionMNIST", (1, 28, 28)
    class_names = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    )  # fmt: skip


class Cifar10(_Torchvision):
    """CIFAR-10: 50,000 + 10,000 colour images of 32x32 (Krizhevsky 2009)."""

    name, dataset, shape = "cifar10", "CIFAR10", (3, 32, 32)
    class_names = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip


class ImageFolder(Source):
    """Images in a folder, one folder for each class: `path/cat/1.png`. All are resized to `size` with
    `channels` channels when they are read."""

    name = "image_folder"
    settings = (
        Setting("path", "str", doc="folder that holds a folder for each class"),
        Setting("size", "int", 224, 2, doc="height and width to which each image is resized"),
        Setting("channels", "int", 3, doc="1 for grey, 3 for colour"),
    )

    def _folder(self, settings: dict[str, Any], root: str) -> tuple[str, list[str]]:
        folder = os.path.join(root, settings["path"])
        if not os.path.isdir(folder):
            raise Mismatch("NN506", f"there is no folder {folder}", argument="path")
        classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        if not classes:
            raise Mismatch(
                "NN506",
                f"{folder} has no folders in it",
                argument="path",
                help="one for each class",
            )
        return folder, classes

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        _, classes = self._folder(settings, root)
        height, width = _pair(settings["size"])
        if settings["channels"] not in (1, 3):
            raise Mismatch("NN206", "channels is 1 or 3", argument="channels")
        return {
            "image": Field("u8", (settings["channels"], height, width)),
            "label": _classes(len(classes), tuple(classes)),
        }

    def load(self, settings: dict[str, Any], root: str) -> dict[str, Tensor | list[str]]:
        import torch

        folder, classes = self._folder(settings, root)
        files: list[str] = []
        labels: list[int] = []
        for number, name in enumerate(classes):
            inside = os.path.join(folder, name)
            found = sorted(f for f in os.listdir(inside) if f.lower().endswith(IMAGES))
            files += [os.path.join(inside, file) for file in found]
            labels += [number] * len(found)
        if not files:
            raise Mismatch(
                "NN506", f"{folder} has no images", help=f"images end in {', '.join(IMAGES)}"
            )
        return {"image": files, "label": torch.tensor(labels)}


def _pair(value: Any) -> tuple[int, int]:
    return (value[0], value[-1]) if isinstance(value, tuple) else (value, value)


ALL = by_name([Digits, Mnist, FashionMnist, Cifar10, ImageFolder])
