"""`if` on sizes: the checker's sets and figures, and the compiled module, against PyTorch written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

import nnspec
from nnspec.cli import main

SPEC = """
block Even:
    input x: [N, C, H, W]
    if H % 2 == 1 and W % 2 == 1:
        x = x -> pad([0, 1, 0, 1])
    elif H % 2 == 1:
        x = x -> pad([0, 0, 0, 1]) -> mix: conv2d(C, 3, padding=1, bias=false)
    elif W % 2 == 1:
        x = x -> pad([0, 1])
    return x -> max_pool2d(2)

model M:
    input image: [N, 3, H, W]
    x = image -> even: Even
    if training:
        if H > 40:
            x = x -> max_pool2d(2)
    reach = 3 if H >= 20 else 1
    return x -> pad([reach, reach]) -> last: conv2d(4, 7, bias=false)
"""


def by_hand(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    high, wide = x.shape[2:]
    if high % 2 == 1 and wide % 2 == 1:
        x = F.pad(x, (0, 1, 0, 1))
    elif high % 2 == 1:
        x = module.even.mix(F.pad(x, (0, 0, 0, 1)))  # type: ignore[union-attr, operator]
    elif wide % 2 == 1:
        x = F.pad(x, (0, 1))
    x = F.max_pool2d(x, 2)
    if module.training and high > 40:
        x = F.max_pool2d(x, 2)
    reach = 3 if high >= 20 else 1
    return module.last(F.pad(x, (reach, reach)))  # type: ignore[operator]


def compiled(text: str, folder: Path) -> torch.nn.Module:
    file = folder / "model.nn"
    file.write_text(text)
    return nnspec.load(str(file)).M()  # type: ignore[no-any-return]


def test_both_sides_are_run_where_they_should_be(tmp_path: Path) -> None:
    # in training and in evaluation the shapes differ: such a name cannot go on
    report = nnspec.check_source(SPEC, "branches.nn")
    assert [problem.code for problem in report.diagnostics] == ["NN216"]
    text = SPEC.replace("x = x -> max_pool2d(2)\n    reach", "x = x -> relu\n    reach")
    report = nnspec.check_source(text, "branches.nn")
    assert report.ok, [problem.message for problem in report.diagnostics]
    model = report.models["M"]
    module = compiled(text, tmp_path)
    (output,) = model.outputs.values()
    words = [compile(word, "requires", "eval") for word in model.requires]
    for high in [*range(1, 24), 41, 42]:
        for wide in range(1, 18):
            point = {"N": 1, "H": high, "W": wide}
            image = torch.randn(1, 3, high, wide)
            try:
                module.eval()
                truth = by_hand(module, image)
            except RuntimeError:
                assert not model.admits(point), point
                continue
            assert model.admits(point), point
            assert all(eval(word, {}, dict(point)) for word in words), (point, model.requires)
            shape = [s if isinstance(s, int) else eval(s, {}, dict(point)) for s in output.shape]
            assert tuple(shape) == truth.shape
            assert torch.equal(module(image), truth)
            if high in (7, 20) and wide in (8, 13):
                with FlopCounterMode(display=False) as counter:
                    module(image)
                assert model.at(point).macs == counter.get_total_flops() // 2
                layers = model.at(point).layers
                assert sum(layer.macs for layer in layers) == model.at(point).macs


CHAIN = """
model M:
    input x: [N, 3, H, W]
    if H >= 64:
        x = x -> max_pool2d(4)
    elif H >= 32:
        x = x -> max_pool2d(2)
    elif H >= 16:
        x = x -> conv2d(3, 5)
    else:
        x = x -> conv2d(3, 3)
    y = x -> rearrange("n c (h k) w -> n (c k) h w", k=4)
    return y -> conv2d(8, 3)
