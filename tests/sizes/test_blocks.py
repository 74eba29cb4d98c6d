"""Blocks by themselves: what each requires of the sizes that its pattern allows, against PyTorch."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

import nnspec
from nnspec.cli import main
from nnspec.report.model import ModelReport

BLOCKS = """
block Down(width: int):
    input x: [N, C, H, W]
    y = x -> conv2d(width, 3, stride=2, padding=1)
    return concat(y -> conv_transpose2d(C, 2, stride=2), x, dim=1)

block Up(width: int = 4):
    \"\"\"Twice the size, joined with what was before.\"\"\"
    input x: [N, C, H, W]
    input skip: [N, D, 2*H, 2*W]
    up = x -> conv_transpose2d(width, 2, stride=2)
    return concat(up, skip, dim=1) -> conv2d(width, 3, padding=1) -> max_pool2d(3)

block Fold(k: int):
    input x: [N, C, H, W]
    return x -> rearrange("n c (h k) (w j) -> n (c k j) h w", k=k, j=k)

block Deep(depth: int):
    input x: [N, C, H, W]
    for i in range(depth):
        x = x -> conv2d(C, 3) -> max_pool2d(2)
    return x

block Even:
    input x: [N, C, H, W]
    if H % 2 == 1:
        x = x -> pad([0, 0, 0, 1])
    return x -> rearrange("n c (h k) w -> n (c k) h w", k=2)

block Twice = Deep(2)
block Chain = conv2d(3, 3) -> relu
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("blocks.nn").write_text(BLOCKS)
    return "blocks.nn"


def block(name: str) -> ModelReport:
    return nnspec.check(f"blocks.nn:{name}").models[name]


def runs(module: torch.nn.Module, *shapes: tuple[int, ...]) -> bool:
    try:
        with torch.no_grad():
            module(*(torch.zeros(1, *shape) for shape in shapes))
    except (RuntimeError, ValueError):
        return False
    return True


def module(use: str) -> torch.nn.Module:
    """A module of one use of a block, which takes sizes that the block's own requirement refuses."""
    Path("net.nn").write_text(
        f"{BLOCKS}\nmodel M:\n    input x: [N, 3, H, W]\n    return x -> {use}\n"
    )
    made: torch.nn.Module = nnspec.load("net.nn").M()
    return made


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("Down", "Down(4)"),
        ("Even", "Even"),
        ("Twice", "Deep(2)"),
    ],
)
def test_its_own_requirement_is_what_pytorch_runs(spec: str, name: str, use: str) -> None:
    found, used = block(name), module(use)
    for high, wide in [*((h, 24) for h in range(1, 40)), *product(range(1, 14), repeat=2)]:
        point = {"C": 3, "H": high, "W": wide}
        assert found.admits(point) == runs(used, (3, high, wide)), point


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_parameters_are_sizes_too(spec: str, k: int) -> None:
    found, used = block("Fold"), module(f"Fold({k})")
    assert found.requires == ["H % k == 0", "W % k == 0"]
    for high in range(1, 32):
        point = {"k": k, "C": 3, "H": high, "W": 30}
        assert found.admits(point) == runs(used, (3, high, 30)), point


def test_torchvisions_auxiliary_prediction(torchvision_models: Any) -> None:
    found = nnspec.check("specs/inception_v3.nn:InceptionAux").models["InceptionAux"]
    theirs = torchvision_models.inception.InceptionAux(8, 10).eval()
    for high, wide in [*((h, 20) for h in range(1, 40)), (17, 16), (16, 17)]:
        assert found.admits({"C": 8, "H": high, "W": wide}) == runs(theirs, (8, high, wide))


