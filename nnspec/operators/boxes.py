"""Regions of images (torchvision.ops): roi_align, box_area, box_convert, box_iou, generalized_box_iou."""

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
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use

_FORMATS = ("xyxy", "xywh", "cxcywh")
_BOXES = Tensor("boxes", doc="[..., 4]: left, top, right, bottom")


class RoiAlign(Operator):
    """A small image of each region, by bilinear sampling: [N, C, H, W], [K, 5] -> [K, C, h, w] (He et al.
    2017, arXiv:1703.06870). A row of `boxes` is the image's number in the batch, left, top, right, bottom."""

    name = "roi_align"
    family = "region"
    fresh = True
    tensors = (Tensor("input"), Tensor("boxes", doc="[K, 5]: number in the batch, x1, y1, x2, y2"))
    settings = (
        Setting("output_size", "int", REQUIRED, 2, doc="height and width of the small images"),
        Setting(
            "spatial_scale", "float", 1.0, doc="from the boxes' coordinates to the input's places"
        ),
        Setting(
            "sampling_ratio", "int", -1, doc="samples in each direction; by the box's size below 1"
        ),
        Setting("aligned", "bool", False, doc="move by half a place, as Detectron2"),
    )
    accepts = (
        "([2, 3, 8, 8], [4, 5]) -> roi_align(2)",
        "([2, 3, 8, 8], [4, 5]) -> roi_align([2, 3], 0.5, 2, aligned=true)",
    )
    rejects = ("([2, 3, 8, 8], [4, 4]) -> roi_align(2)", "([2, 3, 8, 8], [4, 5]) -> roi_align(-1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning="[batch, channels, height, width]")
        boxes = use.inputs[1]
        assert boxes is not None
        if boxes.rank != 2:
            use.fail(f"`boxes` is [K, 5], a row for each region, not {boxes}", code="NN303")
        if use.x.dtype not in ("f32", "f64") or boxes.dtype != use.x.dtype:
            use.fail(
                f"`roi_align` takes input and boxes of one dtype, f32 or f64, not {use.x} and {boxes}",
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
        if any(value < 1 for value in size):
            use.fail(
                f"output_size must be at least 1, not {use['output_size']}",
                code="NN206",
                argument="output_size",
            )
        return (use.x.with_shape((count, use.x.shape[1], *size)),)

    def module(self, use: Use) -> ModuleCode:
        aligned = {"aligned": True} if use["aligned"] else {}
        made = (use["output_size"], use["spatial_scale"], use["sampling_ratio"])
        return ModuleCode("torchvision.ops.RoIAlign", made, aligned)

    def function(self, use: Use) -> CallCode:
        changed = {s.name: use[s.name] for s in self.settings[1:] if use[s.name] != s.default}
        return CallCode("torchvision.ops.roi_align", (Ref(0), Ref(1), use["output_size"]), changed)


class OfBoxes(Operator):
    """What the box functions share: f32 or f64, and four numbers a box."""

    family = "region"

    def boxes(self, use: Use) -> None:
        for slot, given in zip(self.tensors, use.inputs, strict=True):
            assert given is not None
            if given.dtype not in ("f32", "f64") or given.dtype != use.x.dtype:
                use.fail(
                    f"`{self.name}` computes on boxes of one dtype, f32 or f64, not {given}",
                    code="NN304",
                )
            if given.rank < len(self.tensors):
                wanted = "[..., 4]" if len(self.tensors) == 1 else "[..., n, 4]"
                use.fail(f"`{slot.name}` is {wanted}, not {given}", code="NN303")
            last = given.shape[-1]
            use.equal(last, 4, f"a box has 4 numbers, not {render(last)}", code="NN301")

    def function(self, use: Use) -> CallCode:
        refs = tuple(Ref(number) for number in range(len(self.tensors)))
        given = {s.name: use[s.name] for s in self.settings if use[s.name] != s.default}
        return CallCode(f"torchvision.ops.{self.name}", refs, given)


class BoxArea(OfBoxes):
    """Width times height of each box: [..., 4] -> [...]."""

    name = "box_area"
    tensors = (_BOXES,)
    accepts = ("[5, 4] -> box_area", "f64[2, 5, 4] -> box_area")
    rejects = ("[5, 3] -> box_area",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.boxes(use)
        return (use.x.with_shape(use.x.shape[:-1]),)


class BoxConvert(OfBoxes):
    """Boxes written another way: corners `xyxy`, corner and size `xywh`, centre and size `cxcywh`."""

    name = "box_convert"
    keeps_shape = True
    tensors = (Tensor("boxes", doc="[..., 4]"),)
    settings = (
        Setting("in_fmt", "str", choices=_FORMATS, doc="how they are written"),
        Setting("out_fmt", "str", choices=_FORMATS, doc="how they are wanted"),
    )
    accepts = (
        '[5, 4] -> box_convert("cxcywh", "xyxy")',
        '[2, 5, 4] -> box_convert(in_fmt="xyxy", out_fmt="xywh")',
    )
    rejects = ('[5, 3] -> box_convert("cxcywh", "xyxy")',)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.boxes(use)
        return (use.x,)


class BoxIou(OfBoxes):
    """For each box of one and each of the other the share of their union that lies in both:
    [n, 4], [m, 4] -> [n, m] (Jaccard 1912)."""

    name = "box_iou"
    tensors = (
        Tensor("boxes1", doc="[..., n, 4]: left, top, right, bottom"),
        Tensor("boxes2", doc="[..., m, 4]: left, top, right, bottom"),
    )
    accepts = ("([5, 4], [3, 4]) -> box_iou", "([2, 5, 4], [2, 3, 4]) -> box_iou")
    rejects = ("([5, 4], [3, 5]) -> box_iou", "([5, 4], [4]) -> box_iou")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.boxes(use)
        a, b = use.inputs
        assert a is not None and b is not None
        batch = together(use, a.with_shape(a.shape[:-2]), b.with_shape(b.shape[:-2]))
        return (a.with_shape((*batch, a.shape[-2], b.shape[-2])),)


class GeneralizedBoxIou(BoxIou):
    """box_iou, less the share of the box around both that lies in neither: [n, 4], [m, 4] -> [n, m]
    (Rezatofighi et al. 2019, arXiv:1902.09630)."""

    name = "generalized_box_iou"
    accepts = (
        "([5, 4], [3, 4]) -> generalized_box_iou",
        "([2, 5, 4], [3, 4]) -> generalized_box_iou",
    )
    rejects = ("([5, 4], [3, 5]) -> generalized_box_iou", "([5, 4], [4]) -> generalized_box_iou")
