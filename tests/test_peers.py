"""What other checkers of networks get wrong in their verdicts: the docstrings say what they do.

`test_peers_robust.py` has the rest: code that runs, checks that hang or die, silence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nnspec
from nnspec.cli import main

torch = pytest.importorskip("torch")

IMAGE = "model M:\n    input x: [N, 3, 28, 28]\n"


def image(lines: str) -> str:
    return IMAGE + "".join(f"    {line}\n" for line in lines.split("\n"))


def compiled(text: str, tmp_path: Path) -> Any:
    """An instance of the model `M` of a spec."""
    file = tmp_path / "spec.nn"
    file.write_text(text, encoding="utf-8")
    return nnspec.load(f"{file}:M")()


# -- "valid" for a model that crashes ------------------------------------------------------------------


def test_a_size_that_crashes_is_not_valid(capsys: pytest.CaptureFixture[str]) -> None:
    """A peer calls a U-Net valid for images of 250 x 250; PyTorch fails at the first skip that is odd."""
    net = nnspec.load("zoo:unet:UNet")(width=4).eval()
    with pytest.raises(RuntimeError, match=r"30.*31|31.*30"):
        net(torch.zeros(1, 3, 250, 250))
    assert main(["check", "zoo:unet", "--sizes", "H=250,W=250"]) == 1
    assert "H % 16 == 0" in capsys.readouterr().out
    assert main(["check", "zoo:unet", "--sizes", "H=256,W=256"]) == 0
    assert net(torch.zeros(1, 3, 256, 256)).shape[2:] == (256, 256)


# -- an unknown operator taken for the identity --------------------------------------------------------


@pytest.mark.parametrize("written", ["con2d(8, 3)", "my_layer", "Attention(8)", "swish_v2()"])
def test_an_unknown_operator_is_an_error(written: str) -> None:
    """Peers let a name that they do not know pass the shape on unchanged, and say "valid"."""
    (problem,) = nnspec.check_source(image(f"return x -> {written} -> relu")).diagnostics
    assert problem.severity == "error"
    assert problem.span is not None
    assert problem.span.text == written.split("(")[0]


# -- a layer or a residual silently dropped ------------------------------------------------------------


class Residual(torch.nn.Module):  # type: ignore[misc]
    """The network of the test below, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.a = torch.nn.Conv2d(4, 4, 3, padding=1)
        self.b = torch.nn.Conv2d(4, 4, 3, padding=1)
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.stem(x))
        x = torch.relu(self.b(torch.relu(self.a(x))) + x)
        return self.head(x.mean((2, 3)))


def test_nothing_is_dropped_on_the_way_to_pytorch(tmp_path: Path) -> None:
    """Peers drop a residual, or a layer that they cannot write, silently."""
    made = compiled(
        image(
            "x = x -> stem: conv2d(4, 3, padding=1) -> relu\n"
            "x = x + (x -> a: conv2d(4, 3, padding=1) -> relu -> b: conv2d(4, 3, padding=1)) -> relu\n"
            "return x -> mean([2, 3]) -> head: linear(2)"
        ),
        tmp_path,
    )
    hand = Residual()
    assert list(made.state_dict()) == list(hand.state_dict())
    hand.load_state_dict(made.state_dict())
    x = torch.randn(2, 3, 28, 28)
    torch.testing.assert_close(made(x), hand(x))


def test_a_layer_that_leads_nowhere_is_told() -> None:
    """Nor does a layer vanish without a word whose result nobody takes."""
    report = nnspec.check_source(image("y = x -> conv2d(8, 3)\nreturn x -> relu"))
    assert [(p.severity, p.span and p.span.line) for p in report.diagnostics] == [("warning", 3)]


# -- a size of 0 or -2 passed on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "conv2d(8, 31)",
        "max_pool2d(2) -> max_pool2d(2) -> max_pool2d(2) -> max_pool2d(2) -> max_pool2d(2)",
        "avg_pool2d(30)",
        "conv2d(8, 5, dilation=8)",
        "conv_transpose2d(8, 1, padding=14)",
        "pad([-14, -14])",
        "reshape([-2, 3, 28, 28])",
        "adaptive_avg_pool2d(-2)",
    ],
)
def test_no_size_below_1_is_passed_on(written: str) -> None:
    """Peers compute `(28 - 31) // 1 + 1`, get -2, and go on with it; the next layer is blamed."""
    report = nnspec.check_source(image(f"return x -> {written} -> flatten -> linear(3)"))
    (problem,) = report.diagnostics
    assert problem.severity == "error"
    assert problem.span is not None
    assert problem.span.line == 3
    assert problem.span.start < len(IMAGE) + len("    return x -> ") + len(written)