def test_a_pattern_that_computes_a_size(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`2*H` in a pattern, in a class of its own, which is told for what sizes it is."""
    assert block("Up").requires == ["H >= 2", "W >= 2"]
    assert [str(size) for size in block("Up").inputs["skip"].shape] == ["N", "D", "2*H", "2*W"]
    text = f"{BLOCKS}\nmodel M:\n    input x: [N, 3, H, W]\n    y = x -> avg_pool2d(2)\n"
    Path("net.nn").write_text(f"{text}    return Up()(y, x)\n")
    assert main(["compile", "net.nn"]) == 0
    compiled = capsys.readouterr().out
    made = nnspec.load("net.nn").M()
    model = nnspec.check("net.nn").models["M"]
    for high in range(1, 12):
        assert model.admits({"H": high, "W": 8}) == runs(made, (3, high, 8)), high
    assert "Sizes (as it is used here): H >= 2 and W >= 2" in compiled
    assert "Sizes: H % 2 == 0 and H >= 4 and W % 2 == 0 and W >= 4" in compiled


def test_a_block_that_needs_numbers(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"{spec}:Deep"]) == 2
    told = capsys.readouterr().err
    assert "`Deep` cannot be looked at by itself, for any sizes" in told
    assert "a short form gives it numbers: block Deep1 = Deep(depth=…)" in told
    text = f"{BLOCKS}\nmodel M:\n    input x: [N, 3, H, W]\n    return x -> Deep(depth=3)\n"
    Path("net.nn").write_text(text)
    assert main(["check", "net.nn:Deep"]) == 0  # as the model uses it
    shown = capsys.readouterr().out
    assert shown.startswith("Deep(depth=3)\n")
    assert "H >= 22 and W >= 22" in shown
    used = nnspec.load("net.nn").M()
    assert [runs(used, (3, high, 30)) for high in (21, 22)] == [False, True]


def test_a_line_for_the_uses_that_take_the_same(
    spec: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each choice of parameters is proved for any channels and sizes, though the models have others."""
    text = (
        "block Valid(kernel: int, act: layer = relu) = conv2d(4, kernel) -> act\n"
        f"{BLOCKS}\nmodel M:\n    input x: [N, 3, 64, W]\n    y = x -> Deep(depth=3)\n"
        "    return y, x -> Deep(1) -> Valid(3) -> Valid(3, gelu) -> Valid(5)\n"
    )
    Path("net.nn").write_text(text)
    assert main(["check", "net.nn:Deep"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in shown[1:3]] == ["Deep(depth=3)", "Deep(depth=1)"]
    assert shown[1].endswith("H >= 22 and W >= 22; any N, C")
    assert shown[2].endswith("H >= 4 and W >= 4; any N, C")
    assert main(["check", "net.nn:Valid"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].startswith("Valid(kernel=3) and 1 more ")
    assert shown[1].endswith("H >= 3 and W >= 3; any N, C")
    assert shown[2].endswith("H >= 5 and W >= 5; any N, C")
    for report in nnspec.check("net.nn:Valid").models.values():
        kernel = report.graph.arguments["kernel"]
        used = torch.nn.Conv2d(2, 4, kernel)
        for high in range(1, 9):
            taken = runs(used, (2, high, 7))
            assert report.admits({"C": 2, "H": high, "W": 7}) == taken, (kernel, high)


def test_a_file_of_blocks(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", spec]) == 0
    shown = capsys.readouterr().out
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    assert lines["Down(width)"].endswith(
        "H % 2 == 0 and H >= 2 and W % 2 == 0 and W >= 2; any N, C, width"
    )
    assert lines["Up"].endswith("H >= 2 and W >= 2; any N, C, D")
    assert "Deep" not in lines
    assert main(["check", spec, "--format", "json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert models["Even"]["requires"] == []
    assert models["Twice"]["requires"] == ["H >= 10", "W >= 10"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Chain", "has no `input` lines"),
        ("Nope", "no model `Nope`"),
        ("Dwon", "did you mean the block `Down`?"),
    ],
)
def test_what_is_none(spec: str, capsys: pytest.CaptureFixture[str], name: str, told: str) -> None:
    assert main(["check", f"{spec}:{name}"]) == 2
    assert told in capsys.readouterr().err
