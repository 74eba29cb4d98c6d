"""Training a model that is imported: the run folder stands alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import nnspec
from nnspec.report.problems import draw_all

from .files import write

TRAINED = {
    "main": 'from "parts/net.nn" import Small as Net, Digits\nfrom zoo.mlp import MLP\n\n'
    "train Net on Digits:\n    loss = cross_entropy(logits, label)\n"
    "    metrics = [accuracy(logits, label)]\n    epochs = 1\n    threads = 1\n",
    "parts__net": 'from "blocks.nn" import Hidden\n\n'
    "model Small(width: int = 16):\n    input image: [N, 1, 8, 8]\n"
    "    return logits = image -> flatten -> Hidden(width) -> head: linear(10)\n\n"
    "data Digits:\n    source = digits()\n",
    "parts__blocks": "block Hidden(width: int) = linear(width) -> relu\n",
}


def test_a_run_stores_what_it_imports(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from rich.console import Console

    from nnspec.targets import find
    from nnspec.training.evaluate import evaluate
    from nnspec.training.train import resume, train

    home = tmp_path / "home"
    path = write(home, **TRAINED)
    console = Console(file=io.StringIO())
    source = find(str(path)).read()
    run = train(source, "", {"model.width": 24}, str(home), console, tmp_path / "runs")
    assert set(run.imports) == {"parts/net.nn", "parts/blocks.nn", "zoo:mlp.nn"}
    assert run.imports["parts/net.nn"] == TRAINED["parts__net"]
    first = evaluate(str(run.folder))
    # later changes of the files, and their removal, are nothing to the run
    write(home, parts__blocks="block Hidden(width: int) = linear(3)\n")
    assert evaluate(str(run.folder)).results == first.results
    for name in TRAINED:
        (home / (name.replace("__", "/") + ".nn")).unlink()
    moved = tmp_path / "moved"
    run.folder.rename(moved)
    again = evaluate(str(moved))
    assert again.results == first.results
    settings = moved / "settings.json"
    settings.write_text(
        settings.read_text().replace('"overrides": {', '"overrides": {"epochs": 2,')
    )
    resumed = resume(str(moved), None, console)
    assert [row["epoch"] for row in resumed.metrics()] == [1, 2]
    assert resumed.weights("last")["head.weight"].shape == torch.Size([10, 24])


def test_a_run_without_imports_keeps_none(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from rich.console import Console

    from nnspec.source import Source
    from nnspec.training.train import train

    text = TRAINED["parts__blocks"] + "".join(
        part.partition("\n\n")[2] for part in (TRAINED["parts__net"], TRAINED["main"])
    ).replace("train Net", "\ntrain Small")
    console = Console(file=io.StringIO())
    run = train(Source(text, "one.nn"), "", {}, str(tmp_path), console, tmp_path / "runs")
    assert not (run.folder / "imports.json").exists()


def test_paths_of_an_imported_data_part_count_from_its_file(tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        folder = tmp_path / "parts" / "images" / name
        folder.mkdir(parents=True)
        for i in range(5):
            pil.new("L", (8, 8), 20 * i).save(folder / f"{i}.png")
    files = dict(TRAINED)
    files["parts__net"] = files["parts__net"].replace(
        "digits()", 'image_folder("images")\n    image = grayscale() -> resize(8)'
    )
    files["parts__net"] = files["parts__net"].replace("linear(10)", "linear(2)")
    report = nnspec.check(write(tmp_path, **files))
    assert report.ok, draw_all(report.diagnostics)
