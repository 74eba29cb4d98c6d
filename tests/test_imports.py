"""Imports between files: what is found, what is refused, and that everything else works through them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import nnspec

ROOT = Path(__file__).parent.parent
PARTS = """\
SLOPE = 0.2

fn double(n: int) = 2 * n

block Act = leaky_relu(SLOPE)

block Conv(channels: int) =
    conv2d(double(channels), 3, padding=1) -> Act

model Small(width: int = 4):
    input image: [N, 3, 8, 8]
    return image -> Conv(width)

model wide = Small(16)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts.nn").write_text(PARTS)
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(file)


def problems(file: str) -> list[tuple[str, str, int]]:
    """Code, file and line of each problem."""
    found = []
    for problem in nnspec.check(file).diagnostics:
        assert problem.span is not None
        found.append((problem.code, os.path.basename(problem.span.source.name), problem.span.line))
    return found


def test_a_block_brings_its_own_file_along(folder: Path) -> None:
    """`Conv` uses a function, a constant and a block that the importing file does not have."""
    file = write(
        folder,
        "net.nn",
        'from "parts.nn" import Conv as C\n\nmodel Net:\n    input x: [N, 3, 8, 8]\n    return x -> C(5)\n',
    )
    report = nnspec.check(file)
    assert report.ok
    assert list(report.models) == ["Net"]
    assert report.models["Net"].outputs["output"].shape == ("N", 10, 8, 8)


def test_models_and_presets(folder: Path) -> None:
    file = write(
        folder,
        "net.nn",
        'from "parts.nn" import Small as Tiny, wide\n\nmodel wider = Tiny(32)\nmodel same = wide()\n',
    )
    report = nnspec.check(file)
    assert report.ok, report.diagnostics
    assert list(report.models) == ["wider", "same"]
    assert report.models["wider"].outputs["output"].shape == ("N", 64, 8, 8)
    assert report.models["same"].outputs["output"].shape == ("N", 32, 8, 8)
    assert list(nnspec.check(f"{file}:Tiny").models) == ["Tiny"]


@pytest.mark.parametrize("name", ["net.nn", "deep/er/net.nn"])
def test_the_zoo(folder: Path, name: str) -> None:
    text = (
        "from zoo.resnet import Bottleneck\n\nmodel Net:\n    input x: [N, 64, 8, 8]\n"
        "    return x -> body: 2 * Bottleneck(16)\n"
    )
    net = nnspec.check(write(folder, name, text)).models["Net"]
    assert net.outputs["output"].shape == ("N", 64, 8, 8)
    # 1x1, 3x3, 1x1 without bias, and a norm after each, twice
    assert net.params.total == 2 * (64 * 16 + 16 * 16 * 9 + 16 * 64 + 2 * (16 + 16 + 64))


def test_folders_below_and_relative_to_the_importing_file(folder: Path) -> None:
    write(folder, "blocks/base.nn", "block Base(n: int) = linear(n)\n")
    write(
        folder, "blocks/more/top.nn", 'from "../base.nn" import Base\nblock Top = Base(3) -> relu\n'
    )
    text = 'from "blocks/more/top.nn" import Top\nmodel Net:\n    input x: [N, 2]\n    return x -> Top\n'
    assert nnspec.check(write(folder, "net.nn", text)).ok


def test_a_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nnspec.elaborate import imports

    read: list[str] = []
    original = imports.read_text
    monkeypatch.setattr(imports, "read_text", lambda path: read.append(path) or original(path))
    write(folder, "a.nn", 'from "parts.nn" import Act\nblock A = Act\n')
    write(folder, "b.nn", 'from "parts.nn" import Act\nblock B = Act\n')
    text = (
        'from "a.nn" import A\nfrom "b.nn" import B\nfrom "parts.nn" import Conv\n'
        "model Net:\n    input x: [N, 3, 8, 8]\n    return x -> A -> B -> Conv(1)\n"
    )
    assert nnspec.check(write(folder, "net.nn", text)).ok
    assert sorted(map(os.path.basename, read)) == ["a.nn", "b.nn", "parts.nn"]