"""


def test_a_chain_of_elifs_is_said_as_its_cases() -> None:
    """Exactly what runs, against PyTorch; each reason speaks of the sizes of each case."""
    (model,) = nnspec.check_source(CHAIN, "chain.nn").models.values()
    assert not model.admitted.unproved
    assert len(model.requires) == 1
    whole = compile(model.requires[0], "requires", "eval")
    reasons = [
        [compile(words, "reason", "eval") for words in part]
        for reason in model.reasons
        for part in (reason.requires, [need.text for need in reason.needs])
    ]
    seven = torch.zeros(8, 12, 3, 3)
    for high in range(1, 100):
        for wide in range(1, 15):
            x = torch.zeros(1, 3, high, wide)
            try:
                if high >= 64:
                    x = F.max_pool2d(x, 4)
                elif high >= 32:
                    x = F.max_pool2d(x, 2)
                else:
                    size = 5 if high >= 16 else 3
                    x = F.conv2d(x, torch.zeros(3, 3, size, size))
                F.conv2d(x.reshape(1, 12, x.shape[2] // 4, x.shape[3]), seven)
                runs = True
            except RuntimeError:
                runs = False
            point = {"N": 1, "H": high, "W": wide}
            assert model.admits(point) == runs, point
            assert eval(whole, {}, dict(point)) == runs, point
            assert all(eval(c, {}, dict(point)) for part in reasons for c in part) == runs, point
    sides = [layer.only for layer in model.layers if layer.only]
    assert sides == ["H >= 64", "32 <= H <= 63", "16 <= H <= 31", "H <= 15"]


@pytest.mark.parametrize(
    ("body", "requires"),
    [
        ("if H >= 64:\n        x = x -> max_pool1d(2)\n    return x -> conv1d(2, 5)", ["H >= 5"]),
        ("if H % 2 == 1:\n        x = x[..., 1:]\n    return x -> conv1d(2, 5)", ["H >= 6"]),
        ("assert 8 <= H <= 64 and H % 8 == 0\n    return x", ["H % 8 == 0", "8 <= H <= 64"]),
        ("assert H in [8, 24] or H == 99\n    return x", ["H == 8 or H == 24 or H == 99"]),
        ("assert not H == 3\n    return x", ["H != 3"]),
        ("assert H > 2.5\n    return x", ["H >= 3"]),
    ],
)
def test_what_is_taken(body: str, requires: list[str]) -> None:
    text = f"model M:\n    input x: [N, 2, H]\n    {body}\n"
    report = nnspec.check_source(text, "taken.nn")
    assert report.ok, [problem.message for problem in report.diagnostics]
    model = report.models["M"]
    assert model.requires == requires


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("if H > 8:\n        return x\n    return x -> relu", "NN308", "return"),
        ("if H > 8:\n        y = x\n    return y", "NN308", "bound only where H >= 9"),
        ("if H > 8:\n        s = 'a'\n    else:\n        s = 'b'\n    return x -> pad([1, 1], mode=s)",
         "NN308", "where H >= 9"),
        ("n = 2 if H > 8 else 3\n    return x -> conv1d(2, n)", "NN308", ""),
        ("if H > 8 and x > 0:\n        x = -x\n    return x", "NN202", "tensor"),
        ("\n    ".join(f"if H > {i}:\n        x = x -> relu" for i in range(2, 18)) + "\n    return x",
         "NN308", "more than 12"),
    ],
)  # fmt: skip
def test_what_is_refused(body: str, code: str, words: str) -> None:
    report = nnspec.check_source(f"model M:\n    input x: [N, 2, H]\n    {body}\n", "refused.nn")
    assert [problem.code for problem in report.diagnostics] == [code]
    assert words in report.diagnostics[0].message


def test_what_was_stated_decides(tmp_path: Path) -> None:
    text = (
        "model M:\n    input x: [N, 2, H]\n    assert H % 2 == 0 and H >= 8\n"
        "    if H % 2 == 1 or H < 4:\n        x = x -> conv1d(2, 100)\n    return x\n"
    )
    report = nnspec.check_source(text, "stated.nn")
    assert report.models["M"].requires == ["H % 2 == 0", "H >= 8"]
    assert list(compiled(text, tmp_path).children()) == []


def test_a_program_has_one_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "two.nn"
    file.write_text(
        "model M:\n    input x: [N, 2, H]\n    if H > 8:\n        x = x -> relu\n    return x\n"
    )
    out = str(tmp_path / "two.pt2")
    assert main(["export", str(file), "-o", out]) != 0
    assert "`if H >= 9`" in capsys.readouterr().err
    assert main(["export", str(file), "-o", out, "--sizes", "H=9"]) == 0
