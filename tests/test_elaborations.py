"""A block is elaborated once for each distinct use: counted, for time says little."""

from __future__ import annotations

from collections import Counter

import pytest

import nnspec
from nnspec.checking import check_text
from nnspec.elaborate.body import Body
from nnspec.elaborate.session import Session
from nnspec.limits import DEFAULTS
from nnspec.source import Source

BLOCK = """\
block Block(width: int = 8):
    input x: [N, C]
    return x + (x -> linear(width) -> relu)

"""
LLAMA = """\
block Norm:
    input x: [N, T, C]
    param weight: [C] = ones
    return x * weight

block Feed(width: int):
    input x: [N, T, C]
    gate = x -> gate: linear(width, bias=false) -> silu
    return gate * (x -> up: linear(width, bias=false)) -> down: linear(C, bias=false)

block Layer(width: int):
    input x: [N, T, C]
    x = x + (x -> Norm -> attention: linear(C, bias=false))
    return x + (x -> Norm -> Feed(width))

model Net:
    input tokens: i64[N, T]
    return tokens -> embedding(100, 64) -> layers: 126 * Layer(256) -> Norm -> linear(100)
"""


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Name of a block or model -> how often its body was elaborated."""
    found: Counter[str] = Counter()
    run = Body.run

    def counted(self: Body, statements: object) -> bool:
        found[self.graph.name] += 1
        return run(self, statements)  # type: ignore[arg-type]

    monkeypatch.setattr(Body, "run", counted)
    return found


def model(line: str) -> str:
    return BLOCK + f"model Net:\n    input x: [N, 8]\n{line}    return x\n"


@pytest.mark.parametrize(
    ("line", "times", "params"),
    [
        ("    x = x -> 1_000_000 * Block()\n", 1, 72_000_000),
        ("    for i in range(100):\n        x = x -> Block()\n", 1, 7_200),
        ("    x = x -> Block() -> Block(8) -> Block(width=8)\n", 1, 216),
        ("    x = x -> 3 * (Block() -> 4 * Block())\n", 1, 15 * 72),
        ("    layer one = Block()\n    x = x -> one -> one\n", 1, 72),
        # other sizes, and other parameters, are other uses
        ("    x = x -> Block()\n    x = x[:, 0:1] -> Block()\n", 2, 72 + 16),
    ],
)
def test_equal_uses_are_elaborated_once(
    line: str, times: int, params: int, bodies: Counter[str]
) -> None:
    report = nnspec.check_source(model(line))
    assert report.ok, report.diagnostics
    assert bodies == {"Net": 1, "Block": times}
    assert report.models["Net"].params.total == params


def test_a_deep_stack_costs_one_layer(bodies: Counter[str]) -> None:
    report = nnspec.check_source(LLAMA)
    assert report.ok, report.diagnostics
    assert bodies == {"Net": 1, "Layer": 1, "Norm": 1, "Feed": 1}
    layer = 2 * 64 + 64 * 64 + 3 * 64 * 256
    assert report.models["Net"].params.total == 6400 + 126 * layer + 64 + 64 * 100 + 100
    assert sum(len(graph.nodes) for graph in report.models["Net"].graph.subgraphs()) < 30


def test_an_unused_block_that_is_right_is_elaborated_once(bodies: Counter[str]) -> None:
    used_once = BLOCK.replace("x + (x -> linear(width) -> relu)", "x -> linear(width)")
    assert nnspec.check_source(used_once + "block Two = Block() -> Block()\n").ok
    assert bodies == {"Block": 1}


def test_a_mistake_in_many_uses_is_told_once() -> None:
    text = BLOCK.replace("-> relu", "-> conv2d(3, 3)") + (
        "model Net:\n    input x: [N, 8]\n    a = x -> Block(8)\n    b = x -> Block(16)\n"
        "    c = x -> linear(3) -> Block()\n    return x\n"
    )
    found = nnspec.check_source(text).diagnostics
    assert [(problem.code, problem.span and problem.span.line) for problem in found] == [
        ("NN303", 3)
    ]


def test_the_unused_share_one_budget() -> None:
    """Blocks that would each take a while do not add up."""
    each = DEFAULTS.layers // 2
    text = "".join(
        f"block B{i}:\n    input x: [N, C]\n    for i in range({each}):\n        x = x -> relu\n"
        "    return x -> conv1d(2, 99)\n\n"
        for i in range(40)
    )
    steps = 0

    def counted(self: object, span: object) -> None:
        nonlocal steps
        steps += 1
        count(self, span)  # type: ignore[arg-type]

    count = Session.count_node
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "count_node", counted)
        nnspec.check_source(text)
    assert steps < 2 * DEFAULTS.layers


def test_a_named_model_is_checked_without_the_rest() -> None:
    text = model("") + "\nblock Bad:\n    input x: [N, 8]\n    return x -> con2d(3)\n"
    assert not check_text(Source(text, "net.nn")).ok
    assert check_text(Source(text, "net.nn"), "Net").ok