NET = "\nmodel Net:\n    input x: [N, 3]\n    return x -> {}\n"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ('from "gone.nn" import A', "NN212", "no file 'gone.nn'"),
        ('from "part.nn" import A', "NN212", "'parts.nn'"),
        ('from "parts.nn" import Covn', "NN212", "`Conv`"),
        ('from "parts.nn" import nothing', "NN212", "has no `nothing`"),
        ('from "../parts.nn" import Conv', "NN212", "outside"),
        ('from "a/../../parts.nn" import Conv', "NN212", "outside"),
        ('from "/etc/passwd" import Conv', "NN212", "outside"),
        ('from "inner" import Conv', "NN212", "folder"),
        ('from "bytes.nn" import Conv', "NN212", "not UTF-8"),
        ('from "out.nn" import Conv', "NN212", "outside"),
        ("from zoo.resnets import Conv", "NN212", "'resnet.nn'"),
        ("from torch.nn import Conv", "NN212", "zoo.…"),
        ('from "net.nn" import Other', "NN213", "net.nn -> net.nn"),
        ('from "parts.nn" import Act, Act', "NN201", "twice"),
    ],
)
def test_what_is_refused(folder: Path, line: str, code: str, words: str) -> None:
    """At the line of the import, and nothing else: what needs the name stays silent."""
    inside = folder / "inside"
    inside.mkdir()
    (inside / "parts.nn").write_text(PARTS)
    (inside / "inner").mkdir()
    (inside / "bytes.nn").write_bytes(b"\xff\xfe")
    (inside / "out.nn").symlink_to(folder / "parts.nn")
    file = write(folder, "inside/net.nn", line + "\n" + NET.format("A -> Conv(2) -> Act"))
    (problem,) = [p for p in nnspec.check(file).diagnostics if p.code != "NN200"]
    assert problem.code == code
    assert problem.span is not None
    assert problem.span.line == 1
    assert words in " ".join([problem.message, problem.help, *problem.notes])


def test_a_cycle_is_named(folder: Path) -> None:
    write(folder, "a.nn", 'from "b.nn" import B\nblock A = B\n')
    write(folder, "b.nn", 'from "c.nn" import C\nblock B = C\n')
    write(folder, "c.nn", 'from "a.nn" import A\nblock C = A\n')
    file = write(folder, "net.nn", 'from "a.nn" import A\n' + NET.format("A"))
    (problem,) = nnspec.check(file).diagnostics
    assert problem.code == "NN213"
    assert problem.notes == ("a.nn -> b.nn -> c.nn -> a.nn",)


def test_a_problem_is_shown_where_it_is(folder: Path) -> None:
    """In the imported file, once, however often the block is used."""
    write(folder, "bad.nn", "block Bad =\n    linear(4) -> conv2d(3, 1)\n\nblock Fine = relu\n")
    file = write(
        folder, "net.nn", 'from "bad.nn" import Bad, Fine\n' + NET.format("Fine -> Bad -> Bad")
    )
    assert problems(file) == [("NN303", "bad.nn", 2)]
    write(folder, "bad.nn", "block Bad =\n    linear(4) -> -> relu\n\nblock Fine = relu\n")
    assert [(code, name) for code, name, _ in problems(file)] == [("NN101", "bad.nn")]


def test_text_without_a_file() -> None:
    report = nnspec.check_source('from "parts.nn" import A\n' + NET.format("A"))
    (problem,) = report.diagnostics
    assert problem.code == "NN212"
    assert "filename=" in problem.help


def test_compiled(folder: Path) -> None:
    """One file of source, free of nnspec, with both blocks that are called `Act`."""
    torch = pytest.importorskip("torch")
    file = write(
        folder,
        "net.nn",
        'from "parts.nn" import Conv\n\nblock Act:\n    input x: [N, ...]\n    return sigmoid(x) + 1\n\n'
        "model Net:\n    input x: [N, 3, 8, 8]\n    return x -> conv: Conv(5) -> Act\n",
    )
    model = nnspec.load(file).Net()
    x = torch.randn(2, 3, 8, 8)
    conv = model.conv[0]
    expected = torch.sigmoid(torch.nn.functional.leaky_relu(conv(x), 0.2)) + 1
    assert torch.equal(model(x), expected)


def test_a_run_keeps_what_it_imports(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from nnspec.cli import main

    shutil.copy(ROOT / "specs/digits.nn", folder / "model.nn")
    text = (folder / "model.nn").read_text()
    at = text.index("data Digits")
    (folder / "model.nn").write_text(text[:at])
    (folder / "run.nn").write_text('from "model.nn" import DigitsCNN\n\n' + text[at:])
    monkeypatch.chdir(folder)
    assert main(["train", "run.nn", "epochs=1"]) == 0
    (folder / "model.nn").write_text("block Other = relu\n")
    (run,) = (folder / "runs/DigitsCNN").iterdir()
    assert main(["eval", str(run)]) == 0
