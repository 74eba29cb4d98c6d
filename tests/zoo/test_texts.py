"""The zoo's models of language and speech: BERT, T5, Whisper, LSTM, Mamba, by the papers' formulas."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import nnspec
from tests.zoo import judge

torch = pytest.importorskip("torch")
by_hand = pytest.importorskip("tests.zoo.by_hand")
attention, conv, heads_of, joined, line, norm, rms = (
    getattr(by_hand, name)
    for name in ("attention", "conv", "heads_of", "joined", "line", "norm", "rms")
)


pytestmark = pytest.mark.usefixtures("double_precision")


def bert(w: Any, tokens: Any, segments: Any, mask: Any) -> Any:
    """Devlin et al. 2019, with the heads of section 3.1."""
    at = "bert.embeddings"
    x = w[f"{at}.word_embeddings.weight"][tokens] + w[f"{at}.position_embeddings.weight"][:7]
    x = norm(x + w[f"{at}.token_type_embeddings.weight"][segments], w, f"{at}.LayerNorm", 1e-12)
    for i in range(2):
        at = f"bert.encoder.layer.{i}"
        q, k, v = (
            heads_of(line(x, w, f"{at}.attention.self.{part}"), 3)
            for part in ("query", "key", "value")
        )
        y = joined(attention(q, k, v, by_hand.hidden(mask)[:, None, None]))
        y = x + line(y, w, f"{at}.attention.output.dense")
        x = norm(y, w, f"{at}.attention.output.LayerNorm", 1e-12)
        y = line(by_hand.gelu(line(x, w, f"{at}.intermediate.dense")), w, f"{at}.output.dense")
        x = norm(x + y, w, f"{at}.output.LayerNorm", 1e-12)
    pooled = torch.tanh(line(x[:, 0], w, "bert.pooler.dense"))
    y = by_hand.gelu(line(x, w, "cls.predictions.transform.dense"))
    y = norm(y, w, "cls.predictions.transform.LayerNorm", 1e-12)
    words = line(y, w, "cls.predictions.decoder")
    return words, line(pooled, w, "cls.seq_relationship")


def test_bert_is_the_papers_by_hand() -> None:
    module = judge.compiled(
        "bert", "BertForPreTraining", width=24, depth=2, heads=3, vocab=50, p=0.0
    )
    # 0 is the padding, whose row is not trained
    tokens, kinds = torch.randint(1, 50, (2, 7)), torch.randint(0, 2, (2, 7))
    mask = torch.arange(7) < torch.tensor([[7], [5]])
    by_hand.assert_by_hand(module, bert, tokens, kinds, mask)


def bucket(distance: int, buckets: int) -> int:
    """Raffel et al. 2020, section 2.1, as in Mesh TensorFlow's `_relative_position_bucket`."""
    near = buckets // 2
    if distance < near:
        return max(distance, 0)
    far = int(math.log(distance / near) / math.log(128 / near) * (buckets - near) + 1e-9)
    return min(near + far, buckets - 1)


def position_bias(table: Any, places: int, both: bool) -> Any:
    rows = []
    for query in range(places):
        for key in range(places):
            if both:
                rows.append(bucket(abs(query - key), 16) + 16 * (key > query))
            else:
                rows.append(bucket(query - key, 32))
    return table[torch.tensor(rows)].view(places, places, -1).permute(2, 0, 1)


def t5_attention(x: Any, memory: Any, w: Any, at: str, bias: Any) -> Any:
    q = heads_of(line(x, w, f"{at}.q"), 3)
    k, v = (heads_of(line(memory, w, f"{at}.{part}"), 3) for part in "kv")
    return line(joined(attention(q, k, v, bias, scale=1.0)), w, f"{at}.o")


def t5_stack(x: Any, w: Any, side: str, own: Any, memory: Any = None, seen: Any = None) -> Any:
    for i in range(2):
        at = f"{side}.block.{i}.layer"
        y = rms(x, w, f"{at}.0.layer_norm", 1e-6)
        x = x + t5_attention(y, y, w, f"{at}.0.SelfAttention", own)
        if memory is not None:
            y = rms(x, w, f"{at}.1.layer_norm", 1e-6)
            x = x + t5_attention(y, memory, w, f"{at}.1.EncDecAttention", seen)
        at = f"{at}.{1 if memory is None else 2}"
        y = torch.relu(line(rms(x, w, f"{at}.layer_norm", 1e-6), w, f"{at}.DenseReluDense.wi"))
        x = x + line(y, w, f"{at}.DenseReluDense.wo")
    return rms(x, w, f"{side}.final_layer_norm", 1e-6)


def t5(w: Any, tokens: Any, mask: Any, targets: Any) -> Any:
    table = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    seen = by_hand.hidden(mask)[:, None, None]
    own = seen + position_bias(w[f"encoder.{table}"], tokens.shape[1], both=True)
    memory = t5_stack(w["shared.weight"][tokens], w, "encoder", own)
    places = targets.shape[1]
    own = by_hand.later(places) + position_bias(w[f"decoder.{table}"], places, both=False)
    y = t5_stack(w["shared.weight"][targets], w, "decoder", own, memory, seen)
    return line(y / math.sqrt(24), w, "lm_head")


def test_t5_is_the_papers_by_hand() -> None:
    """Over so many places that distances reach the last bucket."""
    module = judge.compiled(
        "t5", "T5", width=24, depth=2, heads=3, hidden=40, size=8, vocab=50, p=0.0
    )
    tokens, targets = torch.randint(0, 50, (2, 140)), torch.randint(0, 50, (2, 130))
    mask = torch.arange(140) < torch.tensor([[140], [111]])
    by_hand.assert_by_hand(module, t5, tokens, mask, targets)


