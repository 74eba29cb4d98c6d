"""Data: sources in their true formats, splits, transforms against torchvision."""

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
from nnspec.diagnostics import Mismatch  # noqa: E402
from nnspec.recipe import lookup, names  # noqa: E402
from nnspec.recipe.definition import Bound, Field  # noqa: E402
from nnspec.recipe.plan import AS_PUBLISHED, DataPlan  # noqa: E402
from nnspec.training.data import divide, load, preprocess  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402

CPU = torch.device("cpu")


def plan(source: str, split: dict[str, float] | None = None, **settings: Any) -> DataPlan:
    recipe: Any = lookup("source", source)
    bound = Bound(recipe, recipe.bind((), settings))
    raw = recipe.fields(bound.settings, ".")
    split = split or (AS_PUBLISHED if recipe.comes_divided else {"train": 0.5, "val": 0.5})
    transforms = {name: {one: [] for one in split} for name in raw}
    return DataPlan("Data", bound, split, transforms, raw, raw, 0)


def test_digits_are_scikit_learns() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    recipe: Any = lookup("source", "digits")
    ours, theirs = recipe.load({}, "."), datasets.load_digits()
    assert ours["image"].shape == (1797, 1, 8, 8)
    assert ours["image"].dtype == torch.uint8
    scaled = (theirs.images * (255 / 16)).round().astype(numpy.uint8)
    assert (ours["image"][:, 0].numpy() == scaled).all()
    assert (ours["label"].numpy() == theirs.target).all()


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
    splits = load(plan("mnist", path=str(tmp_path)), ".", CPU)
    assert len(splits["train"]) == 7
    assert len(splits["val"]) == 3
    given = torch.from_numpy(pixels["train"]).unsqueeze(1).float() / 255
    assert torch.equal(splits["train"].fields["image"], given)
    assert splits["val"].fields["label"].tolist() == [0, 1, 2]
    # with shares the train part is divided; the test part stays apart
    made = plan("mnist", {"train": 0.6, "val": 0.2, "test": 0.2}, path=str(tmp_path))
    splits = load(made, ".", CPU)
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
    splits = load(plan("cifar10", path=str(tmp_path)), ".", CPU)
    assert splits["train"].fields["image"].shape == (10, 3, 32, 32)
    assert splits["val"].fields["label"].tolist() == [1, 9]


