"""Functions of each value: neg, abs, round, exp, log, sqrt, erf, …, clamp, nan_to_num."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import fits
from nnspec.tensors import TensorType, is_float, promote_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Pointwise(Operator):
    """A torch function of the same name; the shape stays."""

    family = "pointwise"
    keeps_shape = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype == "bool":
            use.fail(f"`{self.name}` does not work on {use.x}", code="NN304")
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
            use.fail(f"`sign` does not work on {use.x}", code="NN304")
        return (use.x,)


class Rounding(Pointwise):
    """Numbers made whole, which complex ones cannot be."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(f"`{self.name}` does not work on {use.x}", code="NN304")
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


class Trunc(Rounding):
    """Rounded towards 0."""

    name = "trunc"
    accepts = ("[2, 3] -> trunc",)
    rejects = ("bool[2] -> trunc",)


class Frac(Pointwise):
    """What trunc takes off."""

    name = "frac"
    accepts = ("[2, 3] -> frac",)
    rejects = ("i64[2] -> frac",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(f"`frac` computes on floating-point tensors, not {use.x}", code="NN304")
        return (use.x,)


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


class Exp2(Real):
    """2 to the power of x."""

    name = "exp2"
    saves = (0,)
    accepts = ("[2, 3] -> exp2",)


class Expm1(Real):
    """exp(x) - 1, exact near 0."""

    name = "expm1"
    autocast = "full"
    saves = (0,)
    accepts = ("[2, 3] -> expm1",)


class Log10(Real):
    """The logarithm to base 10."""

    name = "log10"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> log10",)


class Log1p(Real):
    """log(1 + x), exact near 0."""

    name = "log1p"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> log1p",)


class Reciprocal(Real):
    """1 / x."""

    name = "reciprocal"
    autocast = "full"
    saves = (0,)
    accepts = ("[2, 3] -> reciprocal", "i64[2] -> reciprocal")


class Square(Operator):
    """x * x; of truth values an i64."""

    name = "square"
    saves = ("inputs",)
    family = "pointwise"
    keeps_shape = True
    accepts = ("[2, 3] -> square", "i64[2] -> square")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType("i64" if use.x.dtype == "bool" else use.x.dtype, use.x.shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.square", (Ref(0),))


class RealOnly(Real):
    """One that PyTorch has not for complex numbers."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(f"`{self.name}` does not work on {use.x}", code="NN304")
        return super().infer(use)


class Erf(RealOnly):
    """The error function."""

    name = "erf"
    saves = ("inputs",)
    accepts = ("[2, 3] -> erf",)
    rejects = ("c64[2] -> erf",)


class Erfc(RealOnly):
    """1 less the error function, exact where that is near 1."""

    name = "erfc"
    saves = ("inputs",)
    accepts = ("[2, 3] -> erfc",)
    rejects = ("c64[2] -> erfc",)


class Erfinv(RealOnly):
    """The error function the other way round."""

    name = "erfinv"
    saves = ("inputs",)
    accepts = ("[2, 3] -> erfinv",)
    rejects = ("c64[2] -> erfinv",)


class Lgamma(RealOnly):
    """The logarithm of the gamma function."""

    name = "lgamma"
    saves = ("inputs",)
    accepts = ("[2, 3] -> lgamma",)
    rejects = ("c64[2] -> lgamma",)


class Digamma(RealOnly):
    """The derivative of lgamma."""

    name = "digamma"
    saves = ("inputs",)
    accepts = ("[2, 3] -> digamma",)
    rejects = ("c64[2] -> digamma",)


class Logit(RealOnly):
    """log(x / (1 - x)): sigmoid the other way round; with `eps`, x is first kept that far from 0 and 1."""

    name = "logit"
    saves = ("inputs",)
    settings = (Setting("eps", "float|none", None, doc="x is clamped to eps and 1 - eps"),)
    accepts = ("[2, 3] -> logit", "[2, 3] -> logit(1e-6)")
    rejects = ("c64[2] -> logit",)

    def function(self, use: Use) -> CallCode:
        eps = {} if use["eps"] is None else {"eps": use["eps"]}
        return CallCode("torch.logit", (Ref(0),), eps)


class Clamp(Operator):
    """Values below min become min, those above max become max."""

    name = "clamp"
    saves = ("inputs",)
    family = "pointwise"
    keeps_shape = True
    settings = (
        Setting("min", "float|none", None, doc="what is less becomes this"),
        Setting("max", "float|none", None, doc="what is more becomes this"),
    )
    accepts = ("[2, 3] -> clamp(min=0)", "[2, 3] -> clamp(0, 1)")
    rejects = ("[2, 3] -> clamp", "i8[2, 3] -> clamp(max=2048)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["min"] is None and use["max"] is None:
            use.fail("`clamp` needs min, max or both", code="NN204")
        if use.x.dtype == "bool" or use.x.dtype[0] == "c":
            use.fail(f"`clamp` does not work on {use.x.dtype} tensors", code="NN304")
        bounds = {name: use[name] for name in ("min", "max") if use[name] is not None}
        dtype = use.x.dtype
        for bound in bounds.values():
            dtype = promote_scalar(dtype, bound)
        for name, bound in bounds.items():
            fits(use, dtype, name, bound)
        return (TensorType(dtype, use.x.shape),)

    def function(self, use: Use) -> CallCode:
        kwargs = {name: use[name] for name in ("min", "max") if use[name] is not None}
        return CallCode("torch.clamp", (Ref(0),), kwargs)


class NanToNum(Operator):
    """Numbers in place of nan, inf and -inf."""

    name = "nan_to_num"
    saves = ("inputs",)
    family = "pointwise"
    keeps_shape = True
    settings = (
        Setting("nan", "float", 0.0, doc="in place of nan"),
        Setting("posinf", "float|none", None, doc="in place of inf; the largest number by default"),
        Setting("neginf", "float|none", None, doc="in place of -inf; the least number by default"),
    )
    accepts = ("[2, 3] -> nan_to_num", "[2, 3] -> nan_to_num(1.0, posinf=9)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.nan_to_num", (Ref(0),), use.changed())
