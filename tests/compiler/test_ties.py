"""Tied parameters: one tensor under two names, as `self.lm_head.weight = self.wte.weight` makes it."""

from __future__ import annotations

import copy
import io
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import nnspec

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nnspec.compiler.source import complete, program_of, source_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.report import explain, text  # noqa: E402
from nnspec.report import json as as_json  # noqa: E402
from nnspec.report.style import Style  # noqa: E402
from nnspec.source import Source  # noqa: E402

GPT = """
model Net(vocab: int = 11, width: int = 4):
    input tokens: i64[N, T]
    layer wte = embedding(vocab, width)
    x = tokens -> wte -> fc: linear(width)
    return x -> lm_head: linear(vocab, bias=false, weight=wte.weight)
"""


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wte = nn.Embedding(11, 4)
        self.fc = nn.Linear(4, 4)
        self.lm_head = nn.Linear(4, 11, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, tokens: Any) -> Any:
        return self.lm_head(self.fc(self.wte(tokens)))


TOKENS = torch.arange(6).reshape(2, 3)


def made(source: str = GPT, **settings: Any) -> Any:
    cls = Spec(program_of(Source(source, "test.nn"))).Net
    torch.manual_seed(0)
    return cls(**settings)


def is_tied(model: Any) -> bool:
    """One tensor, that learns from both uses."""
    before = model(TOKENS)
    with torch.no_grad():
        model.wte.weight.mul_(2)
    same = model.lm_head.weight is model.wte.weight
    return same and not torch.equal(model(TOKENS), before)


def test_it_is_the_hand_written_one() -> None:
    ours = made()
    torch.manual_seed(0)
    theirs = ByHand()
    a, b = ours.state_dict(), theirs.state_dict()
    assert list(a) == list(b) == ["wte.weight", "fc.weight", "fc.bias", "lm_head.weight"]
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert torch.equal(ours(TOKENS), theirs(TOKENS))
    ours(TOKENS).sum().backward()
    theirs(TOKENS).sum().backward()
    assert torch.equal(ours.wte.weight.grad, theirs.wte.weight.grad)
    assert is_tied(ours)


def test_the_source_says_it_as_a_person_would() -> None:
    program = program_of(Source(GPT, "test.nn"))
    assert "self.lm_head.weight = self.wte.weight\n" in source_of(program, complete(program)).text


def test_parameters_are_given_once() -> None:
    ours = made()
    names = [name for name, _ in ours.named_parameters()]
    assert names == ["wte.weight", "fc.weight", "fc.bias"]
    report = nnspec.check_source(GPT).models["Net"]
    numbers = sum(p.numel() for p in ours.parameters())
    assert report.params.total == numbers == 11 * 4 + 4 * 4 + 4
    assert report.memory.weights == 4 * numbers
    assert sum(layer.params for layer in report.layers) == numbers


def test_load_state_dict_keeps_the_tie() -> None:
    ours, theirs = made(), ByHand()
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours(TOKENS), theirs(TOKENS))
    assert is_tied(ours)


def test_pickle_save_and_deepcopy_keep_the_tie() -> None:
    stream = io.BytesIO()
    torch.save(made(), stream)
    stream.seek(0)
    for other in (
        pickle.loads(pickle.dumps(made())),
        copy.deepcopy(made()),
        torch.load(stream, weights_only=False),
        made().to(torch.float64).to(torch.float32),
    ):
        assert is_tied(other)


def test_other_sizes_are_tied_too() -> None:
    assert is_tied(made(vocab=30, width=6))


def test_a_layer_that_is_used_later() -> None:
    text = """
model Net:
    input tokens: i64[N, T]
    input x: [N, T, 4]
    layer wte = embedding(11, 4)
    logits = x -> lm_head: linear(11, bias=false, weight=wte.weight)
    return logits, h = tokens -> wte
"""
    ours = made(text)
    assert ours.lm_head.weight is ours.wte.weight


PLACES = Path(__file__).parent.parent / "cases/accept/ties.nn"


def test_every_place_a_tie_can_be_in() -> None:
    ours = nnspec.load(str(PLACES)).Net()
    encoder, late = ours.encoder, ours.late
    assert ours.early.weight is late.weight
    assert ours.early.bias is late.bias
    assert ours.last.weight is late.weight
    assert ours.last.bias is not late.bias
    assert ours.norm.weight is ours.gamma
    assert encoder.again.weight is encoder.inner.weight
    assert ours.linear_1.weight is ours.linear_3.weight is encoder.inner.weight
    assert ours.head[0].weight is encoder.layers[1].weight
    assert ours.head[2].bias is ours.head[3].bias is ours.tower[3].bias
    assert ours.head[2].weight is not ours.head[3].weight
    assert ours.head.o.weight is ours.mixed.out.weight


