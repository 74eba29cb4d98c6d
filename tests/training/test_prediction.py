"""Prediction: what a trained model says of images, folders, tables and arrays, and what it cannot read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from rich.console import Console  # noqa: E402

from nnspec.cli import main  # noqa: E402
from nnspec.source import Source  # noqa: E402
from nnspec.training.errors import RunError  # noqa: E402
from nnspec.training.evaluate import evaluate  # noqa: E402
from nnspec.training.predict import predict  # noqa: E402
from nnspec.training.run import Run  # noqa: E402
from nnspec.training.train import train  # noqa: E402
from tests.training.started import ROOT, start  # noqa: E402

NUMBERS = """
model Net:
    input features: [N, 2]
    return y = features -> linear(1) -> flatten(0)

data Table:
    source = csv("table.csv", target="t", kind="number")

train Net on Table:
    loss   = mse_loss(y, t)
    epochs = 1
"""


TWO = """
model Two:
    input a: [N, 2]
    input b: [N, 3]
    return y = concat([a, b], dim=1) -> linear(10)

data Made:
    source = fake(samples=20)

train Two on Made:
    loss   = cross_entropy(y, label)
    epochs = 1
"""


PLACES = """
model Places:
    input image: [N, 1, 4, 4]
    return scores = image -> conv2d(3, 1)

data Made:
    source = npz("places.npz", classes=[mask: 3])

train Places on Made:
    loss    = cross_entropy(scores, mask)
    metrics = [accuracy(scores, mask)]
    epochs  = 1
"""


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("digits", {"epochs": 1}, "image.png    # the class of an image"),
        ("vae", {"epochs": 1}, "image.png    # the output for an image"),
        ("digits_gan", {"epochs": 1}, "image.png    # the output for an image"),
        ("lstm", {"epochs": 1}, "samples.npy    # the output for each sample"),
        ("numbers", {}, "rows.csv    # the output for each row"),
        ("two", {}, "samples.npz    # the output for each sample"),
        ("places", {}, "samples.npy -o masks/    # the class of each place of each sample"),
    ],
)
def test_the_end_says_how_the_model_is_used(
    tmp_path: Path, name: str, words: dict[str, Any], told: str
) -> None:
    (tmp_path / "table.csv").write_text(
        "a,b,t\n" + "".join(f"{n},{n % 3},{n}.5\n" for n in range(9))
    )
    file = ROOT / "specs" / f"{name}.nn"
    numpy.savez(
        tmp_path / "places.npz", image=numpy.zeros((9, 1, 4, 4), "float32"),
        mask=numpy.zeros((9, 4, 4), "int64"),
    )  # fmt: skip
    own = {"numbers": NUMBERS, "two": TWO, "places": PLACES}.get(name)
    text, root = (own, tmp_path) if own else (file.read_text(), file.parent)
    console = Console(file=io.StringIO(), width=300)
    run = train(Source(text, f"{name}.nn"), "", words, str(root), console, tmp_path)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    (line,) = [line for line in said.splitlines() if "nnspec predict" in line]
    assert line.endswith(told)
    if name == "places":
        _masks_are_the_models(run, tmp_path)
    if name == "numbers":
        assert len(predict(str(run.folder), [str(tmp_path / "table.csv")])) == 9


def _masks_are_the_models(run: Run, folder: Path) -> None:
    """The class of the model's highest score at each place: in PNG, npz and the shares of JSON."""
    from PIL import Image

    from nnspec.training.start import restore

    given = numpy.random.default_rng(0).normal(size=(5, 1, 4, 4)).astype("float32")
    numpy.save(folder / "given.npy", given)
    _, job = restore(str(run.folder))
    model, _ = job.build()
    model.load_state_dict(run.weights("best"))
    own = model.eval()(torch.from_numpy(given)).argmax(1).numpy()
    assert len(numpy.unique(own)) > 1
    words = ["predict", str(run.folder), str(folder / "given.npy"), "-o"]
    assert main([*words, f"{folder}/drawn/"]) == 0
    assert main([*words, f"{folder}/masks.npz"]) == 0
    assert main([*words, f"{folder}/said.json"]) == 0
    masks = numpy.load(folder / "masks.npz")
    rows = json.loads((folder / "said.json").read_text())
    for truth, row in zip(own, rows, strict=True):
        name = Path(row["file"]).name.replace(".npy:", "_")
        drawn = Image.open(folder / "drawn" / f"{name}.png")
        assert drawn.mode == "P"
        assert numpy.array_equal(numpy.asarray(drawn), truth)
        assert numpy.array_equal(masks[name], truth)
        shares = {one["class"]: one["share"] for one in row["classes"]}
        assert shares == {str(n): (truth == n).mean() for n in numpy.unique(truth)}


