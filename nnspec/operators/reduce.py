"""Reductions over some dimensions or all: mean, sum, prod, var, std, norm, amax, amin, any, all."""

from __future__ import annotations

from nnspec.operators.casting import DTYPE, cast, dtype_given
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import named_twice, no_dimension
from nnspec.tensors import TensorType, is_float, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use


class Reduction(Operator):
    """What they share; `keepdim` leaves a size of 1 in place of what is reduced."""

    family = "reduction"
    floats_only: ClassVar[bool] = False
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("dim", "int|list|none", None, doc="one dimension or a list; all by default"),
        Setting("keepdim", "bool", False, doc="keep the reduced dimensions, with size 1"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = cast(use)
        if self.floats_only and not (is_float(x.dtype) or x.dtype[0] == "c"):
            use.fail(
                f"the {self.name} of {x} is not computed: it needs floating-point numbers",
                code="NN304",
                help='`dtype="f32"` makes them first' if "dtype" in use.settings else "",
            )
        dims = self.dims(use)
        shape = [
            1 if axis in dims else size
            for axis, size in enumerate(x.shape)
            if use["keepdim"] or axis not in dims
        ]
        return (TensorType(use.settings.get("dtype") or self.dtype(x.dtype), tuple(shape)),)

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
                    no_dimension(use.x, dim),
                    code="NN303",
                    argument="dim",
                )
            if rank and dim % rank in found:
                named_twice(use, "dim", dim)
            if rank:
                found.add(dim % rank)
        return found

    def dtype(self, dtype: str) -> str:
        return dtype

    def function(self, use: Use) -> CallCode:
        kwargs = {} if use["dim"] is None else {"dim": use["dim"]}
        if use["keepdim"]:
            kwargs["keepdim"] = True
        return CallCode(f"torch.{self.name}", (Ref(0),), kwargs | dtype_given(use))


class Mean(Reduction):
    """The mean."""

    name = "mean"
    floats_only = True
    settings = (*Reduction.settings, DTYPE)
    accepts: ClassVar[tuple[str, ...]] = (
        "[2, 3] -> mean",
        "[2, 3, 4] -> mean([1, 2])",
        "[2, 3] -> mean(1, keepdim=true)",
        'bool[2, 3] -> mean(dtype="f32")',
    )
    rejects = ("[2, 3] -> mean(2)", "i64[2] -> mean", '[2] -> mean(dtype="i64")')


class Sum(Reduction):
    """The sum; of integers and truth values an i64."""

    name = "sum"
    autocast = "full"
    settings = (*Reduction.settings, DTYPE)
    accepts = ("[2, 3] -> sum(1)", "i64[2, 3] -> sum", 'f16[2, 3] -> sum(1, dtype="f32")')
    rejects: ClassVar[tuple[str, ...]] = ("[2, 3] -> sum(-3)",)

    def dtype(self, dtype: str) -> str:
        return summed(dtype)


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
            use.fail(
                f"`logsumexp` goes over at least one dimension of {use.x}, not []",
                code="NN206",
                argument="dim",
            )
        return super().dims(use)

    def dtype(self, dtype: str) -> str:
        return dtype if is_float(dtype) or dtype[0] == "c" else "f32"


class Truth(Reduction):
    """any and all: a bool; of u8 a u8, as PyTorch has kept it from the time before it had bool."""

    def dims(self, use: Use) -> set[int]:
        return set() if use["dim"] == () else super().dims(use)

    def dtype(self, dtype: str) -> str:
        return "u8" if dtype == "u8" else "bool"


class AnyTrue(Truth):
    """Whether at least one value is true, or not 0."""

    name = "any"
    accepts = ("bool[2, 3] -> any", "bool[2, 3] -> any(1)", "[2, 3, 4] -> any([0, 2], true)")
    rejects = ("bool[2, 3] -> any(2)",)


class AllTrue(Truth):
    """Whether all values are true, or not 0."""

    name = "all"
    accepts = ("bool[2, 3] -> all", "bool[2, 3] -> all(-1, keepdim=true)", "i64[2, 3] -> all([0])")
    rejects = ("bool[2, 3] -> all([0, 0])",)


