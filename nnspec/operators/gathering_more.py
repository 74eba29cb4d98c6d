"""Values put to places along a dimension: scatter_reduce, index_copy, index_fill."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import fits
from nnspec.operators.gathering import IndexAdd, Scatter, index_of
from nnspec.tensors import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use
    from nnspec.tensors import TensorType


class ScatterReduce(Scatter):
    """As `scatter`; the values that come to one place are summed, multiplied, averaged, or the largest or
    smallest is taken. (Graph networks gather their messages so.)"""

    name = "scatter_reduce"
    saves = ("inputs", 0)
    tensors = (*Scatter.tensors[:2], Tensor("src", doc="the values"))
    settings = (
        *Scatter.settings,
        Setting(
            "reduce", "str", choices=("sum", "prod", "mean", "amax", "amin"),
            doc="what becomes of values of one place",
        ),
        Setting("include_self", "bool", True, doc="the value that is there counts too"),
    )  # fmt: skip
    accepts = (
        '([4, 5], i64[4, 2], [4, 2]) -> scatter_reduce(1, "sum")',
        '([4, 5], i64[4, 2], [4, 2]) -> scatter_reduce(1, reduce="amax", include_self=false)',
        '(i64[4, 5], i64[3, 5], i64[3, 5]) -> scatter_reduce(0, "mean")',
    )
    rejects = (
        '([4, 5], i64[4, 2], [4, 1]) -> scatter_reduce(1, "sum")',
        '([4, 5], i64[4, 2], [4, 2]) -> scatter_reduce(1, "median")',
        '(c64[4], i64[2], c64[2]) -> scatter_reduce(0, "amax")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use.x.dtype
        if dtype[0] == "c":
            use.fail(
                f"`scatter_reduce` does not work on complex numbers: {use.x}",
                code="NN304",
                help="`scatter_add` sums them",
            )
        return super().infer(use)

    def function(self, use: Use) -> CallCode:
        kept = {} if use["include_self"] else {"include_self": False}
        args = (Ref(0), use["dim"], Ref(1), Ref(2))
        return CallCode(".scatter_reduce", args, {"reduce": use["reduce"], **kept})


class IndexCopy(IndexAdd):
    """A copy of the input with slices of `source` in place of those at the places `index` of `dim`."""

    name = "index_copy"
    accepts = (
        "([4, 5], i64[3], [3, 5]) -> index_copy(0)",
        "([4, 5], i64[2], [4, 2]) -> index_copy(1)",
    )
    rejects = (
        "([4, 5], i64[3], [3, 4]) -> index_copy(0)",
        "([4, 5], i32[3], [3, 5]) -> index_copy(0)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index_of(use, 1, "i64")
        return super().infer(use)

    def function(self, use: Use) -> CallCode:
        return CallCode(".index_copy", (Ref(0), use["dim"], Ref(1), Ref(2)))


class IndexFill(Operator):
    """A copy of the input with one number in all slices at the places `index` of `dim`."""

    name = "index_fill"
    saves = ("index",)
    family = "selection"
    tensors = (Tensor("input"), Tensor("index", doc="i64[k]"))
    settings = (*IndexAdd.settings, Setting("value", "float", doc="the number"))
    accepts = (
        "([4, 5], i64[3]) -> index_fill(1, -1)",
        "([4, 5], i64[2]) -> index_fill(dim=0, value=0.5)",
    )
    rejects = ("([4, 5], i64[3]) -> index_fill(2, 0)", "([4, 5], i64[3, 1]) -> index_fill(1, 0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index, dtype = index_of(use, 1, "i64"), use.x.dtype
        if index.rank > 1:
            use.fail(f"the places of `index_fill` are a row i64[k], not {index}", code="NN303")
        use.dim("dim", max(use.x.rank, 1))
        if isinstance(use["value"], float) and not is_float(dtype) and dtype[0] != "c":
            use.fail(f"{use['value']} does not fit into {use.x}", code="NN304", argument="value")
        fits(use, dtype, "value", use["value"])
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode(".index_fill", (Ref(0), use["dim"], Ref(1), use["value"]))
