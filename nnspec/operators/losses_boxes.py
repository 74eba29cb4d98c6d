"""How far boxes are from where they should be (torchvision.ops): generalized_box_iou_loss,
distance_box_iou_loss, complete_box_iou_loss."""

from __future__ import annotations

from nnspec.operators.boxes import OfBoxes
from nnspec.operators.definition import Setting, Tensor
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class GeneralizedBoxIouLoss(OfBoxes):
    """1 - generalized_box_iou of each box and its own target: [..., 4], [..., 4] -> [...] (Rezatofighi et al.
    2019, arXiv:1902.09630)."""

    name = "generalized_box_iou_loss"
    saves = ("inputs",)
    #: numbers of a box that are kept for the backward pass besides, and a truth value
    kept: ClassVar[int] = 10
    family = "loss"
    tensors = (
        Tensor("boxes1", doc="[..., 4]: left, top, right, bottom"),
        Tensor("boxes2", doc="[..., 4]: what they should be"),
    )
    settings = (
        Setting("reduction", "str", "none", choices=("none", "mean", "sum"), doc="over the boxes"),
        Setting("eps", "float", 1e-7, doc="added to what is divided by"),
    )
    accepts: ClassVar[tuple[str, ...]] = (
        "([5, 4], [5, 4]) -> generalized_box_iou_loss",
        '([2, 5, 4], [2, 5, 4]) -> generalized_box_iou_loss("mean")',
    )
    rejects: ClassVar[tuple[str, ...]] = (
        "([5, 4], [3, 4]) -> generalized_box_iou_loss",
        "([5, 3], [5, 3]) -> generalized_box_iou_loss",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.boxes(use, at_least=1)
        a, b = use.inputs
        assert a is not None and b is not None
        same = (
            f"`{self.name}` compares each box with its own target: {show_shape(a.shape)} with {b}"
        )
        if a.rank != b.rank:
            use.fail(same, code="NN303")
        for ours, theirs in zip(a.shape, b.shape, strict=True):
            use.equal(ours, theirs, same, code="NN301")
        return (a.with_shape(a.shape[:-1] if use["reduction"] == "none" else ()),)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return (self.kept * use.x.bytes + use.x.numel) // 4


class DistanceBoxIouLoss(GeneralizedBoxIouLoss):
    """1 - box_iou of each box and its own target, and the squared distance of their centres by that of the
    corners of the box around both: [..., 4], [..., 4] -> [...] (Zheng et al. 2020, arXiv:1911.08287)."""

    name = "distance_box_iou_loss"
    kept = 12
    accepts = ("([5, 4], [5, 4]) -> distance_box_iou_loss",)
    rejects = ("([5, 4], [3, 4]) -> distance_box_iou_loss",)


class CompleteBoxIouLoss(GeneralizedBoxIouLoss):
    """distance_box_iou_loss, and how different width by height is: [..., 4], [..., 4] -> [...] (Zheng et al.
    2020, arXiv:1911.08287)."""

    name = "complete_box_iou_loss"
    kept = 20
    accepts = ("([5, 4], [5, 4]) -> complete_box_iou_loss",)
    rejects = ("([5, 4], [3, 4]) -> complete_box_iou_loss",)
