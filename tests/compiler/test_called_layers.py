"""Layers that are called in a way of their own, and whose results are nested: recurrent layers,
attention, transformers. The same models by hand, with the same weights, say what is right."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nnspec.compiler.source import program_of  # noqa: E402
from nnspec.compiler.spec import Spec  # noqa: E402
from nnspec.source import Source  # noqa: E402


def made(text: str, **settings: object) -> Any:
    """The model `Net` of a spec, with the weights of seed 0."""
    cls = Spec(program_of(Source(text, "test.nn"))).Net
    torch.manual_seed(0)
    return cls(**settings)


def same(text: str, by_hand: type[nn.Module], *shapes: tuple[int, ...]) -> tuple[Any, Any]:
    """The model and the one by hand have one state dict, and give equal tensors in evaluation and,
    from one seed, in training; the two models."""
    ours = made(text)
    torch.manual_seed(0)
    theirs = by_hand()
    state, right = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(right)
    assert all(torch.equal(tensor, right[name]) for name, tensor in state.items())
    inputs = [torch.randn(shape) for shape in shapes]
    for training in (True, False):
        results = []
        for module in (ours, theirs):
            module.train(training)
            torch.manual_seed(1)
            found = module(*inputs)
            results.append((found,) if isinstance(found, torch.Tensor) else tuple(found))
        assert len(results[0]) == len(results[1])
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    return ours, theirs


RECURRENT = """
model Net:
    input x: [N, T, 4]
    input first: [2, N, 6]
    out, h, c = x -> a: lstm(6, 2, batch_first=true, dropout=0.5)
    out, h, c = (out, h, c) -> b: lstm(6, 2, batch_first=true)
    more, _ = (x, first) -> g: gru(6, bidirectional=true, batch_first=true)
    _, last, _ = more -> p: lstm(6, batch_first=true, proj_size=2)
    _, _, cell = more -> q: lstm(5, batch_first=true)
    k, l = (out[:, 0], last[0] -> linear(3), c[0] -> linear(3)) -> lstm_cell(3)
    return out, h, cell, (k, l) -> gru_cell(3)
"""


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.LSTM(4, 6, 2, batch_first=True, dropout=0.5)
        self.b = nn.LSTM(6, 6, 2, batch_first=True)
        self.g = nn.GRU(4, 6, bidirectional=True, batch_first=True)
        self.p = nn.LSTM(12, 6, batch_first=True, proj_size=2)
        self.q = nn.LSTM(12, 5, batch_first=True)
        self.linear_1 = nn.Linear(2, 3)
        self.linear_2 = nn.Linear(6, 3)
        self.lstm_cell_1 = nn.LSTMCell(6, 3)
        self.gru_cell_1 = nn.GRUCell(3, 3)

    def forward(self, x: Any, first: Any) -> Any:
        out, states = self.a(x)
        out, (h, c) = self.b(out, states)
        more, _ = self.g(x, first)
        _, (last, _) = self.p(more)
        _, (_, cell) = self.q(more)
        k, cell2 = self.lstm_cell_1(out[:, 0], (self.linear_1(last[0]), self.linear_2(c[0])))
        return out, h, cell, self.gru_cell_1(k, cell2)


def test_recurrent_layers() -> None:
    same(RECURRENT, Recurrent, (2, 3, 4), (2, 2, 6))


ATTENTION = """
model Net:
    input x: [N, T, 8]
    input memory: [N, S, 6]
    input added: [T, S]
    future = ones([T, T], "bool") -> triu(1)
    x = (x, x, x) -> own: multihead_attention(
        2, 0.5, batch_first=true, need_weights=false, attn_mask=future, is_causal=true)
    out, weights = (x, memory, memory) -> multihead_attention(4, batch_first=true, attn_mask=added)
    _, each = (out, x, x) -> multihead_attention(
        2, add_bias_kv=true, batch_first=true, average_attn_weights=false)
    last = (x, out, x) -> last: multihead_attention(2, batch_first=true, need_weights=false)
    return out, weights, each, last
"""


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.own = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
        self.multihead_attention_1 = nn.MultiheadAttention(8, 4, kdim=6, vdim=6, batch_first=True)
        self.multihead_attention_2 = nn.MultiheadAttention(8, 2, add_bias_kv=True, batch_first=True)
        self.last = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Any, memory: Any, added: Any) -> Any:
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        x, _ = self.own(x, x, x, attn_mask=future, need_weights=False, is_causal=True)
        out, weights = self.multihead_attention_1(x, memory, memory, attn_mask=added)
        _, each = self.multihead_attention_2(out, x, x, average_attn_weights=False)
        return out, weights, each, self.last(x, out, x, need_weights=False)[0]


def test_attention() -> None:
    same(ATTENTION, Attention, (2, 3, 8), (2, 5, 6), (3, 5))


TRANSFORMERS = """
model Net:
    input x: [N, T, 8]
    input memory: [N, S, 8]
    x = x -> enter: (linear(8) -> 2 * transformer_encoder_layer(2, 16, batch_first=true))
    x = x -> transformer_encoder(
        transformer_encoder_layer(2, 16, activation="gelu", batch_first=true), 2, layer_norm(1e-6))
    x = x -> layers: 2 * transformer_decoder_layer(
        2, 16, batch_first=true, norm_first=true, memory=memory)
    x = (x, memory) -> transformer_decoder(transformer_decoder_layer(4, 6, batch_first=true), 2)
    return (memory, x) -> transformer(2, 1, 2, 16, batch_first=true)
