"""The zoo's newer families against torchvision: video, segmentation, transformers, their like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from tests.zoo import judge

FAMILIES = {
    "video_resnet": ["r3d_18", "mc3_18", "r2plus1d_18"],
    "s3d": ["s3d"],
    "mvit": ["mvit_v1_b", "mvit_v2_s"],
    "swin3d": ["swin3d_t", "swin3d_s", "swin3d_b"],
    "convnext": ["convnext_tiny", "convnext_small", "convnext_base", "convnext_large"],
    "efficientnet": [
        *(f"efficientnet_b{number}" for number in range(8)),
        *(f"efficientnet_v2_{size}" for size in "sml"),
    ],
    "vit": ["vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"],
    "swin": ["swin_t", "swin_s", "swin_b"],
    "swin_v2": ["swin_v2_t", "swin_v2_s", "swin_v2_b"],
    "maxvit": ["maxvit_t"],
    "fcn": ["fcn_resnet50", "fcn_resnet101"],
    "lraspp": ["lraspp_mobilenet_v3_large"],
    "deeplabv3": [
        "deeplabv3_resnet50",
        "deeplabv3_resnet101",
        "deeplabv3_mobilenet_v3_large",
    ],
}
BUILDERS = [(file, name) for file, names in FAMILIES.items() for name in names]
#: settings of torchvision's builder, and of the spec, where their defaults differ
THEIRS: dict[str, dict[str, Any]] = {
    **{
        name: {"aux_loss": True, "weights_backbone": None}
        for name in (*FAMILIES["fcn"], *FAMILIES["deeplabv3"])
    },
    "lraspp_mobilenet_v3_large": {"weights_backbone": None},
}
#: a small input for one builder of each kind
SMALL = {
    "r3d_18": (2, 3, 5, 24, 28),
    "mc3_18": (2, 3, 5, 24, 28),
    "r2plus1d_18": (2, 3, 5, 24, 28),
    "s3d": (1, 3, 14, 209, 212),
    "swin3d_t": (1, 3, 18, 40, 20),
    "convnext_tiny": (2, 3, 40, 64),
    "efficientnet_b1": (2, 3, 33, 40),
    "efficientnet_b5": (2, 3, 33, 40),
    "efficientnet_v2_s": (2, 3, 33, 40),
    "swin_t": (2, 3, 60, 92),
    "swin_v2_t": (2, 3, 60, 92),
    "fcn_resnet50": (2, 3, 34, 40),
    "lraspp_mobilenet_v3_large": (2, 3, 34, 40),
    "deeplabv3_resnet50": (2, 3, 34, 40),
    "deeplabv3_mobilenet_v3_large": (2, 3, 34, 40),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors: several threads would wait for each other."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


by_name = pytest.mark.parametrize(("file", "name"), BUILDERS, ids=[name for _, name in BUILDERS])


@by_name
def test_published_figures(file: str, name: str, torchvision_models: Any) -> None:
    """Of all weights that were published for the size that the spec takes."""
    judged = 0
    for weights in torchvision_models.get_model_weights(name):
        found = judge.figures(file, name, judge.published_sizes(weights))
        if found is not None:
            assert found == (weights.meta["num_params"], weights.meta["_ops"])
            judged += 1
    assert judged


@by_name
def test_names(file: str, name: str, torchvision_models: Any) -> None:
    judge.assert_same_names(file, name, torchvision_models, **THEIRS.get(name, {}))


def same(ours: Any, theirs: Any, shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    judge.pair(ours, theirs)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    judge.assert_same_outputs(ours, theirs, x)
    judge.assert_same_gradients(ours, theirs, x)


@pytest.mark.parametrize(
    ("file", "name"), [each for each in BUILDERS if each[1] in SMALL], ids=list(SMALL)
)
def test_outputs_and_gradients(file: str, name: str, torchvision_models: Any) -> None:
    ours = judge.compiled(file, name)
    same(ours, judge.built(torchvision_models, name, **THEIRS.get(name, {})), SMALL[name])


def test_a_small_vit_with_dropout(torchvision_models: Any) -> None:
    ours = judge.compiled("vit", "ViT", patch=8, width=24, depth=2, heads=3, size=32, p=0.1)
    theirs = torchvision_models.VisionTransformer(
        image_size=32,
        patch_size=8,
        num_layers=2,
        num_heads=3,
        hidden_dim=24,
        mlp_dim=96,
        dropout=0.1,
    )
    same(ours, theirs, (2, 3, 32, 32))


def test_a_small_maxvit(torchvision_models: Any) -> None:
    ours = judge.compiled(
        "maxvit", "MaxViT", stem=16, widths=[32, 64], depths=[1, 2], size=56, drop=0.3
    )
    theirs = torchvision_models.maxvit.MaxVit(
        input_size=(56, 56),
        stem_channels=16,
        partition_size=7,
        block_channels=[32, 64],
        block_layers=[1, 2],
        head_dim=32,
        stochastic_depth_prob=0.3,
    )
    same(ours, theirs, (2, 3, 56, 56))


def small_mvit(name: str, models: Any) -> tuple[Any, Any]:
    """Both with the builder's own settings, for fewer and smaller frames."""
    mvit = models.video.mvit
    with mock.patch.object(mvit, "_mvit", lambda **given: given):
        settings = getattr(mvit, name)()
    for word in ("weights", "progress"):
        del settings[word]
    settings |= {"spatial_size": (64, 64), "temporal_size": 2}
    relative = {"rel_pos_embed": False, "proj_after_attn": False}
    theirs = mvit.MViT(**{**relative, **settings})
    return judge.compiled("mvit", name, size=64, frames=2), theirs


