"""The same values more often, or elsewhere: expand, tile, repeat_interleave, roll, flip."""

from __future__ import annotations

from nnspec.dims import Dim, compare, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import named_twice, no_dimension, whole_numbers
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Expand(Operator):
    """Sizes of 1 stretched, and new dimensions in front; -1 leaves a size as it is."""

    name = "expand"
    family = "shape"
    is_view = True
    settings = (Setting("size", "list", doc="the new sizes", spread=True),)
    accepts: ClassVar[tuple[str, ...]] = ("[1, 3] -> expand(4, -1)", "[3] -> expand([2, 3])")
    rejects: ClassVar[tuple[str, ...]] = (
        "[2, 3] -> expand(4, 3)",
        "[2, 3] -> expand(3)",
        "[3] -> expand(-1, 3)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        wanted, shape = whole_numbers(use, "size"), use.x.shape
        new = len(wanted) - len(shape)
        if new < 0:
            use.fail(
                f"`expand` to {show_shape(wanted)} loses dimensions of {use.x}",
                code="NN303",
                argument="size",
            )
        found: list[Size] = []
        for dim, size in enumerate(wanted):
            if size == -1:
                if dim < new:
                    use.fail(
                        f"-1 leaves a size as it is; dimension {dim} of {show_shape(wanted)} is new, as "
                        f"the input is {use.x}, and has a size of its own",
                        code="NN206",
                        argument="size",
                    )
                found.append(shape[dim - new])
                continue
            use.at_least(
                size, 1, f"a size is at least 1, or -1, not {render(size)}", code="NN206",
                argument="size",
            )  # fmt: skip
            if dim >= new and shape[dim - new] != 1:
                use.equal(
                    shape[dim - new],
                    size,
                    f"dimension {dim - new} of {use.x} must agree in dimension {dim} with "
                    f"{show_shape(wanted)}: only a size of 1 is stretched",
                    code="NN301",
                    argument="size",
                )
            found.append(size)
        return (use.x.with_shape(found),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".expand", (Ref(0), *(use["size"] or ((),))))


class Tile(Operator):
    """The whole tensor several times along each dimension (the `repeat` of PyTorch's tensors)."""

    name = "tile"
    family = "shape"
    settings = (Setting("dims", "list", doc="how often, for each dimension", spread=True),)
    accepts = ("[2, 3] -> tile(2, 1)", "[2, 3] -> tile([4])", "[3] -> tile(2, 2)")
    rejects = ("[2, 3] -> tile(-1, 1)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        times = whole_numbers(use, "dims")
        for count in times:
            use.at_least(
                count, 1, f"`tile` repeats at least once, not {render(count)} times", code="NN206",
                argument="dims",
            )  # fmt: skip
        rank = max(len(times), use.x.rank)
        shape: list[Size] = list(use.x.shape)
        shape[:0] = [1] * (rank - use.x.rank)
        times[:0] = [1] * (rank - len(times))
        return (use.x.with_shape([a * b for a, b in zip(shape, times, strict=True)]),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".tile", (Ref(0), *(use["dims"] or ((),))))


class RepeatInterleave(Operator):
    """Each value several times, one after the other: a, b -> a, a, b, b."""

    name = "repeat_interleave"
    family = "shape"
    settings = (
        Setting("repeats", "size", doc="how often"),
        Setting(
            "dim", "int|none", None, doc="along this dimension; of all values in a row without"
        ),
    )
    accepts = ("[2, 3] -> repeat_interleave(2, dim=1)", "[2, 3] -> repeat_interleave(3)")
    rejects = ("[2, 3] -> repeat_interleave(-1)", "[2, 3] -> repeat_interleave(2, 2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        times = use["repeats"]
        use.at_least(
            times,
            1,
            f"repeats is at least 1, not {render(times)}",
            code="NN206",
            argument="repeats",
        )
        if use["dim"] is None:
            return (use.x.with_shape([use.x.numel * times]),)
        dim = use.dim("dim", use.x.rank)
        shape = list(use.x.shape)
        shape[dim] = shape[dim] * times
        return (use.x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        kwargs: dict[str, Any] = {} if use["dim"] is None else {"dim": use["dim"]}
        return CallCode(".repeat_interleave", (Ref(0), use["repeats"]), kwargs)


class Roll(Operator):
    """Values moved along dimensions; what leaves at one end comes in at the other."""

    name = "roll"
    family = "shape"
    keeps_shape = True
    settings = (
        Setting("shifts", "size|list", doc="by how many places"),
        Setting("dims", "int|list|none", None, doc="along which; of all values in a row without"),
    )
    accepts = ("[4, 5] -> roll(1, 0)", "[2, 4, 4] -> roll([-1, 2], dims=[1, 2])", "[4] -> roll(2)")
    rejects = ("[4, 5] -> roll(1, 2)", "[4, 5] -> roll([1, 2], 0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        shifts, dims = _listed(use["shifts"]), _listed(use["dims"])
        if not shifts:
            use.fail(
                "`shifts` is one number or one for each of `dims`, not []",
                code="NN206",
                argument="shifts",
                help="`roll(1, 0)`, or `roll([1, 2], dims=[0, 1])`",
            )
        for shift in shifts:
            if isinstance(shift, bool) or not isinstance(shift, (int, Dim)):
                use.fail(f"a shift is an integer, not {shift}", code="NN206", argument="shifts")
        if len(shifts) != len(dims) and not (use["dims"] in (None, ()) and len(shifts) == 1):
            use.fail(
                f"`shifts` has one number for each dimension in `dims`, {len(dims)}, not {len(shifts)}: "
                f"{use.shown('shifts')}",
                code="NN206",
                argument="shifts",
                help="" if dims else "without `dims` one number rolls all values in a row",
            )
        for dim in dims:
            if not isinstance(dim, int) or not -use.x.rank <= dim < use.x.rank:
                use.fail(no_dimension(use.x, dim), code="NN303", argument="dims")
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        dims = () if use["dims"] is None else (use["dims"],)
        return CallCode("torch.roll", (Ref(0), use["shifts"], *dims))


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, tuple) else [value]


class Flip(Operator):
    """The order of the values turned round along some dimensions."""

    name = "flip"
    family = "shape"
    keeps_shape = True
    settings = (Setting("dims", "list", doc="along which", spread=True),)
    accepts = ("[2, 3] -> flip(1)", "[2, 3] -> flip([0, -1])")
    rejects = ("[2, 3] -> flip(2)", "[2, 3] -> flip([0, 0])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        rank = max(use.x.rank, 1)
        dims = whole_numbers(use, "dims")
        for dim in dims:
            if compare("<", dim, -rank) is not False or compare(">=", dim, rank) is not False:
                use.fail(no_dimension(use.x, dim), code="NN303", argument="dims")
        for number, dim in enumerate(dims):
            if any(dim % rank == other % rank for other in dims[:number]):
                named_twice(use, "dims", dim)
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.flip", (Ref(0), tuple(use["dims"])))
