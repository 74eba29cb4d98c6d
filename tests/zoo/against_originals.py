"""The zoo's language and diffusion models against `transformers` and `diffusers`, small, on the same weights.

These packages are no dependency: the tests have references of their own. Where they are installed,
`python -m tests.zoo.against_originals` compares names, shapes, outputs and gradients.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nnspec.training.torchvision_ops  # (before torchvision, which transformers imports)
import torch

from tests.zoo import judge

#: names in the original's state dict that are another name of a tensor
AGAIN = {"cls.predictions.bias"}


def bert(original: Any) -> tuple[Any, Any, Any, Any]:
    config = original.BertConfig(
        vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=96, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    theirs = original.BertForPreTraining(config)
    ours = judge.compiled("bert", "BertForPreTraining", width=24, depth=2, heads=3, vocab=50, p=0.0)
    tokens, kinds = torch.randint(0, 50, (2, 7)), torch.randint(0, 2, (2, 7))
    mask = torch.arange(7) < torch.tensor([[7], [5]])

    def run() -> Any:
        found = theirs(tokens, token_type_ids=kinds, attention_mask=mask.long())
        return [found.prediction_logits, found.seq_relationship_logits]

    return ours, theirs, lambda: list(ours(tokens, kinds, mask)), run


def t5(original: Any) -> tuple[Any, Any, Any, Any]:
    config = original.T5Config(
        vocab_size=50, d_model=24, d_kv=8, d_ff=40, num_layers=2, num_heads=3, dropout_rate=0.0
    )
    theirs = original.T5ForConditionalGeneration(config)
    ours = judge.compiled(
        "t5", "T5", width=24, depth=2, heads=3, hidden=40, size=8, vocab=50, p=0.0
    )
    tokens, targets = torch.randint(0, 50, (2, 300)), torch.randint(0, 50, (2, 200))
    mask = torch.arange(300) < torch.tensor([[300], [211]])

    def run() -> Any:
        found = theirs(tokens, attention_mask=mask.long(), decoder_input_ids=targets)
        return [found.logits]

    return ours, theirs, lambda: [ours(tokens, mask, targets)], run


def whisper(original: Any) -> tuple[Any, Any, Any, Any]:
    config = original.WhisperConfig(
        vocab_size=50, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
        decoder_attention_heads=3, encoder_ffn_dim=96, decoder_ffn_dim=96, max_source_positions=10,
        num_mel_bins=6, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    theirs = original.WhisperForConditionalGeneration(config)
    ours = judge.compiled(
        "whisper", "Whisper", width=24, depth=2, heads=3, vocab=50, bands=6, frames=20
    )
    mel, tokens = torch.randn(2, 6, 20), torch.randint(3, 50, (2, 7))
    return (
        ours,
        theirs,
        lambda: [ours(mel, tokens)],
        lambda: [theirs(mel, decoder_input_ids=tokens).logits],
    )


def mamba(original: Any) -> tuple[Any, Any, Any, Any]:
    sys.path.append(str(Path(__file__).parent))  # for the scan
    config = original.MambaConfig(vocab_size=50, hidden_size=24, state_size=4, num_hidden_layers=2)
    theirs = original.MambaForCausalLM(config)
    load = nnspec.load(judge.spec("mamba", "Mamba"), allow_extern=True)
    ours = load(width=24, depth=2, vocab=50, states=4)
    tokens = torch.randint(0, 50, (2, 7))
    return ours, theirs, lambda: [ours(tokens)], lambda: [theirs(tokens).logits]


def ddpm(original: Any) -> tuple[Any, Any, Any, Any]:
    theirs = original.UNet2DModel(
        block_out_channels=(32, 64, 64), down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"), downsample_padding=0,
        flip_sin_to_cos=False, freq_shift=1, attention_head_dim=None, norm_eps=1e-6,
    )  # fmt: skip
    ours = judge.compiled("ddpm", "DDPM", width=32, scales=[1, 2, 2], attention=[1])
    image, t = torch.randn(2, 3, 8, 12), torch.tensor([3, 900])
    return ours, theirs, lambda: [ours(image, t)], lambda: [theirs(image, t).sample]


def unet(original: Any) -> tuple[Any, Any, Any, Any]:
    theirs = original.UNet2DConditionModel(
        block_out_channels=(32, 64, 64), cross_attention_dim=24, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    )  # fmt: skip
    ours = judge.compiled("stable_diffusion", "DenoisingUNet", widths=[32, 64, 64], text=24)
    latent, t = torch.randn(2, 4, 8, 12), torch.tensor([3, 900])
    context = torch.randn(2, 5, 24)
    return (
        ours,
        theirs,
        lambda: [ours(latent, t, context)],
        lambda: [theirs(latent, t, context).sample],
    )


def autoencoder(original: Any) -> tuple[Any, Any, Any, Any]:
    theirs = original.AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
        block_out_channels=[32, 64, 64], layers_per_block=2,
    )  # fmt: skip
    ours = judge.compiled("stable_diffusion", "Autoencoder", widths=[32, 64, 64])
    image = torch.randn(2, 3, 8, 12)

    def run() -> Any:
        found = theirs.encode(image).latent_dist
        return [theirs.decode(found.mean).sample, found.mean, found.logvar]

    return ours, theirs, lambda: list(ours(image)), run


def compare(name: str, make: Callable[[Any], tuple[Any, Any, Any, Any]], original: Any) -> None:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    ours, theirs, run, reference = make(original)
    weights = {key: value for key, value in theirs.state_dict().items() if key not in AGAIN}
    shapes = {key: value.shape for key, value in weights.items()}
    mine = {key: value.shape for key, value in ours.state_dict().items()}
    assert mine == shapes, {
        "missing": sorted(set(shapes.items()) - set(mine.items())),
        "surplus": sorted(set(mine.items()) - set(shapes.items())),
    }
    generator = torch.Generator().manual_seed(1)
    for value in {value.data_ptr(): value for value in weights.values()}.values():
        value.add_(0.3 * torch.randn(value.shape, generator=generator))
    ours.load_state_dict(weights)
    gradients = []
    for module, forward in ((ours, run), (theirs, reference)):
        module.train()
        outputs = forward()
        sum(
            (one * torch.linspace(-1, 1, one.numel()).view_as(one)).sum() for one in outputs
        ).backward()
        named = {key: value.grad for key, value in module.named_parameters()}
        gradients.append((outputs, named))
    (a, mine), (b, given) = gradients
    outputs = furthest(zip(a, b, strict=True))
    slopes = furthest((mine[key], given[key]) for key in mine if key in given)
    print(
        f"{name}: {len(shapes)} names; outputs differ by {outputs:.1e}, gradients by {slopes:.1e}"
    )
    assert outputs < 2e-5
    assert slopes < 1e-4


def furthest(pairs: Iterable[tuple[Any, Any]]) -> float:
    """The largest difference, as a share of the largest value of the same tensor; what is 0 but for rounding
    (the gradient of a bias before a softmax, say) is left out."""
    found = [(float((x - y).detach().abs().max()), float(y.detach().abs().max())) for x, y in pairs]
    largest = max(size for _, size in found)
    return max(apart / max(size, 1e-6 * largest) for apart, size in found)


def main() -> None:
    import diffusers
    import transformers

    wanted = sys.argv[1:]
    cases = {transformers: (bert, t5, whisper, mamba), diffusers: (ddpm, unet, autoencoder)}
    for original, makers in cases.items():
        for make in makers:
            if not wanted or make.__name__ in wanted:
                compare(make.__name__, make, original)


if __name__ == "__main__":
    main()
