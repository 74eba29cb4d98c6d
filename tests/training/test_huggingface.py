"""Data sets in the formats of Hugging Face's package, from files of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from nnspec.diagnostics import Mismatch  # noqa: E402
from nnspec.training.data import load  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from tests.training.plans import CPU, plan, read  # noqa: E402


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = pytest.importorskip("datasets")
    monkeypatch.setattr(found.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return found


def test_a_data_set_saved_by_hugging_faces_package(tmp_path: Path, datasets: Any) -> None:
    from PIL import Image

    draws = numpy.random.default_rng(0)
    pictures = draws.integers(0, 256, (10, 6, 7, 3), dtype="uint8")
    columns = {
        "image": [Image.fromarray(one) for one in pictures],
        "label": [n % 3 for n in range(10)],
        "said": ["text"] * 10,
        "place": draws.normal(size=(10, 2)).tolist(),
        "table": draws.normal(size=(10, 2, 3)).tolist(),
        "count": list(range(10)),
        "new": [n % 2 == 0 for n in range(10)],
    }
    features = datasets.Features(
        image=datasets.Image(), label=datasets.ClassLabel(names=["a", "b", "c"]),
        said=datasets.Value("string"), place=datasets.List(datasets.Value("float64"), length=2),
        table=datasets.Array2D((2, 3), "float32"), count=datasets.Value("int32"),
        new=datasets.Value("bool"),
    )  # fmt: skip
    whole = datasets.Dataset.from_dict(columns, features=features)
    parts = {"train": whole.select(range(7)), "test": whole.select(range(7, 10))}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    made = plan("huggingface", path=str(tmp_path / "saved"), size=[6, 7])
    assert {name: str(field) for name, field in made.raw.items()} == {
        "image": "u8[3, 6, 7]", "label": "class(3)", "place": "f32[2]", "table": "f32[2, 3]",
        "count": "i64[]", "new": "bool[]",
    }  # fmt: skip
    assert made.raw["label"].class_names == ("a", "b", "c")
    splits = load(made, ".", CPU).splits
    assert [len(splits[name]) for name in ("train", "val")] == [7, 3]
    (batch,) = splits["val"].batches(10)
    assert (batch["image"] * 255).round().byte().permute(0, 2, 3, 1).tolist() == pictures[
        7:
    ].tolist()
    for name in ("label", "count", "new"):
        assert batch[name].tolist() == columns[name][7:]
    for name in ("place", "table"):
        assert torch.allclose(batch[name], torch.tensor(columns[name][7:]))


@pytest.mark.parametrize("workers", [0, 2])
def test_mapped_rows_are_streamed_as_they_are_in_memory(
    tmp_path: Path, datasets: Any, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Images and arrays of an Arrow file that does not fit; the whole is never held."""
    from nnspec.training import data

    draws = numpy.random.default_rng(1)
    pictures = draws.integers(0, 256, (24, 6, 6, 3), dtype="uint8")
    tables = draws.normal(size=(24, 2, 3)).astype("float32")
    features = datasets.Features(
        image=datasets.Array3D((6, 6, 3), "uint8"), table=datasets.Array2D((2, 3), "float32"),
        label=datasets.ClassLabel(names=["a", "b"]),
    )  # fmt: skip
    columns = {"image": list(pictures), "table": list(tables), "label": [n % 2 for n in range(24)]}
    whole = datasets.Dataset.from_dict(columns, features=features)
    parts = {"train": whole.select(range(18)), "test": whole.select(range(18, 24))}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    made = plan("huggingface", path=str(tmp_path / "saved"))
    held = load(made, ".", CPU).splits
    monkeypatch.setattr(data, "RESIDENT", 100)
    streamed = load(made, ".", CPU, workers).splits
    order = torch.randperm(18, generator=torch.Generator().manual_seed(0))
    for name, rows in (("train", order), ("val", None)):
        assert type(streamed[name]) is not type(held[name])
        ours = list(streamed[name].batches(8, rows))
        theirs = list(held[name].batches(8, rows))
        assert len(ours) == len(theirs) == (3 if name == "train" else 1)
        for one, other in zip(ours, theirs, strict=True):
            for field in ("image", "table", "label"):
                assert torch.equal(one[field], other[field]), field
    (first,) = streamed["val"].batches(8)
    assert torch.equal(first["table"], torch.from_numpy(tables[18:]))


@pytest.mark.parametrize("limit", [2**30, 100])
def test_a_row_that_is_no_picture_stops_or_is_skipped(
    tmp_path: Path, datasets: Any, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    from io import BytesIO

    from PIL import Image

    from nnspec.records import replace
    from nnspec.training import data

    buffer = BytesIO()
    Image.new("RGB", (4, 4), (10, 20, 30)).save(buffer, "PNG")
    good, bad = {"bytes": buffer.getvalue(), "path": None}, {"bytes": b"\x89PNG", "path": None}
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(num_classes=2))
    columns = {"image": [bad if n == 5 else good for n in range(12)], "label": [0, 1] * 6}
    table = datasets.Dataset.from_dict(columns, features=features)
    table.save_to_disk(tmp_path / "saved")
    monkeypatch.setattr(data, "RESIDENT", limit)
    made = plan("huggingface", path=str(tmp_path / "saved"), size=[4, 4])
    with pytest.raises(RunError, match="row 5 of `image`"):
        read(load(made, ".", CPU, 0))
    found = load(replace(made, unreadable="skip"), ".", CPU, 0)
    assert read(found) == 11
    assert len(found.unreadable) == 1
    assert "row 5 of `image`" in found.unreadable[0]


def test_files_as_the_hub_has_them(tmp_path: Path, datasets: Any) -> None:
    """The way of the hub, with a folder in its place; the features are told by the first sample alone."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "train.csv").write_text("a,b,word\n1,0.5,x\n2,1.5,y\n3,2.5,z\n4,3.5,w\n")
    made = plan("huggingface", path=str(tmp_path / "hub"))
    assert {name: str(field) for name, field in made.raw.items()} == {"a": "i64[]", "b": "f32[]"}
    values = made.source.definition.load(made.source.settings, ".")
    assert values["a"].tolist() == [1, 2, 3, 4] and values["b"].tolist() == [0.5, 1.5, 2.5, 3.5]


def test_a_hub_that_cannot_be_reached_is_told(
    tmp_path: Path, datasets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(Mismatch, match="cannot be had from the Hugging Face Hub") as told:
        plan("huggingface", path="somebody/something")
    assert "save_to_disk" in told.value.help
    monkeypatch.setitem(sys.modules, "datasets", None)  # as where it is not installed
    with pytest.raises(Mismatch, match="not installed") as told:
        plan("huggingface", path="somebody/something")
    assert told.value.help == 'pip install "nnspec[huggingface]"'
