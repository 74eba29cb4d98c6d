"""Tensors taken apart: chunk, split, tensor_split, unbind."""

from __future__ import annotations

from nnspec.dims import ceildiv, compare, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import whole_numbers
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


#: a tensor is taken apart into this many at most
MOST_PARTS = 10_000


def _few(use: Use, count: int) -> None:
    if count > MOST_PARTS:
        use.fail(
            f"this would be {count:,} tensors; the limit is {MOST_PARTS:,}",
            code="NN402",
            help="`reshape` makes a dimension of the parts, which one operator takes at once",
        )


class Parts(Operator):
    """The parts of a tensor along a dimension."""

    family = "joining"
    makes_parts = True
    is_view = True

    def of(self, use: Use, dim: int, sizes: Sequence[Size]) -> tuple[TensorType, ...]:
        """Parts of these sizes."""
        before, after = use.x.shape[:dim], use.x.shape[dim + 1 :]
        return tuple(use.x.with_shape((*before, part, *after)) for part in sizes)


class Chunk(Parts):
    """`chunks` parts along `dim`, the last one smaller where it does not come out even."""

    name = "chunk"
    settings = (
        Setting("chunks", "int", doc="number of parts"),
        Setting("dim", "int", 0, doc="along which dimension"),
    )
    accepts = ("[2, 6] -> chunk(3, dim=1)", "[2, 5] -> chunk(2, 1)")
    rejects = ("[2, 6] -> chunk(0)", "[2, 6] -> chunk(2, dim=2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        chunks = use["chunks"]
        if chunks < 1:
            use.fail(f"chunks must be at least 1, not {chunks}", code="NN206", argument="chunks")
        dim = use.dim("dim", use.x.rank)
        size = use.x.shape[dim]
        known = use.pin(size)
        sizes: list[Size]
        if isinstance(known, int) and known % chunks == 0 and known >= chunks:
            _few(use, chunks)
            sizes = [size // chunks] * chunks
        elif isinstance(size, int):
            _few(use, min(size, chunks))
            whole = -(-size // chunks)
            sizes = [min(whole, size - at) for at in range(0, size, whole)]
        else:
            _few(use, chunks)
            each = ceildiv(size, chunks)
            last = size - (chunks - 1) * each
            use.at_least(
                last, 1, f"{render(size)} values in dimension {dim} make fewer than {chunks} parts"
            )
            sizes = [each] * (chunks - 1) + [last]
        return self.of(use, dim, sizes)

    def function(self, use: Use) -> CallCode:
        kwargs = {"dim": use["dim"]} if use["dim"] else {}
        return CallCode(".chunk", (Ref(0), use["chunks"]), kwargs)


class Split(Parts):
    """Parts of `split_size` along `dim`, the last one smaller; or of the sizes in a list."""

    name = "split"
    settings = (
        Setting("split_size_or_sections", "size|list", doc="size of a part, or a list of sizes"),
        Setting("dim", "int", 0, doc="along which dimension"),
    )
    accepts = ("[2, 6] -> split(2, dim=1)", "[2, 6] -> split([1, 5], 1)")
    rejects = ("[2, 6] -> split([1, 4], 1)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank)
        size, wanted = use.x.shape[dim], use["split_size_or_sections"]
        if not isinstance(wanted, tuple):
            size, wanted = use.pin(size), use.pin(wanted)
        if isinstance(wanted, tuple):
            wanted = whole_numbers(use, "split_size_or_sections")
            if any(compare("<", part, 1) for part in wanted):
                use.fail(
                    f"a part has at least 1 value; these are {show_shape(wanted)}",
                    code="NN206",
                    argument="split_size_or_sections",
                )
            total: Size = 0
            for part in wanted:
                total = total + part
            use.equal(
                size,
                total,
                f"the parts add up to {render(total)}, dimension {dim} is {render(size)}",
                code="NN301",
                argument="split_size_or_sections",
            )
            sizes: list[Size] = wanted
        elif isinstance(size, int) and isinstance(wanted, int):
            if wanted < 1:
                use.fail(
                    f"a part has at least 1 value, not {wanted}",
                    code="NN206",
                    argument="split_size_or_sections",
                )
            _few(use, -(-size // wanted))
            sizes = [min(wanted, size - at) for at in range(0, size, wanted)]
        else:
            use.fail(
                f"into how many parts of {render(wanted)} dimension {dim}, {render(size)}, is split "
                "depends on symbols",
                code="NN308",
                help="`chunk(n)` gives a fixed number of parts",
            )
        return self.of(use, dim, sizes)

    def function(self, use: Use) -> CallCode:
        wanted = use["split_size_or_sections"]
        kwargs = {"dim": use["dim"]} if use["dim"] else {}
        sizes = list(wanted) if isinstance(wanted, tuple) else wanted
        return CallCode(".split", (Ref(0), sizes), kwargs)


class TensorSplit(Parts):
    """Parts of `indices_or_sections` along `dim`, the first ones larger by one where it does not come out
    even; or from the places in a list on: [2, 5] are the parts `:2`, `2:5` and `5:`."""

    name = "tensor_split"
    settings = (
        Setting("indices_or_sections", "int|list", doc="number of parts, or where they begin"),
        Setting("dim", "int", 0, doc="along which dimension"),
    )
    accepts = (
        "[2, 7] -> tensor_split(3, dim=1)",
        "[2, 6] -> tensor_split([1, 4], 1)",
        "[6] -> tensor_split([-2])",
    )
    rejects = ("[2, 6] -> tensor_split(0, 1)", "[2, 6] -> tensor_split(2, dim=2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim, wanted = use.dim("dim", use.x.rank), use["indices_or_sections"]
        size = use.x.shape[dim]
        if isinstance(wanted, tuple):
            return self.of(use, dim, self.between(use, size, dim))
        if wanted < 1:
            use.fail(
                f"`tensor_split` makes at least 1 part, not {wanted}",
                code="NN206",
                argument="indices_or_sections",
            )
        _few(use, wanted)
        use.at_least(
            size,
            wanted,
            f"the {render(size)} values of dimension {dim} of {use.x} do not make {wanted} parts",
            argument="indices_or_sections",
        )
        known = use.pin(size)
        if isinstance(known, int) and known % wanted == 0:
            return self.of(use, dim, [size // wanted] * wanted)
        return self.of(use, dim, [ceildiv(size - number, wanted) for number in range(wanted)])

    def between(self, use: Use, size: Size, dim: int) -> list[Size]:
        """The sizes of the parts between some places, which grow."""
        places = whole_numbers(use, "indices_or_sections")
        _few(use, len(places) + 1)
        found: list[Size] = []
        start: Size = 0
        for place in (*places, size):
            end = size + place if compare("<", place, 0) else place
            use.at_least(
                end - start,
                1,
                f"the places where parts begin grow from 1 to the size of dimension {dim} of {use.x} less "
                f"1; negative ones count from its end: not {show_shape(places)}",
                argument="indices_or_sections",
            )
            found.append(end - start)
            start = end
        return found

    def function(self, use: Use) -> CallCode:
        wanted = use["indices_or_sections"]
        places = list(wanted) if isinstance(wanted, tuple) else wanted
        return CallCode(".tensor_split", (Ref(0), places), use.changed(1))


class Unbind(Parts):
    """The parts along a dimension, one by one, without it: [3, N, T] -> three times [N, T]."""

    name = "unbind"
    settings = (Setting("dim", "int", 0, doc="the dimension that is taken apart"),)
    accepts = ("[3, 2, 5] -> unbind", "[2, 3] -> unbind(-1)")
    rejects = ("[2, 3] -> unbind(2)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank)
        count = use.pin(use.x.shape[dim])
        if not isinstance(count, int):
            use.fail(
                f"how many parts dimension {dim} of {use.x} has depends on {render(count)}",
                code="NN308",
            )
        _few(use, count)
        part = use.x.with_shape((*use.x.shape[:dim], *use.x.shape[dim + 1 :]))
        return (part,) * count

    def function(self, use: Use) -> CallCode:
        return CallCode(".unbind", (Ref(0), use["dim"]))
