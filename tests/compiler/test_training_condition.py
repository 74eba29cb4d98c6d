"""`if training:` compiled: both sides as PyTorch by hand, and what is counted of them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import nnspec

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from nnspec.compiler.source import complete, program_of, source_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.report import explain, text  # noqa: E402
from nnspec.report import json as as_json  # noqa: E402
from nnspec.report.style import Style  # noqa: E402
from nnspec.source import Source  # noqa: E402


def source(spec: str) -> str:
    program = program_of(Source(spec, "test.nn"))
    return source_of(program, complete(program)).text


def made(spec: str, **settings: Any) -> Any:
    return Spec(program_of(Source(spec, "test.nn"))).Net(**settings)


NOISY = """
model Net(width: int = 8):
    input x: [N, 6]
    h = x -> body: linear(width)
    if training:
        h = h -> gate: linear(width) -> sigmoid
        extra = h * 2
        h = h + extra
    else:
        h = h -> calm: (linear(2 * width) -> relu -> linear(width))
    return h -> fc: linear(3)
"""


def by_hand(model: Any, x: Any, training: bool) -> Any:
    h = model.body(x)
    if training:
        h = torch.sigmoid(model.gate(h))
        h = h + h * 2
    else:
        h = model.calm[2](F.relu(model.calm[0](h)))
    return model.fc(h)


def test_each_side_is_the_hand_written_one() -> None:
    model, x = made(NOISY), torch.randn(5, 6)
    for training in (True, False):
        assert torch.equal(model.train(training)(x), by_hand(model, x, training))
    assert not torch.equal(by_hand(model, x, True), by_hand(model, x, False))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other.train()(x), by_hand(model, x, True))
    exported = torch.export.export(model.eval(), (x,))
    torch.testing.assert_close(exported.module()(x), by_hand(model, x, False))


def test_the_layers_of_both_sides_are_made_at_any_width() -> None:
    for width in (8, 12):
        model = made(NOISY, width=width)
        names = [name for name, _ in model.named_children()]
        assert names == ["body", "gate", "calm", "fc"]
        assert model.eval()(torch.zeros(2, 6)).shape == (2, 3)
        assert model.train()(torch.zeros(2, 6)).shape == (2, 3)


def test_the_source_has_one_if() -> None:
    lines = [line.strip() for line in source(NOISY).split("\n")]
    assert lines.count("if self.training:") == lines.count("else:") == 1
    plain = """
model Net:
    input x: [N, 6]
    if not training:
        x = x -> relu
    return x -> linear(2)
"""
    assert "        if not self.training:\n            x = F.relu(x)\n        return" in source(
        plain
    )


CROSSED = """
model Net:
    input x: [N, 4]
    input y: [N, 4]
    a, b = [x, y]
    if training:
        a, b = [b, a -> sigmoid]
        z = a - b
    else:
        z = b - 2 * a
        b = a
    old = x * y
    if not training:
        a, b = [b, old]
    w = a if training else b + old
    return 1 * a + 10 * b + 100 * z + 1000 * x + 10000 * y + 100000 * w
"""


def crossed(x: Any, y: Any, training: bool) -> Any:
    a, b = x, y
    if training:
        a, b = b, torch.sigmoid(a)
        z = a - b
    else:
        z = b - 2 * a
        b = a
    old = x * y
    if not training:
        a, b = b, old
    w = a if training else b + old
    return 1 * a + 10 * b + 100 * z + 1000 * x + 10000 * y + 100000 * w


def test_values_that_cross_and_live_on() -> None:
    model, x, y = made(CROSSED), torch.rand(3, 4), torch.rand(3, 4)
    for training in (True, False):
        torch.testing.assert_close(model.train(training)(x, y), crossed(x, y, training))


def test_in_a_block_that_is_repeated_and_with_statistics() -> None:
    spec = """
block Part(p: float):
    input x: [N, C]
    if training:
        y = x -> dropout(p)
    else:
        y = x
    return x + y -> norm: batch_norm1d

model Net:
    input x: [N, 4]
    return x -> parts: 3 * Part(0.0)
"""
    model, x = made(spec), torch.randn(6, 4)

    def hand(x: Any) -> Any:
        for part in model.parts:
            x = part.norm(x + x)
        return x

    torch.testing.assert_close(model.eval()(x), hand(x))
    torch.testing.assert_close(model.train()(x), hand(x))


def test_a_layer_of_one_side_runs_there_only() -> None:
    spec = """
model Net:
    input x: [N, 4]
    y = x -> norm: batch_norm1d
    if training:
        x = y + x
    return x -> fc: linear(4)
"""
    model, x = made(spec), torch.randn(6, 4)
    model.eval()(x)
    assert model.norm.num_batches_tracked == 0
    expected = model.fc(x)
    assert torch.equal(model(x), expected)
    model.train()(x)
    assert model.norm.num_batches_tracked == 1


def test_parameters_of_both_sides_and_macs_of_evaluation() -> None:
    report = nnspec.check_source(NOISY)
    checked = report.models["Net"]
    model = made(NOISY)
    assert checked.params.total == sum(p.numel() for p in model.parameters())
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, 6))
    assert checked.at({"N": 1}).macs == counter.get_total_flops() // 2
    layers = {layer.path: layer for layer in checked.at({"N": 1}).layers}
    assert sum(layer.macs for layer in layers.values()) == checked.at({"N": 1}).macs
    assert layers["gate"].macs == 0
    assert (layers["gate"].only, layers["calm.0"].only, layers["fc"].only) == (
        "training",
        "evaluation",
        "",
    )


def test_memory_is_that_of_the_side_that_counts() -> None:
    plain = """
model Net:
    input x: [N, 8]
    {}
    return x -> linear(2)
"""
    branch = "if training:\n        x = x -> linear(1000) -> linear(8)"
    both, none, straight = (
        nnspec.check_source(plain.format(line)).models["Net"].at({"N": 1}).memory
        for line in (branch, "y = x", "x = x -> linear(1000) -> linear(8)")
    )
    assert both.peak == none.peak
    assert both.activations == straight.activations


def test_the_reports_say_the_side() -> None:
    report = nnspec.check_source(NOISY)
    drawn = text.draw(report, "net.nn", Style()).split("\n")
    (line,) = [line for line in drawn if line.startswith("gate")]
    assert "linear(8) in training only" in line
    layers = json.loads(as_json.draw([("net.nn", report)]))["models"]["Net"]["layers"]
    assert [layer["only"] for layer in layers if layer["path"] == "gate"] == ["training"]
    assert [layer["only"] for layer in layers if layer["path"] == "fc"] == [None]
    assert "in training only" in explain.layer(report.models["Net"], "gate", Style())


def test_both_sides_are_checked_for_every_size() -> None:
    spec = """
model Net:
    input x: [N, 1, H, W]
    if training:
        y = x -> avg_pool2d(4)
        z = y -> flatten -> mean(dim=1)
    else:
        z = x -> conv2d(3, 5) -> flatten -> mean(dim=1)
    return z
"""
    model = nnspec.check_source(spec).models["Net"]
    assert not model.admits({"H": 4, "W": 9})
    assert model.admits({"H": 5, "W": 5})
    assert isinstance(made(spec), nn.Module)


def test_a_parameter_of_that_name_is_the_specs_own() -> None:
    spec = """
model Net(training: bool = true):
    input x: [N, 4]
    if training:
        return x -> fc: linear(2)
    return x
"""
    assert made(spec)(torch.zeros(1, 4)).shape == (1, 2)
