"""Boxes in images (torchvision.ops): box_area, box_convert, box_iou, generalized_box_iou."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_FORMATS = ("xyxy", "xywh", "cxcywh")
_BOXES = Tensor("boxes", doc="[..., 4]: left, top, right, bottom")


class OfBoxes(Operator):
    """What the box functions share: f32 or f64, and four numbers a box."""

    family = "region"

    def boxes(self, use: Use, at_least: int = 0) -> None:
        """Demand boxes of all tensors, in lists where there are two of them."""
        rank = at_least or len(self.tensors)
        for slot, given in zip(self.tensors, use.inputs, strict=True):
            assert given is not None
            if given.dtype not in ("f32", "f64") or given.dtype != use.x.dtype:
                use.fail(
                    f"`{self.name}` computes on boxes of one dtype, f32 or f64, not {given}",
                    code="NN304",
                )
            if given.rank < rank:
                wanted = "[..., 4]" if rank == 1 else "[..., n, 4]"
                use.fail(f"`{slot.name}` is {wanted}, not {given}", code="NN303")
            last = given.shape[-1]
            use.equal(last, 4, f"a box has 4 numbers, not {render(last)}", code="NN301")

    def function(self, use: Use) -> CallCode:
        refs = tuple(Ref(number) for number in range(len(self.tensors)))
        return CallCode(f"torchvision.ops.{self.name}", refs, use.changed())


class BoxArea(OfBoxes):
    """Width times height of each box: [..., 4] -> [...]."""

    name = "box_area"
    tensors = (_BOXES,)
    accepts = ("[5, 4] -> box_area", "f64[2, 5, 4] -> box_area")
    rejects = ("[5, 3] -> box_area",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.boxes(use)
        return (use.x.with_shape(use.x.shape[:-1]),)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 2 * outputs[0].bytes  # widths and heights


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
