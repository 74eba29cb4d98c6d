"""Lists that grow are written as loops, and compute what the layers one by one do."""

from __future__ import annotations

from typing import Any

import pytest

from nnspec.compiler.source import complete, program_of, source_of
from nnspec.compiler.spec import Spec
from nnspec.source import Source

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

LAYER = """
block Layer(growth: int):
    input x: [N, C]
    return x -> fc: linear(growth) -> relu
"""
DENSE = """
block Dense(n: int, growth: int = 4):
    input x: [N, C]
    found = [x]
    for i in range(n):
        found = found + [concat(*found, dim=1) -> "layer{i + 1}": Layer(growth)]
    return concat(*found, dim=1)
"""


def compiled(body: str, blocks: str = DENSE) -> tuple[str, Any]:
    text = f"{LAYER}{blocks}\nmodel Net:\n    input x: [N, 8]\n{body}"
    program = program_of(Source(text, "grow.nn"))
    return source_of(program, complete(program)).text, Spec(program).Net


def by_hand(dense: nn.Module, x: Any) -> Any:
    """What a dense block computes, from its layers alone."""
    for name, layer in dense.named_children():
        assert name.startswith("layer")
        x = torch.cat([x, torch.relu(layer.fc(x))], dim=1)
    return x


def test_blocks_of_several_depths_are_one_class_with_a_loop() -> None:
    text, cls = compiled("    return x -> a: Dense(3) -> b: Dense(5) -> c: Dense(4, growth=2)\n")
    assert text.count("class Dense") == 1
    assert text.count("Layer(") == 2  # the class, and its one use
    model, x = cls(), torch.randn(2, 8)
    assert [name for name, _ in model.b.named_children()] == [f"layer{i}" for i in range(1, 6)]
    assert model.c.layer4.fc.in_features == 8 + 3 * 4 + 5 * 4 + 3 * 2
    expected = by_hand(model.c, by_hand(model.b, by_hand(model.a, x)))
    assert torch.equal(model(x), expected)


def test_a_number_that_is_not_always_the_count_is_no_argument() -> None:
    blocks = DENSE.replace("n: int,", "n: int, depth: int,").replace("range(n)", "range(depth)")
    text, cls = compiled(
        "    return x -> a: Dense(3, 3) -> b: Dense(4, 4) -> c: Dense(3, 4)\n", blocks
    )
    model, x = cls(), torch.randn(2, 8)
    assert len([*model.c.children()]) == 4
    assert text.count("class Dense") == 1
    assert torch.equal(model(x), by_hand(model.c, by_hand(model.b, by_hand(model.a, x))))
    # two numbers that both fit: neither is taken for the count
    text, cls = compiled("    return x -> a: Dense(3, 3) -> b: Dense(4, 4)\n", blocks)
    assert text.count("class Dense") == 2
    model = cls()
    assert torch.equal(model(x), by_hand(model.b, by_hand(model.a, x)))


@pytest.mark.parametrize(
    "last",
    [
        "concat(*found, dim=1) + 0 * sum(found[1])",  # one that is seen outside
        "concat(*found[1:], dim=1)",  # not all of it
        "concat(*found, dim=0)",
    ],
)
def test_what_else_is_done_with_the_list_is_done(last: str) -> None:
    block = DENSE.replace("return concat(*found, dim=1)", f"return {last}")
    body = "    return x -> a: Dense(3, 8)\n"
    if "dim=0" in last:
        block = block.replace("concat(*found, dim=1) ->", "x ->")
    _, cls = compiled(body, block)
    model, x = cls(), torch.randn(2, 8)
    found = [x]
    for layer in model.a.children():
        taken = x if "dim=0" in last else torch.cat(found, dim=1)
        found.append(torch.relu(layer.fc(taken)))
    kept = found[1:] if "[1:]" in last else found
    expected = torch.cat(kept, dim=0 if "dim=0" in last else 1)
    assert torch.allclose(model(x), expected)


def test_other_lists_of_the_same_body_keep_their_names() -> None:
    body = """    found = [x, x * 2]
    for i in range(3):
        found = found + [concat(*found, dim=1) -> "one{i}": Layer(4)]
    y = concat(*found, dim=1)
    more = [y]
    for i in range(4):
        more = more + [concat(*more, dim=1) -> "two{i + 3}": Layer(2)]
    return concat(*more, dim=1) + (y -> last: linear(36))
"""
    text, cls = compiled(body)
    assert text.count(".append(") == 2
    model, x = cls(), torch.randn(2, 8)
    y = torch.cat([x, x * 2], dim=1)
    for layer in (model.one0, model.one1, model.one2):
        y = torch.cat([y, torch.relu(layer.fc(y))], dim=1)
    z = y
    for layer in (model.two3, model.two4, model.two5, model.two6):
        z = torch.cat([z, torch.relu(layer.fc(z))], dim=1)
    assert torch.equal(model(x), z + model.last(y))