def whisper_attention(x: Any, memory: Any, w: Any, at: str, bias: Any = 0.0) -> Any:
    q = heads_of(line(x, w, f"{at}.q_proj"), 3)
    k, v = (heads_of(line(memory, w, f"{at}.{part}_proj"), 3) for part in "kv")
    return line(joined(attention(q, k, v, bias)), w, f"{at}.out_proj")


def whisper(w: Any, mel: Any, tokens: Any) -> Any:
    """Radford et al. 2022, figure 1, with sinusoids as in Vaswani et al. 2017, section 3.5."""
    x = by_hand.gelu(conv(mel, w, "model.encoder.conv1", padding=1))
    x = by_hand.gelu(conv(x, w, "model.encoder.conv2", padding=1, stride=2)).transpose(1, 2)
    angles = torch.arange(10)[:, None] * torch.tensor([10000.0 ** (-i / 11) for i in range(12)])
    x = x + torch.cat([angles.sin(), angles.cos()], 1)
    at = "model.encoder.layers"
    for i in range(2):
        y = norm(x, w, f"{at}.{i}.self_attn_layer_norm")
        x = x + whisper_attention(y, y, w, f"{at}.{i}.self_attn")
        y = by_hand.gelu(line(norm(x, w, f"{at}.{i}.final_layer_norm"), w, f"{at}.{i}.fc1"))
        x = x + line(y, w, f"{at}.{i}.fc2")
    memory = norm(x, w, "model.encoder.layer_norm")
    at = "model.decoder"
    x = w[f"{at}.embed_tokens.weight"][tokens] + w[f"{at}.embed_positions.weight"][:7]
    at = "model.decoder.layers"
    for i in range(2):
        y = norm(x, w, f"{at}.{i}.self_attn_layer_norm")
        x = x + whisper_attention(y, y, w, f"{at}.{i}.self_attn", by_hand.later(7))
        y = norm(x, w, f"{at}.{i}.encoder_attn_layer_norm")
        x = x + whisper_attention(y, memory, w, f"{at}.{i}.encoder_attn")
        y = by_hand.gelu(line(norm(x, w, f"{at}.{i}.final_layer_norm"), w, f"{at}.{i}.fc1"))
        x = x + line(y, w, f"{at}.{i}.fc2")
    return line(norm(x, w, "model.decoder.layer_norm"), w, "proj_out")


def test_whisper_is_the_papers_by_hand() -> None:
    module = judge.compiled(
        "whisper", "Whisper", width=24, depth=2, heads=3, vocab=50, bands=6, frames=20
    )
    by_hand.assert_by_hand(module, whisper, torch.randn(2, 6, 20), torch.randint(0, 50, (2, 7)))


def lstm(w: Any, tokens: Any) -> Any:
    """Zaremba et al. 2014, section 3: the equations of the cell, over places and layers."""
    x = w["encoder.weight"][tokens]
    for layer in range(2):
        h = c = torch.zeros(2, 12)
        found = []
        for place in range(7):
            gates = x[:, place] @ w[f"rnn.weight_ih_l{layer}"].T + w[f"rnn.bias_ih_l{layer}"]
            gates = gates + h @ w[f"rnn.weight_hh_l{layer}"].T + w[f"rnn.bias_hh_l{layer}"]
            i, f, g, o = gates.chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            found.append(h)
        x = torch.stack(found, 1)
    return line(x, w, "decoder")


def test_the_lstm_is_the_papers_by_hand() -> None:
    module = judge.compiled("lstm", "LSTM", width=12, p=0.0, vocab=50)
    by_hand.assert_by_hand(module, lstm, torch.randint(0, 50, (2, 7)))


def mamba(w: Any, tokens: Any) -> Any:
    """Gu & Dao 2023, algorithm 2 and figure 3."""
    x = w["backbone.embeddings.weight"][tokens]
    for i in range(2):
        at = f"backbone.layers.{i}.mixer"
        y = line(rms(x, w, f"backbone.layers.{i}.norm", 1e-5), w, f"{at}.in_proj").transpose(1, 2)
        y, gate = y.chunk(2, 1)
        y = torch.nn.functional.pad(y, (3, 0))
        y = by_hand.silu(conv(y, w, f"{at}.conv1d", groups=48))
        delta, b, c = line(y.transpose(1, 2), w, f"{at}.x_proj").split([2, 4, 4], -1)
        delta = torch.log(1 + torch.exp(line(delta, w, f"{at}.dt_proj")))
        h = torch.zeros(2, 48, 4)
        found = []
        for place in range(7):
            d = delta[:, place, :, None]
            h = torch.exp(-d * torch.exp(w[f"{at}.A_log"])) * h
            h = h + d * b[:, place, None] * y[:, :, place, None]
            found.append((h * c[:, place, None]).sum(-1))
        y = torch.stack(found, 2) + w[f"{at}.D"][:, None] * y
        x = x + line((y * by_hand.silu(gate)).transpose(1, 2), w, f"{at}.out_proj")
    return line(rms(x, w, "backbone.norm_f", 1e-5), w, "lm_head")


def test_mamba_is_the_papers_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scan comes from `selective_scan.py` beside this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    load = nnspec.load(judge.spec("mamba", "Mamba"), allow_extern=True)
    module = load(width=24, depth=2, vocab=50, states=4)
    by_hand.assert_by_hand(module, mamba, torch.randint(0, 50, (2, 7)))


def test_mamba_is_checked_without_its_scan() -> None:
    """The package is nowhere, and a run says what it would import."""
    assert nnspec.check(judge.spec("mamba", "mamba_130m")).ok
    with pytest.raises(nnspec.SpecError, match="selective_scan"):
        nnspec.load(judge.spec("mamba", "Mamba"))(width=24, depth=1)
