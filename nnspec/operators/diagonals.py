"""Diagonals made, and where triangles are: diag_embed, tril_indices, triu_indices; select."""

from __future__ import annotations

from functools import partial

from nnspec.dims import compare, maximum, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import no_place
from nnspec.operators.making import Maker
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Select(Operator):
    """One slice of a dimension, which is gone then: `x[:, 2]` is select(1, 2)."""

    name = "select"
    family = "shape"
    is_view = True
    settings = (
        Setting("dim", "int", doc="which dimension"),
        Setting("index", "size", doc="which slice; negative: counted from the end"),
    )
    accepts = ("[2, 5] -> select(1, 4)", "[2, 5] -> select(-2, -1)")
    rejects = ("[2, 5] -> select(1, 5)", "[2, 5] -> select(2, 0)", "[2, 5] -> select(1, -6)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim, index = use.dim("dim", use.x.rank), use["index"]
        size = use.x.shape[dim]
        message = partial(no_place, use.x, dim, index)
        if compare("<", index, 0):
            use.at_least(size, -index, message, argument="index")
        else:
            use.at_least(index, 0, message, argument="index")
            use.at_least(size, index + 1, message, argument="index")
        return (use.x.with_shape((*use.x.shape[:dim], *use.x.shape[dim + 1 :])),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".select", (Ref(0), use["dim"], use["index"]))


class DiagEmbed(Operator):
    """The last dimension as diagonals of square planes, zeros elsewhere: [..., n] -> [..., n, n]."""

    name = "diag_embed"
    family = "shape"
    settings = (
        Setting("offset", "int", 0, doc="which diagonal; 0 is the main one, 1 the next above it"),
        Setting("dim1", "int", -2, doc="where the rows go"),
        Setting("dim2", "int", -1, doc="where the columns go"),
    )
    accepts = ("[2, 3] -> diag_embed", "[3] -> diag_embed(1)", "[2, 3] -> diag_embed(-1, 0, 2)")
    rejects = ("[2, 3] -> diag_embed(0, 1, 1)", "[2, 3] -> diag_embed(0, 3, 0)", "[] -> diag_embed")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not use.x.rank:
            use.fail(f"`diag_embed` takes a tensor [..., n], not {use.x}", code="NN303")
        first, second = (use.dim(name, use.x.rank + 1) for name in ("dim1", "dim2"))
        if first == second:
            use.fail(
                f"a plane has two dimensions: dim1 and dim2 are both {first}",
                code="NN303",
                argument="dim2",
            )
        shape = list(use.x.shape[:-1])
        away = maximum(use["offset"], -use["offset"])
        for dim in sorted((first, second)):
            shape.insert(dim, use.x.shape[-1] + away)
        return (use.x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.diag_embed", (Ref(0),), use.changed())


class TriangleIndices(Maker):
    """Rows and columns of the places of a triangle, in two rows: i64[2, count]."""

    settings = (
        Setting("row", "size", doc="rows of the matrix"),
        Setting("col", "size", doc="columns of the matrix"),
        Setting("offset", "int", 0, doc="which diagonal ends it; 0 is the main one"),
        Setting("dtype", "dtype|none", None, doc='"i64" by default'),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        sizes = []
        for name in ("row", "col"):
            size = use.pin(use[name])
            if not isinstance(size, int):
                use.fail(
                    f"how many places `{self.name}` names must not depend on {render(size)}",
                    code="NN308",
                    argument=name,
                    help="`tril` and `triu` take matrices of any size",
                )
            if size < 1:
                use.fail(f"a size is at least 1, not {size}", code="NN206", argument=name)
            sizes.append(size)
        if use["dtype"] not in (None, "i64", "i32"):
            use.fail(
                f"places are integers, i64 or i32, not {use['dtype']}",
                code="NN304",
                argument="dtype",
            )
        count = self.count(sizes[0], sizes[1], use["offset"])
        if count < 1:
            use.fail(
                f"a matrix of {sizes[0]} rows and {sizes[1]} columns has no places on this side of "
                f"diagonal {use['offset']}",
                code="NN206",
                argument="offset",
            )
        return (TensorType(use["dtype"] or "i64", (2, count)),)

    def count(self, rows: int, columns: int, offset: int) -> int:
        """How many places the triangle has: in row r `r + offset + 1`, but none below 0, and at most all."""
        first = min(max(-offset, 0), rows)  # from here rows have places, from `full` on all
        full = min(max(columns - offset - 1, first), rows)
        return (full - first) * (2 * offset + first + full + 1) // 2 + (rows - full) * columns

    def function(self, use: Use) -> CallCode:
        return self.code(use, use["row"], use["col"], *([use["offset"]] if use["offset"] else []))


class TrilIndices(TriangleIndices):
    """The places of the lower triangle of a matrix, row by row: i64[2, count]."""

    name = "tril_indices"
    accepts = ("tril_indices(3, 3)", "tril_indices(3, 4, -1)")
    rejects = ("tril_indices(0, 3)", "tril_indices(3, 3, -3)")


class TriuIndices(TriangleIndices):
    """The places of the upper triangle of a matrix, row by row: i64[2, count]."""

    name = "triu_indices"
    accepts = ("triu_indices(3, 3)", "triu_indices(3, 4, 1)")
    rejects = ("triu_indices(0, 3)", "triu_indices(3, 3, 3)")

    def count(self, rows: int, columns: int, offset: int) -> int:
        return rows * columns - super().count(rows, columns, offset - 1)
