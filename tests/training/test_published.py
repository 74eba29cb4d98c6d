"""Published data sets, in small, in their true formats."""

from __future__ import annotations

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

import nnspec.training  # noqa: E402, F401  (makes torchvision importable)
from nnspec.recipe import lookup  # noqa: E402
from nnspec.training.data import load  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from tests.training.plans import CPU, plan, resident  # noqa: E402


def write_idx(path: Path, values: Any) -> None:
    """The format of LeCun's MNIST files."""
    header = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    with gzip.open(path, "wb") as file:
        file.write(header + values.tobytes())
    path.with_suffix("").write_bytes(header + values.tobytes())


def test_mnist_reads_its_true_format(tmp_path: Path) -> None:
    rng = numpy.random.default_rng(0)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = {}
    for part, count in (("train", 7), ("t10k", 3)):
        pixels[part] = rng.integers(0, 256, (count, 28, 28), dtype=numpy.uint8)
        write_idx(raw / f"{part}-images-idx3-ubyte.gz", pixels[part])
        write_idx(raw / f"{part}-labels-idx1-ubyte.gz", numpy.arange(count, dtype=numpy.uint8))
    splits = load(plan("mnist", path=str(tmp_path)), ".", CPU).splits
    assert len(splits["train"]) == 7
    assert len(splits["val"]) == 3
    given = torch.from_numpy(pixels["train"]).unsqueeze(1).float() / 255
    assert torch.equal(splits["train"].fields["image"], given)
    assert splits["val"].fields["label"].tolist() == [0, 1, 2]
    # with shares the train part is divided; the test part stays apart
    made = plan("mnist", {"train": 0.6, "val": 0.2, "test": 0.2}, path=str(tmp_path))
    splits = load(made, ".", CPU).splits
    learned = [*splits["train"].fields["label"].tolist(), *splits["val"].fields["label"].tolist()]
    assert sorted(learned) == list(range(7))
    assert len(splits["val"]) == round(7 / 4)
    given = torch.from_numpy(pixels["t10k"]).unsqueeze(1).float() / 255
    assert torch.equal(splits["test"].fields["image"], given)


def test_cifar10_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cifar10: the data set is not in"):
        load(plan("cifar10", path=str(tmp_path)), ".", CPU)


def test_cifar10_reads_its_true_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)  # of the published files
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    rng = numpy.random.default_rng(0)
    names_of_files = [name for name, _ in CIFAR10.train_list + CIFAR10.test_list]
    for name in names_of_files:
        rows = {"data": rng.integers(0, 256, (2, 3072), dtype=numpy.uint8), "labels": [1, 9]}
        (folder / name).write_bytes(pickle.dumps(rows))
    meta = {"label_names": list(lookup("source", "cifar10").class_names)}  # type: ignore[union-attr]
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    monkeypatch.setitem(CIFAR10.meta, "md5", None)
    splits = load(plan("cifar10", path=str(tmp_path)), ".", CPU).splits
    assert splits["train"].fields["image"].shape == (10, 3, 32, 32)
    assert splits["val"].fields["label"].tolist() == [1, 9]


def test_svhn_reads_its_true_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    from torchvision.datasets import SVHN

    monkeypatch.setattr(SVHN, "_check_integrity", lambda self: True)  # of the published files
    rng = numpy.random.default_rng(0)
    pixels = rng.integers(0, 256, (32, 32, 3, 4), dtype=numpy.uint8)
    for part in ("train", "test"):
        labels = numpy.array([[1], [10], [3], [9]], dtype=numpy.uint8)  # 10 is the digit 0
        scipy_io.savemat(tmp_path / f"{part}_32x32.mat", {"X": pixels, "y": labels})
    splits = load(plan("svhn", path=str(tmp_path)), ".", CPU).splits
    given = torch.from_numpy(pixels).permute(3, 2, 0, 1).float() / 255
    assert torch.equal(resident(splits["train"])["image"], given)
    assert resident(splits["val"])["label"].tolist() == [1, 0, 3, 9]


@pytest.mark.parametrize(
    ("name", "folder", "files"),
    [
        ("fashion_mnist", "FashionMNIST", ("train", "t10k")),
        ("emnist", "EMNIST", ("emnist-balanced-train", "emnist-balanced-test")),
    ],
)
def test_the_kin_of_mnist_read_their_true_format(
    tmp_path: Path, name: str, folder: str, files: tuple[str, str]
) -> None:
    raw = tmp_path / folder / "raw"
    raw.mkdir(parents=True)
    rng = numpy.random.default_rng(0)
    pixels = {}
    for file, count in zip(files, (7, 3), strict=True):
        pixels[file] = rng.integers(0, 256, (count, 28, 28), dtype=numpy.uint8)
        write_idx(raw / f"{file}-images-idx3-ubyte.gz", pixels[file])
        write_idx(raw / f"{file}-labels-idx1-ubyte.gz", numpy.arange(count, dtype=numpy.uint8))
    splits = load(plan(name, path=str(tmp_path)), ".", CPU).splits
    given = torch.from_numpy(pixels[files[0]]).unsqueeze(1).float() / 255
    assert torch.equal(resident(splits["train"])["image"], given)
    assert resident(splits["val"])["label"].tolist() == [0, 1, 2]


def test_cifar100_reads_its_true_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR100

    monkeypatch.setattr(CIFAR100, "_check_integrity", lambda self: True)  # of the published files
    monkeypatch.setitem(CIFAR100.meta, "md5", None)
    folder = tmp_path / CIFAR100.base_folder
    folder.mkdir()
    rng = numpy.random.default_rng(0)
    pixels = rng.integers(0, 256, (2, 3072), dtype=numpy.uint8)
    for name in ("train", "test"):
        rows = {"data": pixels, "fine_labels": [7, 99], "coarse_labels": [0, 1]}
        (folder / name).write_bytes(pickle.dumps(rows))
    meta = {"fine_label_names": [str(number) for number in range(100)]}
    (folder / "meta").write_bytes(pickle.dumps(meta))
    splits = load(plan("cifar100", path=str(tmp_path)), ".", CPU).splits
    given = torch.from_numpy(pixels).view(2, 3, 32, 32).float() / 255
    assert torch.equal(resident(splits["train"])["image"], given)
    assert resident(splits["val"])["label"].tolist() == [7, 99]


def test_emnist_has_torchvisions_classes() -> None:
    from torchvision.datasets import EMNIST

    for part, names_of_classes in EMNIST.classes_split_dict.items():
        made: Any = lookup("source", "emnist")
        fields = made.fields(made.bind((), {"part": part}), ".")
        assert fields["label"].classes == len(names_of_classes)
