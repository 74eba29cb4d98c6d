"""Activations with bounds and dead zones: hardtanh, the shrinks, threshold; celu, rrelu and
log_sigmoid."""

from __future__ import annotations

from nnspec.operators.activation import Activation, Clipped, FloatResult
from nnspec.operators.definition import CallCode, ModuleCode, Ref, Setting
from nnspec.operators.fitting import fits
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Celu(Activation):
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)) (Barron 2017, arXiv:1704.07483)."""

    name = "celu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.CELU", "F.celu"
    settings = (Setting("alpha", "float", 1.0, doc="how far down it goes; not 0"),)
    accepts = ("[2, 3] -> celu", "[2, 3] -> celu(0.5)")
    rejects = ("i64[2] -> celu", "[2, 3] -> celu(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["alpha"] == 0:
            use.fail("celu divides by alpha, which is 0", code="NN206", argument="alpha")
        return super().infer(use)


class Hardtanh(Clipped):
    """Values below min_val become min_val, those above max_val become max_val."""

    name = "hardtanh"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Hardtanh", "F.hardtanh"
    settings = (
        Setting("min_val", "float", -1.0, doc="the smallest value"),
        Setting("max_val", "float", 1.0, doc="the largest value, above min_val"),
    )
    accepts = ("[2, 3] -> hardtanh", "[2, 3] -> hardtanh(0, 20)", "i64[2] -> hardtanh")
    rejects = ("bool[2] -> hardtanh", "[2, 3] -> hardtanh(1, 0)", "i8[2] -> hardtanh(0, 2048)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        low, high = use["min_val"], use["max_val"]
        if high <= low:
            use.fail(
                f"max_val must be above min_val; they are {high} and {low}",
                code="NN206",
                argument="max_val",
            )
        if use.x.dtype == "u8" and low < 0:
            use.fail(
                f"a tensor u8 has no values below 0: min_val must be at least 0, not {low}",
                code="NN206",
                argument="min_val",
            )
        kept = super().infer(use)
        whole = not is_float(use.x.dtype)  # then PyTorch cuts fractions off the bounds
        for name, bound in (("min_val", low), ("max_val", high)):
            if whole:
                fits(use, "i64", name, bound)
            fits(use, use.x.dtype, name, int(bound) if whole else bound)
        return kept


class Hardshrink(Activation):
    """x where it is further from 0 than lambd, 0 elsewhere."""

    name = "hardshrink"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Hardshrink", "F.hardshrink"
    settings = (Setting("lambd", "float", 0.5, doc="half the width of the dead zone"),)
    accepts = ("[2, 3] -> hardshrink", "[2, 3] -> hardshrink(0.1)")
    rejects = ("i64[2] -> hardshrink",)


class Softshrink(Activation):
    """x moved towards 0 by lambd, and 0 where it is nearer than that."""

    name = "softshrink"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Softshrink", "F.softshrink"
    settings = (Setting("lambd", "float", 0.5, doc="how far values move; at least 0"),)
    accepts = ("[2, 3] -> softshrink", "[2, 3] -> softshrink(0.1)")
    rejects = ("i64[2] -> softshrink", "[2, 3] -> softshrink(-1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["lambd"] < 0:
            use.fail(
                f"lambd must be at least 0, not {use['lambd']}", code="NN206", argument="lambd"
            )
        return super().infer(use)


class Tanhshrink(FloatResult):
    """x - tanh(x)."""

    name = "tanhshrink"
    torch_class, torch_function = "nn.Tanhshrink", "F.tanhshrink"
    accepts = ("[2, 3] -> tanhshrink", "i64[2] -> tanhshrink")
    rejects = ("bool[2] -> tanhshrink",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype == "bool":
            use.fail(f"`tanhshrink` does not compute on {use.x}", code="NN304")
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class Threshold(Clipped):
    """x where it is above threshold, value elsewhere."""

    name = "threshold"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Threshold", "F.threshold"
    settings = (
        Setting("threshold", "float", doc="what x must be above"),
        Setting("value", "float", doc="what stands elsewhere"),
    )
    accepts = ("[2, 3] -> threshold(0.1, 20)", "i64[2] -> threshold(1, 0)")
    rejects = ("bool[2] -> threshold(0, 0)", "i8[2] -> threshold(0, 2048)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        kept = super().infer(use)
        compared = "f32" if use.x.dtype in ("f16", "bf16") else use.x.dtype
        fits(use, compared, "threshold", use["threshold"])
        fits(use, use.x.dtype, "value", use["value"])
        return kept

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(self.torch_class, (use["threshold"], use["value"]), self.changed(use))

    def function(self, use: Use) -> CallCode:
        return CallCode(
            self.torch_function, (Ref(0), use["threshold"], use["value"]), self.changed(use)
        )

    def changed(self, use: Use) -> dict[str, Any]:
        return {"inplace": True} if use.in_place else {}


class Rrelu(Activation):
    """A leaky relu whose slope is drawn between lower and upper in training and is their mean in
    evaluation (Xu et al. 2015, arXiv:1505.00853)."""

    name = "rrelu"
    saves = ("inputs",)
    torch_class = "nn.RReLU"
    settings = (
        Setting("lower", "float", 1 / 8, doc="the smallest slope"),
        Setting("upper", "float", 1 / 3, doc="the largest slope"),
    )
    accepts = ("[2, 3] -> rrelu", "[2, 3] -> rrelu(0.1, 0.3)")
    rejects = ("i64[2] -> rrelu", "[2, 3] -> rrelu(0.5, 0.1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        low, high = use["lower"], use["upper"]
        if high < low:
            use.fail(
                f"lower must not be above upper; they are {low} and {high}",
                code="NN206",
                argument="lower",
            )
        return super().infer(use)

    def function(self, use: Use) -> CallCode | None:
        return None

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class LogSigmoid(Activation):
    """The logarithm of sigmoid, computed stably."""

    name = "log_sigmoid"
    saves = ("inputs",)
    torch_class, torch_function = "nn.LogSigmoid", "F.logsigmoid"
    accepts = ("[2, 3] -> log_sigmoid",)
    rejects = ("i64[2] -> log_sigmoid",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes
