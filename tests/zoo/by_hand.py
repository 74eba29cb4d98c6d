"""What the references of the zoo's tests are written with: formulas on the weights `w` of a module."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.zoo.judge import tensors

F = torch.nn.functional
Weights = dict[str, Tensor]


def line(x: Tensor, w: Weights, name: str) -> Tensor:
    y = x @ w[f"{name}.weight"].T
    return y + w[f"{name}.bias"] if f"{name}.bias" in w else y


def conv(x: Tensor, w: Weights, name: str, **given: int) -> Tensor:
    function = F.conv2d if x.dim() == 4 else F.conv1d
    return function(x, w[f"{name}.weight"], w.get(f"{name}.bias"), **given)


def norm(x: Tensor, w: Weights, name: str, eps: float = 1e-5) -> Tensor:
    """Ba et al. 2016 (arXiv:1607.06450), equation 4."""
    mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / (var + eps).sqrt() * w[f"{name}.weight"] + w[f"{name}.bias"]


def rms(x: Tensor, w: Weights, name: str, eps: float) -> Tensor:
    """Zhang & Sennrich 2019 (arXiv:1910.07467), equation 4."""
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * w[f"{name}.weight"]


def group_norm(x: Tensor, w: Weights, name: str, eps: float) -> Tensor:
    """Wu & He 2018 (arXiv:1803.08494), equation 2, with 32 groups."""
    groups = x.view(x.shape[0], 32, -1)
    mean, var = groups.mean(-1, keepdim=True), groups.var(-1, keepdim=True, unbiased=False)
    found = ((groups - mean) / (var + eps).sqrt()).view(x.shape)
    return found * w[f"{name}.weight"][:, None, None] + w[f"{name}.bias"][:, None, None]


def batch_norm(x: Tensor, w: Weights, name: str) -> Tensor:
    """Ioffe & Szegedy 2015 (arXiv:1502.03167), algorithm 1 on the batch: as in training."""
    dims = [dim for dim in range(x.dim()) if dim != 1]
    shape = [1, -1, *[1] * (x.dim() - 2)]
    mean, var = x.mean(dims, keepdim=True), x.var(dims, keepdim=True, unbiased=False)
    weight, bias = w[f"{name}.weight"].view(shape), w[f"{name}.bias"].view(shape)
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


def heads_of(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def joined(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def attention(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | float = 0.0, scale: float | None = None
) -> Tensor:
    """Vaswani et al. 2017, equation 1; `bias` is added to the scores."""
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    return (scores + bias).softmax(-1) @ v


def hidden(mask: Tensor) -> Tensor:
    """-inf where a mask is false."""
    return torch.zeros(mask.shape).masked_fill(~mask, -math.inf)


def later(places: int) -> Tensor:
    """-inf for the places that come later."""
    return hidden(torch.ones(places, places, dtype=torch.bool).tril())


def gelu(x: Tensor) -> Tensor:
    """Hendrycks & Gimpel 2016 (arXiv:1606.08415), section 2."""
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def silu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def assert_by_hand(module: Any, by_hand: Callable[..., Any], *inputs: Tensor) -> None:
    """A module in training has the outputs and gradients of a reference, which is given the same random
    weights by name. The tests run in double precision."""
    torch.manual_seed(0)
    buffers = dict(module.named_buffers())
    for value in module.parameters():
        value.data = torch.randn(value.shape) / 3 + (value.data.mean() if value.dim() == 1 else 0)
    leaves: dict[int, Tensor] = {}
    w = {}
    for key, value in module.state_dict(keep_vars=True).items():
        leaf = leaves.setdefault(
            id(value), value.detach().clone().requires_grad_(key not in buffers)
        )
        w[key] = leaf
    found, wanted = tensors(module.train()(*inputs)), tensors(by_hand(w, *inputs))
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert torch.allclose(a, b, rtol=1e-7, atol=1e-9), (a - b).abs().max()
        assert a.numel() == 1 or a.std() > 1e-3, "the comparison would tell nothing"
    for outputs in (found, wanted):
        sum(
            (one * torch.linspace(-1, 1, one.numel()).view_as(one)).sum() for one in outputs
        ).backward()
    for key, value in module.named_parameters():
        wanted_grad = w[key].grad
        if value.grad is None and wanted_grad is None:  # nobody looks at what it makes
            continue
        assert value.grad is not None
        assert wanted_grad is not None, key
        scale = float(wanted_grad.abs().max())
        assert torch.allclose(value.grad, wanted_grad, rtol=1e-6, atol=1e-7 * scale + 1e-9), key
