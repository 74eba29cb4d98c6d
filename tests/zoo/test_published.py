"""The zoo beyond torchvision: published numbers of parameters, and the names in published weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import nnspec
from tests.zoo import judge

#: exact numbers, and where they are published
EXACT = {
    # checkpoints of Google on the Hugging Face hub, as BertModel and as BertForPreTraining
    "bert": {
        "bert_base": 109_482_240,
        "bert_large": 335_141_888,
        "bert_base_pretraining": 110_106_428,
        "bert_large_pretraining": 336_226_108,
    },
    # t5-small, t5-base, t5-large, t5-3b, t5-11b on the Hugging Face hub
    "t5": {
        "t5_small": 60_506_624,
        "t5_base": 222_903_552,
        "t5_large": 737_668_096,
        "t5_3b": 2_851_598_336,
        "t5_11b": 11_307_321_344,
    },
    # what OpenAI's whisper says when it has loaded a model ("Model is multilingual and has … parameters")
    "whisper": {
        "whisper_tiny": 37_184_640,
        "whisper_base": 71_825_920,
        "whisper_small": 240_582_912,
        "whisper_medium": 762_321_920,
        "whisper_large": 1_541_384_960,
    },
    # the documentation of diffusers, ModelMixin.num_parameters; the checkpoint's vae
    "stable_diffusion": {"sd1_unet": 859_520_964, "sd1_autoencoder": 83_653_863},
    # PyTorch's DCGAN tutorial
    "dcgan": {"dcgan_generator": 3_576_704, "dcgan_discriminator": 2_765_568},
    # Page 2018, "How to Train Your ResNet 4": 3x3 convolutions without bias, each with a batch norm, of 64
    # channels, 128 three times, 256, and 512 three times, and a linear layer without bias
    "cifar_speedrun": {
        "resnet9": sum(
            9 * a * b + 2 * b
            for a, b in zip(
                (3, 64, 128, 128, 128, 256, 512, 512),
                (64, 128, 128, 128, 256, 512, 512, 512),
                strict=True,
            )
        )
        + 512 * 10
    },
    # the sizes 784, 400 and 20 of PyTorch's example `vae`: five linear layers with biases
    "vae": {"vae": 785 * 400 + 2 * 401 * 20 + 21 * 400 + 401 * 784},
    # state-spaces/mamba-130m-hf, -370m-hf, -1.4b-hf and -2.8b-hf on the Hugging Face hub
    "mamba": {
        "mamba_130m": 129_135_360,
        "mamba_370m": 371_516_416,
        "mamba_1_4b": 1_372_178_432,
        "mamba_2_8b": 2_768_345_600,
    },
}
#: millions of parameters to the digits that the papers print
PRINTED = {
    "ddpm": {"ddpm_cifar10": "35.7", "ddpm_256": "114"},  # Ho et al. 2020, appendix B
    "pointnet": {"pointnet": "3.5", "pointnet_vanilla": "0.8"},  # Qi et al. 2017, table 6
    "lstm": {"lstm_medium": "20", "lstm_large": "66"},  # Merity et al. 2018, table 1
    "mamba": {"mamba_790m": "790"},  # Gu & Dao 2023, table 3
}


def cases(table: dict[str, dict[str, Any]]) -> Any:
    rows = [(file, name, value) for file, models in table.items() for name, value in models.items()]
    return pytest.mark.parametrize(
        ("file", "name", "published"), rows, ids=[name for _, name, _ in rows]
    )


def parameters(file: str, name: str) -> int:
    model = nnspec.check(judge.spec(file, name)).models[name]
    assert model.params.total == model.params.trainable
    return int(model.params.total)


@cases(EXACT)
def test_the_published_number_of_parameters(file: str, name: str, published: int) -> None:
    assert parameters(file, name) == published


@cases(PRINTED)
def test_the_printed_number_of_parameters(file: str, name: str, published: str) -> None:
    digits = len(published.partition(".")[2])
    step = 10 if published.endswith("0") and not digits else 10**-digits
    assert abs(parameters(file, name) / 1e6 - float(published)) <= step / 2


def test_nerf_has_the_parameters_of_its_figure() -> None:
    """Mildenhall et al. 2020, figure 7: the widths are printed in it; 63 and 27 numbers are coordinates with
    their waves."""
    sizes = [(63, 256), *[(256, 256)] * 4, (63 + 256, 256), *[(256, 256)] * 2]
    sizes += [(256, 1), (256, 256), (256 + 27, 128), (128, 3)]
    assert parameters("nerf", "nerf") == sum((given + 1) * made for given, made in sizes)


def test_gcn_has_the_parameters_of_its_table() -> None:
    """Kipf & Welling 2017, table 1 (Cora) and section 5.2, with biases as in the authors' code."""
    assert parameters("gcn", "gcn_cora") == 1433 * 16 + 16 + 16 * 7 + 7


