"""What wrappers that compute a weight let a spec say of it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

import nnspec

SPEC = """
model Net():
    input x: [N, 4, T]
    return y = x -> conv: weight_norm(conv1d(6, 3, init=[weight: normal(0, 0.02), bias: zeros]))
"""
TIED = """
model Net():
    input x: [N, 4]
    layer first = linear(4)
    return y = x -> first -> second: weight_norm(linear(4, bias=first.bias))
"""


def compiled(text: str, folder: Path) -> nn.Module:
    file = folder / "net.nn"
    file.write_text(text)
    net: nn.Module = nnspec.load(str(file)).Net()
    return net


def test_a_computed_weight_begins_as_pytorchs(tmp_path: Path) -> None:
    """As where it is set before it is wrapped, which PyTorch's users do."""
    torch.manual_seed(3)
    ours = compiled(SPEC, tmp_path)
    torch.manual_seed(3)
    conv = nn.Conv1d(4, 6, 3)
    nn.init.normal_(conv.weight, 0, 0.02)
    nn.init.zeros_(conv.bias)
    theirs = nn.utils.parametrizations.weight_norm(conv)
    assert ours.conv.state_dict().keys() == theirs.state_dict().keys()
    for name, tensor in theirs.state_dict().items():
        torch.testing.assert_close(ours.conv.state_dict()[name], tensor)


def test_what_follows_a_weight_has_followed_it(tmp_path: Path) -> None:
    """A weight that is set is divided by its own largest singular value, not by that of the one before."""
    torch.manual_seed(3)
    conv = compiled(SPEC.replace("weight_norm", "spectral_norm"), tmp_path).eval().conv
    assert isinstance(conv, nn.Conv1d)
    original = conv.parametrizations.weight.original
    assert 0.01 < original.std() < 0.03
    largest = torch.linalg.svdvals(original.flatten(1))[0]
    torch.testing.assert_close(conv.weight, original / largest, rtol=1e-3, atol=1e-3)
    assert not conv.bias.any()


def test_what_is_not_computed_is_tied(tmp_path: Path) -> None:
    net = compiled(TIED, tmp_path)
    assert net.second.bias is net.first.bias
    assert sum(p.numel() for p in net.parameters()) == 4 * 4 + 4 + 4 * 4 + 4


def test_a_computed_weight_is_nobody_elses() -> None:
    for text, told in (
        (TIED.replace("bias=first.bias", "weight=first.weight"), "cannot be another layer's"),
        (SPEC.replace("init=[weight", "init=[wight"), "did you mean `weight`?"),
    ):
        report = nnspec.check_source(text)
        assert [problem.code for problem in report.diagnostics] == ["NN203"]
        assert told in report.diagnostics[0].help
