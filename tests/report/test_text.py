"""The tree: what is folded, what a depth hides, and that the totals never change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import nnspec
from nnspec.dims import evaluate, symbol
from nnspec.report.formula import figure, formula
from nnspec.report.model import ModelReport, Section
from nnspec.report.style import Style
from nnspec.report.text import draw, draw_model
from nnspec.report.tree import MOST_ROWS, rows
from nnspec.report.units import in_bytes, short

from .test_facts import BLOCKS, model

DEEP = """\
block A:
    input x: [N, C, H, W]
    return x -> conv: conv2d(C, 1) -> relu

block B:
    input x: [N, C, H, W]
    return x -> a: A -> b: A

block D:
    input x: [N, C, H, W]
    return x -> b1: B -> b2: B -> b3: B

model Net:
    input x: [N, 4, 8, 8]
    a = x -> first: D -> relu -> second: D -> relu -> third: D
    b = a -> conv2d(4, 1) -> conv2d(4, 1)
    return b -> fourth: D -> relu -> fifth: D -> relu -> sixth: D
"""


def test_the_tree(golden: Callable[[str, str], None]) -> None:
    golden("tree.txt", draw_model(model(BLOCKS), "spec.nn", Style()) + "\n")


def test_the_tree_in_a_terminal(golden: Callable[[str, str], None]) -> None:
    golden("tree_terminal.txt", draw_model(model(BLOCKS), "spec.nn", Style(True, 90)) + "\n")


def totals(text: str) -> str:
    return text.split("\n\n")[-1]


def test_depth_hides_rows_and_never_changes_totals() -> None:
    net = model(DEEP)
    texts = [draw_model(net, "spec.nn", Style(), depth) for depth in (1, 2, 3, 4, 100)]
    assert len({totals(text) for text in texts}) == 1
    lengths = [text.count("\n") for text in texts]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[1] < lengths[2] < lengths[3] == lengths[4]


def test_without_a_depth_the_tree_fits() -> None:
    net = model(DEEP)
    shown = rows(net, None)
    assert len(shown) <= MOST_ROWS
    depth = max(row.depth for row in shown) + 1
    assert len(rows(net, depth + 1)) > MOST_ROWS


def test_rows_of_the_top_add_up_to_the_total() -> None:
    net: ModelReport = model(BLOCKS)
    assert sum(row.params for row in rows(net, 1)) == net.params.total


def test_colour_only_adds_escapes_guides_and_bars() -> None:
    text = draw_model(model(BLOCKS), "spec.nn", Style(True, 200))
    assert "└─" in text
    bare = re.sub(r"\x1b\[[\d;]*m", "", text)
    for line in draw_model(model(BLOCKS), "spec.nn", Style()).splitlines():
        words = [word for word in line.split() if word.isalnum()]
        assert any(all(word in other for word in words) for other in bare.splitlines())


def test_several_models_are_a_table() -> None:
    text = BLOCKS + "\nmodel small = Net(4)\nmodel large = Net(16)\n"
    report = nnspec.check_source(text, "spec.nn")
    shown = draw(report, "spec.nn", Style())
    for name, width in (("Net", 8), ("small", 4), ("large", 16)):
        own = width * 76 + 4 * width * (9 * width + 1) + 4 * (width + 1)
        assert re.search(rf"^{name} +{own:,} ", shown, re.MULTILINE)
    assert "nnspec check spec.nn:Net" in shown


def test_figures_that_depend_on_symbols() -> None:
    net = model("model Net:\n    input x: [N, 3, H, W]\n    return x -> conv2d(4, 3, padding=1)\n")
    shown = draw_model(net, "spec.nn", Style())
    assert f"{4 * 3 * 3 * 3}·H·W per sample (N = 1)" in shown
    assert "nnspec check spec.nn --sizes H=224,W=224" in shown
    assert "any N, H, W" in shown
    fixed = draw_model(net.at({"H": 10, "W": 20}), "spec.nn", Style())
    assert f"{4 * 27 * 200:,} per sample (N = 1)" in fixed


def test_a_formula_for_the_sizes_that_strides_divide() -> None:
    """ResNet-18 at 224 x 224: 1.81 GMACs (torchvision's table); 49 * 32**2 pixels."""
    net = nnspec.check("zoo:resnet18").models["resnet18"]
    found = figure(net, net.mac_sums[id(net.graph)], 100, str)
    assert found is not None
    text, where = found
    assert where == "32 divides H and W"
    whole = eval(text.replace("·", "*"), {"H": 224, "W": 224})
    assert whole == net.at({"N": 1, "H": 224, "W": 224}).macs
    assert round(whole / 1e9, 3) == 1.814
    assert figure(net, net.mac_sums[id(net.graph)], 10) is None


@pytest.mark.parametrize(
    ("target", "where", "sizes"),
    [
        ("swin3d:swin3d_t", "224 divides H and W, 16 divides T", {"T": 16, "H": 224, "W": 448}),
        ("s3d:s3d", "32 divides H and W, 8 divides T", {"T": 16, "H": 224, "W": 256}),
    ],
)
def test_a_formula_of_windows_and_frames(target: str, where: str, sizes: dict[str, int]) -> None:
    """Windows of 7 at a 32nd of the image, 8 frames of every second: with all of them whole the formula is
    exact."""
    (net,) = nnspec.check(f"zoo:{target}").models.values()
    fixed = net.at({"N": 1, **sizes})
    for size, told in ((net.mac_sums[id(net.graph)], fixed.macs), (net.activation_bytes, None)):
        found = figure(net, size, 400, lambda number: f"({number})")
        assert found is not None and found[1] == where
        value = eval(found[0].replace("·", "*"), {}, dict(sizes))
        truth = evaluate(net.per_sample(size), sizes)
        assert round(value) == truth
        assert told in (None, truth)
    shown = draw_model(net, target, Style())
    assert "depends on" not in shown


def test_powers() -> None:
    t = symbol("T")
    assert formula(4096 * t * t + 3 * t - 7) == "4,096·T² + 3·T - 7"
    assert formula(t * (t // 2) ** 10) == "T·(T // 2)¹⁰"
    assert formula(2048 * t, in_bytes) == "2.00 KiB·T"


def test_sections_follow_the_models() -> None:
    report = nnspec.check_source(BLOCKS).changed(
        sections=[Section("data Digits", (("source", "digits()"), ("image", "[1, 8, 8]")))]
    )
    assert draw(report, "spec.nn", Style()).endswith(
        "\n\ndata Digits\nsource  digits()\nimage   [1, 8, 8]\n"
    )


def test_units() -> None:
    assert [short(n) for n in (0, 9_999_999, 11_689_512, 4_089_184_256, 405_853_388_800)] == [
        "0", "9,999,999", "11.7 M", "4.09 G", "406 G",
    ]  # fmt: skip
    assert [in_bytes(n) for n in (12, 1024, 102_228_128, 5 * 2**30)] == [
        "12 bytes", "1.00 KiB", "97.5 MiB", "5.00 GiB",
    ]  # fmt: skip
