"""Data: folders, tables, arrays and texts, where they lie, and splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

import nnspec.training  # noqa: E402, F401  (makes torchvision importable)
from nnspec.checking import check_text  # noqa: E402
from nnspec.diagnostics import Mismatch  # noqa: E402
from nnspec.recipe import lookup  # noqa: E402
from nnspec.recipe.definition import Field  # noqa: E402
from nnspec.recipe.plan import AS_PUBLISHED  # noqa: E402
from nnspec.source import Source  # noqa: E402
from nnspec.training.data import Resident, divide, load  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.start import prepare  # noqa: E402
from tests.training.plans import CPU, plan, read, resident  # noqa: E402


def test_digits_are_scikit_learns() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    recipe: Any = lookup("source", "digits")
    ours, theirs = recipe.load({}, "."), datasets.load_digits()
    assert ours["image"].shape == (1797, 1, 8, 8)
    assert ours["image"].dtype == torch.uint8
    scaled = (theirs.images * (255 / 16)).round().astype(numpy.uint8)
    assert (ours["image"][:, 0].numpy() == scaled).all()
    assert (ours["label"].numpy() == theirs.target).all()


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
    splits = load(made, ".", CPU).splits
    images, labels = splits["train"].fields["image"], splits["train"].fields["label"]
    assert images.shape == (4, 1, 4, 4)
    assert torch.equal(images.mean((1, 2, 3)), (labels == 0).float())
    (tmp_path / "cat" / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(RunError, match=r"broken\.png"):
        load(made, ".", CPU)
    with pytest.raises(Mismatch, match="no folder"):
        plan("image_folder", path=str(tmp_path / "nowhere"))


def folders(path: Path, classes: tuple[str, ...], count: int) -> None:
    from PIL import Image

    rng = numpy.random.default_rng(0)
    for name in classes:
        (path / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (6, 5, 3), dtype=numpy.uint8)
            Image.fromarray(pixels).save(path / name / f"{number}.png")


@pytest.mark.parametrize(
    ("source", "parts"), [("image_folder", ("train", "test")), ("imagenet", ("train", "val"))]
)
def test_folders_that_come_divided(tmp_path: Path, source: str, parts: tuple[str, str]) -> None:
    folders(tmp_path / parts[0], ("cat", "dog"), 3)
    folders(tmp_path / parts[1], ("dog", "emu"), 1)
    made = plan(source, path=str(tmp_path), size=4)
    assert made.split == AS_PUBLISHED
    assert made.raw["label"].class_names == ("cat", "dog", "emu")
    splits = load(made, ".", CPU).splits
    assert resident(splits["train"])["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert resident(splits["val"])["label"].tolist() == [1, 2]


def test_imagenet_that_is_not_sorted_is_told(tmp_path: Path) -> None:
    folders(tmp_path / "train", ("cat",), 1)
    with pytest.raises(Mismatch, match="no folders `train` and `val`"):
        plan("imagenet", path=str(tmp_path))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_does_not_fit_into_memory_is_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """The same batches, in the same order, as from memory; also from the middle of an epoch on."""
    from nnspec.training import data

    folders(tmp_path, ("cat", "dog"), 6)
    made = plan("image_folder", path=str(tmp_path), size=4)
    whole = load(made, ".", CPU).splits["train"]
    monkeypatch.setattr(data, "RESIDENT", 100)
    streamed = load(made, ".", CPU, workers).splits["train"]
    assert type(streamed) is not type(whole)
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    for done in (0, 1):
        ours = list(streamed.batches(4, order, done))
        theirs = list(whole.batches(4, order, done))
        assert len(ours) == len(theirs) == 2 - done
        for one, other in zip(ours, theirs, strict=True):
            assert torch.equal(one["label"], other["label"])
            torch.testing.assert_close(one["image"], other["image"])


def test_where_the_data_lies_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nnspec.training import data
    from nnspec.training.streams import Streamed

    folders(tmp_path, ("cat", "dog"), 6)
    made = plan("image_folder", path=str(tmp_path), size=4)
    assert isinstance(load(made, ".", CPU, resident=False).splits["train"], Streamed)
    monkeypatch.setattr(data, "RESIDENT", 100)
    assert isinstance(load(made, ".", CPU, resident=True).splits["train"], Resident)
    with pytest.raises(RunError, match="`digits` is held in memory"):
        load(plan("digits"), ".", CPU, resident=False)


@pytest.mark.parametrize("limit", [2**30, 100])
def test_an_unreadable_file_stops_or_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    from nnspec.records import replace
    from nnspec.training import data

    folders(tmp_path, ("cat", "dog"), 6)
    monkeypatch.setattr(data, "RESIDENT", limit)
    made = plan("image_folder", path=str(tmp_path), size=4)
    (tmp_path / "cat" / "3.png").write_bytes(b"\x89PNG")
    with pytest.raises(RunError, match=r"3\.png"):
        read(load(made, ".", CPU, 0))
    found = load(replace(made, unreadable="skip"), ".", CPU, 0)
    assert read(found) == 11
    assert len(found.unreadable) == 1
    assert "3.png" in found.unreadable[0]


CSV = """height,width,colour,species
1.5,2,red,a
2.5,3,blue,b
3.5,4,red,a
4.5,5,blue,b
"""


def test_csv_is_read_as_pandas_would(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(CSV)
    made = plan("csv", path=str(file), target="species", leave_out=["colour"])
    assert made.raw["features"] == Field("f32", (2,), columns=("height", "width"))
    assert made.raw["species"].class_names == ("a", "b")
    loaded = made.source.definition.load(made.source.settings, ".")
    assert loaded["features"].tolist() == [[1.5, 2], [2.5, 3], [3.5, 4], [4.5, 5]]
    assert loaded["species"].tolist() == [0, 1, 0, 1]
    made = plan("csv", path=str(file), target="height", leave_out=["colour", "species"])
    assert made.raw["height"] == Field("f32", ())
    made = plan("csv", path=str(file), target="width", leave_out=["colour", "species"])
    assert made.raw["width"].class_names == ("2", "3", "4", "5")
    made = plan(
        "csv", path=str(file), target="width", leave_out=["colour", "species"], kind="number"
    )
    assert made.raw["width"].classes is None


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    (tmp_path / "t.csv").write_text(CSV)
    columns = {
        "height": [1.5, 2.5, 3.5, 4.5], "width": [2, 3, 4, 5], "species": ["a", "b", "a", "b"],
    }  # fmt: skip
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    theirs = plan("csv", path=str(tmp_path / "t.csv"), target="species", leave_out=["colour"])
    ours = plan("parquet", path=str(tmp_path / "t.parquet"), target="species")
    assert ours.raw == theirs.raw
    one, other = (p.source.definition.load(p.source.settings, ".") for p in (ours, theirs))
    assert all(torch.equal(one[name], other[name]) for name in other)
    (tmp_path / "no.parquet").write_text("no table")
    with pytest.raises(Mismatch, match="cannot be read as Parquet"):
        plan("parquet", path=str(tmp_path / "no.parquet"), target="species")


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        (CSV, {"target": "specis"}, "no column `specis`"),
        (CSV, {"target": "species"}, "`colour` is 'red', no number"),
        (
            CSV,
            {"target": "species", "kind": "number", "leave_out": ["colour"]},
            "no number in every",
        ),
        (CSV + "1,2\n", {"target": "species"}, "row 6 of .* has 2 cells"),
        (CSV + "1,,red,a\n", {"target": "species", "leave_out": ["colour"]}, "`width` is empty"),
        ("a,b\n", {"target": "a"}, "no rows"),
        ("a\n1\n", {"target": "a"}, "no features"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    tmp_path: Path, text: str, settings: dict[str, Any], said: str
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text)
    with pytest.raises(Mismatch, match=said):
        plan("csv", path=str(file), **settings)


def test_npz_arrays_are_fields(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    rng = numpy.random.default_rng(0)
    image = rng.integers(0, 256, (6, 1, 4, 4), dtype=numpy.uint8)
    signal, label = rng.normal(size=(6, 3)), numpy.array([0, 1, 2, 0, 1, 2], dtype=numpy.int32)
    numpy.savez(file, image=image, signal=signal, label=label)
    made = plan("npz", path=str(file), classes={"label": 3})
    assert {k: str(v) for k, v in made.raw.items()} == {
        "image": "u8[1, 4, 4]", "signal": "f32[3]", "label": "class(3)",
    }  # fmt: skip
    loaded = made.source.definition.load(made.source.settings, ".")
    assert (loaded["image"].numpy() == image).all()
    assert (loaded["signal"].numpy() == signal.astype(numpy.float32)).all()
    assert loaded["label"].tolist() == label.tolist()
    with pytest.raises(Mismatch, match="other things than classes 0 to 1"):
        plan("npz", path=str(file), classes={"label": 2})
    with pytest.raises(Mismatch, match="no array `labels`"):
        plan("npz", path=str(file), classes={"labels": 2})
    numpy.savez(file, image=image, label=label[:3])
    with pytest.raises(Mismatch, match="differ in their number"):
        plan("npz", path=str(file))
    numpy.savez(file, image=numpy.array([{"code": "object"}]))
    with pytest.raises(Mismatch, match="cannot be read as npz"):
        plan("npz", path=str(file))


def test_text_is_cut_into_pieces(tmp_path: Path) -> None:
    file = tmp_path / "poem.txt"
    words = "the café is open, naïve reader"
    file.write_text(words, encoding="utf-8")
    made = plan("text", path=str(file), context=4)
    letters = sorted(set(words))
    assert made.raw["tokens"].class_names == tuple(letters)
    loaded = made.source.definition.load(made.source.settings, ".")
    for row, start in enumerate(range(0, len(words) - 4, 4)):
        said = "".join(letters[number] for number in loaded["tokens"][row].tolist())
        after = "".join(letters[number] for number in loaded["next"][row].tolist())
        assert (said, after) == (words[start : start + 4], words[start + 1 : start + 5])
    made = plan("text", path=str(file), context=4, unit="byte")
    loaded = made.source.definition.load(made.source.settings, ".")
    assert bytes(loaded["tokens"].flatten().tolist()) == words.encode()[:28]
    file.write_bytes(b"caf\xe9")
    with pytest.raises(Mismatch, match="byte 3 is 0xe9"):
        plan("text", path=str(file))


def test_fake_data_is_seeded() -> None:
    for shape, dtype in (([3, 8, 8], "u8"), ([5], "f32")):
        made = plan("fake", shape=shape, classes=4, samples=32)
        assert made.raw["image"].dtype == dtype
        one, other = (made.source.definition.load(made.source.settings, ".") for _ in "ab")
        assert torch.equal(one["image"], other["image"])
        assert list(one["image"].shape) == [32, *shape]
        assert set(one["label"].tolist()) <= set(range(4))


MADE_FOR = """
model Two(classes: int = 7):
    input picture: [N, 3, H, W]
    input words: i64[N, T]
    seen = picture -> pixel_unshuffle(3) -> mean(dim=[2, 3])
    return logits = concat([seen, words -> embedding(20, 4) -> mean(dim=1)], dim=1) -> linear(classes)

