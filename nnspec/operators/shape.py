"""The same values in another shape: reshape, permute, transpose, squeeze, unsqueeze, contiguous."""

from __future__ import annotations

from nnspec.dims import Dim, compare, exact_div, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import no_dimension, places
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Reshape(Operator):
    """The same values, row by row, in another shape; one size may be -1 and follows from the
    others."""

    name = "reshape"
    family = "shape"
    is_view = True
    settings = (Setting("shape", "list", doc="the new sizes", spread=True),)
    accepts = ("[2, 12] -> reshape([2, 3, -1])",)
    rejects = ("[2, 12] -> reshape([5, -1])", "[2, 12] -> reshape([-1, -1])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        wanted: list[Size] = list(use["shape"])
        free = [number for number, size in enumerate(wanted) if size == -1]
        if len(free) > 1:
            use.fail(
                f"only one size can be -1, not {len(free)}: {use.shown('shape')}",
                code="NN206",
                argument="shape",
            )
        known: Size = 1
        for size in wanted:
            if size != -1:
                whole = isinstance(size, (int, Dim)) and not isinstance(size, bool)
                if not whole or compare("<", size, 1):
                    use.fail(
                        f"a size is at least 1, or -1, not {size}", code="NN206", argument="shape"
                    )
                known = known * size
        total = use.x.numel
        if free:
            use.divisible(
                total,
                known,
                f"{use.x} has {render(total)} values, which {render(known)} does not divide",
                argument="shape",
            )
            exact = exact_div(total, known)
            wanted[free[0]] = total // known if exact is None else exact
        else:
            use.equal(
                total,
                known,
                f"{use.x} has {render(total)} values, {show_shape(wanted)} has {render(known)}",
                code="NN301",
                argument="shape",
            )
        return (use.x.with_shape(wanted),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".reshape", (Ref(0), *(use["shape"] or ((),))))

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [
            f"the {render(use.x.numel)} values stay, in the shape {show_shape(outputs[0].shape)}"
        ]


class Permute(Operator):
    """The dimensions in another order."""

    name = "permute"
    family = "shape"
    is_view = True
    settings = (
        Setting("dims", "list", doc="for each place the dimension that goes there", spread=True),
    )
    accepts = ("[2, 3, 4] -> permute([0, 2, 1])",)
    rejects = ("[2, 3, 4] -> permute([0, 1])", "[2, 3, 4] -> permute([0, 1, 1])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        rank, dims = use.x.rank, use["dims"]
        whole = all(isinstance(dim, int) and -rank <= dim < rank for dim in dims)
        if not whole or sorted(dim % rank for dim in dims) != list(range(rank)):
            use.fail(
                f"dims names each of the {rank} dimensions of {use.x} once, not {list(dims)}",
                code="NN303",
                argument="dims",
            )
        return (use.x.with_shape([use.x.shape[dim] for dim in dims]),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".permute", (Ref(0), *(use["dims"] or ((),))))


class Transpose(Operator):
    """Two dimensions swapped."""

    name = "transpose"
    family = "shape"
    is_view = True
    settings = (Setting("dim0", "int", doc="one of them"), Setting("dim1", "int", doc="the other"))
    accepts = ("[2, 3, 4] -> transpose(1, 2)",)
    rejects = ("[2, 3, 4] -> transpose(1, 3)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        first, second = use.dim("dim0", use.x.rank), use.dim("dim1", use.x.rank)
        shape = list(use.x.shape)
        shape[first], shape[second] = shape[second], shape[first]
        return (use.x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".transpose", (Ref(0), use["dim0"], use["dim1"]))


class Squeeze(Operator):
    """A dimension of size 1 taken out, or several."""

    name = "squeeze"
    family = "shape"
    is_view = True
    settings = (Setting("dim", "int|list", doc="which dimensions; their sizes must be 1"),)
    accepts = ("[2, 1, 4] -> squeeze(1)", "[2, 3, 1, 1] -> squeeze([2, -1])")
    rejects = ("[2, 1, 4] -> squeeze(3)", "[2, 1, 1] -> squeeze([1, 1])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dims = places(use, "dim")
        for dim in dims:
            if not use.x.rank:
                use.fail(no_dimension(use.x, dim), code="NN303", argument="dim")
            size = use.x.shape[dim]
            use.equal(
                size,
                1,
                f"`squeeze` takes out a size of 1; dimension {dim} of {use.x} is {render(size)}",
                argument="dim",
            )
        rest = [size for dim, size in enumerate(use.x.shape) if dim not in dims]
        return (use.x.with_shape(rest),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".squeeze", (Ref(0), use["dim"]))


class Unsqueeze(Operator):
    """A dimension of size 1 put in."""

    name = "unsqueeze"
    family = "shape"
    is_view = True
    settings = (Setting("dim", "int", doc="where it goes"),)
    accepts = ("[2, 4] -> unsqueeze(1)",)
    rejects = ("[2, 4] -> unsqueeze(3)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank + 1)
        return (use.x.with_shape((*use.x.shape[:dim], 1, *use.x.shape[dim:])),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".unsqueeze", (Ref(0), use["dim"]))


class Contiguous(Operator):
    """The values laid out in memory in their order, as a copy where they are not: after a `permute`,
    some operators are faster then, and some slower."""

    name = "contiguous"
    family = "shape"
    keeps_shape = True
    accepts = ("[2, 3, 4] -> contiguous",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode(".contiguous", (Ref(0),))
