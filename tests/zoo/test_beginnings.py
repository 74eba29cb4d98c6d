"""How the zoo's models begin where their training depends on it: as the papers and the authors say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import nnspec
from tests.zoo import judge

torch = pytest.importorskip("torch")


def begun(file: str, name: str, **settings: Any) -> dict[str, Any]:
    torch.manual_seed(0)
    return dict(judge.compiled(file, name, **settings).state_dict())


def assert_spread(weight: Any, std: float, mean: float = 0.0) -> None:
    """Within four standard errors."""
    error = 4 / weight.numel() ** 0.5
    assert abs(float(weight.mean()) - mean) < std * error
    assert abs(float(weight.std()) / std - 1) < error


def test_gpt2() -> None:
    """Radford et al. 2019, section 2.3: "We scale the weights of residual layers at initialization by a
    factor of 1/√N where N is the number of residual layers". 0.02, and 0.01 of the places: the authors' code.
    """
    weights = begun("gpt2", "GPT2", width=96, depth=8, heads=4, vocab=500, context=200)
    for name, weight in weights.items():
        if name.endswith("c_proj.weight"):
            assert_spread(weight, 0.02 / math.sqrt(16))
        elif name == "wpe.weight":
            assert_spread(weight, 0.01)
        elif weight.dim() == 2:
            assert_spread(weight, 0.02)
        else:
            assert set(weight.tolist()) == {float("ln" in name and name.endswith("weight"))}


def test_bert() -> None:
    """The authors' `truncated_normal_initializer(0.02)`, which draws again beyond two standard deviations:
    the deviation of such a normal distribution is 0.8796 times the one that it is cut from."""
    weights = begun("bert", "BertForPreTraining", width=96, depth=1, heads=4, vocab=500)
    assert sum(weight.dim() == 2 for weight in weights.values()) == 3 + 6 + 1 + 1 + 1 + 1
    for name, weight in weights.items():
        if weight.dim() == 2:
            assert float(weight.abs().max()) <= 0.04
            assert_spread(weight, 0.8796 * 0.02)
        else:
            assert set(weight.tolist()) == {float(name.endswith("LayerNorm.weight"))}


def test_llama3() -> None:
    weights = begun("llama3", "Llama3", width=64, depth=1, heads=8, hidden=128, vocab=300)
    for weight in weights.values():
        if weight.dim() == 2:
            assert_spread(weight, 0.02)


def test_t5() -> None:
    """Mesh TensorFlow: queries of (width * size) ** -0.5, other matrices of the inverse root of what they
    take, embeddings of 1."""
    weights = begun("t5", "T5", width=64, depth=1, heads=4, hidden=96, size=8, vocab=300)
    for name, weight in weights.items():
        if "Attention.q" in name:
            assert_spread(weight, (64 * 8) ** -0.5)
        elif "relative_attention_bias" in name:
            assert_spread(weight, 64**-0.5)
        elif "embed_tokens" in name or name in ("shared.weight", "lm_head.weight"):
            assert_spread(weight, 1.0)
        elif weight.dim() == 2:
            assert_spread(weight, weight.shape[1] ** -0.5)


@pytest.mark.parametrize(
    ("name", "scale"), [("lstm_small", 0.1), ("lstm_medium", 0.05), ("lstm_large", 0.04)]
)
def test_lstm(name: str, scale: float) -> None:
    """Zaremba et al. 2014, section 4.1 (0.05 and 0.04), and the authors' code (0.1)."""
    given = {"vocab": 50}
    weights = begun("lstm", name, **given)
    for key in ("encoder.weight", "decoder.weight", "decoder.bias"):
        assert float(weights[key].abs().max()) <= scale
        assert_spread(weights[key], scale / math.sqrt(3))


def test_mamba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gu & Dao 2023, section 3.6: A begins as -1, -2, … (S4D-Real), D as 1, and the steps, after softplus,
    evenly between 0.001 and 0.1 in their logarithm. The authors' code draws the last matrix of a layer
    from a range that is smaller by the root of the number of layers."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    load = nnspec.load(judge.spec("mamba", "Mamba"), allow_extern=True)
    torch.manual_seed(0)
    weights = load(width=64, depth=4, vocab=300, states=4).state_dict()
    for layer in range(4):
        at = f"backbone.layers.{layer}.mixer"
        a = -torch.exp(weights[f"{at}.A_log"])
        assert torch.allclose(a, torch.tensor([-1.0, -2.0, -3.0, -4.0]).expand(128, 4), atol=1e-6)
        assert torch.equal(weights[f"{at}.D"], torch.ones(128))
        steps = torch.nn.functional.softplus(weights[f"{at}.dt_proj.bias"]).log()
        assert float(steps.min()) >= math.log(0.001) - 1e-3
        assert float(steps.max()) <= math.log(0.1) + 1e-3
        assert_spread(steps, math.log(100) / math.sqrt(12), mean=math.log(0.01))
        # drawn from ±bound, whose deviation is bound / √3
        assert_spread(weights[f"{at}.dt_proj.weight"], 4**-0.5 / math.sqrt(3))
        assert_spread(weights[f"{at}.out_proj.weight"], (128 * 4) ** -0.5 / math.sqrt(3))
    assert_spread(weights["backbone.embeddings.weight"], 0.02)


@pytest.mark.parametrize(
    ("file", "name", "settings", "channels"),
    [
        ("ddpm", "DDPM", {"width": 32, "scales": [1, 2], "attention": [1], "repeats": 1}, 3),
        ("stable_diffusion", "DenoisingUNet", {"widths": [32, 64], "repeats": 1, "text": 24}, 4),
    ],
    ids=["ddpm", "sd1_unet"],
)
def test_the_noise_begins_as_0(
    file: str, name: str, settings: dict[str, Any], channels: int
) -> None:
    """Ho et al. 2020, the authors' `init_scale=0.` and CompVis' `zero_module`: the last layer, and that of
    each block and attention."""
    weights = begun(file, name, **settings)
    last = ("conv2.weight", "conv_out.weight", "proj_out.weight")
    last += ("attentions.0.to_out.0.weight",)
    silent = [key for key in weights if key.endswith(last)]
    assert len(silent) > 5 and all(not weights[key].any() for key in silent)
    assert all(weights[key].any() for key in weights if key.endswith("conv1.weight"))
    module = judge.compiled(file, name, **settings)
    inputs = [torch.randn(2, channels, 4, 6), torch.tensor([3, 900])]
    inputs += [torch.randn(2, 5, 24)] * (file == "stable_diffusion")
    assert not module(*inputs).any()


@pytest.mark.parametrize("name", ["dcgan_generator", "dcgan_discriminator"])
def test_dcgan(name: str) -> None:
    """Radford et al. 2016, section 4: weights are drawn "from a zero-centered Normal distribution with
    standard deviation 0.02"; those of the norms around 1, as in PyTorch's tutorial."""
    torch.manual_seed(0)
    module = judge.compiled("dcgan", name)
    kinds = set()
    for part in module.modules():
        norm = isinstance(part, torch.nn.BatchNorm2d)
        if norm or isinstance(part, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            assert_spread(part.weight.detach(), 0.02, mean=float(norm))
            kinds.add(norm)
    assert kinds == {True, False}


def test_pointnet() -> None:
    """Qi et al. 2017, supplement C: "The output matrix is initialized as an identity matrix"."""
    torch.manual_seed(0)
    module = judge.compiled("pointnet", "pointnet").eval()
    points = torch.randn(2, 3, 9)
    with torch.no_grad():
        assert torch.equal(module.feat.stn(points), points)