# -- names -------------------------------------------------------------------------------------------------


def expanded(patterns: Iterable[str]) -> set[str]:
    """`a.{0-2}.{q,k}.weight` written out; `.weight|bias` is both."""
    found = set()
    for pattern in patterns:
        choice = re.search(r"\{([^{}]*)\}", pattern)
        if choice is None:
            stem, _, last = pattern.rpartition(".")
            found |= {f"{stem}.{name}" for name in last.split("|")}
            continue
        numbers = re.fullmatch(r"(\d+)-(\d+)", choice[1])
        parts = (
            map(str, range(int(numbers[1]), int(numbers[2]) + 1))
            if numbers
            else choice[1].split(",")
        )
        found |= expanded(pattern[: choice.start()] + p + pattern[choice.end() :] for p in parts)
    return found


BERT = [
    "embeddings.{word,position,token_type}_embeddings.weight",
    "embeddings.LayerNorm.weight|bias",
    "encoder.layer.{0-11}.attention.self.{query,key,value}.weight|bias",
    "encoder.layer.{0-11}.{attention.output,intermediate,output}.dense.weight|bias",
    "encoder.layer.{0-11}.{attention.output,output}.LayerNorm.weight|bias",
    "pooler.dense.weight|bias",
]
T5 = [
    "{shared,encoder.embed_tokens,decoder.embed_tokens}.weight",
    "{lm_head,encoder.final_layer_norm,decoder.final_layer_norm}.weight",
    "{encoder,decoder}.block.{0-5}.layer.0.SelfAttention.{q,k,v,o}.weight",
    "{encoder,decoder}.block.{0-5}.layer.{0,1}.layer_norm.weight",
    "{encoder,decoder}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "encoder.block.{0-5}.layer.1.DenseReluDense.{wi,wo}.weight",
    "decoder.block.{0-5}.layer.1.EncDecAttention.{q,k,v,o}.weight",
    "decoder.block.{0-5}.layer.2.{layer_norm,DenseReluDense.wi,DenseReluDense.wo}.weight",
]
WHISPER = [
    "model.encoder.{conv1,conv2}.weight|bias",
    "model.{encoder,decoder}.embed_positions.weight",
    "model.decoder.embed_tokens.weight",
    "proj_out.weight",
    "model.{encoder,decoder}.layer_norm.weight|bias",
    "model.{encoder,decoder}.layers.{0-3}.self_attn.{q_proj,v_proj,out_proj}.weight|bias",
    "model.{encoder,decoder}.layers.{0-3}.self_attn.k_proj.weight",
    "model.{encoder,decoder}.layers.{0-3}.{self_attn_layer_norm,fc1,fc2,final_layer_norm}.weight|bias",
    "model.decoder.layers.{0-3}.encoder_attn.{q_proj,v_proj,out_proj}.weight|bias",
    "model.decoder.layers.{0-3}.encoder_attn.k_proj.weight",
    "model.decoder.layers.{0-3}.encoder_attn_layer_norm.weight|bias",
]
RESNET = "{norm1,conv1,time_emb_proj,norm2,conv2}.weight|bias"
DDPM = [
    "{conv_in,time_embedding.linear_1,time_embedding.linear_2,conv_norm_out,conv_out}.weight|bias",
    f"down_blocks.{{0-3}}.resnets.{{0,1}}.{RESNET}",
    f"up_blocks.{{0-3}}.resnets.{{0-2}}.{RESNET}",
    f"mid_block.resnets.{{0,1}}.{RESNET}",
    "down_blocks.1.resnets.0.conv_shortcut.weight|bias",
    "up_blocks.{0-3}.resnets.{0-2}.conv_shortcut.weight|bias",
    "{down_blocks.{0-2}.downsamplers,up_blocks.{0-2}.upsamplers}.0.conv.weight|bias",
    "{down_blocks.1.attentions.{0,1},mid_block.attentions.0}.{group_norm,to_q,to_k,to_v,to_out.0}.weight|bias",
    "up_blocks.2.attentions.{0-2}.{group_norm,to_q,to_k,to_v,to_out.0}.weight|bias",
]
TRANSFORMERS = (
    "{down_blocks.{0-2}.attentions.{0,1},up_blocks.{1-3}.attentions.{0-2},mid_block.attentions.0}"
)
UNET = [
    "{conv_in,time_embedding.linear_1,time_embedding.linear_2,conv_norm_out,conv_out}.weight|bias",
    f"down_blocks.{{0-3}}.resnets.{{0,1}}.{RESNET}",
    f"up_blocks.{{0-3}}.resnets.{{0-2}}.{RESNET}",
    f"mid_block.resnets.{{0,1}}.{RESNET}",
    "down_blocks.{1,2}.resnets.0.conv_shortcut.weight|bias",
    "up_blocks.{0-3}.resnets.{0-2}.conv_shortcut.weight|bias",
    "{down_blocks.{0-2}.downsamplers,up_blocks.{0-2}.upsamplers}.0.conv.weight|bias",
    f"{TRANSFORMERS}.{{norm,proj_in,proj_out}}.weight|bias",
    f"{TRANSFORMERS}.transformer_blocks.0.{{norm1,norm2,norm3,ff.net.0.proj,ff.net.2}}.weight|bias",
    f"{TRANSFORMERS}.transformer_blocks.0.attn{{1,2}}.{{to_q,to_k,to_v}}.weight",
    f"{TRANSFORMERS}.transformer_blocks.0.attn{{1,2}}.to_out.0.weight|bias",
]
PLAIN = "{norm1,conv1,norm2,conv2}.weight|bias"
AUTOENCODER = [
    "{quant_conv,post_quant_conv}.weight|bias",
    "{encoder,decoder}.{conv_in,conv_norm_out,conv_out}.weight|bias",
    f"encoder.down_blocks.{{0-3}}.resnets.{{0,1}}.{PLAIN}",
    f"decoder.up_blocks.{{0-3}}.resnets.{{0-2}}.{PLAIN}",
    f"{{encoder,decoder}}.mid_block.resnets.{{0,1}}.{PLAIN}",
    "{encoder,decoder}.mid_block.attentions.0.{group_norm,to_q,to_k,to_v,to_out.0}.weight|bias",
    "{encoder.down_blocks.{1,2},decoder.up_blocks.{2,3}}.resnets.0.conv_shortcut.weight|bias",
    "{encoder.down_blocks.{0-2}.downsamplers,decoder.up_blocks.{0-2}.upsamplers}.0.conv.weight|bias",
]
MAMBA = [
    "{backbone.embeddings,backbone.norm_f,lm_head}.weight",
    "backbone.layers.{0-23}.norm.weight",
    "backbone.layers.{0-23}.mixer.A_log|D",
    "backbone.layers.{0-23}.mixer.{conv1d,dt_proj}.weight|bias",
    "backbone.layers.{0-23}.mixer.{in_proj,x_proj,out_proj}.weight",
]
POINTNET = [
    "feat.{stn,fstn}.{conv1,conv2,conv3,fc1,fc2,fc3}.weight|bias",
    "feat.{stn,fstn}.bn{1-5}.weight|bias|running_mean|running_var|num_batches_tracked",
    "feat.conv{1-3}.weight|bias",
    "feat.bn{1-3}.weight|bias|running_mean|running_var|num_batches_tracked",
    "{fc1,fc2,fc3}.weight|bias",
    "bn{1,2}.weight|bias|running_mean|running_var|num_batches_tracked",
]
NAMES = {
    ("bert", "bert_base"): BERT,
    ("bert", "bert_base_pretraining"): [
        *(f"bert.{name}" for name in BERT),
        "cls.predictions.transform.{dense,LayerNorm}.weight|bias",
        "{cls.predictions.decoder,cls.seq_relationship}.weight|bias",
    ],
    ("t5", "t5_small"): T5,
    ("whisper", "whisper_tiny"): WHISPER,
    ("ddpm", "ddpm_cifar10"): DDPM,
    ("stable_diffusion", "sd1_unet"): UNET,
    ("stable_diffusion", "sd1_autoencoder"): AUTOENCODER,
    ("dcgan", "dcgan_generator"): [
        "main.{0,3,6,9,12}.weight",
        "main.{1,4,7,10}.weight|bias|running_mean|running_var|num_batches_tracked",
    ],
    ("dcgan", "dcgan_discriminator"): [
        "main.{0,2,5,8,11}.weight",
        "main.{3,6,9}.weight|bias|running_mean|running_var|num_batches_tracked",
    ],
    ("lstm", "lstm_medium"): [
        "encoder.weight",
        "rnn.weight_ih_l0|weight_hh_l0|bias_ih_l0|bias_hh_l0",
        "rnn.weight_ih_l1|weight_hh_l1|bias_ih_l1|bias_hh_l1",
        "decoder.weight|bias",
    ],
    ("mamba", "mamba_130m"): MAMBA,
    ("wavenet", "wavenet"): [
        "{start_conv,end_conv_1,end_conv_2}.weight|bias",
        "{filter_convs,gate_convs,residual_convs,skip_convs}.{0-29}.weight|bias",
    ],
    ("pointnet", "pointnet"): POINTNET,
    ("nerf", "nerf"): [
        "{pts_linears.{0-7},views_linears.0}.weight|bias",
        "{alpha_linear,feature_linear,rgb_linear}.weight|bias",
    ],
    ("vae", "vae"): ["{fc1,fc21,fc22,fc3,fc4}.weight|bias"],
    ("gcn", "gcn_cora"): ["{gc1,gc2}.weight|bias"],
}