"""


class Transformers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            nn.Linear(8, 8),
            *[nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) for _ in range(2)],
        )
        self.transformer_encoder_1 = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True),
            2,
            nn.LayerNorm(8, 1e-6),
        )
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.transformer_decoder_1 = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(8, 4, 6, batch_first=True), 2
        )
        self.transformer_1 = nn.Transformer(8, 2, 1, 2, 16, batch_first=True)

    def forward(self, x: Any, memory: Any) -> Any:
        x = self.transformer_encoder_1(self.enter(x))
        for layer in self.layers:
            x = layer(x, memory)
        return self.transformer_1(memory, self.transformer_decoder_1(x, memory))


def test_transformers() -> None:
    same(TRANSFORMERS, Transformers, (2, 3, 8), (2, 5, 8))


@pytest.mark.parametrize(
    ("text", "shapes"),
    [(ATTENTION, [(2, 3, 8), (2, 5, 6), (3, 5)]), (TRANSFORMERS, [(2, 3, 8), (2, 5, 8)])],
    ids=["attention", "transformers"],
)
def test_torch_compile_sees_one_graph(text: str, shapes: list[tuple[int, ...]]) -> None:
    module = made(text).eval()
    inputs = [torch.randn(shape) for shape in shapes]
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    for ours, theirs in zip(compiled(*inputs), module(*inputs), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_parameters_that_are_set_or_tied() -> None:
    text = """
model Net:
    input x: [5, 2, 4]
    layer first = gru(4)
    a, _ = x -> first
    b, h = a -> second: gru(4, weight_hh_l0=first.weight_hh_l0, init=[bias_ih_l0: ones])
    c, _ = (b, a, a) -> attn: multihead_attention(2, init=[in_proj_weight: zeros, out_proj.weight: ones])
    d = c -> enc: transformer_encoder(transformer_encoder_layer(2, 8), 2, init=[layers[1].linear1.bias: ones])
    return d, h
"""
    module = made(text)
    assert module.second.weight_hh_l0 is module.first.weight_hh_l0
    assert torch.equal(module.second.bias_ih_l0, torch.ones(12))
    assert not module.attn.in_proj_weight.any()
    assert torch.equal(module.attn.out_proj.weight, torch.ones(4, 4))
    assert torch.equal(module.enc.layers[1].linear1.bias, torch.ones(8))
    assert not torch.equal(module.enc.layers[0].linear1.bias, torch.ones(8))
    by_hand = nn.GRU(4, 4)
    by_hand.load_state_dict(module.second.state_dict())
    x = torch.randn(5, 2, 4)
    _, right = by_hand(module.first(x)[0])
    assert torch.equal(module(x).h, right)


def test_a_block_takes_the_numbers_of_its_layers() -> None:
    """How many layers there are, and a projection, decide on the weights: a class for each."""
    text = """
block Encoder(width: int, layers: int, proj: int = 0):
    input x: [N, T, C]
    out, _, _ = x -> lstm(width, layers, batch_first=true, proj_size=proj)
    return out

model Net(heads: int = 2, width: int = 6, dropout: float = 0.25):
    input x: [N, T, 4]
    x = x -> Encoder(width, 2) -> Encoder(width, 1, 4) -> Encoder(8, 2)
    return x -> transformer_encoder(
        transformer_encoder_layer(heads, 2 * width, dropout, batch_first=true), heads)
"""
    module = made(text, heads=4, width=10)
    layers = [
        (m.num_layers, m.hidden_size, m.proj_size)
        for m in module.modules()
        if isinstance(m, nn.LSTM)
    ]
    assert layers == [(2, 10, 0), (1, 10, 4), (2, 8, 0)]
    encoder = module.transformer_encoder_1
    assert len(encoder.layers) == 4
    layer = encoder.layers[0]
    assert (layer.self_attn.num_heads, layer.linear1.out_features, layer.dropout.p) == (4, 20, 0.25)
    assert module(torch.randn(2, 3, 4)).shape == (2, 3, 8)


HELD = """
block Two:
    input a: [N, C]
    input b: [N, C]
    a = a + b -> linear(C)
    return a, b

model Net:
    input x: [N, 4]
    input y: [N, 4]
    mask = x > 0
    a = x -> 3 * masked_fill(mask=mask, value=0.5)
    a = a -> steps: (linear(4) -> masked_fill(mask=mask, value=0.0)
        -> inner: 2 * masked_fill(mask=mask, value=1.0))
    mask = y -> 2 * where(condition=mask, other=a)
    return (mask, y) -> 2 * Two
"""


class Held(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.Sequential(nn.Linear(4, 4))
        self.Two_1, self.Two_2 = (nn.Sequential() for _ in range(2))
        for block in (self.Two_1, self.Two_2):
            block.add_module("linear_1", nn.Linear(4, 4))

    def forward(self, x: Any, y: Any) -> Any:
        mask = x > 0
        a = self.steps(x.masked_fill(mask, 0.5)).masked_fill(mask, 0.0).masked_fill(mask, 1.0)
        a = torch.where(mask, torch.where(mask, y, a), a)
        return self.Two_2(self.Two_1(a + y) + y), y


def test_layers_that_hold_a_tensor_are_repeated_and_composed() -> None:
    same(HELD, Held, (2, 4), (2, 4))
