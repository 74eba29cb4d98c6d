"""Tensors joined and taken apart: concat, stack, chunk, split, unbind."""

from __future__ import annotations

from functools import partial

from nnspec.dims import ceildiv, compare, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType, promote, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


#: a tensor is taken apart into this many at most
MOST_PARTS = 10_000


class Joining(Operator):
    """What concat and stack share."""

    family = "joining"
    tensors = (Tensor("tensors", many=True),)

    def together(self, use: Use, dim: int | None) -> str:
        """Hold the shapes against the first one, but for `dim`; the dtype of the result."""
        first, dtype = use.x, use.x.dtype
        for number, other in enumerate(use.inputs[1:], 2):
            assert other is not None
            if other.rank != first.rank:
                use.fail(
                    f"`{self.name}` joins tensors of the same number of dimensions: "
                    f"the first is {first}, number {number} is {other}",
                    code="NN303",
                )
            for axis, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)):
                if axis != dim and a != b:
                    message = partial(self._differing, first, other, axis)
                    use.equal(a, b, message, code="NN301")
            dtype = promote(dtype, other.dtype)
        return dtype

    def _differing(self, first: TensorType, other: TensorType, axis: int) -> str:
        sizes = f"{render(first.shape[axis])} and {render(other.shape[axis])}"
        return f"`{self.name}` of {first} and {other}: dimension {axis} is {sizes}"


class Concat(Joining):
    """Tensors one after the other along `dim`: the sizes there add up, the others agree."""

    name = "concat"
    settings = (Setting("dim", "int", 0, doc="the dimension along which they are joined"),)
    accepts = ("([2, 3], [2, 4]) -> concat(dim=1)",)
    rejects = ("([2, 3], [3, 4]) -> concat(dim=1)", "([2, 3], [2]) -> concat")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank == 0:
            use.fail(
                f"`concat` joins tensors along a dimension, and {use.x} has none",
                code="NN303",
                help="`stack` makes one",
            )
        dim = use.dim("dim", use.x.rank)
        dtype = self.together(use, dim)
        joined: Size = 0
        for tensor in use.inputs:
            assert tensor is not None
            joined = joined + tensor.shape[dim]
        shape = list(use.x.shape)
        shape[dim] = joined
        return (TensorType(dtype, tuple(shape)),)

    def function(self, use: Use) -> CallCode:
        tensors = [Ref(number) for number in range(len(use.inputs))]
        return CallCode("torch.cat", (tensors,), {"dim": use["dim"]} if use["dim"] else {})

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        dim = use["dim"] % use.x.rank
        sizes = " + ".join(render(t.shape[dim]) for t in use.inputs if t is not None)
        return [f"dimension {dim}: {sizes} = {render(outputs[0].shape[dim])}"]


class Stack(Joining):
    """Tensors of one shape along a new dimension."""

    name = "stack"
    autocast = "low"
    settings = (Setting("dim", "int", 0, doc="where the new dimension goes"),)
    accepts = ("([2, 3], [2, 3]) -> stack(dim=1)",)
    rejects = ("([2, 3], [2, 4]) -> stack",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank + 1)
        dtype = self.together(use, None)
        shape = (*use.x.shape[:dim], len(use.inputs), *use.x.shape[dim:])
        return (TensorType(dtype, shape),)

    def function(self, use: Use) -> CallCode:
        tensors = [Ref(number) for number in range(len(use.inputs))]
        return CallCode("torch.stack", (tensors,), {"dim": use["dim"]} if use["dim"] else {})


def _few(use: Use, count: int) -> None:
    if count > MOST_PARTS:
        use.fail(
            f"this would be {count:,} tensors; the limit is {MOST_PARTS:,}",
            code="NN402",
            help="`reshape` makes a dimension of the parts, which one operator takes at once",
        )


class Chunk(Operator):
    """`chunks` parts along `dim`, the last one smaller where it does not come out even."""

    name = "chunk"
    family = "joining"
    makes_parts = True
    is_view = True
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
        before, after = use.x.shape[:dim], use.x.shape[dim + 1 :]
        return tuple(use.x.with_shape((*before, part, *after)) for part in sizes)

    def function(self, use: Use) -> CallCode:
        kwargs = {"dim": use["dim"]} if use["dim"] else {}
        return CallCode(".chunk", (Ref(0), use["chunks"]), kwargs)


class Split(Operator):
    """Parts of `split_size` along `dim`, the last one smaller; or of the sizes in a list."""

    name = "split"
    family = "joining"
    makes_parts = True
    is_view = True
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
            sizes: list[Size] = list(wanted)
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
        before, after = use.x.shape[:dim], use.x.shape[dim + 1 :]
        return tuple(use.x.with_shape((*before, part, *after)) for part in sizes)

    def function(self, use: Use) -> CallCode:
        wanted = use["split_size_or_sections"]
        kwargs = {"dim": use["dim"]} if use["dim"] else {}
        sizes = list(wanted) if isinstance(wanted, tuple) else wanted
        return CallCode(".split", (Ref(0), sizes), kwargs)


class Unbind(Operator):
    """The parts along a dimension, one by one, without it: [3, N, T] -> three times [N, T]."""

    name = "unbind"
    family = "joining"
    makes_parts = True
    is_view = True
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