def test_a_model_of_two_inputs_is_given_both(tmp_path: Path) -> None:
    """In one archive, from a file for each, and through an exported file: as the model says by itself."""
    pytest.importorskip("onnxruntime")
    from nnspec.exporting.models import export
    from nnspec.training.start import restore

    spec = TWO.rstrip() + "\n    metrics = [accuracy(y, label)]\n"
    run = train(Source(spec, "two.nn"), "", {}, ".", Console(file=io.StringIO()), tmp_path)
    draws = numpy.random.default_rng(0)
    a, b = (draws.normal(size=(5, n)).astype("float32") for n in (2, 3))
    numpy.savez(tmp_path / "both.npz", a=a, b=b)
    numpy.save(tmp_path / "a.npy", a)
    numpy.save(tmp_path / "b.npy", b)
    job = restore(str(run.folder))[1]
    model, _ = job.build()
    model.load_state_dict(job.weights(run))
    with torch.no_grad():
        shares = model.eval()(torch.from_numpy(a), torch.from_numpy(b)).softmax(1)
    export(str(run.folder), "onnx", str(tmp_path / "two.onnx"), {}, False)
    whole, apart = [f"{tmp_path}/both.npz"], [f"b={tmp_path}/b.npy", f"a={tmp_path}/a.npy"]
    for given, onnx in ((whole, None), (apart, None), (whole, f"{tmp_path}/two.onnx")):
        found = predict(str(run.folder), given, onnx=onnx)
        assert len(found) == 5
        for one, row in zip(found, shares, strict=True):
            assert [share for _, share in one.classes] == pytest.approx(
                row.sort(descending=True).values.tolist(), abs=1e-5
            )
            assert one.classes[0][0] == str(int(row.argmax()))
    assert found[3].file.endswith("both.npz:3")

    numpy.save(tmp_path / "less.npy", b[:3])
    numpy.savez(tmp_path / "lacking.npz", a=a, c=b)
    for given, said in (
        ([f"{tmp_path}/a.npy"], "this model takes `a`, `b`"),
        ([f"a={tmp_path}/a.npy"], "no file for `b`"),
        ([f"a={tmp_path}/a.npy", f"b={tmp_path}/less.npy"], "5 of `a`, 3 of `b`"),
        ([f"{tmp_path}/lacking.npz"], "no array `b`"),
    ):
        with pytest.raises(RunError, match=said):
            predict(str(run.folder), given)


def test_numbers_that_the_model_does_not_know_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abcd" * 40)
    spec = """
model Words:
    input tokens: i64[N, T]
    return y = tokens -> embedding(4, 3) -> mean(1) -> linear(4)

data Text:
    source = text("a.txt", context=4)

train Words on Text:
    loss   = mean(y ** 2)
    epochs = 1
"""
    console = Console(file=io.StringIO())
    run = train(Source(spec, "words.nn"), "", {}, str(tmp_path), console, tmp_path)
    for rows, said in (
        ([[0, 1, 2, 9], [0, 1, 2, 3]], "holds other than 0 to 3"),
        ([[0.5, 1, 2, 3]], "whole numbers"),
    ):
        numpy.save(tmp_path / "t.npy", numpy.array(rows))
        found = predict(str(run.folder), [f"{tmp_path}/t.npy"])
        assert found[0].problem is not None and said in found[0].problem.message
        assert all(len(one.numbers) == 4 for one in found[1:])


