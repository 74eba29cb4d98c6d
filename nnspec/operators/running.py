"""What has come together up to each place along a dimension: cumsum, cumprod, cummax, cummin."""

from __future__ import annotations

from nnspec.operators.casting import DTYPE, dtype_given
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.reduce import summed
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use


class Running(Operator):
    """What they share: one dimension, and the shape stays."""

    family = "reduction"
    settings: ClassVar[tuple[Setting, ...]] = (Setting("dim", "int", doc="along which dimension"),)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.dim("dim", max(use.x.rank, 1))
        return (TensorType(use.settings.get("dtype") or self.dtype(use.x.dtype), use.x.shape),)

    def dtype(self, dtype: str) -> str:
        return summed(dtype)

    def function(self, use: Use) -> CallCode:
        return CallCode(f".{self.name}", (Ref(0), use["dim"]), dtype_given(use))


class RunningTotal(Running):
    """cumsum and cumprod, which may be made of another dtype."""

    autocast = "full"
    settings = (*Running.settings, DTYPE)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["dtype"] == "bool":
            use.fail(
                f"`{self.name}` works on numbers, not truth values",
                code="NN304",
                argument="dtype",
                help="`any` and `all` tell whether one or all are true",
            )
        return super().infer(use)


class Cumsum(RunningTotal):
    """Sums of all values up to each place along `dim`; of integers and truth values an i64."""

    name = "cumsum"
    accepts = (
        "[2, 3] -> cumsum(1)",
        "bool[2, 3] -> cumsum(-1)",
        'i64[2, 3] -> cumsum(1, dtype="f32")',
    )
    rejects = ("[2, 3] -> cumsum(2)",)


class Cumprod(RunningTotal):
    """Products of all values up to each place along `dim`; of integers and truth values an i64."""

    name = "cumprod"
    saves = ("inputs", 0)
    accepts = (
        "[2, 3] -> cumprod(1)",
        "i32[2, 3] -> cumprod(-1)",
        '[2, 3] -> cumprod(1, dtype="f64")',
    )
    rejects = ("[2, 3] -> cumprod(2)",)


class Logcumsumexp(Running):
    """log(sum(exp(x))) of all values up to each place along `dim`, computed stably."""

    name = "logcumsumexp"
    saves = ("inputs", 0)
    accepts = ("[2, 3] -> logcumsumexp(1)",)
    rejects = ("[2, 3] -> logcumsumexp(2)", "i64[2, 3] -> logcumsumexp(1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use.x.dtype
        if not is_float(dtype) and dtype[0] != "c":
            use.fail(f"`{self.name}` computes on floating-point tensors, not {use.x}", code="NN304")
        return super().infer(use)


class RunningExtreme(Running):
    """cummax and cummin: the values, and their places."""

    result_names = ("values", "indices")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(f"complex numbers have no order: `{self.name}` of {use.x}", code="NN304")
        (values,) = super().infer(use)
        return values, TensorType("i64", use.x.shape)

    def dtype(self, dtype: str) -> str:
        return dtype


class Cummax(RunningExtreme):
    """The largest value up to each place along `dim`, and where it stands: `values, indices`."""

    name = "cummax"
    saves = ("inputs", 1)
    accepts = ("[2, 3] -> cummax(1)", "i64[2, 3] -> cummax(-1)")
    rejects = ("[2, 3] -> cummax(2)",)


class Cummin(RunningExtreme):
    """The smallest value up to each place along `dim`, and where it stands: `values, indices`."""

    name = "cummin"
    saves = ("inputs", 1)
    accepts = ("[2, 3] -> cummin(1)", "i64[2, 3] -> cummin(-1)")
    rejects = ("[2, 3] -> cummin(2)",)
