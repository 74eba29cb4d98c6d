"""GPT-2 and Llama 3: the published numbers of parameters, and the formulas of the papers by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import nnspec
from nnspec.compiler.source import program_of, source_of
from nnspec.source import Source

torch = pytest.importorskip("torch")
F = torch.nn.functional

from nnspec.training.weights import begin_with  # noqa: E402

SPECS = Path(__file__).parent.parent / "specs"

#: parameters of OpenAI's checkpoints (github.com/openai/gpt-2), where the output's matrix is the embedding's
GPT2 = {
    "gpt2": 124_439_808,
    "gpt2_medium": 354_823_168,
    "gpt2_large": 774_030_080,
    "gpt2_xl": 1_557_611_200,
}

#: safetensors metadata of Meta's checkpoints on the Hugging Face hub: meta-llama/Meta-Llama-3-8B,
#: meta-llama/Meta-Llama-3-70B, meta-llama/Llama-3.1-405B
LLAMA3 = {
    "llama3_8b": 8_030_261_248,
    "llama3_70b": 70_553_706_496,
    "llama3_405b": 405_853_388_800,
}


@pytest.mark.parametrize("name", GPT2)
def test_gpt2_has_the_published_parameters(name: str) -> None:
    model = nnspec.check(f"{SPECS / 'gpt2.nn'}:{name}").models[name]
    assert model.params.total == GPT2[name]


@pytest.mark.parametrize("name", LLAMA3)
def test_llama3_has_the_published_parameters(name: str) -> None:
    model = nnspec.check(f"{SPECS / 'llama3.nn'}:{name}").models[name]
    assert model.params.total == LLAMA3[name]


def test_llama3_has_the_names_of_the_published_weights() -> None:
    """The keys of `model.safetensors.index.json` of meta-llama/Meta-Llama-3-8B, here for two layers."""
    layer = [
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
        "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm",
        "post_attention_layernorm",
    ]  # fmt: skip
    keys = {f"model.layers.{i}.{name}.weight" for i in range(2) for name in layer}
    keys |= {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}
    assert set(llama().state_dict()) == keys


def test_the_repeated_layers_are_elaborated_once() -> None:
    """126 layers are one node with a count, over one graph."""
    model = nnspec.check(f"{SPECS / 'llama3.nn'}:llama3_405b").models["llama3_405b"]
    (block,) = [graph for graph in model.graph.subgraphs() if graph.name == "Block"]
    counts = [node.count for graph in model.graph.subgraphs() for node in graph.nodes]
    assert 126 in counts
    assert len(block.nodes) < 10


# -- by hand ---------------------------------------------------------------------------------------


def llama() -> Any:
    torch.manual_seed(0)
    model = nnspec.load(str(SPECS / "llama3.nn")).Llama3
    return model(width=32, depth=2, heads=4, hidden=48, kv_heads=2, vocab=50).eval()


def attention(q: Any, k: Any, v: Any) -> Any:
    """Vaswani et al. 2017, equation 1, where no place looks at later ones."""
    places = q.shape[-2]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    later = torch.ones(places, places, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, float("-inf")).softmax(-1) @ v


def heads_of(x: Any, heads: int) -> Any:
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def rotated(x: Any) -> Any:
    """Su et al. 2021 (arXiv:2104.09864), equation 12, as a product of complex numbers; the halves of a head
    are the real and the imaginary parts, as in the Hugging Face format."""
    half = x.shape[-1] // 2
    z = torch.complex(x[..., :half], x[..., half:])
    frequencies = torch.tensor([500000.0 ** (-i / half) for i in range(half)])
    places = torch.arange(x.shape[-2]).unsqueeze(1)
    z = z * torch.exp(1j * places * frequencies)
    return torch.cat([z.real, z.imag], -1)


def rms(x: Any, weight: Any) -> Any:
    """Zhang & Sennrich 2019 (arXiv:1910.07467), equation 4."""
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * weight


def test_llama3_is_the_papers_by_hand() -> None:
    model = llama()
    w = {name: torch.randn_like(value) / 4 for name, value in model.state_dict().items()}
    model.load_state_dict(w)
    tokens = torch.randint(0, 50, (2, 7))
    x = w["model.embed_tokens.weight"][tokens]
    for i in range(2):
        at = f"model.layers.{i}"
        h = rms(x, w[f"{at}.input_layernorm.weight"])
        q = heads_of(h @ w[f"{at}.self_attn.q_proj.weight"].T, 4)
        k = heads_of(h @ w[f"{at}.self_attn.k_proj.weight"].T, 2)
        v = heads_of(h @ w[f"{at}.self_attn.v_proj.weight"].T, 2)
        shared = [0, 0, 1, 1]  # two heads of the query for each of key and value
        y = attention(rotated(q), rotated(k)[:, shared], v[:, shared])
        x = x + y.transpose(1, 2).reshape(2, 7, 32) @ w[f"{at}.self_attn.o_proj.weight"].T
        h = rms(x, w[f"{at}.post_attention_layernorm.weight"])
        gate = h @ w[f"{at}.mlp.gate_proj.weight"].T
        up = h @ w[f"{at}.mlp.up_proj.weight"].T
        x = x + (gate * gate.sigmoid() * up) @ w[f"{at}.mlp.down_proj.weight"].T
    logits = rms(x, w["model.norm.weight"]) @ w["lm_head.weight"].T
    with torch.no_grad():
        assert torch.allclose(model(tokens), logits, atol=1e-4)


def norm(x: Any, w: dict[str, Any], name: str) -> Any:
    """Ba et al. 2016 (arXiv:1607.06450), equation 4."""
    mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    return (x - mean) / (var + 1e-5).sqrt() * w[f"{name}.weight"] + w[f"{name}.bias"]


def line(x: Any, w: dict[str, Any], name: str) -> Any:
    """The authors' `conv1d`, whose weight is [inputs, outputs]."""
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


