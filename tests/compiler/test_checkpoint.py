"""`checkpoint(layer)`: the same numbers and names as the layer, computed again in the backward pass."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn

import nnspec

SPEC = """
block Block(width: int):
    input x: [N, T, D]
    y = x -> ln: layer_norm -> checkpoint(gelu) -> fc: linear(width)
    return x + (y -> proj: checkpoint(linear(D)))

model M:
    input x: [N, T, 8]
    layer twice = linear(8)
    x = x -> checkpoint(twice) -> h: 3 * checkpoint(Block(16))
    x = x -> checkpoint(twice) -> 2 * checkpoint(Block(8))
    x = x -> head: checkpoint(linear(16) -> silu -> linear(8))
    for i in range(2):
        x = x -> stage.layers[i]: checkpoint(Block(4))
    y = (x, x, x) -> checkpoint(scaled_dot_product_attention)
    return y -> checkpoint(relu) -> checkpoint(2 * tanh)
"""


@pytest.fixture
def models() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    with_it, without = _load(SPEC), _load(_plain(SPEC))
    without.load_state_dict(with_it.state_dict())  # the same names
    return with_it, without


def _plain(text: str) -> str:
    return text.replace("checkpoint(", "(")


def _load(text: str) -> nn.Module:
    from nnspec.compiler.load import load_source
    from nnspec.compiler.source import program_of, source_of
    from nnspec.source import Source

    source = source_of(program_of(Source(text, "test.nn")), ["M"])
    made: nn.Module = load_source(source.text, "test").M()
    return made


def test_numbers_and_gradients_are_those_of_the_layer(models: tuple[nn.Module, nn.Module]) -> None:
    x = torch.rand(2, 5, 8)
    grads = []
    for model in models:
        given = x.clone().requires_grad_()
        out = model(given)
        out.square().sum().backward()
        grads.append([out, given.grad, *(p.grad for p in model.parameters())])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


def test_layers_run_again_in_the_backward_pass(models: tuple[nn.Module, nn.Module]) -> None:
    calls: list[Counter[str]] = []
    for model in models:
        counted: Counter[str] = Counter()
        for name, module in model.named_modules():
            # before it runs: PyTorch stops the second time as soon as it has what it needs
            module.register_forward_pre_hook(
                lambda *_, name=name, counted=counted: counted.update([name])
            )
        model(torch.rand(2, 5, 8)).sum().backward()
        calls.append(counted)
    with_it, without = calls
    assert with_it["h.0.fc"] == 2 * without["h.0.fc"] == 2
    assert with_it["stage.layers.1.fc"] == 2 * without["stage.layers.1.fc"] == 2
    assert with_it["head.0"] == 2 * without["head.0"] == 2
    assert with_it["twice"] == 2 * without["twice"] == 4


def test_what_is_kept_for_the_backward_pass_is_less() -> None:
    kept = [
        nnspec.check_source(text, "test.nn").models["M"].at({"N": 1, "T": 4}).memory.activations
        for text in (SPEC, _plain(SPEC))
    ]
    assert kept[0] < kept[1] / 2