def test_a_generator_writes_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From -1 to 1, as the data's normalize makes them, back to bytes."""
    from PIL import Image

    from nnspec.training.start import restore

    spec = ROOT / "specs" / "digits_gan.nn"
    overrides = {"epochs": 1}
    run = train(
        Source(spec.read_text(), "gan.nn"), "Generator", overrides, ".", Console(file=io.StringIO()),
        tmp_path,
    )  # fmt: skip
    drawn = numpy.random.default_rng(0).normal(size=(3, 32)).astype("float32")
    numpy.save(tmp_path / "z.npy", drawn)
    words = ["predict", str(run.folder), str(tmp_path / "z.npy"), "-o", f"{tmp_path}/drawn/"]
    assert main(words) == 0
    assert "drawn: 3 pictures" in capsys.readouterr().out
    job = restore(str(run.folder))[1]
    model, _ = job.build()
    model.load_state_dict(job.weights(run))
    with torch.no_grad():
        expected = (model.eval()(torch.from_numpy(drawn))[:, 0] / 2 + 0.5) * 255
    for number in range(3):
        with Image.open(tmp_path / "drawn" / f"z_{number}.png") as image:
            found = torch.from_numpy(numpy.array(image).astype("float32"))
        assert (found - expected[number]).abs().max() <= 0.501


@pytest.mark.parametrize("last", ["", " -> sigmoid"])
def test_one_score_of_two_classes(tmp_path: Path, last: str) -> None:
    """As scikit-learn counts; `eval` and `predict` know which class a score is of."""
    metrics = pytest.importorskip("sklearn.metrics")
    draws = numpy.random.default_rng(0).normal(size=(200, 3))
    rows = [f"{a},{b},{c},{'yes' if a + b > 0.3 else 'no'}" for a, b, c in draws]
    (tmp_path / "rows.csv").write_text("a,b,c,said\n" + "\n".join(rows) + "\n")
    spec = f"""
model Two:
    input features: [N, 3]
    return p = features -> linear(1) -> reshape(-1){last}

data Rows:
    source = csv("rows.csv", target="said")

train Two on Rows:
    loss      = mean((p - (said -> to("f32"))) ** 2)
    metrics   = [binary_accuracy(p, said), binary_auroc(p, said)]
    optimizer = adamw(lr=0.05)
    epochs    = 5
"""
    console = Console(file=io.StringIO())
    run = train(Source(spec, "two.nn"), "", {}, str(tmp_path), console, tmp_path)
    found = evaluate(str(run.folder))
    assert found.confusion is not None and found.names == ("no", "yes")
    right = float(found.confusion.diag().sum() / found.confusion.sum())
    assert right == pytest.approx(found.results["binary_accuracy"])
    said = predict(str(run.folder), [str(tmp_path / "rows.csv")])
    shares = [dict(one.classes)["yes"] for one in said]
    truth = [row.endswith("yes") for row in rows]
    assert metrics.roc_auc_score(truth, shares) > 0.9
    assert all(sum(dict(one.classes).values()) == pytest.approx(1, abs=1e-5) for one in said)