def test_image_folder(tmp_path: Path) -> None:
    from PIL import Image

    for name, shade in (("cat", 255), ("dog", 0)):
        (tmp_path / name).mkdir()
        for number in range(4):
            pixels = numpy.full((6, 5, 3), shade, numpy.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    made = plan("image_folder", path=str(tmp_path), size=4, channels=1)
    assert made.raw["label"].class_names == ("cat", "dog")
    assert made.raw["image"].shape == (1, 4, 4)
    splits = load(made, ".", CPU)
    images, labels = splits["train"].fields["image"], splits["train"].fields["label"]
    assert images.shape == (4, 1, 4, 4)
    assert torch.equal(images.mean((1, 2, 3)), (labels == 0).float())
    (tmp_path / "cat" / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(RunError, match=r"broken\.png"):
        load(made, ".", CPU)
    with pytest.raises(Mismatch, match="no folder"):
        plan("image_folder", path=str(tmp_path / "nowhere"))


def test_a_split_is_seeded_disjoint_and_stratified() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    rows = divide(100, {"train": 0.8, "val": 0.2}, labels, seed=0)
    assert sorted([*rows["train"].tolist(), *rows["val"].tolist()]) == list(range(100))
    assert labels[rows["val"]].bincount().tolist() == [10, 6, 4]
    again = divide(100, {"train": 0.8, "val": 0.2}, labels, seed=0)
    assert torch.equal(rows["val"], again["val"])
    other = divide(100, {"train": 0.8, "val": 0.2}, labels, seed=1)
    assert not torch.equal(rows["val"], other["val"])
    counted = divide(100, {"train": 70, "val": 30}, labels, seed=0)
    assert [len(part) for part in counted.values()] == [70, 30]
    with pytest.raises(RunError, match="ask for 120 of 100"):
        divide(100, {"train": 90, "val": 30}, None, seed=0)


CASES = [
    ("resize", {"size": 5}),
    ("resize", {"size": (3, 9)}),
    ("center_crop", {"size": 4}),
    ("center_crop", {"size": (10, 4)}),
    ("random_crop", {"size": 6, "padding": 2}),
    ("random_crop", {"size": (8, 7)}),
    ("random_horizontal_flip", {}),
    ("random_rotation", {"degrees": 20}),
    ("random_affine", {"degrees": 5, "translate": (0.1, 0.1)}),
    ("normalize", {"mean": 0.5, "std": 0.25}),
    ("normalize", {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.1)}),
    ("grayscale", {}),
    ("rgb", {}),
]


def test_the_cases_are_of_every_transform() -> None:
    assert {name for name, _ in CASES} == set(names("transform"))


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_a_transform_gives_what_its_rule_says_and_torchvision_does(
    name: str, settings: dict[str, Any]
) -> None:
    from torchvision.transforms import v2

    recipe: Any = lookup("transform", name)
    bound = recipe.bind((), settings)
    images = torch.rand(4, 3, 8, 8)
    after = recipe.apply(Field("u8", (3, 8, 8)), bound)
    result = recipe.build(bound)(images)
    assert tuple(result.shape[1:]) == after.shape
    if recipe.is_random:
        return
    size = settings.get("size")
    size = [size, size] if isinstance(size, int) else size
    listed = {k: list(v) if isinstance(v, tuple) else [v] * 3 for k, v in settings.items()}
    theirs = {
        "resize": lambda: v2.Resize(size, antialias=True),
        "center_crop": lambda: v2.CenterCrop(size),
        "normalize": lambda: v2.Normalize(**listed),
        "grayscale": v2.Grayscale,
        "rgb": lambda: v2.Identity(),
    }[name]()
    assert torch.allclose(result, theirs(images), atol=1e-6)


def test_random_steps_draw_anew_for_each_image() -> None:
    image = torch.arange(64.0).reshape(1, 1, 8, 8).expand(64, 1, 8, 8)
    for name, settings in (("random_crop", {"size": 4}), ("random_horizontal_flip", {})):
        recipe: Any = lookup("transform", name)
        torch.manual_seed(0)
        result = recipe.build(recipe.bind((), settings))(image)
        assert len({tuple(row.flatten().tolist()) for row in result}) > 1
    crop: Any = lookup("transform", "random_crop")
    for row in crop.build(crop.bind((), {"size": 4}))(image)[:, 0]:
        assert torch.equal(row - row[0, 0], image[0, 0, :4, :4])  # a part, not a shuffle


@pytest.mark.parametrize(
    ("name", "settings", "shape"),
    [
        ("random_crop", {"size": 20}, (3, 8, 8)),
        ("normalize", {"mean": (0.1, 0.2), "std": 1}, (3, 8, 8)),
        ("normalize", {"mean": 0, "std": 0}, (3, 8, 8)),
        ("grayscale", {}, (4, 8, 8)),
        ("resize", {"size": 0}, (3, 8, 8)),
        ("resize", {"size": 4}, (3,)),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, settings: dict[str, Any], shape: tuple[int, ...]
) -> None:
    recipe: Any = lookup("transform", name)
    with pytest.raises(Mismatch):
        recipe.apply(Field("u8", shape), recipe.bind((), settings))


def test_steps_before_the_first_random_one_run_once() -> None:
    chain = [
        ("resize", {"size": 4}),
        ("random_horizontal_flip", {}),
        ("normalize", {"mean": 0, "std": 1}),
    ]
    steps = []
    for name, settings in chain:
        recipe: Any = lookup("transform", name)
        steps.append(Bound(recipe, recipe.bind((), settings)))
    values, later = preprocess(torch.zeros(5, 1, 8, 8, dtype=torch.uint8), steps, CPU)
    assert values.shape == (5, 1, 4, 4)
    assert len(later) == 2
