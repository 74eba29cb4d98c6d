"""Data sets that torchvision loads."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.recipe.sources.base import Samples


class _Torchvision(Source):
    """A data set that torchvision loads, from files in `path`; they are downloaded if that is asked for."""

    comes_divided = True
    shape: tuple[int, ...]
    classes = 10
    dataset: str
    class_names: tuple[str, ...] = ()
    part_by_word = False  # torchvision calls its parts "train" and "test"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("path", "str", "data", doc="folder of the files"),
        Setting("download", "bool", False, doc="fetch the files if they are not there"),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        label = classes(self.count(settings), self.class_names)
        return {"image": Field("u8", self.shape), "label": label}

    def count(self, settings: dict[str, Any]) -> int:
        """The number of classes."""
        return self.classes

    def options(self, settings: dict[str, Any]) -> dict[str, Any]:
        """What else torchvision's class is to be told."""
        return {}

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import torch

        images, labels = [], []
        for train in (True, False):
            data = self._open(settings, root, train)
            pictures = torch.as_tensor(data.data)
            if pictures.ndim == 3:
                pictures = pictures.unsqueeze(1)
            elif pictures.shape[1:] != self.shape:
                pictures = pictures.permute(0, 3, 1, 2)
            images.append(pictures)
            labels.append(torch.as_tensor(data.labels if self.part_by_word else data.targets))
        return {"image": torch.cat(images).contiguous(), "label": torch.cat(labels).long()}

    def parts(self, settings: dict[str, Any], root: str) -> dict[str, slice]:
        count = len(self._open(settings, root, True))
        return {"train": slice(0, count), "test": slice(count, None)}

    def _open(self, settings: dict[str, Any], root: str, train: bool) -> Any:
        from torchvision import datasets

        folder = os.path.join(root, settings["path"])
        part = {"split": "train" if train else "test"} if self.part_by_word else {"train": train}
        try:
            return getattr(datasets, self.dataset)(
                folder, download=settings["download"], **part, **self.options(settings)
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


class Cifar100(_Torchvision):
    """CIFAR-100: 50,000 + 10,000 colour images of 32x32 in 100 classes (Krizhevsky 2009)."""

    name, dataset, shape, classes = "cifar100", "CIFAR100", (3, 32, 32), 100


class Svhn(_Torchvision):
    """SVHN: 73,257 + 26,032 house numbers of 32x32 (Netzer et al. 2011)."""

    name, dataset, shape = "svhn", "SVHN", (3, 32, 32)
    part_by_word = True


#: the numbers of classes of EMNIST's parts; those of `letters` count from 1
_EMNIST = {"byclass": 62, "bymerge": 47, "balanced": 47, "letters": 27, "digits": 10, "mnist": 10}


class Emnist(_Torchvision):
    """EMNIST: handwritten digits and letters of 28x28 (Cohen et al. 2017, arXiv:1702.05373)."""

    name, dataset, shape = "emnist", "EMNIST", (1, 28, 28)
    settings = (
        *_Torchvision.settings,
        Setting("part", "str", "balanced", choices=tuple(_EMNIST), doc="which letters and digits"),
    )

    def count(self, settings: dict[str, Any]) -> int:
        return _EMNIST[settings["part"]]

    def options(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {"split": settings["part"]}


OWN = (Mnist, FashionMnist, Emnist, Svhn, Cifar10, Cifar100)
