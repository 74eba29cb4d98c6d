"""Functions of each value: neg, abs, exp, log, sqrt, sin, cos, …, clamp."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Pointwise(Operator):
    """A torch function of the same name; the shape stays."""

    family = "pointwise"
    keeps_shape = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype == "bool":
            use.fail(f"`{self.name}` does not work on bool tensors", code="NN304")
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),))


class Neg(Pointwise):
    """`-x`."""

    name = "neg"
    accepts = ("[2, 3] -> neg", "i64[2] -> neg")
    rejects = ("bool[2] -> neg",)


class Abs(Pointwise):
    """The distance from 0."""

    name = "abs"
    saves = ("inputs",)
    accepts = ("[2, 3] -> abs", "c64[2] -> abs")
    rejects = ("bool[2] -> abs",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (out,) = super().infer(use)
        return (TensorType({"c64": "f32", "c128": "f64"}.get(out.dtype, out.dtype), out.shape),)


class Sign(Pointwise):
    """-1, 0 or 1."""

    name = "sign"
    accepts = ("[2, 3] -> sign", "i64[2] -> sign")
    rejects = ("c64[2] -> sign",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail("`sign` does not work on complex tensors", code="NN304")
        return (use.x,)


class Rounding(Pointwise):
    """Numbers made whole, which complex ones cannot be."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(f"`{self.name}` does not work on complex tensors", code="NN304")
        return super().infer(use)


class Floor(Rounding):
    """Rounded down."""

    name = "floor"
    accepts = ("[2, 3] -> floor",)
    rejects = ("bool[2] -> floor",)


class Ceil(Rounding):
    """Rounded up."""

    name = "ceil"
    accepts = ("[2, 3] -> ceil",)
    rejects = ("bool[2] -> ceil",)


class Round(Rounding):
    """Rounded to the nearest integer, halves to the even one."""

    name = "round"
    accepts = ("[2, 3] -> round",)
    rejects = ("bool[2] -> round",)


class Real(Pointwise):
    """A function whose result is a floating-point number, for integers too."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use.x.dtype
        return (TensorType(dtype if is_float(dtype) or dtype[0] == "c" else "f32", use.x.shape),)


class Exp(Real):
    """e to the power of x."""

    name = "exp"
    saves = (0,)
    autocast = "full"
    accepts = ("[2, 3] -> exp", "i64[2] -> exp")


class Log(Real):
    """The natural logarithm."""

    name = "log"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> log", "i64[2] -> log")


class Log2(Real):
    """The logarithm to base 2."""

    name = "log2"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> log2",)


class Sqrt(Real):
    """The square root."""

    name = "sqrt"
    saves = (0,)
    accepts = ("[2, 3] -> sqrt", "i64[2] -> sqrt")


class Rsqrt(Real):
    """1 / sqrt(x)."""

    name = "rsqrt"
    saves = (0,)
    autocast = "full"
    accepts = ("[2, 3] -> rsqrt",)


class Sin(Real):
    """The sine of an angle in radians."""

    name = "sin"
    saves = ("inputs",)
    accepts = ("[2, 3] -> sin",)


class Cos(Real):
    """The cosine of an angle in radians."""

    name = "cos"
    saves = ("inputs",)
    accepts = ("[2, 3] -> cos",)


class Erf(Real):
    """The error function."""

    name = "erf"
    saves = ("inputs",)
    accepts = ("[2, 3] -> erf",)
    rejects = ("c64[2] -> erf",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail("`erf` does not work on complex tensors", code="NN304")
        return super().infer(use)


class Clamp(Operator):
    """Values below min become min, those above max become max."""

    name = "clamp"
    saves = ("inputs",)
    family = "pointwise"
    keeps_shape = True
    settings = (Setting("min", "float|none", None), Setting("max", "float|none", None))
    accepts = ("[2, 3] -> clamp(min=0)", "[2, 3] -> clamp(0, 1)")
    rejects = ("[2, 3] -> clamp",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["min"] is None and use["max"] is None:
            use.fail("`clamp` needs min, max or both", code="NN204")
        if use.x.dtype == "bool" or use.x.dtype[0] == "c":
            use.fail(f"`clamp` does not work on {use.x.dtype} tensors", code="NN304")
        floats = any(isinstance(use[name], float) for name in ("min", "max"))
        return (
            TensorType("f32" if floats and not is_float(use.x.dtype) else use.x.dtype, use.x.shape),
        )

    def function(self, use: Use) -> CallCode:
        kwargs = {name: use[name] for name in ("min", "max") if use[name] is not None}
        return CallCode("torch.clamp", (Ref(0),), kwargs)