def test_folders_within_folders_and_files_that_are_none(
    run: Run, images: Path, tmp_path: Path
) -> None:
    files = sorted(images.glob("*_?.png"))
    for number, file in enumerate(files):
        inside = tmp_path / "scans" / ("a" if number % 2 else "b")
        inside.mkdir(parents=True, exist_ok=True)
        (inside / file.name).write_bytes(file.read_bytes())
    found = predict(str(run.folder), [str(tmp_path / "scans")])
    assert len(found) == len(files)
    alone = {
        Path(one.file).name: one.classes for one in predict(str(run.folder), [*map(str, files)])
    }
    for one in found:
        assert one.classes[0][0] == alone[Path(one.file).name][0][0]
    (tmp_path / "broken.npy").write_bytes(b"abc")
    (none,) = predict(str(run.folder), [str(tmp_path / "broken.npy")])
    assert none.problem is not None and none.problem.message.endswith("NumPy arrays: it is none")
    (gone,) = predict(str(run.folder), [str(tmp_path / "gone.npy")])
    assert gone.problem is not None and gone.problem.message.endswith("gone.npy: no such file")


def test_what_makes_no_pictures_is_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numpy.save(tmp_path / "a.npy", numpy.zeros((1, 1, 8, 8), "uint8"))
    assert main(["predict", str(run.folder), str(tmp_path / "a.npy"), "-o", f"{tmp_path}/"]) == 1
    assert "makes no pictures" in capsys.readouterr().err


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real digits as PNG files, and files that are wrong in every way."""
    from PIL import Image

    from nnspec.recipe.sources.digits import Digits

    folder = tmp_path_factory.mktemp("images")
    data = Digits().load({}, ".")
    assert isinstance(data["image"], torch.Tensor)
    assert isinstance(data["label"], torch.Tensor)
    for number in range(20):
        pixels = data["image"][number, 0].numpy()
        Image.fromarray(pixels).save(folder / f"{number}_{int(data['label'][number])}.png")
    Image.fromarray(data["image"][0, 0].numpy()).convert("RGB").save(folder / "grey_as_rgb.png")
    Image.fromarray(numpy.zeros((28, 28), numpy.uint8)).save(folder / "large.png")
    colour = numpy.zeros((8, 8, 3), numpy.uint8)
    colour[..., 0] = 200
    Image.fromarray(colour).save(folder / "red.png")
    (folder / "text.png").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    noise = numpy.random.default_rng(0).integers(0, 256, (64, 64), dtype=numpy.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    whole = (folder / "noise.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_real_digits_are_recognised(run: Run, images: Path) -> None:
    files = sorted(str(path) for path in images.glob("*_?.png"))
    found = predict(str(run.folder), files)
    right = [p.classes[0][0] == Path(p.file).stem[-1] for p in found]
    assert sum(right) >= 19
    for prediction in found:
        assert sum(share for _, share in prediction.classes) == pytest.approx(1, abs=1e-5)
    (same,) = predict(str(run.folder), [str(images / "grey_as_rgb.png")])
    first = predict(str(run.folder), [f for f in files if Path(f).name.startswith("0_")])[0]
    assert same.classes == first.classes


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("large.png", "28x28 pixels, and the model was trained on 8x8"),
        ("red.png", "in colour"),
        ("text.png", "not an image"),
        ("empty.png", "not an image"),
        ("cut.png", "cannot be read as an image"),
        ("missing.png", "no such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(run: Run, images: Path, name: str, words: str) -> None:
    (found,) = predict(str(run.folder), [str(images / name)])
    assert found.problem is not None
    assert words in found.problem.message


def test_a_folder_an_array_and_onnx_say_the_same(run: Run, images: Path, tmp_path: Path) -> None:
    """The digits one by one, as a folder, as an array of their bytes, and through an exported file."""
    pytest.importorskip("onnxruntime")
    from PIL import Image

    from nnspec.exporting.models import export

    files = sorted(str(path) for path in images.glob("*_?.png"))
    alone = predict(str(run.folder), files)
    (tmp_path / "digits").mkdir()
    for file in files:
        (tmp_path / "digits" / Path(file).name).write_bytes(Path(file).read_bytes())
    pixels = numpy.stack([numpy.asarray(Image.open(file))[None] for file in files])
    numpy.save(tmp_path / "digits.npy", pixels)
    export(str(run.folder), "onnx", str(tmp_path / "digits.onnx"), {}, False)
    for given, onnx in (
        ("digits", None), ("digits.npy", None), ("digits.npy", str(tmp_path / "digits.onnx")),
    ):  # fmt: skip
        found = predict(str(run.folder), [str(tmp_path / given)], onnx=onnx)
        assert len(found) == len(alone)
        for one, other in zip(found, alone, strict=True):
            assert dict(one.classes) == pytest.approx(dict(other.classes), abs=1e-5)
    assert found[3].file.endswith("digits.npy:3")
    numpy.save(tmp_path / "wrong.npy", pixels[:, 0])
    (wrong,) = predict(str(run.folder), [str(tmp_path / "wrong.npy")])
    assert wrong.problem is not None
    assert "[20, 8, 8], not [samples, 1, 8, 8]" in wrong.problem.message
    with pytest.raises(RunError, match="no file"):
        predict(str(run.folder), files, onnx=str(tmp_path / "no.onnx"))
    with pytest.raises(RunError, match="cannot be read as ONNX"):
        predict(str(run.folder), files, onnx=files[0])


def test_predictions_are_written(run: Run, images: Path) -> None:
    import csv

    from nnspec.training.tables import predictions_csv, predictions_json

    files = [str(images / "0_0.png"), str(images / "red.png")]
    files[0] = str(next(images.glob("0_*.png")))
    found = predict(str(run.folder), files)
    rows = list(csv.DictReader(io.StringIO(predictions_csv(found, 2))))
    assert rows[0]["class1"] == found[0].classes[0][0]
    assert float(rows[0]["probability2"]) == pytest.approx(found[0].classes[1][1], rel=1e-4)
    assert "in colour" in rows[1]["problem"]
    told = json.loads(predictions_json(found, 2))
    assert [len(one.get("classes", ())) for one in told] == [2, 0]
    assert told[1]["problem"] == rows[1]["problem"]


TABLE = """
model Line:
    input features: [N, 2]
    return h = features -> linear(1) -> squeeze(-1)

