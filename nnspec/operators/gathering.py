"""Values taken from, and put to, places that a tensor of integers says: index_select, gather, scatter,
take_along_dim. (`table[places]` is `index_at`.)"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import fits
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_DIM = Setting("dim", "int", doc="the dimension that the places are along")


def index_of(use: Use, slot: int, *dtypes: str) -> TensorType:
    """The tensor of places."""
    index = use.inputs[slot]
    assert index is not None
    if index.dtype not in dtypes:
        use.fail(f"places are integers, {' or '.join(dtypes)}, not {index}", code="NN304")
    return index


def within(use: Use, index: TensorType, other: TensorType, dim: int | None, what: str) -> None:
    """The places must not reach over a tensor, in any dimension but `dim`."""
    for axis, (least, most) in enumerate(zip(index.shape, other.shape, strict=True)):
        if axis != dim:
            use.at_least(
                most,
                least,
                f"index {index} reaches over {what} {other} in dimension {axis}: "
                f"{render(least)} is more than {render(most)}",
                code="NN301",
            )


class IndexSelect(Operator):
    """The slices of a dimension at some places: [N, C], i64[k] -> index_select(1) -> [N, k]."""

    name = "index_select"
    saves = ("index",)
    family = "selection"
    tensors = (Tensor("input"), Tensor("index", doc="i64[k] or i32[k]"))
    settings = (_DIM,)
    accepts = ("([4, 5], i64[3]) -> index_select(1)", "([4, 5], i32[2]) -> index_select(dim=0)")
    rejects = ("([4, 5], [3]) -> index_select(1)", "([4, 5], i64[3, 1]) -> index_select(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index = index_of(use, 1, "i64", "i32")
        if index.rank > 1:
            use.fail(f"the places of `index_select` are a row i64[k], not {index}", code="NN303")
        dim = use.dim("dim", max(use.x.rank, 1))
        count = index.shape[0] if index.rank else 1
        if not use.x.rank:
            use.equal(count, 1, f"{use.x} has one value, not {render(count)}", code="NN301")
            return (use.x,)
        return (use.x.with_shape((*use.x.shape[:dim], count, *use.x.shape[dim + 1 :])),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".index_select", (Ref(0), use["dim"], Ref(1)))


class Gather(Operator):
    """For each place in `index` the value that stands there along `dim`: the result has the shape of
    `index`."""

    name = "gather"
    saves = ("inputs",)
    family = "selection"
    tensors = (Tensor("input"), Tensor("index", doc="i64, as many dimensions as the input"))
    settings = (_DIM,)
    accepts = ("([4, 5], i64[4, 2]) -> gather(1)", "([4, 5], i64[2, 5]) -> gather(dim=0)")
    rejects = ("([4, 5], i64[4]) -> gather(1)", "([4, 5], i64[5, 2]) -> gather(1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index = index_of(use, 1, "i64", "i32")
        dim = use.dim("dim", max(use.x.rank, 1))
        same_rank(use, index)
        if index.rank == use.x.rank:
            within(use, index, use.x, dim, "the input")
        return (use.x.with_shape(index.shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".gather", (Ref(0), use["dim"], Ref(1)))


def same_rank(use: Use, index: TensorType) -> None:
    """A tensor without dimensions counts as one with a single value."""
    if max(index.rank, 1) != max(use.x.rank, 1):
        use.fail(
            f"`{use.operator.name}` takes an index of as many dimensions as the input: {use.x}, "
            f"not {index}",
            code="NN303",
            help="`take_along_dim` broadcasts it; `unsqueeze` and `expand` do so by hand",
        )


class TakeAlongDim(Operator):
    """`gather` with broadcasting: the sizes of input and indices but for `dim` must agree or be 1."""

    name = "take_along_dim"
    family = "selection"
    tensors = (Tensor("input"), Tensor("indices", doc="i64, as many dimensions as the input"))
    settings = (
        Setting("dim", "int|none", None, doc="along which; of all values in a row without"),
    )
    accepts = ("([4, 5], i64[4, 2]) -> take_along_dim(1)", "([4, 5], i64[1, 5]) -> take_along_dim(0)",
               "([4, 5], i64[3]) -> take_along_dim")  # fmt: skip
    rejects = ("([4, 5], i64[4]) -> take_along_dim(1)", "([4, 5], i64[3, 2]) -> take_along_dim(1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        indices = index_of(use, 1, *(("i64",) if use["dim"] is not None else ("i64", "i32")))
        if use["dim"] is None:
            return (use.x.with_shape((indices.numel,)),)
        if indices.rank != use.x.rank:
            use.fail(
                f"`take_along_dim` takes as many dimensions of indices as of input: {use.x}, "
                f"not {indices}",
                code="NN303",
            )
        dim = use.dim("dim", max(use.x.rank, 1))
        if not use.x.rank:
            return (use.x,)
        ends = [t.with_shape((*t.shape[:dim], 1, *t.shape[dim + 1 :])) for t in (use.x, indices)]
        shape = list(together(use, *ends))
        shape[dim] = indices.shape[dim]
        return (use.x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        dim = {} if use["dim"] is None else {"dim": use["dim"]}
        return CallCode("torch.take_along_dim", (Ref(0), Ref(1)), dim)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs",) if use["dim"] is None else ("input",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        # along a dimension indices may be negative: it keeps them as they are counted from the beginning
        indices = use.inputs[1]
        return 0 if use["dim"] is None or indices is None else indices.bytes


class Scatter(Operator):
    """A copy of the input with values of `src` (or one number) put to the places that `index` says
    along `dim`."""

    name = "scatter"
    saves: ClassVar[tuple[str | int, ...]] = ("index",)
    family = "selection"
    tensors = (
        Tensor("input"),
        Tensor("index", doc="i64, as many dimensions as the input"),
        Tensor("src", scalar=True, doc="the values, or one number"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (_DIM,)
    accepts: ClassVar[tuple[str, ...]] = (
        "([4, 5], i64[4, 2], [4, 2]) -> scatter(1)",
        "([4, 5], i64[4, 2]) -> scatter(dim=1, src=1.0)",
    )
    rejects: ClassVar[tuple[str, ...]] = (
        "([4, 5], i64[4, 2], [4, 1]) -> scatter(1)",
        "([4, 5], i64[5, 2], [5, 2]) -> scatter(1)",
        "([4, 5], i64[4, 2], i64[4, 2]) -> scatter(1)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index, src = index_of(use, 1, "i64", "i32"), use.tensor(2)
        dim = use.dim("dim", max(use.x.rank, 1))
        same_rank(use, index)
        if index.rank == use.x.rank:
            within(use, index, use.x, dim, "the input")
        if src is None:
            fits(use, use.x.dtype, "src", use["src"])
            return (use.x,)
        if src.dtype != use.x.dtype:
            use.fail(f"input and src have one dtype: {use.x}, not {src}", code="NN304")
        if max(src.rank, 1) != max(index.rank, 1):
            use.fail(f"src has as many dimensions as index, {index}, not {src}", code="NN303")
        if src.rank == index.rank:
            within(use, index, src, None, "src")
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        src = use["src"] if use.tensor(2) is None else Ref(2)
        return CallCode(f".{self.name}", (Ref(0), use["dim"], Ref(1), src))


class ScatterAdd(Scatter):
    """As `scatter`, with the values added to what is there; all values of one place are summed."""

    name = "scatter_add"
    saves = ("index",)
    tensors = (*Scatter.tensors[:2], Tensor("src", doc="the values"))
    accepts = ("([4, 5], i64[4, 2], [4, 2]) -> scatter_add(1)",)
    rejects = (
        "([4, 5], i64[4, 2], [4, 1]) -> scatter_add(1)",
        "([4, 5], i64[5, 2], [5, 2]) -> scatter_add(1)",
    )


class IndexAdd(Operator):
    """A copy of the input with slices of `source` added to those at the places `index` of `dim`."""

    name = "index_add"
    saves: ClassVar[tuple[str | int, ...]] = ("index", "source")
    family = "selection"
    tensors = (Tensor("input"), Tensor("index", doc="i64[k] or i32[k]"), Tensor("source"))
    settings = (_DIM,)
    accepts = (
        "([4, 5], i64[3], [3, 5]) -> index_add(0)",
        "([4, 5], i32[2], [4, 2]) -> index_add(1)",
    )
    rejects = (
        "([4, 5], i64[3], [3, 4]) -> index_add(0)",
        "([4, 5], i64[3], [2, 5]) -> index_add(0)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        index, source = index_of(use, 1, "i64", "i32"), use.inputs[2]
        assert source is not None
        if source.dtype != use.x.dtype:
            use.fail(f"input and source have one dtype: {use.x}, not {source}", code="NN304")
        if index.rank != 1 or not use.x.rank or source.rank != use.x.rank:
            use.fail(
                f"`{self.name}` takes [n, …], i64[k] and [k, …], not {use.x}, {index} and {source}",
                code="NN303",
            )
        dim = use.dim("dim", use.x.rank)
        for axis, (size, given) in enumerate(zip(use.x.shape, source.shape, strict=True)):
            wanted = index.shape[0] if axis == dim else size
            use.equal(
                wanted,
                given,
                f"dimension {axis} of source must be {render(wanted)}, not {render(given)}",
                code="NN301",
            )
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode(".index_add", (Ref(0), use["dim"], Ref(1), Ref(2)))