@pytest.mark.parametrize(("file", "name"), NAMES, ids=[name for _, name in NAMES])
def test_the_names_of_the_published_weights(
    file: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the originals have them (`tests.zoo.against_originals` asks those of Hugging Face)."""
    torch = pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    load = nnspec.load(judge.spec(file, name), allow_extern=file == "mamba")
    with torch.device("meta"):
        assert set(load().state_dict()) == expanded(NAMES[file, name])


def test_the_first_checkpoints_of_bert_load_once_renamed() -> None:
    """Their norms have `gamma` and `beta`, and the bias of the decoder stands beside it
    (github.com/huggingface/transformers/issues/11809)."""
    torch = pytest.importorskip("torch")
    load = nnspec.load(judge.spec("bert", "BertForPreTraining"))
    module = load(width=8, depth=1, heads=2, vocab=20)
    bias = "cls.predictions.decoder.bias"
    published = {}
    for key, value in module.state_dict().items():
        old = key.replace("LayerNorm.weight", "LayerNorm.gamma")
        old = old.replace("LayerNorm.bias", "LayerNorm.beta")
        old = "cls.predictions.bias" if key == bias else old
        published[old] = torch.randn(value.shape)
    published["cls.predictions.decoder.weight"] = published[
        "bert.embeddings.word_embeddings.weight"
    ]

    def renamed(key: str) -> str:
        key = key.replace(".gamma", ".weight").replace(".beta", ".bias")
        return bias if key == "cls.predictions.bias" else key

    module.load_state_dict({renamed(key): value for key, value in published.items()})
    assert torch.equal(module.state_dict()[bias], published["cls.predictions.bias"])
    norm = "bert.embeddings.LayerNorm"
    assert torch.equal(module.state_dict()[f"{norm}.weight"], published[f"{norm}.gamma"])
