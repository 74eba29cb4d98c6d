"""Transposed convolutions: conv_transpose1d, conv_transpose2d, conv_transpose3d.

(`torch.nn.ConvTranspose2d`; Zeiler et al. 2010; Dumoulin & Visin 2016, arXiv:1603.07285, chapter
4.)
"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.conv import AXES, check_channels
from nnspec.operators.definition import REQUIRED, ModuleCode, Operator, Param, Ref, Setting
from nnspec.operators.fitting import size_at
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class ConvTranspose(Operator):
    """What the three share; `rank` is the number of spatial dimensions."""

    saves = ("inputs",)
    autocast = "low"

    family = "convolution"
    fresh = True
    rank: ClassVar[int]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, rank = use.x, self.rank
        use.rank(rank + 2, meaning=f"[batch, channels, {', '.join(AXES[rank])}]")
        use.weighted()
        check_channels(use, x.shape[1], use["out_channels"], use["groups"])
        wanted, values = use["output_size"], {}
        for name in ("kernel_size", "stride", "padding", "output_padding", "dilation"):
            values[name] = use.tuple(name, rank)
            least = 0 if name.endswith("padding") else 1
            ignored = name == "output_padding" and wanted is not None
            if any(value < least for value in values[name]) and not ignored:
                use.fail(
                    f"{name} must be at least {least}, not {use.shown(name)}",
                    code="NN206",
                    argument=name,
                )
        sizes: list[Size] = []
        for axis in range(rank):
            kernel, stride, padding, extra, dilation = (v[axis] for v in values.values())
            if extra >= max(stride, dilation) and wanted is None:
                use.fail(
                    f"output_padding must be smaller than stride or dilation; "
                    f"it is {extra}, they are {stride} and {dilation}",
                    code="NN206",
                    argument="output_padding",
                )
            least = (x.shape[2 + axis] - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
            sizes.append(self.size(use, axis, least, stride, extra))
        return (x.with_shape((x.shape[0], use["out_channels"], *sizes)),)

    def size(self, use: Use, axis: int, least: Size, stride: int, extra: int) -> Size:
        """The size with its output_padding, or the wanted one of those that a convolution takes to the
        input's."""
        name, given = AXES[self.rank][axis], use["output_size"]
        if given is None:
            return use.positive_output(least + extra, name, argument="padding")
        if len(given) != self.rank:
            use.fail(
                f"output_size is a list of {self.rank} ({', '.join(AXES[self.rank])}), "
                f"not of {len(given)}",
                code="NN205",
                argument="output_size",
            )
        wanted = size_at(use, "output_size", axis)
        most = least + stride - 1
        message = (
            f"output_size {render(wanted)} must be from {render(least)} to {render(most)}, the {name}s "
            f"that a convolution takes to {render(use.x.shape[2 + axis])}"
        )
        use.at_least(wanted, least, message, argument="output_size")
        use.at_least(most, wanted, message, argument="output_size")
        return use.positive_output(wanted, name, argument="output_size")

    def params(self, use: Use) -> dict[str, Param]:
        out, groups = use["out_channels"], use["groups"]
        kernel = use.tuple("kernel_size", self.rank)
        shape = (use.x.shape[1], out // groups, *kernel)
        found = {
            "weight": Param(shape, formula="in_channels, out_channels // groups, *kernel_size")
        }
        if use["bias"]:
            found["bias"] = Param((out,), formula="out_channels")
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        total: Size = use.x.numel * (use["out_channels"] // use["groups"])
        for size in use.tuple("kernel_size", self.rank):
            total = total * size
        return total

    def module(self, use: Use) -> ModuleCode:
        kwargs = use.changed(2)
        wanted = kwargs.pop("output_size", None)  # PyTorch takes it with each call
        arguments = (use.x.shape[1], use["out_channels"], use["kernel_size"])
        made = f"nn.ConvTranspose{self.rank}d"
        if wanted is None:
            return ModuleCode(made, arguments, kwargs)
        return ModuleCode(made, arguments, kwargs, (Ref(0),), {"output_size": list(wanted)})

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        names = ("stride", "padding", "dilation", "kernel_size", "output_padding")
        lines = [
            "a convolution run backwards: each input value is spread over a window of the output"
        ]
        for axis, name in enumerate(AXES[self.rank]):
            stride, padding, dilation, kernel, extra = (
                use.tuple(n, self.rank)[axis] for n in names
            )
            lines.append(
                f"{name}: ({name} - 1) * stride - 2 * padding + dilation * (kernel - 1) + "
                f"output_padding + 1 = ({render(use.x.shape[2 + axis])} - 1) * {stride} - "
                f"{2 * padding} + {dilation} * ({kernel} - 1) + {extra} + 1 = "
                f"{render(outputs[0].shape[2 + axis])}"
            )
        return lines

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        kernel = " * ".join(str(size) for size in use.tuple("kernel_size", self.rank))
        places = " * ".join(
            f"({render(s)})" if " " in render(s) else render(s) for s in use.x.shape
        )
        out = render(use["out_channels"] // use["groups"])
        return f"each of the {places} input values is spread over {out} * {kernel} output values"


def _settings(rank: int) -> tuple[Setting, ...]:
    return (
        Setting("out_channels", "size", doc="number of output channels"),
        Setting("kernel_size", "int", REQUIRED, rank, doc="size of a filter"),
        Setting("stride", "int", 1, rank, doc="distance between two windows of the output"),
        Setting("padding", "int", 0, rank, doc="what is cut off on each side"),
        Setting("output_padding", "int", 0, rank, doc="what is added on one side"),
        Setting(
            "groups", "int", 1, doc="the channels are split into groups that do not see each other"
        ),
        Setting("bias", "bool", True, doc="add a learned number to each output channel"),
        Setting("dilation", "int", 1, rank, doc="distance between the values of a window"),
        Setting(
            "output_size",
            "list|none",
            None,
            doc="the sizes that are wanted, in place of output_padding",
        ),
    )


class ConvTranspose1d(ConvTranspose):
    """A transposed convolution over sequences: [N, C, L] -> [N, out_channels, L']."""

    name = "conv_transpose1d"
    rank, settings = 1, _settings(1)
    accepts = (
        "[2, 3, 8] -> conv_transpose1d(4, 3)",
        "[2, 3, 8] -> conv_transpose1d(4, 3, 2, output_size=[18])",
    )
    rejects = ("[2, 3, 8] -> conv_transpose1d(4, 3, output_padding=1)",)


class ConvTranspose2d(ConvTranspose):
    """A transposed convolution over images: [N, C, H, W] -> [N, out_channels, H', W']."""

    name = "conv_transpose2d"
    rank, settings = 2, _settings(2)
    accepts = (
        "[2, 3, 8, 8] -> conv_transpose2d(4, 2, stride=2)",
        "[2, 3, 4, 5] -> conv_transpose2d(4, 3, stride=2, padding=1, output_size=[8, 9])",
    )
    rejects = (
        "[2, 3, 8, 8] -> conv_transpose2d(4, 2, groups=2)",
        "[2, 3, 4, 5] -> conv_transpose2d(4, 3, stride=2, padding=1, output_size=[9, 9])",
    )


class ConvTranspose3d(ConvTranspose):
    """A transposed convolution over volumes: [N, C, D, H, W] -> [N, out_channels, D', H', W']."""

    name = "conv_transpose3d"
    rank, settings = 3, _settings(3)
    accepts = ("[2, 3, 4, 4, 4] -> conv_transpose3d(4, 2, stride=2)",)
    rejects = ("[2, 3, 8, 8] -> conv_transpose3d(4, 2)",)
