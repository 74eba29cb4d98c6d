"""Indexing: `x[:, 0]`, `x[..., 1:]`, `table[places]`."""

from __future__ import annotations

from functools import partial

from nnspec.dims import Dim, ceildiv, compare, maximum, minimum, render
from nnspec.operators.definition import IndexCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import no_place
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Index(Operator):
    """Numbers take a dimension out, slices keep a part of it, `none` puts one in, `...` skips the
    rest."""

    name = "index"
    family = "shape"
    is_view = True
    settings = (Setting("items", "any", doc="numbers, slices, none and ..."),)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not isinstance(use["items"], tuple):
            use.fail("an index is written in brackets: `x[0]`, `x[:, 1]`", code="NN206")
        items = list(use["items"])
        if not items:
            use.fail("an index names a place at least: `x[0]`, `x[:, 1]`", code="NN206")
        taken = sum(1 for item in items if item is not None and item is not ...)
        if items.count(...) > 1:
            use.fail(f"an index has one `...` at most, not {items.count(...)}", code="NN303")
        if taken > use.x.rank:
            use.fail(
                f"{taken} indices are too many for {use.x}: it takes {use.x.rank} at most",
                code="NN303",
            )
        at = items.index(...) if ... in items else len(items)
        items[at : at + 1] = [slice(None)] * (use.x.rank - taken)
        shape: list[Size] = []
        dim = 0
        for item in items:
            if item is None:
                shape.append(1)
                continue
            size = use.x.shape[dim]
            if isinstance(item, slice):
                shape.append(self.sliced(use, dim, size, item))
            else:
                self.one(use, dim, size, item)
            dim += 1
        return (use.x.with_shape(shape),)

    def one(self, use: Use, dim: int, size: Size, item: Any) -> None:
        if isinstance(item, bool) or not isinstance(item, (int, Dim)):
            use.fail("an index is an integer, a slice, `none` or `...`", code="NN206")
        negative = compare("<", item, 0)
        message = partial(no_place, use.x, dim, item)
        if negative:
            use.at_least(size, -item, message)
        else:
            use.at_least(item, 0, message)
            use.at_least(size, item + 1, message)

    def sliced(self, use: Use, dim: int, size: Size, item: slice) -> Size:
        step = 1 if item.step is None else use.pin(item.step)
        if not isinstance(step, int) or step < 1:
            use.fail(
                f"the step of a slice on a tensor is at least 1, not {render(step)}",
                code="NN206",
            )
        # PyTorch cuts both off at the ends, also where nothing is left then; as that is refused, the start
        # lies before the end of the dimension and the stop behind its beginning
        start: Size = 0 if item.start is None else item.start
        if compare("<", start, 0):
            start = maximum(size + start, 0)
        stop = size if item.stop is None else item.stop
        stop = size + stop if compare("<", stop, 0) else minimum(stop, size)
        if start == 0 and item.stop is None and step == 1:
            return size
        length = ceildiv(stop - start, step)
        use.at_least(
            length,
            1,
            lambda: (
                f"from {render(start)} up to {render(stop)} there is nothing of dimension {dim}, whose size "
                f"is {render(size)}"
            ),
        )
        return length

    def function(self, use: Use) -> IndexCode:
        return IndexCode(tuple(use["items"]))


class IndexAt(Operator):
    """What stands at the places that a tensor of integers says: `table[places]`, `x[:, places]`. Their
    dimensions take the place of `dim`."""

    name = "index_at"
    saves = ("places",)
    family = "selection"
    tensors = (Tensor("input"), Tensor("places", doc="integers, from 0 to the size less 1"))
    settings = (Setting("dim", "int", 0, doc="the dimension that they stand for"),)
    accepts = (
        "([4, 5], i64[3]) -> index_at",
        "([4, 5, 6], i64[2, 3]) -> index_at(1)",
        "(i64[4], i32[]) -> index_at",
    )
    rejects = (
        "([4, 5], [3]) -> index_at",
        "([4, 5], i64[3]) -> index_at(2)",
        "([], i64[3]) -> index_at",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, places = use.x, use.inputs[1]
        assert places is not None
        if places.dtype not in ("i64", "i32"):
            use.fail(
                f"places are integers i64[…], not {places}",
                code="NN304",
                help="`where(mask, a, b)` chooses by truth values"
                if places.dtype == "bool"
                else "",
            )
        dim = use.dim("dim", x.rank)
        return (x.with_shape((*x.shape[:dim], *places.shape, *x.shape[dim + 1 :])),)

    def function(self, use: Use) -> IndexCode:
        dim, whole = use["dim"], (slice(None),)
        if dim < 0:
            return IndexCode((..., Ref(1), *whole * (-dim - 1)))
        return IndexCode((*whole * dim, Ref(1)))

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"dimension {use['dim']} becomes the dimensions of the places, {use.inputs[1]}"]