@pytest.mark.parametrize("front", ["", "transformer."])
def test_gpt2_is_the_papers_by_hand(front: str, tmp_path: Path) -> None:
    """With weights as they are published: the head is the embedding, and the masks are kept as `attn.bias`;
    `transformer.` is in front where Hugging Face's `GPT2LMHeadModel` was saved."""
    model = nnspec.load(str(SPECS / "gpt2.nn")).GPT2(width=24, depth=2, heads=3, vocab=50).eval()
    torch.manual_seed(0)
    w = {name: torch.randn_like(value) / 4 for name, value in model.state_dict().items()}
    del w["lm_head.weight"]
    assert w["h.0.attn.c_attn.weight"].shape == (24, 72)
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, 8, 8).tril() for i in range(2)}
    published = {f"{front}{name}": value for name, value in {**w, **masks}.items()}
    torch.save(published, tmp_path / "published.pt")
    said = begin_with(model, str(tmp_path / "published.pt"))
    assert [line.partition(":")[0] for line in said[1:]] == ["in the file only, left out"]
    assert ("without the `transformer.` in front" in said[0]) == bool(front)
    tokens = torch.randint(0, 50, (2, 7))
    x = w["wte.weight"][tokens] + w["wpe.weight"][:7]
    for i in range(2):
        qkv = line(norm(x, w, f"h.{i}.ln_1"), w, f"h.{i}.attn.c_attn")
        q, k, v = (heads_of(part, 3) for part in qkv.split(24, -1))
        y = attention(q, k, v).transpose(1, 2).reshape(2, 7, 24)
        x = x + line(y, w, f"h.{i}.attn.c_proj")
        h = line(norm(x, w, f"h.{i}.ln_2"), w, f"h.{i}.mlp.c_fc")
        # Hendrycks & Gimpel 2016, section 2: the approximation by tanh
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + line(h, w, f"h.{i}.mlp.c_proj")
    logits = norm(x, w, "ln_f") @ w["wte.weight"].T
    with torch.no_grad():
        assert torch.allclose(model(tokens), logits, atol=1e-4)


@pytest.mark.parametrize(
    ("spec", "settings"),
    [("gpt2", {"width": 24, "heads": 3}), ("llama3", {"width": 32, "heads": 4, "hidden": 48})],
)
def test_macs_are_pytorchs(tmp_path: Path, spec: str, settings: dict[str, int]) -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    family = {"gpt2": "GPT2", "llama3": "Llama3"}[spec]
    given = ", ".join(f"{name}={value}" for name, value in settings.items())
    if spec == "llama3":
        given += ", kv_heads=2"
    text = (SPECS / f"{spec}.nn").read_text()
    file = tmp_path / "small.nn"
    file.write_text(f"{text}\nmodel small = {family}({given}, depth=2, vocab=50)\n")
    model = nnspec.check(f"{file}:small").models["small"]
    module = nnspec.load(str(file)).small().eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        module(torch.zeros(3, 11, dtype=torch.int64))
    assert model.at({"N": 3, "T": 11}).macs * 2 == counter.get_total_flops()


def gpt2(p: float = 0.0) -> Any:
    torch.manual_seed(0)
    return nnspec.load(str(SPECS / "gpt2.nn")).GPT2(width=24, depth=2, heads=3, vocab=50, p=p)


def gpt2_source() -> str:
    file = SPECS / "gpt2.nn"
    return source_of(program_of(Source(file.read_text(), file.name)), ["gpt2"]).text


def test_what_is_made_on_the_spot_is_made_where_the_input_is() -> None:
    """PyTorch does not let tensors of two devices meet."""
    tokens = torch.zeros(2, 7, dtype=torch.int64, device="meta")
    assert gpt2().to("meta")(tokens).device.type == "meta"
    assert llama().to("meta")(tokens).device.type == "meta"


def test_attention_drops_in_training_only() -> None:
    model = gpt2(p=0.5)
    assert "dropout_p=self.p if self.training else 0.0" in gpt2_source()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    tokens = torch.randint(0, 50, (2, 7))
    with torch.no_grad():
        assert torch.equal(model.eval()(tokens), model(tokens))
        assert not torch.equal(model.train()(tokens), model(tokens))


def test_the_width_is_the_width_again_behind_split_and_joined_heads() -> None:
    assert "self.c_proj = Conv1D(in_features, in_features, std=std)" in gpt2_source()
