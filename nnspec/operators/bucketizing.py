"""bucketize: between which bounds a number lies."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Bucketize(Operator):
    """How many of the ascending boundaries each value lies beyond, an i64."""

    name = "bucketize"
    family = "selection"
    tensors = (Tensor("input"), Tensor("boundaries", doc="ascending numbers, [n]"))
    settings = (Setting("right", "bool", False, doc="a value that is a boundary lies beyond it"),)
    accepts = (
        "([2, 3], [4]) -> bucketize",
        "(i64[2, 3], i64[4]) -> bucketize(right=true)",
        "([2], i64[4]) -> bucketize",
    )
    rejects = ("([2, 3], [4, 1]) -> bucketize", "(bool[2], bool[4]) -> bucketize")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, boundaries = use.inputs
        assert x is not None
        assert boundaries is not None
        if "c" in x.dtype[0] + boundaries.dtype[0] or x.dtype == boundaries.dtype == "bool":
            use.fail(f"`bucketize` compares numbers, not {x} and {boundaries}", code="NN304")
        if boundaries.rank != 1:
            use.fail(f"the boundaries of `bucketize` are a row, not {boundaries}", code="NN303")
        return (TensorType("i64", x.shape),)

    def function(self, use: Use) -> CallCode:
        right = {"right": True} if use["right"] else {}
        return CallCode("torch.bucketize", (Ref(0), Ref(1)), right)