def test_a_small_mvit(torchvision_models: Any) -> None:
    """The first one in the deep run."""
    ours, theirs = small_mvit("mvit_v2_s", torchvision_models)
    same(ours, theirs, (1, 3, 2, 64, 64))


@pytest.mark.parametrize(
    ("name", "size"), [("vit_b_16", 384), ("vit_l_16", 512), ("vit_h_14", 518)]
)
def test_vit_for_larger_images(name: str, size: int, torchvision_models: Any) -> None:
    """The published weights for other sizes than the builder's default."""
    weights = torchvision_models.get_model_weights(name).IMAGENET1K_SWAG_E2E_V1
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        parameters = judge.compiled("vit", name, size=size).parameters()
    assert sum(p.numel() for p in parameters) == weights.meta["num_params"]


#: input shapes around the least that a family takes
AROUND = {
    "r3d_18": [(1, 3, 1, 1, 1), (1, 4, 2, 8, 8), (2, 3, 2, 3, 5)],
    "s3d": [(1, 3, 13, 209, 209), (1, 3, 12, 209, 209), (1, 3, 13, 208, 209), (1, 3, 13, 209, 208)],
    "swin3d_t": [(1, 3, 1, 1, 1), (1, 3, 3, 5, 30), (1, 4, 2, 8, 8)],
    "convnext_tiny": [(1, 3, 32, 32), (1, 3, 31, 32), (1, 3, 32, 31), (1, 3, 33, 63)],
    "deeplabv3_mobilenet_v3_large": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
    "maxvit_t": [(1, 3, 224, 221), (1, 3, 225, 224), (1, 3, 112, 112), (1, 3, 110, 447)],
    "swin_t": [(1, 3, 4, 4), (1, 3, 3, 4), (1, 3, 4, 3), (1, 3, 29, 57), (1, 4, 32, 32)],
    "vit_b_32": [(2, 3, 224, 224), (1, 3, 224, 256), (1, 3, 225, 224), (1, 3, 32, 32)],
    "efficientnet_b0": [(1, 3, 1, 1), (1, 3, 17, 2), (1, 1, 32, 32)],
}


@pytest.mark.parametrize("name", AROUND)
def test_sizes(name: str, torchvision_models: Any) -> None:
    file = next(file for file, each in BUILDERS if each == name)
    theirs = judge.built(torchvision_models, name, **THEIRS.get(name, {}))
    judge.assert_admits(file, name, theirs, AROUND[name])
