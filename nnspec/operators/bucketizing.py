"""Between which bounds a number lies: bucketize, searchsorted, histc."""

from __future__ import annotations

import math

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


def comparable(use: Use, x: TensorType, row: TensorType) -> None:
    """Complex numbers have no order, and truth values hardly one."""
    if "c" in x.dtype[0] + row.dtype[0] or x.dtype == row.dtype == "bool":
        use.fail(f"`{use.operator.name}` compares real numbers, not {x} and {row}", code="NN304")


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
        comparable(use, x, boundaries)
        if boundaries.rank != 1:
            use.fail(f"the boundaries of `bucketize` are a row, not {boundaries}", code="NN303")
        return (TensorType("i64", x.shape),)

    def function(self, use: Use) -> CallCode:
        right = {"right": True} if use["right"] else {}
        return CallCode("torch.bucketize", (Ref(0), Ref(1)), right)


class Searchsorted(Operator):
    """How many of the ascending numbers of its row each value lies beyond, an i64: rows [..., n] and values
    [..., m], or one row for all values."""

    name = "searchsorted"
    family = "selection"
    tensors = (Tensor("sorted_sequence", doc="ascending numbers, [..., n]"), Tensor("input"))
    settings = Bucketize.settings
    accepts = (
        "([2, 4], [2, 3]) -> searchsorted",
        "([4], [2, 3]) -> searchsorted(right=true)",
        "(i64[4], i64[3]) -> searchsorted",
    )
    rejects = (
        "([2, 4], [3, 3]) -> searchsorted",
        "([2, 4], [3]) -> searchsorted",
        "(c64[4], c64[3]) -> searchsorted",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        row, x = use.inputs
        assert x is not None
        assert row is not None
        comparable(use, x, row)
        if row.rank != 1 and (row.rank != x.rank or not row.rank):
            use.fail(
                f"`searchsorted` takes one row [n], or a row for each row of values, not {row} for {x}",
                code="NN303",
            )
        if row.rank > 1:
            for dim, (ours, theirs) in enumerate(zip(row.shape[:-1], x.shape[:-1], strict=True)):
                why = f"{row} and {x} must agree in dimension {dim}"
                use.equal(ours, theirs, why, code="NN301")
        return (TensorType("i64", x.shape),)

    def function(self, use: Use) -> CallCode:
        right = {"right": True} if use["right"] else {}
        return CallCode("torch.searchsorted", (Ref(0), Ref(1)), right)


class Histc(Operator):
    """How many values lie in each of some equal ranges between min and max: [...] -> [bins], fractions
    without gradients. Those outside are not counted; where min and max are equal, those of the values
    are taken."""

    name = "histc"
    family = "reduction"
    settings = (
        Setting("bins", "size", 100, doc="how many ranges"),
        Setting("min", "float", 0, doc="where the first begins"),
        Setting("max", "float", 0, doc="where the last ends"),
    )
    accepts = ("[2, 3] -> histc(4)", "[5] -> histc(10, min=-1, max=1)")
    rejects = (
        "[2, 3] -> histc(0)",
        "[2, 3] -> histc(4, min=2, max=1)",
        "i64[2, 3] -> histc(4)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(f"`histc` counts floating-point numbers, not {use.x}", code="NN304")
        bins, low, high = use["bins"], use["min"], use["max"]
        why = f"bins is at least 1, not {render(bins)}"
        use.at_least(bins, 1, why, code="NN206", argument="bins")
        if not low <= high or math.inf in (-low, high):
            use.fail(
                f"`histc` counts from one finite number to another that is not less, not from {low} "
                f"to {high}",
                code="NN206",
                argument="max" if "max" in use.given else "min",
            )
        return (use.x.with_shape((bins,)),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.histc", (Ref(0),), use.changed())
