"""Initial values and shared tensors of compiled models, against the same written by hand."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path

import pytest

import nnspec

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
TIED = """\
model Tied(vocab: int = 20, width: int = 8):
    input tokens: i64[N, T]
    layer wte = embedding(vocab, width)
    return tokens -> wte -> lm_head: linear(vocab, bias=false, weight=wte.weight)
"""
DRAWN = """\
block Unit(channels: int, std: float = 0.5) =
    conv2d(channels, 3, init=[weight: normal(std=std), bias: constant(0.25)])
        -> batch_norm2d(init=[weight: zeros])

model Drawn:
    input image: [N, 3, 16, 16]
    return image
        -> stem: conv2d(4, 3, init=[weight: kaiming_normal(mode="fan_out", nonlinearity="relu")])
        -> body: 2 * Unit(4)
        -> Unit(4, std=2.0)
        -> head: (flatten -> linear(10, init=[weight: xavier_uniform(gain=0.1), bias: ones]))
"""


@pytest.fixture
def tied(tmp_path: Path) -> nn.Module:
    file = tmp_path / "tied.nn"
    file.write_text(TIED)
    return nnspec.load(str(file)).Tied()


def test_a_tied_weight_is_one_parameter_with_two_keys(tied: nn.Module) -> None:
    assert tied.lm_head.weight is tied.wte.weight
    assert list(tied.state_dict()) == ["wte.weight", "lm_head.weight"]
    assert sum(p.numel() for p in tied.parameters()) == 20 * 8


def test_a_tie_outlives_copies(tied: nn.Module) -> None:
    """deepcopy, pickle, saving and loading, and a step of an optimizer."""
    other = copy.deepcopy(tied)
    assert other.lm_head.weight is other.wte.weight
    assert other.wte.weight is not tied.wte.weight
    other = pickle.loads(pickle.dumps(tied))
    assert other.lm_head.weight is other.wte.weight
    stream = io.BytesIO()
    torch.save(tied.state_dict(), stream)
    stream.seek(0)
    other = type(tied)()
    other.load_state_dict(torch.load(stream))
    assert other.lm_head.weight is other.wte.weight
    assert torch.equal(other.wte.weight, tied.wte.weight)
    optimizer = torch.optim.SGD(other.parameters(), lr=1.0)
    other(torch.zeros(1, 3, dtype=torch.long)).sum().backward()
    optimizer.step()
    assert torch.equal(other.lm_head.weight, other.wte.weight)
    assert not torch.equal(other.wte.weight, tied.wte.weight)


def test_gradients_of_both_uses_add_up(tied: nn.Module) -> None:
    tokens = torch.tensor([[1, 2, 3]])
    weight = tied.wte.weight.detach().clone().requires_grad_()
    (nn.functional.embedding(tokens, weight) @ weight.T).square().sum().backward()
    tied(tokens).square().sum().backward()
    assert torch.allclose(tied.wte.weight.grad, weight.grad)


def test_the_report_says_whose_a_weight_is(tmp_path: Path) -> None:
    report = nnspec.check_source(TIED).models["Tied"]
    head = next(layer for layer in report.layers if layer.path == "lm_head")
    assert head.tied == (("weight", "wte.weight"),)
    assert head.params == 0
    assert report.params.total == 20 * 8


def test_weights_are_drawn_as_by_hand(tmp_path: Path) -> None:
    """The same seed, the same layers and the same functions of torch.nn.init give the same values. Where
    those see to a parameter, PyTorch's own beginnings draw nothing for it."""
    skip_init = nn.utils.skip_init
    file = tmp_path / "drawn.nn"
    file.write_text(DRAWN)
    torch.manual_seed(0)
    ours = nnspec.load(str(file)).Drawn()

    def unit(std: float) -> nn.Sequential:
        conv = skip_init(nn.Conv2d, 4, 4, 3)
        nn.init.normal_(conv.weight, std=std)
        nn.init.constant_(conv.bias, 0.25)
        norm = nn.BatchNorm2d(4)
        nn.init.zeros_(norm.weight)
        return nn.Sequential(conv, norm)

    torch.manual_seed(0)
    stem = skip_init(nn.Conv2d, 3, 4, 3)
    nn.init.uniform_(stem.bias, -(27**-0.5), 27**-0.5)  # as torch.nn.Conv2d's page has it
    nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
    body = nn.Sequential(unit(0.5), unit(0.5))
    last = unit(2.0)
    linear = skip_init(nn.Linear, 4 * 8 * 8, 10)
    nn.init.xavier_uniform_(linear.weight, gain=0.1)
    nn.init.ones_(linear.bias)
    theirs = nn.Sequential(stem, body, last, nn.Flatten(), linear)
    assert [p.shape for p in ours.parameters()] == [p.shape for p in theirs.parameters()]
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(ours(x), theirs(x))


def test_gpt2_ties_its_embedding() -> None:
    source = (ROOT / "specs/gpt2.nn").read_text()
    small = source + "\nmodel tiny = GPT2(width=8, depth=1, heads=2, vocab=20, context=4)\n"
    report = nnspec.check_source(small).models["tiny"]
    assert ("weight", "wte.weight") in {tie for layer in report.layers for tie in layer.tied}