def test_a_tie_to_what_is_tied_itself() -> None:
    text = """
model Net:
    input x: [N, 4]
    layer a = linear(4)
    layer b = linear(4, weight=a.weight)
    layer c = linear(4, weight=b.weight)
    return x -> c -> b -> a
"""
    ours = made(text)
    assert ours.a.weight is ours.b.weight is ours.c.weight
    assert nnspec.check_source(text).models["Net"].params.total == 4 * 4 + 3 * 4


def test_a_label_is_a_further_name_of_a_declared_layer() -> None:
    """As `self.encoder.embed_tokens = self.shared` in hand-written PyTorch."""

    class ByHand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shared = nn.Embedding(11, 4)
            self.encoder = nn.Module()
            self.encoder.add_module("lin", nn.Linear(4, 4))
            self.encoder.add_module("embed_tokens", self.shared)
            self.embed = self.shared

        def forward(self, tokens: Any, targets: Any) -> Any:
            return self.encoder.lin(self.shared(tokens)) * self.embed(targets)

    text = """
model Net:
    input tokens: i64[N, T]
    input targets: i64[N, T]
    layer shared = embedding(11, 4)
    x = tokens -> encoder.embed_tokens: shared -> encoder.lin: linear(4)
    for i in range(2):
        y = targets -> embed: shared                # twice the same name
    return x * y
"""
    ours, theirs = made(text), ByHand()
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    ours.load_state_dict(theirs.state_dict())
    targets = TOKENS.flip(0)
    assert torch.equal(ours(TOKENS, targets), theirs(TOKENS, targets))
    assert ours.embed is ours.shared is ours.encoder["embed_tokens"]
    report = nnspec.check_source(text).models["Net"]
    assert report.params.total == sum(p.numel() for p in ours.parameters())


def test_the_other_name_of_a_layer_is_made_after_it() -> None:
    text = """
model Net:
    input tokens: i64[N, T]
    x = tokens -> encoder.first: embedding(11, 4)
    layer shared = linear(4)
    return x -> encoder.second: shared
"""
    ours = made(text)
    assert ours.encoder["second"] is ours.shared


def test_copies_of_a_block_tie_each_their_own() -> None:
    text = """
block Part():
    input x: [N, C]
    layer inner = linear(C)
    return x -> inner -> out: linear(C, weight=inner.weight)

model Net:
    input x: [N, 4]
    return x -> parts: 3 * Part()
"""
    ours = made(text)
    assert ours.parts[0].out.weight is ours.parts[0].inner.weight
    assert ours.parts[0].out.weight is not ours.parts[1].out.weight
    model = nnspec.check_source(text).models["Net"]
    assert model.params.total == sum(p.numel() for p in ours.parameters()) == 3 * (16 + 8)
    layer = next(layer for layer in model.layers if layer.path == "parts.0.out")
    assert layer.tied == (("weight", "parts.0.inner.weight"),)


def test_a_layer_under_a_condition() -> None:
    text = """
block Part(width: int):
    input x: [N, C]
    layer inner = linear(width)
    x = x -> inner
    if width > 4:
        x = x -> more: linear(width, weight=inner.weight, bias=inner.bias)
    return x

model Net:
    input x: [N, 6]
    return x -> a: Part(6) -> b: Part(4)
"""
    refused = nnspec.check_source(text.replace("[N, 6]", "[N, 4]"))
    assert [p.code for p in refused.diagnostics] == ["NN301"]
    ours = made(text)
    assert ours.a.more.weight is ours.a.inner.weight
    assert ours.a.more.bias is ours.a.inner.bias
    assert [name for name, _ in ours.b.named_children()] == ["inner"]


def test_the_reports_say_it() -> None:
    report = nnspec.check_source(GPT)
    model, plain = report.models["Net"], Style(colour=False, columns=0)
    (line,) = [line for line in text.draw(report, "net.nn", plain).split("\n") if "lm_head" in line]
    assert "linear(11, bias=false) tied to wte.weight" in line
    layers = json.loads(as_json.draw([("net.nn", report)]))["models"]["Net"]["layers"]
    assert [layer["tied"] for layer in layers] == [{}, {}, {"weight": "wte.weight"}]
    explained = explain.layer(model, "lm_head", plain)
    assert "weight: tied to wte.weight, where it is counted" in explained