data Made:
    source = fake(samples=8)
    picture = normalize(mean=0.5, std=0.5)

train Two on Made:
    loss   = cross_entropy(logits, label)
    epochs = 1
"""


def test_fake_data_is_made_for_the_model(tmp_path: Path) -> None:
    job = prepare(Source(MADE_FOR, "two.nn"), "", {}, ".")
    fields = {name: str(field) for name, field in job.plan.data.fields.items()}
    assert fields == {"picture": "f32[3, 225, 225]", "words": "i64[16]", "label": "class(7)"}
    split = job.data.splits["train"]
    assert isinstance(split, Resident)
    model, loss = job.build()
    logits = model(split.fields["picture"], split.fields["words"])
    assert torch.isfinite(loss(logits=logits, label=split.fields["label"]))


def test_fake_data_without_a_shape_or_model_is_told() -> None:
    alone = check_text(Source("data Made:\n    source = fake()\n", "a.nn"))
    assert [p.code for p in alone.diagnostics] == ["NN504"]
    wrong = check_text(Source(MADE_FOR.replace("embedding", "embeding"), "a.nn"))
    assert [p.code for p in wrong.diagnostics] == ["NN200"]  # and nothing of the data


OWN_SOURCE = """
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes

class Squares(Source):
    name = "squares"
    settings = (Setting("samples", "int", 8),)

    def fields(self, settings, root):
        return {"image": Field("u8", (1, 4, 4)), "label": classes(2)}

    def load(self, settings, root):
        import torch
        count = settings["samples"]
        label = torch.arange(count) % 2
        return {"image": (255 * label).view(-1, 1, 1, 1).repeat(1, 1, 4, 4).byte(), "label": label}
"""


def test_a_package_brings_a_source_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the entry point of an installed package, with the files that pip writes for one."""
    (tmp_path / "squares_for_nnspec.py").write_text(OWN_SOURCE)
    about = tmp_path / "squares_for_nnspec-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: squares-for-nnspec\nVersion: 1.0\n"
    )
    points = "squares = squares_for_nnspec:Squares\nbroken = squares_for_nnspec:Nothing\n"
    (about / "entry_points.txt").write_text(f"[nnspec.sources]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))
    splits = load(plan("squares", {"train": 6, "val": 2}), ".", CPU).splits
    assert len(splits["train"]) == 6
    assert sorted(resident(splits["val"])["label"].tolist()) == [0, 1]
    with pytest.raises(Mismatch, match="`broken` of squares-for-nnspec cannot be loaded"):
        lookup("source", "broken")


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
