"""The zoo's models that make pictures: DDPM, Stable Diffusion, DCGAN, VAE, by the papers' formulas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.zoo import judge

torch = pytest.importorskip("torch")
by_hand = pytest.importorskip("tests.zoo.by_hand")
attention, conv, group_norm, heads_of, joined, line, norm, silu = (
    getattr(by_hand, name)
    for name in (
        *("attention", "conv", "group_norm", "heads_of", "joined", "line", "norm", "silu"),
    )
)
F = torch.nn.functional

pytestmark = pytest.mark.usefixtures("double_precision")


def residual(x: Any, w: Any, at: str, eps: float, t: Any = None) -> Any:
    """He et al. 2016 with group norms; the step is added in between (Ho et al. 2020, appendix B)."""
    y = conv(silu(group_norm(x, w, f"{at}.norm1", eps)), w, f"{at}.conv1", padding=1)
    if t is not None:
        y = y + line(silu(t), w, f"{at}.time_emb_proj")[:, :, None, None]
    y = conv(silu(group_norm(y, w, f"{at}.norm2", eps)), w, f"{at}.conv2", padding=1)
    return y + (conv(x, w, f"{at}.conv_shortcut") if f"{at}.conv_shortcut.weight" in w else x)


def places(x: Any) -> Any:
    """[N, C, H, W] -> [N, H * W, C]"""
    return x.flatten(2).transpose(1, 2)


def self_attention(x: Any, w: Any, at: str) -> Any:
    y = places(group_norm(x, w, f"{at}.group_norm", 1e-6))
    q, k, v = (line(y, w, f"{at}.to_{part}") for part in "qkv")
    return x + line(attention(q, k, v), w, f"{at}.to_out.0").transpose(1, 2).view(x.shape)


def twice(x: Any) -> Any:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def half(x: Any, w: Any, at: str) -> Any:
    return conv(F.pad(x, (0, 1, 0, 1)), w, f"{at}.downsamplers.0.conv", stride=2)


def steps(t: Any, w: Any, lengths: list[float], cos_first: bool) -> Any:
    angles = t[:, None] * torch.tensor(lengths)
    waves = [angles.cos(), angles.sin()] if cos_first else [angles.sin(), angles.cos()]
    found = silu(line(torch.cat(waves, 1), w, "time_embedding.linear_1"))
    return line(found, w, "time_embedding.linear_2")


def ddpm(w: Any, image: Any, t: Any) -> Any:
    """Two levels of one block, attention at the deeper one."""
    emb = steps(t, w, [10000.0 ** (-i / 15) for i in range(16)], cos_first=False)
    first = conv(image, w, "conv_in", padding=1)
    second = residual(first, w, "down_blocks.0.resnets.0", 1e-6, emb)
    third = half(second, w, "down_blocks.0")
    fourth = residual(third, w, "down_blocks.1.resnets.0", 1e-6, emb)
    fourth = self_attention(fourth, w, "down_blocks.1.attentions.0")
    x = residual(fourth, w, "mid_block.resnets.0", 1e-6, emb)
    x = self_attention(x, w, "mid_block.attentions.0")
    x = residual(x, w, "mid_block.resnets.1", 1e-6, emb)
    for j, skip in enumerate((fourth, third)):
        x = residual(torch.cat([x, skip], 1), w, f"up_blocks.0.resnets.{j}", 1e-6, emb)
        x = self_attention(x, w, f"up_blocks.0.attentions.{j}")
    x = conv(twice(x), w, "up_blocks.0.upsamplers.0.conv", padding=1)
    for j, skip in enumerate((second, first)):
        x = residual(torch.cat([x, skip], 1), w, f"up_blocks.1.resnets.{j}", 1e-6, emb)
    return conv(silu(group_norm(x, w, "conv_norm_out", 1e-6)), w, "conv_out", padding=1)


def test_ddpm_is_the_papers_by_hand() -> None:
    module = judge.compiled("ddpm", "DDPM", width=32, scales=[1, 2], attention=[1], repeats=1)
    image, t = torch.randn(2, 3, 4, 6), torch.tensor([3, 900])
    by_hand.assert_by_hand(module, ddpm, image, t)


def transformer(x: Any, context: Any, w: Any, at: str) -> Any:
    """Rombach et al. 2022, appendix E.2.1: self-attention, a look at the text, a gated perceptron."""
    y = places(conv(group_norm(x, w, f"{at}.norm", 1e-6), w, f"{at}.proj_in"))
    inner = f"{at}.transformer_blocks.0"
    for number in (1, 2):
        seen = norm(y, w, f"{inner}.norm{number}")
        source = seen if number == 1 else context
        q = heads_of(line(seen, w, f"{inner}.attn{number}.to_q"), 8)
        k, v = (heads_of(line(source, w, f"{inner}.attn{number}.to_{part}"), 8) for part in "kv")
        y = y + line(joined(attention(q, k, v)), w, f"{inner}.attn{number}.to_out.0")
    value, gate = line(norm(y, w, f"{inner}.norm3"), w, f"{inner}.ff.net.0.proj").chunk(2, -1)
    y = y + line(value * by_hand.gelu(gate), w, f"{inner}.ff.net.2")
    return x + conv(y.transpose(1, 2).view(x.shape), w, f"{at}.proj_out")


def unet(w: Any, latent: Any, t: Any, context: Any) -> Any:
    """Two levels of one block, the text at the upper one."""
    emb = steps(t, w, [10000.0 ** (-i / 16) for i in range(16)], cos_first=True)
    first = conv(latent, w, "conv_in", padding=1)
    second = residual(first, w, "down_blocks.0.resnets.0", 1e-5, emb)
    second = transformer(second, context, w, "down_blocks.0.attentions.0")
    third = conv(second, w, "down_blocks.0.downsamplers.0.conv", stride=2, padding=1)
    fourth = residual(third, w, "down_blocks.1.resnets.0", 1e-5, emb)
    x = residual(fourth, w, "mid_block.resnets.0", 1e-5, emb)
    x = transformer(x, context, w, "mid_block.attentions.0")
    x = residual(x, w, "mid_block.resnets.1", 1e-5, emb)
    for j, skip in enumerate((fourth, third)):
        x = residual(torch.cat([x, skip], 1), w, f"up_blocks.0.resnets.{j}", 1e-5, emb)
    x = conv(twice(x), w, "up_blocks.0.upsamplers.0.conv", padding=1)
    for j, skip in enumerate((second, first)):
        x = residual(torch.cat([x, skip], 1), w, f"up_blocks.1.resnets.{j}", 1e-5, emb)
        x = transformer(x, context, w, f"up_blocks.1.attentions.{j}")
    return conv(silu(group_norm(x, w, "conv_norm_out", 1e-5)), w, "conv_out", padding=1)


def test_the_unet_of_stable_diffusion_is_the_papers_by_hand() -> None:
    module = judge.compiled(
        "stable_diffusion", "DenoisingUNet", widths=[32, 64], repeats=1, text=24
    )
    latent, t, context = torch.randn(2, 4, 4, 6), torch.tensor([3, 900]), torch.randn(2, 5, 24)
    by_hand.assert_by_hand(module, unet, latent, t, context)


def middle(x: Any, w: Any, at: str) -> Any:
    x = self_attention(residual(x, w, f"{at}.resnets.0", 1e-6), w, f"{at}.attentions.0")
    return residual(x, w, f"{at}.resnets.1", 1e-6)


def autoencoder(w: Any, image: Any) -> Any:
    x = conv(image, w, "encoder.conv_in", padding=1)
    for i in range(2):
        for j in range(2):
            x = residual(x, w, f"encoder.down_blocks.{i}.resnets.{j}", 1e-6)
        if i == 0:
            x = half(x, w, "encoder.down_blocks.0")
    x = silu(group_norm(middle(x, w, "encoder.mid_block"), w, "encoder.conv_norm_out", 1e-6))
    x = conv(conv(x, w, "encoder.conv_out", padding=1), w, "quant_conv")
    mean, logvar = x[:, :4], x[:, 4:]
    x = conv(conv(mean, w, "post_quant_conv"), w, "decoder.conv_in", padding=1)
    x = middle(x, w, "decoder.mid_block")
    for i in range(2):
        for j in range(3):
            x = residual(x, w, f"decoder.up_blocks.{i}.resnets.{j}", 1e-6)
        if i == 0:
            x = conv(twice(x), w, "decoder.up_blocks.0.upsamplers.0.conv", padding=1)
    x = silu(group_norm(x, w, "decoder.conv_norm_out", 1e-6))
    return conv(x, w, "decoder.conv_out", padding=1), mean, logvar


def test_the_autoencoder_of_stable_diffusion_is_the_papers_by_hand() -> None:
    module = judge.compiled("stable_diffusion", "Autoencoder", widths=[32, 64])
    by_hand.assert_by_hand(module, autoencoder, torch.randn(2, 3, 4, 6))


def generator(w: Any, x: Any) -> Any:
    """Radford et al. 2016, figure 1: the noise is stretched four times, with batch norms and relus."""
    for layer in range(4):
        given = {"stride": 1} if layer == 0 else {"stride": 2, "padding": 1}
        x = F.conv_transpose2d(x, w[f"main.{3 * layer}.weight"], **given)
        x = torch.relu(by_hand.batch_norm(x, w, f"main.{3 * layer + 1}"))
    return torch.tanh(F.conv_transpose2d(x, w["main.12.weight"], stride=2, padding=1))


def test_the_generator_of_dcgan_is_the_papers_by_hand() -> None:
    module = judge.compiled("dcgan", "Generator", latents=6, width=2)
    by_hand.assert_by_hand(module, generator, torch.randn(3, 6, 1, 1))


def discriminator(w: Any, x: Any) -> Any:
    for at in (0, 2, 5, 8):
        x = conv(x, w, f"main.{at}", stride=2, padding=1)
        if at:
            x = by_hand.batch_norm(x, w, f"main.{at + 1}")
        x = torch.where(x > 0, x, 0.2 * x)
    return torch.sigmoid(conv(x, w, "main.11")).flatten()


def test_the_discriminator_of_dcgan_is_the_papers_by_hand() -> None:
    module = judge.compiled("dcgan", "Discriminator", width=2)
    by_hand.assert_by_hand(module, discriminator, torch.randn(3, 3, 64, 64))


def vae(w: Any, image: Any) -> Any:
    """Kingma & Welling 2014, section 2.4 and appendices B and C.1; the noise is drawn under the same seed."""
    x = torch.relu(line(image.flatten(1), w, "fc1"))
    mu, logvar = line(x, w, "fc21"), line(x, w, "fc22")
    torch.manual_seed(1)
    z = mu + torch.exp(logvar).sqrt() * torch.randn(mu.shape)
    again = torch.sigmoid(line(torch.relu(line(z, w, "fc3")), w, "fc4")).view(image.shape)
    own = torch.distributions.Normal(mu, torch.exp(logvar).sqrt())
    standard = torch.distributions.Normal(torch.zeros(mu.shape), torch.ones(mu.shape))
    divergence = torch.distributions.kl_divergence(own, standard).sum(1).mean()
    return again, divergence, mu, logvar


def test_the_vae_is_the_papers_by_hand() -> None:
    module = judge.compiled("vae", "VAE", size=4, hidden=6, latents=3)
    module.register_forward_pre_hook(lambda *_: torch.manual_seed(1) and None)
    by_hand.assert_by_hand(module, vae, torch.rand(5, 1, 4, 4))