data Rows:
    source = csv("rows.csv", target="height")

train Line on Rows:
    loss = mse_loss(h, height)
    metrics = [r2(h, height)]
    optimizer = adam(lr=0.1)
    epochs = 60
    batch_size = 20
"""


def test_numbers_are_foretold_from_a_table(tmp_path: Path) -> None:
    """height = 3 a - b + 0.5, learned from rows, told for others whose columns stand in another order."""
    rng = numpy.random.default_rng(0)
    a, b = rng.normal(size=(2, 100)).round(3)
    rows = [f"{x},{y},{3 * x - y + 0.5}" for x, y in zip(a, b, strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,height", *rows]))
    console = Console(file=io.StringIO())
    run = train(Source(TABLE, "line.nn"), "", {}, str(tmp_path), console, tmp_path)
    assert run.metrics()[-1]["val_r2"] > 0.99
    (tmp_path / "new.csv").write_text("b,a\n1,2\n0,1\n,3\n")
    first, second, third = predict(str(run.folder), [str(tmp_path / "new.csv")])
    assert first.numbers == pytest.approx([5.5], abs=0.1)
    assert second.numbers == pytest.approx([3.5], abs=0.1)
    assert third.problem is not None
    (tmp_path / "less.csv").write_text("a\n1\n")
    (less,) = predict(str(run.folder), [str(tmp_path / "less.csv")])
    assert less.problem is not None
    assert "lacks the column b" in less.problem.message


def test_a_pipeline_that_resizes_takes_any_size(tmp_path: Path, images: Path) -> None:
    spec = (ROOT / "specs" / "lenet.nn").read_text()
    run = start(tmp_path, spec, epochs=1)
    (found,) = predict(str(run.folder), [str(images / "large.png")])
    assert found.problem is None
