"""Layers of torchvision: squeeze_excitation, frozen_batch_norm2d, deform_conv2d."""

from __future__ import annotations

from nnspec.dims import product, render
from nnspec.operators.conv import AXES, check_channels
from nnspec.operators.definition import (
    REQUIRED,
    Factory,
    Inner,
    ModuleCode,
    Operator,
    Param,
    Setting,
    Tensor,
    Use,
)
from nnspec.tensors import TensorType, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size

_IMAGE = f"[batch, channels, {', '.join(AXES[2])}]"


def _activation(name: str, default: str, doc: str) -> Setting:
    choices = (
        "relu", "sigmoid", "hardsigmoid", "silu", "hardswish", "gelu", "relu6", "tanh", "mish", "elu",
        "leaky_relu", "identity",
    )  # fmt: skip
    return Setting(name, "layer|none", None, choices=choices, doc=f"{doc}; {default} by default")


class SqueezeExcitation(Operator):
    """Each channel times a number between 0 and 1, which two linear layers compute of the means of all
    channels: [N, C, H, W] -> [N, C, H, W] (Hu et al. 2018, arXiv:1709.01507)."""

    name = "squeeze_excitation"
    saves = ("inputs",)
    family = "attention"
    fresh = True
    keeps_shape = True
    settings = (
        Setting("squeeze_channels", "size", doc="channels between the two layers"),
        _activation("activation", "relu", "between the two layers"),
        _activation("scale_activation", "sigmoid", "after both"),
    )
    accepts = (
        "[2, 8, 4, 5] -> squeeze_excitation(2)",
        "[2, 8, 4, 5] -> squeeze_excitation(2, silu, hardsigmoid)",
        "[2, 8, 4, 5] -> squeeze_excitation(2, scale_activation=hardsigmoid)",
    )
    rejects = ("[2, 8, 4] -> squeeze_excitation(2)", "[2, 8, 4, 5] -> squeeze_excitation(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning=_IMAGE)
        use.weighted()
        squeezed = use["squeeze_channels"]
        use.at_least(
            squeezed,
            1,
            lambda: f"squeeze_channels must be at least 1, not {render(squeezed)}",
            code="NN206",
            argument="squeeze_channels",
        )
        return (use.x,)

    def params(self, use: Use) -> dict[str, Param]:
        channels, squeezed = use.x.shape[1], use["squeeze_channels"]
        return {
            "fc1.weight": Param(
                (squeezed, channels, 1, 1), formula="squeeze_channels, channels, 1, 1"
            ),
            "fc1.bias": Param((squeezed,), formula="squeeze_channels"),
            "fc2.weight": Param(
                (channels, squeezed, 1, 1), formula="channels, squeeze_channels, 1, 1"
            ),
            "fc2.bias": Param((channels,), formula="channels"),
        }

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return product([2, use.x.shape[0], use.x.shape[1], use["squeeze_channels"]])

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return (
            f"two layers of {render(use.x.shape[1])} * {render(use['squeeze_channels'])} products "
            "for each sample"
        )

    def module(self, use: Use) -> ModuleCode:
        kwargs: dict[str, Any] = {}
        for name in ("activation", "scale_activation"):
            inner: Inner | None = use[name]
            if inner is not None:
                made = inner.operator.module(inner.on(use, use.x))
                assert made is not None
                kwargs[name] = Factory(made)
        arguments = (use.x.shape[1], use["squeeze_channels"])
        return ModuleCode("torchvision.ops.SqueezeExcitation", arguments, kwargs)


class FrozenBatchNorm2d(Operator):
    """Batch normalisation of [N, C, H, W] with means, variances, factors and shifts that are loaded and
    stay as they are, as detection models have it in their backbones."""

    name = "frozen_batch_norm2d"
    family = "normalisation"
    settings = (Setting("eps", "float", 1e-5, doc="added to the variance"),)
    accepts = ("[2, 3, 4, 5] -> frozen_batch_norm2d", "[2, 3, 4, 5] -> frozen_batch_norm2d(1e-3)")
    rejects = ("[2, 3, 4, 5, 6] -> frozen_batch_norm2d",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning=_IMAGE)
        return (TensorType(promote(use.x.dtype, "f32"), use.x.shape),)

    def params(self, use: Use) -> dict[str, Param]:
        names = ("weight", "bias", "running_mean", "running_var")
        return {name: Param((use.x.shape[1],), "f32", False, "channels") for name in names}

    def module(self, use: Use) -> ModuleCode:
        eps = {} if use["eps"] == 1e-5 else {"eps": use["eps"]}
        return ModuleCode("torchvision.ops.FrozenBatchNorm2d", (use.x.shape[1],), eps)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 4 * use.x.shape[1]  # what each channel is multiplied by


class DeformConv2d(Operator):
    """A convolution whose windows are pulled out of shape: `offset` moves each place of each window (Dai et
    al. 2017, arXiv:1703.06211), `mask` weighs it (Zhu et al. 2019, arXiv:1811.11168). Both have the sizes of
    the output: `y = (x, offset) -> deform_conv2d(64, 3, padding=1)`."""

    name = "deform_conv2d"
    family = "convolution"
    fresh = True
    tensors = (
        Tensor("input"),
        Tensor("offset", doc="[N, 2 * groups * kernel * kernel, H', W']: rows and columns in turn"),
        Tensor("mask", optional=True, doc="[N, groups * kernel * kernel, H', W']"),
    )
    settings = (
        Setting("out_channels", "size", doc="number of filters, and so of output channels"),
        Setting("kernel_size", "int", REQUIRED, 2, doc="size of a filter"),
        Setting("stride", "int", 1, 2, doc="step from one position to the next"),
        Setting("padding", "int", 0, 2, doc="zeros added on each side"),
        Setting("dilation", "int", 1, 2, doc="distance between the values a filter sees"),
        Setting(
            "groups", "int", 1, doc="the channels are split into groups that do not see each other"
        ),
        Setting("bias", "bool", True, doc="add a learned number to each output channel"),
    )
    accepts = (
        "([2, 4, 6, 5], [2, 18, 4, 3]) -> deform_conv2d(6, 3)",
        "([2, 4, 6, 5], [2, 36, 6, 5], [2, 18, 6, 5]) -> deform_conv2d(6, 3, padding=1, groups=2)",
        "([2, 4, 7, 5], [2, 12, 3, 5]) -> deform_conv2d(6, [3, 2], [2, 1], [0, 1], [1, 2], bias=false)",
    )
    rejects = (
        "([2, 4, 6, 5], [2, 18, 6, 5]) -> deform_conv2d(6, 3)",
        "([2, 4, 6, 5], [2, 9, 4, 3]) -> deform_conv2d(6, 3)",
        "([2, 4, 6, 5], [2, 18, 4, 3], [2, 18, 4, 3]) -> deform_conv2d(6, 3)",
        "([2, 3, 6, 5], [2, 36, 4, 3]) -> deform_conv2d(6, 3)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning=_IMAGE)
        use.weighted()
        x, into = use.x, use.x.shape[1]
        check_channels(use, into, use["out_channels"], use["groups"])
        for setting in ("kernel_size", "stride", "padding", "dilation"):
            least = 0 if setting == "padding" else 1
            if any(value < least for value in use.tuple(setting, 2)):
                use.fail(
                    f"{setting} must be at least {least}, not {use.shown(setting)}",
                    code="NN206",
                    argument=setting,
                )
        sizes = [self.out_size(use, axis) for axis in (0, 1)]
        places = product(use.tuple("kernel_size", 2))
        offset = use.pin(self.beside(use, 1, sizes))
        if not isinstance(offset, int):
            use.fail(f"how many channels `offset` has is a number, not {offset}", code="NN308")
        use.divisible(
            offset,
            2 * places,
            f"`offset` has two channels for each of the {places} places of the kernel, {2 * places} or "
            f"a multiple of it, not {offset}",
        )
        moved = offset // (2 * places)
        use.divisible(
            into,
            moved,
            f"the {moved} groups of `offset` must divide {render(into)} channels",
        )
        if use.tensor(2) is not None:
            mask, wanted = self.beside(use, 2, sizes), moved * places
            why = f"`mask` has {wanted} channels here, one for two of `offset`, not {render(mask)}"
            use.equal(mask, wanted, why, code="NN301")
        return (x.with_shape((x.shape[0], use["out_channels"], *sizes)),)

    def out_size(self, use: Use, axis: int) -> Size:
        name, size = AXES[2][axis], use.x.shape[2 + axis]
        kernel, stride, padding, dilation = (
            use.tuple(n, 2)[axis] for n in ("kernel_size", "stride", "padding", "dilation")
        )
        reach = dilation * (kernel - 1) + 1
        padded: Size = size + 2 * padding
        use.at_least(
            padded,
            reach,
            lambda: f"a kernel that reaches over {reach} does not fit into {name} {render(padded)}",
            argument="kernel_size",
        )
        made: Size = (padded - reach) // stride + 1
        return made

    def beside(self, use: Use, slot: int, sizes: list[Size]) -> Size:
        """The channels of offset or mask, whose other sizes are those of the output."""
        given, name = use.inputs[slot], self.tensors[slot].name
        assert given is not None
        wanted = use.x.with_shape((use.x.shape[0], use.x.shape[1], *sizes))
        if given.rank != 4 or given.dtype != use.x.dtype:
            use.fail(
                f"`{name}` is an image of {use.x.dtype} with the output's height and width, not {given}",
                code="NN303" if given.rank != 4 else "NN304",
            )
        for axis, what in ((0, "batch"), (2, "height"), (3, "width")):
            a, b = given.shape[axis], wanted.shape[axis]
            why = f"`{name}` has the {what} of the output, {render(b)}, not {render(a)}"
            use.equal(a, b, why, code="NN301")
        return given.shape[1]

    def params(self, use: Use) -> dict[str, Param]:
        out, kernel = use["out_channels"], use.tuple("kernel_size", 2)
        shape: tuple[Size, ...] = (out, use.x.shape[1] // use["groups"], *kernel)
        found = {
            "weight": Param(shape, formula="out_channels, in_channels // groups, *kernel_size")
        }
        if use["bias"]:
            found["bias"] = Param((out,), formula="out_channels")
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        kernel = use.tuple("kernel_size", 2)
        return product([*outputs[0].shape, use.x.shape[1] // use["groups"], *kernel])

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        kernel = " * ".join(str(size) for size in use.tuple("kernel_size", 2))
        into = render(use.x.shape[1] // use["groups"])
        return (
            f"as in a convolution, each output value sums {into} * {kernel} products: the matrix product of "
            "torchvision's kernel; the interpolation is not counted"
        )

    def module(self, use: Use) -> ModuleCode:
        kwargs = use.changed(2)
        return ModuleCode(
            "torchvision.ops.DeformConv2d",
            (use.x.shape[1], use["out_channels"], use["kernel_size"]),
            kwargs,
        )
