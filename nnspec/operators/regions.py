"""Small images of regions (torchvision.ops): roi_align, roi_pool, ps_roi_align, ps_roi_pool."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import (
    REQUIRED,
    CallCode,
    ModuleCode,
    Operator,
    Ref,
    Setting,
    Tensor,
)
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_SIZE = Setting("output_size", "int", REQUIRED, 2, doc="height and width of the small images")
_SCALE = Setting(
    "spatial_scale", "float", 1.0, doc="from the boxes' coordinates to the input's places"
)
_SAMPLES = Setting(
    "sampling_ratio", "int", -1, doc="samples in each direction; by the box's size below 1"
)


class OfRegions(Operator):
    """What they share. A row of `boxes` is the image's number in the batch, left, top, right, bottom."""

    family = "region"
    fresh = True
    tensors = (Tensor("input"), Tensor("boxes", doc="[K, 5]: number in the batch, x1, y1, x2, y2"))
    settings: ClassVar[tuple[Setting, ...]] = (_SIZE, _SCALE)
    torch_class: ClassVar[str]
    #: how many of the settings PyTorch's layer must be given
    needed: ClassVar[int] = 2

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning="[batch, channels, height, width]")
        boxes = use.inputs[1]
        assert boxes is not None
        if boxes.rank != 2:
            use.fail(f"`boxes` is [K, 5], a row for each region, not {boxes}", code="NN303")
        if use.x.dtype not in ("f32", "f64") or boxes.dtype != use.x.dtype:
            use.fail(
                f"`{self.name}` takes input and boxes of one dtype, f32 or f64, not {use.x} and {boxes}",
                code="NN304",
            )
        count, numbers = boxes.shape
        use.equal(
            numbers,
            5,
            f"a box is its number in the batch, x1, y1, x2, y2: 5 numbers, not {render(numbers)}",
            code="NN301",
        )
        size = use.tuple("output_size", 2)
        for value in size:
            use.at_least(
                value,
                1,
                f"output_size must be at least 1, not {render(value)}",
                code="NN206",
                argument="output_size",
            )
        return (use.x.with_shape((count, self.channels(use, size), *size)),)

    def channels(self, use: Use, size: tuple[Size, ...]) -> Size:
        """How many channels the small images have."""
        return use.x.shape[1]

    def module(self, use: Use) -> ModuleCode:
        values = [(s.name, use[s.name], s.default) for s in self.settings]
        more = {name: value for name, value, default in values[self.needed :] if value != default}
        made = tuple(value for _, value, _ in values[: self.needed])
        return ModuleCode(f"torchvision.ops.{self.torch_class}", made, more)

    def function(self, use: Use) -> CallCode:
        changed = use.changed(1)
        call = (Ref(0), Ref(1), use["output_size"])
        return CallCode(f"torchvision.ops.{self.name}", call, changed)


class RoiAlign(OfRegions):
    """A small image of each region, by bilinear sampling: [N, C, H, W], [K, 5] -> [K, C, h, w] (He et al.
    2017, arXiv:1703.06870). A row of `boxes` is the image's number in the batch, left, top, right, bottom."""

    name = "roi_align"
    torch_class, needed = "RoIAlign", 3
    settings = (
        _SIZE,
        _SCALE,
        _SAMPLES,
        Setting("aligned", "bool", False, doc="move by half a place, as Detectron2"),
    )
    accepts = (
        "([2, 3, 8, 8], [4, 5]) -> roi_align(2)",
        "([2, 3, 8, 8], [4, 5]) -> roi_align([2, 3], 0.5, 2, aligned=true)",
    )
    rejects = ("([2, 3, 8, 8], [4, 4]) -> roi_align(2)", "([2, 3, 8, 8], [4, 5]) -> roi_align(-1)")


class RoiPool(OfRegions):
    """A small image of each region, the maximum of each of its parts: [N, C, H, W], [K, 5] -> [K, C, h, w]
    (Girshick 2015, arXiv:1504.08083). A row of `boxes` is the image's number in the batch, left, top, right,
    bottom."""

    name = "roi_pool"
    torch_class = "RoIPool"
    accepts = (
        "([2, 3, 8, 8], [4, 5]) -> roi_pool(2)",
        "([2, 3, 8, 8], [4, 5]) -> roi_pool([2, 3], 0.5)",
    )
    rejects = ("([2, 3, 8, 8], [4, 4]) -> roi_pool(2)", "([2, 3, 8, 8], [4, 5]) -> roi_pool(0)")


class PositionSensitive(OfRegions):
    """Each place of the small images has channels of its own."""

    def channels(self, use: Use, size: tuple[Size, ...]) -> Size:
        height, width = size
        given = use.x.shape[1]
        use.divisible(
            given,
            height * width,
            f"`{self.name}` has channels of their own for each of {render(height)} * {render(width)} places: "
            f"{render(height * width)} must divide the {render(given)} channels",
            argument="output_size",
        )
        return given // (height * width)


class PsRoiAlign(PositionSensitive):
    """roi_align where each place of the small images looks at channels of its own: [N, C * h * w, H, W],
    [K, 5] -> [K, C, h, w] (Li et al. 2017, arXiv:1711.07264)."""

    name = "ps_roi_align"
    torch_class, needed = "PSRoIAlign", 3
    settings = (_SIZE, _SCALE, _SAMPLES)
    accepts = (
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_align(2)",
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_align([2, 3], 0.5, 2)",
    )
    rejects = (
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_align(5)",
        "([2, 12, 8, 8], [4, 4]) -> ps_roi_align(2)",
    )


class PsRoiPool(PositionSensitive):
    """The mean of each part of a region, where each part looks at channels of its own: [N, C * h * w, H, W],
    [K, 5] -> [K, C, h, w] (Dai et al. 2016, arXiv:1605.06409)."""

    name = "ps_roi_pool"
    torch_class = "PSRoIPool"
    accepts = (
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_pool(2)",
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_pool([2, 3], 0.5)",
    )
    rejects = (
        "([2, 12, 8, 8], [4, 5]) -> ps_roi_pool(5)",
        "([2, 12, 8, 8], [4, 4]) -> ps_roi_pool(2)",
    )
