"""Activations over a dimension: softmax and its kin, whose values add up to 1, and glu, which halves
it."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.activation import Activation
from nnspec.operators.casting import DTYPE, dtype_given
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class OverDim(Activation):
    """Softmax and its kin: over one dimension, which must be named."""

    settings = (
        Setting("dim", "int", doc="the dimension whose values add up to 1"),
        DTYPE,
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank or use["dim"] not in (0, -1):  # PyTorch gives a number the dimension 0
            use.dim("dim", use.x.rank)
        dtype = use["dtype"]
        if dtype is None:
            return super().infer(use)
        if not is_float(dtype):
            use.fail(
                f'`{self.name}` makes shares, which are f32, f64, f16 or bf16, not "{dtype}"',
                code="NN304",
                argument="dtype",
            )
        self.check(use)
        return (TensorType(dtype, use.x.shape),)

    def check(self, use: Use) -> None:
        """What cannot be made of another dtype."""
        if use.x.dtype in ("c64", "c128"):
            use.fail(f"`{self.name}` computes on real numbers, not {use.x}", code="NN304")

    def changed(self, use: Use) -> dict[str, Any]:
        return {"dim": use["dim"]}

    def module(self, use: Use) -> ModuleCode | None:
        return super().module(use) if use["dtype"] is None else None  # the layers do not take it

    def function(self, use: Use) -> CallCode:
        return CallCode(self.torch_function, (Ref(0),), self.changed(use) | dtype_given(use))


class Softmax(OverDim):
    """exp(x) divided by its sum along `dim`: shares that add up to 1 (Bridle 1990)."""

    name = "softmax"
    saves = (0,)
    autocast = "full"
    torch_class, torch_function = "nn.Softmax", "F.softmax"
    accepts = ("[2, 3] -> softmax(dim=1)", 'f16[2, 3] -> softmax(1, dtype="f32")')
    rejects = ("[2, 3] -> softmax(dim=2)", "i64[2] -> softmax(0)", '[2] -> softmax(0, "i64")')


class LogSoftmax(OverDim):
    """The logarithm of softmax, computed stably."""

    name = "log_softmax"
    saves = (0,)
    autocast = "full"
    torch_class, torch_function = "nn.LogSoftmax", "F.log_softmax"
    accepts = ("[2, 3] -> log_softmax(dim=-1)", 'i64[2, 3] -> log_softmax(1, dtype="f64")')
    rejects = ("[2, 3] -> log_softmax(dim=2)",)


class Softmin(OverDim):
    """softmax of -x: the smallest values get the largest shares."""

    name = "softmin"
    saves = (0,)
    autocast = "full"
    torch_class, torch_function = "nn.Softmin", "F.softmin"
    accepts = ("[2, 3] -> softmin(dim=1)", 'bf16[2, 3] -> softmin(1, dtype="f32")')
    rejects = (
        "[2, 3] -> softmin(dim=2)",
        "i64[2] -> softmin(0)",
        'bool[2] -> softmin(0, dtype="f32")',
    )

    def check(self, use: Use) -> None:
        super().check(use)
        if use.x.dtype == "bool":
            use.fail(f"`softmin` takes numbers below 0 too, not {use.x}", code="NN304")


class Softmax2d(Activation):
    """softmax over the channels of [N, C, H, W], at each place by itself."""

    name = "softmax2d"
    saves = (0,)
    autocast = "full"
    torch_class = "nn.Softmax2d"
    accepts = ("[2, 3, 4, 4] -> softmax2d",)
    rejects = ("[2, 3] -> softmax2d", "i64[2, 3, 4, 4] -> softmax2d")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning="[batch, channels, height, width]")
        return super().infer(use)

    def function(self, use: Use) -> CallCode | None:
        return None


class Glu(Operator):
    """One half of the values times the sigmoid of the other (Dauphin et al. 2017): `dim` is
    halved."""

    name = "glu"
    saves = ("inputs",)
    family = "activation"
    settings = (Setting("dim", "int", -1, doc="the dimension that is halved"),)
    accepts = ("[2, 4] -> glu",)
    rejects = ("[2, 3] -> glu",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(f"`glu` computes on floating-point tensors, not {use.x}", code="NN304")
        if use.x.rank == 0:
            use.fail(f"`glu` takes a tensor of at least one dimension, not {use.x}", code="NN303")
        dim = use.dim("dim", use.x.rank)
        shape = list(use.x.shape)
        use.divisible(
            shape[dim],
            2,
            f"`glu` halves dimension {dim}, whose size {render(shape[dim])} is to be even",
        )
        shape[dim] = shape[dim] // 2
        return (use.x.with_shape(shape),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.GLU", (), {} if use["dim"] == -1 else {"dim": use["dim"]})

    def function(self, use: Use) -> CallCode:
        return CallCode("F.glu", (Ref(0),), {} if use["dim"] == -1 else {"dim": use["dim"]})


class GumbelSoftmax(Operator):
    """softmax of the scores with noise that is drawn each time anew, in evaluation too: nearly a choice, by
    chance, that gradients flow through (Jang et al. 2017, arXiv:1611.01144). `hard` makes it 0 and 1, with
    the gradients of the shares."""

    name = "gumbel_softmax"
    family = "activation"
    keeps_shape = True
    settings = (
        Setting("tau", "float", 1.0, doc="the temperature: the lower, the nearer to a choice"),
        Setting("hard", "bool", False, doc="0 and 1 in place of the shares"),
        Setting("dim", "int", -1, doc="along which the shares add up to 1"),
    )
    accepts = ("[2, 3] -> gumbel_softmax", "[2, 3] -> gumbel_softmax(0.5, hard=true, dim=0)")
    rejects = ("[2, 3] -> gumbel_softmax(dim=2)", "i64[2, 3] -> gumbel_softmax")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(
                f"`gumbel_softmax` computes on floating-point tensors, not {use.x}", code="NN304"
            )
        use.dim("dim", use.x.rank)
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode("F.gumbel_softmax", (Ref(0),), use.changed())

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use["hard"] else (0,)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        if not use["hard"]:
            return 0
        choices = use.x.numel // use.x.shape[use.dim("dim", use.x.rank)]
        return use.x.bytes + 8 * choices
