"""More sums: count_nonzero, nansum, nanmean, var_mean, std_mean, trapezoid."""

from __future__ import annotations

from nnspec.operators.casting import cast
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.reduce import Mean, Reduction, Spread, Sum
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class CountNonzero(Reduction):
    """How many values are not 0, an i64."""

    name = "count_nonzero"
    settings = (Reduction.settings[0],)
    accepts = ("[2, 3] -> count_nonzero", "bool[2, 3, 4] -> count_nonzero([0, 2])")
    rejects = ("[2, 3] -> count_nonzero(2)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dims = self.dims(use)
        rest = [size for axis, size in enumerate(use.x.shape) if axis not in dims]
        return (TensorType("i64", tuple(rest)),)

    def dims(self, use: Use) -> set[int]:
        use.settings.setdefault("keepdim", False)
        return super().dims(use)

    def function(self, use: Use) -> CallCode:
        dim = {} if use["dim"] is None else {"dim": use["dim"]}
        return CallCode("torch.count_nonzero", (Ref(0),), dim)


def real(use: Use) -> None:
    """Whether a complex number is nan is not asked; what is made of integers is none."""
    if use.x.dtype[0] == "c" or (is_float(use.x.dtype) and cast(use).dtype[0] == "c"):
        use.fail(f"`{use.operator.name}` does not work on {use.x}", code="NN304")


class Nansum(Sum):
    """The sum of what is not nan; of integers and truth values an i64."""

    name = "nansum"
    autocast = ""
    saves = ("inputs",)
    accepts = ("[2, 3] -> nansum(1)", "i64[2, 3] -> nansum", 'f16[2, 3] -> nansum(1, dtype="f32")')
    rejects = ("[2, 3] -> nansum(-3)", "c64[2, 3] -> nansum")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        real(use)
        return super().infer(use)


class Nanmean(Mean):
    """The mean of what is not nan."""

    name = "nanmean"
    saves = ("inputs",)
    accepts = ("[2, 3] -> nanmean", "[2, 3, 4] -> nanmean([1, 2])", "[2, 3] -> nanmean(1, true)")
    rejects = ("[2, 3] -> nanmean(2)", "i64[2] -> nanmean", "c64[2] -> nanmean")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        real(use)
        if not is_float(use.x.dtype):
            use.fail(f"`nanmean` takes floating-point numbers, not {use.x}", code="NN304")
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 8 * outputs[0].numel  # how many are no nan


class SpreadAndMean(Spread):
    """What the values are on average, and how far from it."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (spread,) = super().infer(use)
        return spread, TensorType(use.x.dtype, spread.shape)


class VarMean(SpreadAndMean):
    """The variance and the mean, computed together: `var, mean`."""

    name = "var_mean"
    saves = ("inputs",)
    result_names = ("var", "mean")
    accepts = ("[2, 3] -> var_mean(1)", "[2, 3] -> var_mean", "[2, 3] -> var_mean(0, 0, true)")
    rejects = ("[2, 3] -> var_mean(2)", "i64[2, 3] -> var_mean(1)")


class StdMean(SpreadAndMean):
    """The standard deviation and the mean, computed together: `std, mean`."""

    name = "std_mean"
    saves = ("inputs", 0)
    result_names = ("std", "mean")
    accepts = ("[2, 3] -> std_mean(1)", "[2, 3] -> std_mean", "[2, 3] -> std_mean(0, 0, true)")
    rejects = ("[2, 3] -> std_mean(2)", "i64[2, 3] -> std_mean(1)")


class Trapezoid(Operator):
    """The area under values `dx` apart along `dim`, by the trapezoidal rule."""

    name = "trapezoid"
    family = "reduction"
    settings = (
        Setting("dx", "float", 1, doc="from one value to the next"),
        Setting("dim", "int", -1, doc="along which dimension"),
    )
    accepts = ("[2, 5] -> trapezoid", "[4, 5] -> trapezoid(dx=0.5, dim=0)", "i64[5] -> trapezoid")
    rejects = ("[2, 5] -> trapezoid(dim=2)", "[] -> trapezoid", "bool[3] -> trapezoid")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype == "bool":
            use.fail(f"`trapezoid` does not work on {use.x}", code="NN304")
        dim = use.dim("dim", use.x.rank)
        dtype = use.x.dtype
        if not is_float(dtype) and dtype[0] != "c":
            dtype = "f32"
        return (TensorType(dtype, (*use.x.shape[:dim], *use.x.shape[dim + 1 :])),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.trapezoid", (Ref(0),), use.changed())
