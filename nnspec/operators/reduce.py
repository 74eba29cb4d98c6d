"""Reductions: mean, sum, largest and smallest, over some dimensions or all."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use


class Reduction(Operator):
    """What they share; `keepdim` leaves a size of 1 in place of what is reduced."""

    family = "reduction"
    floats_only: ClassVar[bool] = False
    settings = (
        Setting("dim", "int|list|none", None, doc="one dimension or a list; all by default"),
        Setting("keepdim", "bool", False, doc="keep the reduced dimensions, with size 1"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        if self.floats_only and not (is_float(x.dtype) or x.dtype[0] == "c"):
            use.fail(
                f"the {self.name} of {x} is not computed: it needs floating-point numbers",
                code="NN304",
            )
        dims = self.dims(use)
        shape = [
            1 if axis in dims else size
            for axis, size in enumerate(x.shape)
            if use["keepdim"] or axis not in dims
        ]
        return (TensorType(self.dtype(x.dtype), tuple(shape)),)

    def dims(self, use: Use) -> set[int]:
        rank, given = use.x.rank, use["dim"]
        if given is None or given == ():
            if use["keepdim"] and given is None:
                use.fail("keepdim needs a dim", code="NN206", argument="keepdim")
            return set(range(rank))
        most = max(rank, 1)  # PyTorch gives a number the dimension 0
        found: set[int] = set()
        for dim in given if isinstance(given, tuple) else (given,):
            if isinstance(dim, bool) or not isinstance(dim, int) or not -most <= dim < most:
                use.fail(
                    f"dimension {dim} is not there: {use.x} has {rank}",
                    code="NN303",
                    argument="dim",
                )
            if rank and dim % rank in found:
                use.fail(f"dimension {dim} is named twice", code="NN303", argument="dim")
            if rank:
                found.add(dim % rank)
        return found

    def dtype(self, dtype: str) -> str:
        return dtype

    def function(self, use: Use) -> CallCode:
        kwargs = {} if use["dim"] is None else {"dim": use["dim"]}
        if use["keepdim"]:
            kwargs["keepdim"] = True
        return CallCode(f"torch.{self.name}", (Ref(0),), kwargs)


class Mean(Reduction):
    """The mean."""

    name = "mean"
    floats_only = True
    accepts = ("[2, 3] -> mean", "[2, 3, 4] -> mean([1, 2])", "[2, 3] -> mean(1, keepdim=true)")
    rejects = ("[2, 3] -> mean(2)", "i64[2] -> mean")


class Sum(Reduction):
    """The sum; of integers and truth values an i64."""

    name = "sum"
    autocast = "full"
    accepts = ("[2, 3] -> sum(1)", "i64[2, 3] -> sum")
    rejects = ("[2, 3] -> sum(-3)",)

    def dtype(self, dtype: str) -> str:
        return dtype if is_float(dtype) or dtype[0] == "c" else "i64"


class Extreme(Reduction):
    """The largest or smallest value, which complex numbers do not have."""

    saves = ("inputs", 0)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(
                f"complex numbers have no order: there is no {self.name} of {use.x}", code="NN304"
            )
        return super().infer(use)


class Amax(Extreme):
    """The largest value."""

    name = "amax"
    accepts = ("[2, 3] -> amax(1)",)
    rejects = ("[2, 3] -> amax(2)",)


class Amin(Extreme):
    """The smallest value."""

    name = "amin"
    accepts = ("[2, 3] -> amin(1)",)
    rejects = ("[2, 3] -> amin(2)",)


class Logsumexp(Reduction):
    """log(sum(exp(x))), computed stably."""

    name = "logsumexp"
    saves = ("inputs", 0)
    settings = (Setting("dim", "int|list", doc="one dimension or a list"), Reduction.settings[1])
    accepts = ("[2, 3] -> logsumexp(1)",)
    rejects = ("[2, 3] -> logsumexp(2)", "[2, 3] -> logsumexp([])")

    def dims(self, use: Use) -> set[int]:
        if use["dim"] == ():
            use.fail("`logsumexp` needs at least one dimension", code="NN206", argument="dim")
        return super().dims(use)

    def dtype(self, dtype: str) -> str:
        return dtype if is_float(dtype) or dtype[0] == "c" else "f32"


class Argmax(Operator):
    """The place of the largest value along `dim`, an i64."""

    name = "argmax"
    family = "reduction"
    settings = (Setting("dim", "int"), Setting("keepdim", "bool", False))
    accepts = ("[2, 3] -> argmax(1)",)
    rejects = ("[2, 3] -> argmax(2)", "bool[2] -> argmax(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        if x.dtype == "bool" or x.dtype[0] == "c":
            use.fail(f"there is no largest value of {x}", code="NN304")
        dim = use.dim("dim", max(x.rank, 1))
        kept = (1,) if use["keepdim"] and x.rank else ()
        return (TensorType("i64", (*x.shape[:dim], *kept, *x.shape[dim + 1 :])),)

    def function(self, use: Use) -> CallCode:
        kwargs = {"dim": use["dim"]} | ({"keepdim": True} if use["keepdim"] else {})
        return CallCode("torch.argmax", (Ref(0),), kwargs)


class Cumsum(Operator):
    """Sums of all values up to each place along `dim`; of integers and truth values an i64."""

    name = "cumsum"
    autocast = "full"
    family = "reduction"
    settings = (Setting("dim", "int"),)
    accepts = ("[2, 3] -> cumsum(1)", "bool[2, 3] -> cumsum(-1)")
    rejects = ("[2, 3] -> cumsum(2)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.dim("dim", max(use.x.rank, 1))
        dtype = use.x.dtype
        whole = not is_float(dtype) and dtype[0] != "c"
        return (TensorType("i64" if whole else dtype, use.x.shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".cumsum", (Ref(0), use["dim"]))
