"""The zoo's detectors against torchvision, up to the raw outputs of their heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import nnspec
from tests.zoo import detectors, judge

#: builder -> file, and the size that its images are resized to before they are counted
ONE_STAGE = {
    "ssd300_vgg16": ("ssd", 300),
    "ssdlite320_mobilenet_v3_large": ("ssdlite", 320),
    "retinanet_resnet50_fpn": ("retinanet", 800),
    "retinanet_resnet50_fpn_v2": ("retinanet", 800),
    "fcos_resnet50_fpn": ("fcos", 800),
}
TWO_STAGES = {
    "fasterrcnn_resnet50_fpn": ("faster_rcnn", 800),
    "fasterrcnn_resnet50_fpn_v2": ("faster_rcnn", 800),
    "fasterrcnn_mobilenet_v3_large_fpn": ("faster_rcnn", 800),
    "fasterrcnn_mobilenet_v3_large_320_fpn": ("faster_rcnn", 320),
    "maskrcnn_resnet50_fpn": ("mask_rcnn", 800),
    "maskrcnn_resnet50_fpn_v2": ("mask_rcnn", 800),
    "keypointrcnn_resnet50_fpn": ("keypoint_rcnn", 800),
}
FILE = {name: file for name, (file, _) in {**ONE_STAGE, **TWO_STAGES}.items()}

#: how many regions of torchvision's image were classified, and how many objects were found in it, when
#: the published figures were counted: whole numbers of both explain them to the last digit
COUNTED = {
    "fasterrcnn_resnet50_fpn": {"COCO_V1": (1000, 0)},
    "fasterrcnn_resnet50_fpn_v2": {"COCO_V1": (1000, 0)},
    "fasterrcnn_mobilenet_v3_large_fpn": {"COCO_V1": (0, 0)},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"COCO_V1": (0, 0)},
    "maskrcnn_resnet50_fpn": {"COCO_V1": (1000, 0)},
    "maskrcnn_resnet50_fpn_v2": {"COCO_V1": (1000, 100)},
    "keypointrcnn_resnet50_fpn": {"COCO_LEGACY": (1000, 0), "COCO_V1": (1000, 1)},
}
by_name = pytest.mark.parametrize("name", FILE)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small tensors: several threads would wait for each other."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ONE_STAGE)
def test_published_figures(name: str, torchvision_models: Any) -> None:
    file, size = ONE_STAGE[name]
    for weights in torchvision_models.get_model_weights(name):
        found = judge.figures(file, name, {"N": 1, "H": size, "W": size})
        assert found == (weights.meta["num_params"], weights.meta["_ops"])


@pytest.mark.parametrize("name", TWO_STAGES)
def test_published_figures_of_two_stages(name: str, torchvision_models: Any) -> None:
    """A fixed part, so much for each region, and so much for each object."""
    file, size = TWO_STAGES[name]
    model = nnspec.check(judge.spec(file, name)).models[name]
    each = sorted(judge.free(model) - {"N", "H", "W"}, key="RMP".index)

    def macs(**more: int) -> int:
        given = {**dict.fromkeys(each, 1), **more, "N": 1, "H": size, "W": size}
        found = model.at(given).macs
        assert isinstance(found, int)
        return found

    steps = [macs(**{symbol: 2}) - macs() for symbol in each]
    fixed = macs() - sum(steps)
    assert model.params.total == model.params.trainable
    for weights in torchvision_models.get_model_weights(name):
        counts = COUNTED[name][weights.name][: len(steps)]
        total = fixed + sum(n * step for n, step in zip(counts, steps, strict=True))
        assert model.params.total == weights.meta["num_params"]
        assert round(total / 1e9, 3) == weights.meta["_ops"]


@by_name
def test_names_and_operations(name: str, torchvision_models: Any) -> None:
    """The same state dict, and what PyTorch's own counter counts. Nothing is allocated."""
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        theirs = detectors.published(torchvision_models, name).eval()
        ours = judge.compiled(FILE[name], name).state_dict()
        inputs = detectors.inputs(theirs, 2, 300, 330)
    wanted = theirs.state_dict()
    assert list(ours) == list(wanted)
    assert [(v.shape, v.dtype) for v in ours.values()] == [
        (v.shape, v.dtype) for v in wanted.values()
    ]
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        theirs(*inputs)
    model = nnspec.check(judge.spec(FILE[name], name)).models[name]
    sizes = {
        symbol: size
        for given, x in zip(model.inputs.values(), inputs, strict=True)
        for symbol, size in zip(given.shape, x.shape, strict=True)
        if isinstance(symbol, str)
    }
    assert 2 * model.at(sizes).macs == counted.get_total_flops()


@pytest.mark.parametrize(
    "name",
    [
        "ssdlite320_mobilenet_v3_large",
        "fcos_resnet50_fpn",
        "fasterrcnn_mobilenet_v3_large_320_fpn",
    ],
)
def test_outputs_and_gradients(name: str, torchvision_models: Any) -> None:
    """The rest of them in the deep run."""
    theirs = detectors.published(torchvision_models, name)
    ours = judge.compiled(FILE[name], name)
    judge.pair(ours, theirs)
    inputs = detectors.inputs(theirs, 2, 40, 64)
    judge.assert_same_outputs(ours, theirs, *inputs)
    judge.assert_same_gradients(ours, theirs, *inputs)


def test_sizes_of_ssd(torchvision_models: Any) -> None:
    """Below 268 nothing is left for the last map; the others take any image."""
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        theirs = detectors.published(torchvision_models, "ssd300_vgg16")
    model = nnspec.check(judge.spec("ssd", "ssd300_vgg16")).models["ssd300_vgg16"]
    seen = set()
    for height, width in ((268, 268), (267, 268), (268, 267), (300, 300), (290, 331), (64, 64)):
        with torch.device("meta"):
            wanted = judge.runs(theirs, torch.empty(1, 3, height, width))
        assert model.admits({"N": 1, "H": height, "W": width}) == wanted, (height, width)
        seen.add(wanted)
    assert seen == {True, False}
    for name in FILE.keys() - {"ssd300_vgg16"}:
        found = nnspec.check(judge.spec(FILE[name], name)).models[name]
        assert found.requires == [], name


def test_any_image_will_do(torchvision_models: Any) -> None:
    torch = pytest.importorskip("torch")
    theirs = detectors.published(torchvision_models, "fasterrcnn_mobilenet_v3_large_320_fpn")
    for height, width in ((1, 1), (2, 33), (17, 5)):
        assert judge.runs(theirs, torch.zeros(1, 3, height, width), torch.zeros(1, 256, 7, 7))
