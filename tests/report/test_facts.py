"""Parameters, MACs, memory, receptive field: against PyTorch, and against sums done by hand."""

from __future__ import annotations

import pytest

import nnspec
from nnspec.report.model import ModelReport

BLOCKS = """\
block Pair(channels: int):
    input x: [N, C, H, W]
    return x -> conv1: conv2d(channels, 3, padding=1) -> relu

model Net(width: int = 8):
    input image: [N, 3, 32, 32]
    x = image -> stem: conv2d(width, 5) -> relu -> body: (Pair(width) -> 3 * Pair(width))
    return x -> head: conv2d(4, 1, stride=2)
"""


def model(text: str) -> ModelReport:
    report = nnspec.check_source(text, "spec.nn")
    assert report.ok, [problem.message for problem in report.diagnostics]
    (found,) = report.models.values()
    return found


def chain(stages: str, input: str = "[N, 1, 40, 40]") -> ModelReport:
    return model(f"model Net:\n    input x: {input}\n    return x -> {stages}\n")


def test_copies_and_blocks_are_counted() -> None:
    net = model(BLOCKS)
    stem, pair, head = 8 * (3 * 25 + 1), 8 * (8 * 9 + 1), 4 * (8 + 1)
    assert net.params.total == net.params.trainable == stem + 4 * pair + head
    macs = 8 * 75 * 28 * 28 + 4 * (8 * 72 * 28 * 28) + 4 * 8 * 14 * 14
    assert net.at({"N": 1}).macs == macs
    assert net.at({"N": 5}).macs == 5 * macs
    assert [(layer.path, layer.count) for layer in net.layers if layer.params] == [
        ("stem", 1), ("body.0.conv1", 1), ("body.1.conv1", 3), ("head", 1),
    ]  # fmt: skip
    assert sum(layer.params for layer in net.layers) == net.params.total
    assert sum(layer.macs for layer in net.at({"N": 3}).layers) == 3 * macs


def test_a_million_copies_cost_what_one_costs() -> None:
    net = model(BLOCKS.replace("3 * Pair", "1_000_000 * Pair"))
    pair = 8 * (8 * 9 + 1)
    assert net.params.total == 8 * 76 + 1_000_001 * pair + 4 * 9
    assert len(net.layers) == 7
    assert net.receptive_field == (5 + 1_000_001 * 2,) * 2


def test_a_shared_layer_has_its_weights_once_and_its_work_twice() -> None:
    net = model(
        "model Net:\n    input x: [N, 3, 8, 8]\n    layer c = conv2d(3, 3, padding=1)\n"
        "    a = x -> c\n    b = a -> c\n    return b\n"
    )
    assert net.params.total == 3 * 28
    assert net.at({"N": 1}).macs == 2 * 3 * 27 * 64
    assert net.memory.weights == 4 * 3 * 28


def test_memory_of_a_chain() -> None:
    net = chain("conv2d(2, 3) -> relu -> conv2d(1, 3)", "[N, 1, 10, 10]").at({"N": 2})
    # float32: input 100, conv 2*8*8, relu 2*8*8, conv 6*6
    assert net.memory.weights == 4 * (2 * 10 + 19)
    assert net.memory.activations == 2 * 4 * (128 + 128 + 36)
    # while relu runs, the input (held by the caller), the convolution and relu's result are there
    assert net.memory.peak == 2 * 4 * (100 + 128 + 128)


def test_memory_holds_what_is_read_later() -> None:
    net = model(
        "model Net:\n    input x: [N, 1, 4, 4]\n    a = x -> relu\n    b = a -> relu -> relu\n"
        "    return b, a\n"
    ).at({"N": 1})
    assert net.memory.peak == 4 * 16 * 4  # x, a, and the two in the middle


@pytest.mark.parametrize(
    ("stages", "layers"),
    [
        ("conv2d(1, 5)", "Conv2d(1, 1, 5)"),
        ("conv2d(1, 3) -> relu -> conv2d(1, 3)", "Conv2d(1, 1, 3), ReLU(), Conv2d(1, 1, 3)"),
        ("conv2d(1, 3, stride=2) -> conv2d(1, 3)", "Conv2d(1, 1, 3, 2), Conv2d(1, 1, 3)"),
        (
            "conv2d(1, 3, dilation=2) -> conv2d(1, 2)",
            "Conv2d(1, 1, 3, dilation=2), Conv2d(1, 1, 2)",
        ),
        ("conv2d(1, [3, 5]) -> conv2d(1, 3)", "Conv2d(1, 1, (3, 5)), Conv2d(1, 1, 3)"),
        ("3 * conv2d(1, 3, stride=2)", "*[Conv2d(1, 1, 3, 2) for _ in range(3)]"),
    ],
)
def test_the_receptive_field_is_where_the_gradient_is(stages: str, layers: str) -> None:
    torch = pytest.importorskip("torch")
    names = {name: getattr(torch.nn, name) for name in ("Conv2d", "ReLU")}
    module = torch.nn.Sequential(*eval(f"[{layers}]", names))
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, 1.0)
    image = torch.ones(1, 1, 40, 40, requires_grad=True)
    out = module(image)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    rows, columns = image.grad[0, 0].nonzero(as_tuple=True)
    seen = (int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1)
    assert chain(stages).receptive_field == seen


def test_sizes_that_are_not_there() -> None:
    net = model(BLOCKS)
    with pytest.raises(ValueError, match="has no size `H`; its sizes are N"):
        net.at({"H": 3})
    with pytest.raises(ValueError, match="an integer of at least 1"):
        net.at({"N": 0})


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    net = model(BLOCKS)
    assert not {"params", "macs", "memory", "layers"} & net.__dict__.keys()
    assert net.params.total > 0
    assert "macs" not in net.__dict__
