"""Activations: a function on each value; the shape stays as it is."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Param, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Activation(Operator):
    """What activations share: `torch_class` in torch.nn, `torch_function` as an expression."""

    family = "activation"
    keeps_shape = True
    torch_class: ClassVar[str]
    torch_function: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {use.x}", code="NN304")
        return (use.x,)

    def changed(self, use: Use) -> dict[str, Any]:
        """The settings that differ from PyTorch's defaults."""
        changed = use.changed()
        return changed | ({"inplace": True} if use.in_place else {})

    def module(self, use: Use) -> ModuleCode | None:
        return ModuleCode(self.torch_class, (), self.changed(use))

    def function(self, use: Use) -> CallCode | None:
        return CallCode(self.torch_function, (Ref(0),), self.changed(use))


class Clipped(Activation):
    """Relu and its kin: of integers too, as nothing but comparisons are made."""

    over_input = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype in ("bool", "c64", "c128"):
            use.fail(f"`{self.name}` does not compute on {use.x}", code="NN304")
        return (use.x,)


class Relu(Clipped):
    """max(x, 0) (Nair & Hinton 2010)."""

    name = "relu"
    saves = (0,)
    torch_class, torch_function = "nn.ReLU", "F.relu"
    accepts = ("[2, 3] -> relu", "i64[2] -> relu")
    rejects = ("bool[2] -> relu",)


class Relu6(Clipped):
    """min(max(x, 0), 6) (Howard et al. 2017)."""

    name = "relu6"
    saves = ("inputs",)
    torch_class, torch_function = "nn.ReLU6", "F.relu6"
    accepts = ("[2, 3] -> relu6", "i64[2] -> relu6")
    rejects = ("bool[2] -> relu6",)


class LeakyRelu(Activation):
    """x where it is positive, negative_slope * x elsewhere (Maas et al. 2013)."""

    name = "leaky_relu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.LeakyReLU", "F.leaky_relu"
    settings = (Setting("negative_slope", "float", 0.01, doc="what a negative x is multiplied by"),)
    accepts = ("[2, 3] -> leaky_relu(0.2)",)
    rejects = ("i64[2] -> leaky_relu",)


class Elu(Activation):
    """x where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al. 2016)."""

    name = "elu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.ELU", "F.elu"
    settings = (Setting("alpha", "float", 1.0, doc="how far down it goes"),)
    accepts = ("[2, 3] -> elu",)
    rejects = ("i64[2] -> elu",)


class Selu(Activation):
    """A scaled elu that keeps mean and variance (Klambauer et al. 2017)."""

    name = "selu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.SELU", "F.selu"
    accepts = ("[2, 3] -> selu",)
    rejects = ("i64[2] -> selu",)


class Gelu(Activation):
    """x times the normal distribution's share below x (Hendrycks & Gimpel 2016,
    arXiv:1606.08415)."""

    name = "gelu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.GELU", "F.gelu"
    settings = (
        Setting(
            "approximate", "str", "none", choices=("none", "tanh"), doc="by a tanh, or exactly"
        ),
    )
    accepts = ("[2, 3] -> gelu", '[2, 3] -> gelu(approximate="tanh")')
    rejects = ("i64[2] -> gelu",)


class Silu(Activation):
    """x * sigmoid(x), also called swish (Elfwing et al. 2018; Ramachandran et al. 2017)."""

    name = "silu"
    saves = ("inputs",)
    torch_class, torch_function = "nn.SiLU", "F.silu"
    accepts = ("[2, 3] -> silu",)
    rejects = ("i64[2] -> silu",)


class Mish(Activation):
    """x * tanh(softplus(x)) (Misra 2020)."""

    name = "mish"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Mish", "F.mish"
    accepts = ("[2, 3] -> mish",)
    rejects = ("i64[2] -> mish",)


class Hardswish(Activation):
    """x * relu6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244)."""

    name = "hardswish"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Hardswish", "F.hardswish"
    accepts = ("[2, 3] -> hardswish",)
    rejects = ("i64[2] -> hardswish",)


class Hardsigmoid(Activation):
    """relu6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244)."""

    name = "hardsigmoid"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Hardsigmoid", "F.hardsigmoid"
    accepts = ("[2, 3] -> hardsigmoid",)
    rejects = ("i64[2] -> hardsigmoid",)


class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta (Dugas et al. 2001)."""

    name = "softplus"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Softplus", "F.softplus"
    settings = (
        Setting("beta", "float", 1.0, doc="how sharp the bend is"),
        Setting("threshold", "float", 20.0, doc="x itself where beta * x is above it"),
    )
    accepts = ("[2, 3] -> softplus",)
    rejects = ("i64[2] -> softplus",)


class FloatResult(Activation):
    """An activation that takes integers too, and gives floating-point numbers then."""

    keeps_shape = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use.x.dtype
        if dtype in ("c64", "c128"):
            use.fail(f"`{self.name}` does not compute on {use.x}", code="NN304")
        return (TensorType(dtype if is_float(dtype) else "f32", use.x.shape),)


class Softsign(FloatResult):
    """x / (1 + |x|)."""

    name = "softsign"
    saves = ("inputs",)
    torch_class, torch_function = "nn.Softsign", "F.softsign"
    accepts = ("[2, 3] -> softsign", "i64[2] -> softsign")
    rejects = ("bool[2] -> softsign",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype == "bool":
            use.fail(f"`softsign` does not compute on {use.x}", code="NN304")
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class Sigmoid(FloatResult):
    """1 / (1 + exp(-x)): a number between 0 and 1."""

    name = "sigmoid"
    saves = (0,)
    torch_class, torch_function = "nn.Sigmoid", "torch.sigmoid"
    accepts = ("[2, 3] -> sigmoid", "i64[2] -> sigmoid")


class Tanh(FloatResult):
    """The hyperbolic tangent: a number between -1 and 1."""

    name = "tanh"
    saves = (0,)
    torch_class, torch_function = "nn.Tanh", "torch.tanh"
    accepts = ("[2, 3] -> tanh", "i64[2] -> tanh")


class Prelu(Activation):
    """A leaky relu whose slope is learned (He et al. 2015, arXiv:1502.01852)."""

    name = "prelu"
    saves = ("inputs",)
    torch_class = "nn.PReLU"
    settings = (
        Setting("num_parameters", "size", 1, doc="1, or one slope for each channel"),
        Setting("init", "float", 0.25, doc="the slope to begin with"),
    )
    accepts = ("[2, 3] -> prelu", "[2, 3] -> prelu(3)")
    rejects = ("[2, 3] -> prelu(2)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.weighted()
        count = use["num_parameters"]
        if count != 1:
            channels = use.x.shape[1] if use.x.rank > 1 else 1
            use.equal(
                channels,
                count,
                f"num_parameters is 1 or the number of channels, {render(channels)}; "
                f"it is {render(count)}",
                argument="num_parameters",
            )
        return (use.x,)

    def params(self, use: Use) -> dict[str, Param]:
        return {"weight": Param((use["num_parameters"],), formula="num_parameters")}

    def function(self, use: Use) -> CallCode | None:
        return None
