"""The padding layers that add one number: zero_pad and constant_pad, in one, two and three dimensions."""

from __future__ import annotations

from nnspec.dims import compare, minimum, render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import CallCode, ModuleCode, Ref, Setting
from nnspec.operators.fitting import fits_padding
from nnspec.operators.padding_layers import PadLayer, sides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


_VALUE = Setting("value", "float", doc="what is added")


class Zeros(PadLayer):
    """Zeros everywhere, in tensors of any dtype and of any number of dimensions."""

    mode = "constant"

    def check(self, use: Use) -> None:
        if use.x.rank < self.rank:
            use.fail(
                f"`{self.name}` pads the last dimensions ({', '.join(AXES[self.rank])}), at least "
                f"{self.rank}, not {use.x}",
                code="NN303",
            )

    def enough(self, use: Use, name: str, size: Size, amount: Size) -> None:
        use.at_least(
            size + minimum(amount, 0),
            0,
            f"{render(amount)} cuts off more than {name} {render(size)}",
            argument="padding",
        )

    def function(self, use: Use) -> CallCode:
        return CallCode("F.pad", (Ref(0), self.amounts(use)))


class Constant(Zeros):
    """The same number everywhere."""

    def check(self, use: Use) -> None:
        super().check(use)
        if any(compare("<=", amount, 0) is not True for amount in self.amounts(use)):
            fits_padding(use)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(f"nn.{self.torch_name}", (use["padding"], use["value"]))

    def function(self, use: Use) -> CallCode:
        return CallCode("F.pad", (Ref(0), self.amounts(use)), {"value": use["value"]})


class ZeroPad1d(Zeros):
    """Zeros added at the edges of sequences: [N, C, L]."""

    name = "zero_pad1d"
    rank, torch_name, settings = 1, "ZeroPad1d", sides(1)
    accepts = (
        "[2, 3, 5] -> zero_pad1d(1)",
        "[2, 3, 5] -> zero_pad1d([1, 2])",
        "i64[2, 5] -> zero_pad1d(1)",
    )
    rejects = ("[2, 3, 5] -> zero_pad1d(-6)",)


class ZeroPad2d(Zeros):
    """Zeros added at the edges of images: [N, C, H, W]."""

    name = "zero_pad2d"
    rank, torch_name, settings = 2, "ZeroPad2d", sides(2)
    accepts = (
        "[2, 3, 5, 6] -> zero_pad2d(1)",
        "[2, 3, 5, 6] -> zero_pad2d([1, 2, 0, 1])",
        "i64[4, 5] -> zero_pad2d(1)",
    )
    rejects = ("[2, 3, 5, 6] -> zero_pad2d(-6)",)


class ZeroPad3d(Zeros):
    """Zeros added at the edges of volumes: [N, C, D, H, W]."""

    name = "zero_pad3d"
    rank, torch_name, settings = 3, "ZeroPad3d", sides(3)
    accepts = (
        "[2, 3, 4, 5, 6] -> zero_pad3d(1)",
        "[2, 3, 4, 5, 6] -> zero_pad3d([1, 2, 0, 1, 1, 1])",
        "i64[4, 5, 6] -> zero_pad3d(1)",
    )
    rejects = ("[2, 3, 4, 5, 6] -> zero_pad3d(-6)",)


class ConstantPad1d(Constant):
    """A number added at the edges of sequences: [N, C, L]."""

    name = "constant_pad1d"
    rank, torch_name, settings = 1, "ConstantPad1d", (*sides(1), _VALUE)
    accepts = (
        "[2, 3, 5] -> constant_pad1d(1, 0.5)",
        "[2, 3, 5] -> constant_pad1d([1, 2], 0.5)",
        "i64[2, 5] -> constant_pad1d(1, 0.5)",
    )
    rejects = ("[2, 3, 5] -> constant_pad1d(-3, 0.0)",)


class ConstantPad2d(Constant):
    """A number added at the edges of images: [N, C, H, W]."""

    name = "constant_pad2d"
    rank, torch_name, settings = 2, "ConstantPad2d", (*sides(2), _VALUE)
    accepts = (
        "[2, 3, 5, 6] -> constant_pad2d(1, 0.5)",
        "[2, 3, 5, 6] -> constant_pad2d([1, 2, 0, 1], 0.5)",
        "i64[4, 5] -> constant_pad2d(1, 0.5)",
    )
    rejects = ("[2, 3, 5, 6] -> constant_pad2d(-3, 0.0)",)


class ConstantPad3d(Constant):
    """A number added at the edges of volumes: [N, C, D, H, W]."""

    name = "constant_pad3d"
    rank, torch_name, settings = 3, "ConstantPad3d", (*sides(3), _VALUE)
    accepts = (
        "[2, 3, 4, 5, 6] -> constant_pad3d(1, 0.5)",
        "[2, 3, 4, 5, 6] -> constant_pad3d([1, 2, 0, 1, 1, 1], 0.5)",
        "i64[4, 5, 6] -> constant_pad3d(1, 0.5)",
    )
    rejects = ("[2, 3, 4, 5, 6] -> constant_pad3d(-3, 0.0)",)