@pytest.mark.parametrize("size", ["0", "-2"])
@pytest.mark.parametrize(
    "written", ["conv2d({}, 3)", "conv2d(4, {})", "linear({})", "reshape([1, {}])"]
)
def test_no_setting_below_1_either(written: str, size: str) -> None:
    """The same of a size that is written down."""
    (problem,) = nnspec.check_source(image(f"return x -> {written.format(size)}")).diagnostics
    assert problem.severity == "error"
    assert problem.span is not None
    assert size in problem.span.text


# -- the length of a tuple never looked at -------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "layer"),
    [
        ("conv2d(4, [3, 3, 3])", lambda: torch.nn.Conv2d(3, 4, (3, 3, 3))),
        ("conv2d(4, 3, stride=[1, 1, 1])", lambda: torch.nn.Conv2d(3, 4, 3, stride=(1, 1, 1))),
        ("conv2d(4, 3, padding=[1, 1, 1])", lambda: torch.nn.Conv2d(3, 4, 3, padding=(1, 1, 1))),
        ("max_pool2d([2, 2, 2])", lambda: torch.nn.MaxPool2d((2, 2, 2))),
        ("avg_pool2d([2, 2, 2])", lambda: torch.nn.AvgPool2d((2, 2, 2))),
        ("adaptive_avg_pool2d([2, 2, 2])", lambda: torch.nn.AdaptiveAvgPool2d((2, 2, 2))),
        ("permute([0, 1])", lambda: lambda x: x.permute(0, 1)),
    ],
)
def test_the_length_of_a_list_is_looked_at(written: str, layer: Any) -> None:
    """PyTorch makes `Conv2d(3, 4, (3, 3, 3))` without a word; it fails in `forward`. Peers say "valid"."""
    made = layer()
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        made(torch.zeros(1, 3, 28, 28))
    (problem,) = nnspec.check_source(image(f"return x -> {written}")).diagnostics
    assert problem.severity == "error"
    assert problem.span is not None
    assert "[" in problem.span.text


# -- a type that quietly becomes "unknown" at a concat ---------------------------------------------------


def test_a_concat_of_symbols_keeps_its_shape() -> None:
    """Types of tensors in a peer are lost at a skip's concat: all that follows is "unknown", and passes."""
    text = (
        "model M:\n    input x: [N, 3, H, W]\n    low = x -> max_pool2d(2) -> conv2d(8, 1)\n"
        "    up = low -> interpolate(scale_factor=2)\n    y = concat(x, up, dim=1)\n"
        "    z: [N, {}, H, W] = y\n    return z\n"
    )
    report = nnspec.check_source(text.format(11))
    assert report.ok
    assert set(report.models["M"].requires) >= {"H % 2 == 0", "W % 2 == 0"}
    (problem,) = nnspec.check_source(text.format(12)).diagnostics
    assert problem.span is not None
    assert (problem.span.line, problem.span.text) == (6, "[N, 12, H, W]")
    assert "11" in problem.message


# -- ten messages for one slip, blaming a layer downstream -------------------------------------------------


def test_one_slip_is_one_message_where_it_is() -> None:
    """One wrong number of channels gives nine or ten messages in peers, the first about a layer far below."""
    text = image(
        "x = x -> conv2d(8, 3, paddin=1)\n"
        + "".join(f"x{i} = x -> conv2d({8 + i}, 3) -> batch_norm2d -> relu\n" for i in range(10))
        + "y = concat(x0, x1, x2, x3, dim=1) + x4\n"
        "return y -> flatten -> linear(10) -> softmax(dim=7)"
    )
    (problem,) = nnspec.check_source(text).diagnostics
    assert problem.span is not None
    assert (problem.span.line, problem.span.text) == (3, "paddin=1")


def test_one_slip_in_a_block_is_one_message_however_often_it_is_used() -> None:
    """The same where the slip is in a block: a peer that unrolls its blocks has a message for each copy."""
    text = "block B(c: int):\n    input x: [N, 3, H, W]\n    return x -> conv2d(c, 31)\n\n" + image(
        "\n".join(f"y{i} = x -> B({i + 1})" for i in range(20)) + "\nreturn x"
    )
    (problem,) = nnspec.check_source(text).diagnostics
    assert problem.span is not None
    assert problem.span.line == 3
