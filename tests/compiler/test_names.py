"""Names that a module has already: what the spec may not use, and what the compiler goes around."""

from __future__ import annotations

import pytest

from nnspec.compiler.source import program_of
from nnspec.compiler.spec import Spec
from nnspec.elaborate.labels import OF_CONTAINERS, OF_MODULES
from nnspec.source import Source

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


def test_the_names_are_those_of_pytorch() -> None:
    names = {*dir(nn.Module), *vars(nn.Module())}
    assert {name for name in names if not name.startswith("__")} == OF_MODULES
    names = {*dir(nn.ModuleDict), *dir(nn.Sequential)} - {*dir(nn.Module)}
    assert {name for name in names if not name.startswith("__")} == OF_CONTAINERS


def test_a_parameter_may_be_called_like_a_layer_or_a_method() -> None:
    text = """
block Part(heads: int, half: int, training: float):
    input x: [N, T, D]
    x = x -> heads: linear(D, bias=false, init=[weight: ones])
    x = reshape(x, [N, T, heads, D // heads]) * half * training
    return reshape(x, [N, T, D]) -> dropout(0.5)

model Net:
    input x: [N, T, 8]
    return x -> a: Part(4, 3, 0.5) -> b: Part(2, 2, 1.0)
"""
    model = Spec(program_of(Source(text, "names.nn"))).Net()
    x = torch.randn(2, 3, 8)
    once = x.sum(2, keepdim=True).expand(2, 3, 8) * 1.5
    twice = once.sum(2, keepdim=True).expand(2, 3, 8) * 2.0
    assert torch.allclose(model.eval()(x), twice)
    kept = model.train()(x)  # what the dropouts leave is more
    assert model.training
    assert model.b.training
    assert not torch.allclose(kept, twice)
    assert model.half()(x.half()).dtype == torch.float16