class Prod(Reduction):
    """The product, along one dimension or of all values; of integers and truth values an i64."""

    name = "prod"
    saves = ("inputs", 0)
    autocast = "full"
    settings = (
        Setting("dim", "int|none", None, doc="one dimension; all by default"),
        Reduction.settings[1],
        DTYPE,
    )
    accepts = (
        "[2, 3] -> prod(1)",
        "i64[2, 3] -> prod",
        "[2, 3] -> prod(0, keepdim=true)",
        'i32[2, 3] -> prod(dtype="f64")',
    )
    rejects = ("[2, 3] -> prod(2)", "[2, 3] -> prod(keepdim=true)")

    def dtype(self, dtype: str) -> str:
        return summed(dtype)


class Spread(Reduction):
    """var and std: how far the values are from their mean."""

    floats_only = True
    settings = (
        Reduction.settings[0],
        Setting(
            "correction",
            "int|float",
            1,
            doc="taken off the number of values that is divided by: 1 (Bessel) or 0",
        ),
        Reduction.settings[1],
    )

    def dtype(self, dtype: str) -> str:
        return real_of(dtype)

    def function(self, use: Use) -> CallCode:
        code = super().function(use)
        if use["correction"] != 1:
            code.kwargs["correction"] = use["correction"]
        return code


class Var(Spread):
    """The variance: the mean of the squared distances from the mean."""

    name = "var"
    saves = ("inputs",)
    accepts = ("[2, 3] -> var(1)", "[2, 3] -> var", "[2, 3] -> var([0, 1], correction=0)")
    rejects = ("[2, 3] -> var(2)", "i64[2, 3] -> var(1)")


class Std(Spread):
    """The standard deviation: the root of the variance."""

    name = "std"
    saves = ("inputs", 0)
    accepts = ("[2, 3] -> std(1)", "[2, 3] -> std(1, correction=0, keepdim=true)")
    rejects = ("[2, 3] -> std(2)", "bool[2, 3] -> std(1)")


class Norm(Reduction):
    """The p-norm: the p-th root of the sum of the p-th powers; of complex numbers a real one."""

    name = "norm"
    saves = ("inputs", 0)
    autocast = "full"
    floats_only = True
    settings = (
        Setting(
            "p", "float|str", "fro", choices=("fro",), doc='"fro" is 2, the length; or float("inf")'
        ),
        *Reduction.settings,
        DTYPE,
    )
    accepts = (
        "[2, 3] -> norm",
        "[2, 3, 4] -> norm(2, [0, 1, 2])",
        '[2, 3, 4] -> norm("fro", 1, true)',
        'f16[2, 3] -> norm(dim=1, dtype="f32")',
    )
    rejects = (
        "[2, 3] -> norm(2, 2)",
        "i64[2, 3] -> norm",
        "[2, 3, 4] -> norm(dim=[0, 1, 2])",
        '[2, 3] -> norm(dtype="f16")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (out,) = super().infer(use)
        ours, wanted = use.x.dtype, use["dtype"] or use.x.dtype
        if not is_float(ours) and ours[0] != "c":
            use.fail(
                f"the norm of {use.x} is not computed: it needs floating-point numbers",
                code="NN304",
                help='`to("f32")` makes them',
            )
        if promote(ours, wanted) != wanted or (ours[0] == "c") != (wanted[0] == "c"):
            use.fail(
                f"the norm of {use.x} is computed in a dtype that holds {ours}, not in {wanted}",
                code="NN304",
                argument="dtype",
                help=f'`to("{wanted}")` makes others first',
            )
        return (TensorType(real_of(wanted), out.shape),)

    def dims(self, use: Use) -> set[int]:
        found = super().dims(use)
        if use["p"] == "fro" and use["dim"] not in (None, ()) and len(found) > 2:
            use.fail(
                'p="fro" is the norm of vectors and matrices: one or two dimensions',
                code="NN206",
                argument="dim",
                help="p=2 takes any number of them",
            )
        return found

    def dtype(self, dtype: str) -> str:
        return real_of(dtype)

    def function(self, use: Use) -> CallCode:
        code = super().function(use)
        if use["p"] != "fro":
            code.kwargs["p"] = use["p"]
        return code


def summed(dtype: str) -> str:
    """The dtype of a sum or product: whole numbers become i64, so that they do not run over."""
    return dtype if is_float(dtype) or dtype[0] == "c" else "i64"


def real_of(dtype: str) -> str:
    """The dtype of a complex number's length."""
    return {"c64": "f32", "c128": "f64"}.get(dtype, dtype)
