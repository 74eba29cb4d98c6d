"""The losses that are layers: what the uses drawn at random leave out, since a shape does not show it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

import nnspec

ADAPTIVE = """
model Net(classes: int = 20):
    input x: [N, 8]
    input target: i64[N]
    output, loss = (x, target) -> head: adaptive_log_softmax_with_loss(classes, [4, classes - 6], 2)
    return output, loss
"""
CHUNKED = """
model Net(words: int = 50):
    input x: [N, 8]
    input target: i64[N]
    return loss = (x, target) -> head: linear_cross_entropy_loss(words, chunked=true)
"""


def compiled(text: str, tmp_path: Path) -> nn.Module:
    file = tmp_path / "net.nn"
    file.write_text(text)
    net: nn.Module = nnspec.load(str(file)).Net()
    return net


def test_every_cluster_is_pytorchs(tmp_path: Path) -> None:
    """Uses drawn at random have targets in the head only, where the products do not hang on them."""
    net = compiled(ADAPTIVE, tmp_path)
    theirs = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 14], div_value=2)
    theirs.load_state_dict(net.head.state_dict())
    x, target = torch.randn(20, 8), torch.arange(20)
    output, loss = net(x, target)
    torch.testing.assert_close(output, theirs(x, target).output)
    torch.testing.assert_close(output, theirs.log_prob(x).diagonal())
    torch.testing.assert_close(loss, -output.mean())


def test_chunks_have_the_gradients_of_the_whole(tmp_path: Path) -> None:
    net = compiled(CHUNKED, tmp_path)
    x, target = torch.randn(32, 8, requires_grad=True), torch.randint(50, (32,))
    weight = net.head.linear.weight
    whole = nn.functional.cross_entropy(x @ weight.T, target)
    chunked = net(x, target)
    torch.testing.assert_close(chunked, whole)
    wanted = torch.autograd.grad(whole, (x, weight))
    torch.testing.assert_close(torch.autograd.grad(chunked, (x, weight)), wanted)
