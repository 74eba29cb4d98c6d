"""Convolutions: conv1d, conv2d, conv3d. (`torch.nn.Conv2d`; Dumoulin & Visin 2016,
arXiv:1603.07285.)"""

from __future__ import annotations

from nnspec.dims import product, render
from nnspec.operators.definition import REQUIRED, ModuleCode, Operator, Param, Setting
from nnspec.operators.fitting import divisors
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Conv(Operator):
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
        kernel, stride = self.positive(use, "kernel_size"), self.positive(use, "stride")
        dilation = self.positive(use, "dilation")
        before, after = self.padding(use, kernel, dilation)
        sizes = [
            self.out_size(
                use, axis, kernel[axis], stride[axis], dilation[axis], before[axis], after[axis]
            )
            for axis in range(rank)
        ]
        return (TensorType(x.dtype, (x.shape[0], use["out_channels"], *sizes)),)

    def out_size(
        self, use: Use, axis: int, kernel: int, stride: int, dilation: int, before: int, after: int
    ) -> Size:
        name, size, reach = (
            AXES[self.rank][axis],
            use.x.shape[2 + axis],
            dilation * (kernel - 1) + 1,
        )
        padded = size + before + after
        self.enough(use, name, size, max(before, after))
        use.at_least(
            padded,
            reach,
            lambda: f"a kernel that reaches over {reach} does not fit into {name} {render(padded)}",
            notes=lambda: (f"{name} {render(size)}, padded to {render(padded)}",),
            argument="kernel_size",
        )
        return (padded - reach) // stride + 1

    def positive(self, use: Use, setting: str) -> tuple[int, ...]:
        values = use.tuple(setting, self.rank)
        if any(value < 1 for value in values):
            use.fail(
                f"{setting} must be at least 1, not {use.shown(setting)}",
                code="NN206",
                argument=setting,
            )
        return values

    def padding(
        self, use: Use, kernel: tuple[int, ...], dilation: tuple[int, ...]
    ) -> tuple[list[int], list[int]]:
        """What is added before and after each axis."""
        given = use["padding"]
        if given == "valid":
            return [0] * self.rank, [0] * self.rank
        if given == "same":
            if any(step != 1 for step in use.tuple("stride", self.rank)):
                half = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
                shown = half[0] if len(set(half)) == 1 else half
                use.fail(
                    f'padding="same" needs stride 1, not {use.shown("stride")}',
                    code="NN206",
                    argument="padding",
                    help=f"write `padding={shown}`: each size is then divided by the stride, rounded up"
                    if all(d * (k - 1) % 2 == 0 for k, d in zip(kernel, dilation, strict=True))
                    else "",
                )
            total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
            return [t // 2 for t in total], [t - t // 2 for t in total]
        amounts = list(use.tuple("padding", self.rank))
        if any(amount < 0 for amount in amounts):
            use.fail(f"padding must not be negative: {given}", code="NN206", argument="padding")
        return amounts, amounts

    def enough(self, use: Use, name: str, size: Size, amount: int) -> None:
        """Padding that repeats the input needs as much of it: reflect leaves the edge out,
        circular does not."""
        mode = use["padding_mode"]
        if amount and mode in ("reflect", "circular"):
            most = size - 1 if mode == "reflect" else size
            use.at_least(
                most,
                amount,
                f'padding_mode="{mode}" can add at most {render(most)} to {name} {render(size)}, '
                f"not {amount}",
                argument="padding",
            )

    def params(self, use: Use) -> dict[str, Param]:
        out, into, groups = use["out_channels"], use.x.shape[1], use["groups"]
        kernel = use.tuple("kernel_size", self.rank)
        shape = (out, into // groups, *kernel)
        found = {
            "weight": Param(shape, formula="out_channels, in_channels // groups, *kernel_size")
        }
        if use["bias"]:
            found["bias"] = Param((out,), formula="out_channels")
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        out = outputs[0]
        kernel = use.tuple("kernel_size", self.rank)
        return product([*out.shape, use.x.shape[1] // use["groups"], *kernel])

    def module(self, use: Use) -> ModuleCode:
        kwargs: dict[str, Any] = {}
        for setting in self.settings[2:]:
            if use[setting.name] != setting.default:
                kwargs[setting.name] = use[setting.name]
        return ModuleCode(
            f"nn.Conv{self.rank}d",
            (use.x.shape[1], use["out_channels"], use["kernel_size"]),
            kwargs,
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        lines = [
            f"channels: {render(use.x.shape[1])} in -> {render(use['out_channels'])} out, "
            "one filter for each output channel",
        ]
        kernel, stride = use.tuple("kernel_size", self.rank), use.tuple("stride", self.rank)
        dilation = use.tuple("dilation", self.rank)
        before, after = self.padding(use, kernel, dilation)
        for axis, name in enumerate(AXES[self.rank]):
            size = render(use.x.shape[2 + axis])
            lines.append(
                f"{name}: ({name} + padding - dilation * (kernel - 1) - 1) // stride + 1 = "
                f"({size} + {before[axis] + after[axis]} - {dilation[axis]} * ({kernel[axis]} - 1) - 1)"
                f" // {stride[axis]} + 1 = {render(outputs[0].shape[2 + axis])}"
            )
        return lines

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        kernel = " * ".join(str(size) for size in use.tuple("kernel_size", self.rank))
        into = render(use.x.shape[1] // use["groups"])
        places = " * ".join(
            f"({render(s)})" if " " in render(s) else render(s) for s in outputs[0].shape
        )
        return f"each of the {places} output values sums {into} * {kernel} products"


def check_channels(use: Use, into: Size, out: Size, groups: int) -> None:
    """Channels must be there and be divided by the groups."""
    use.at_least(
        out, 1, f"out_channels must be at least 1, not {out}", code="NN206", argument="out_channels"
    )
    if groups < 1:
        use.fail(f"groups must be at least 1, not {groups}", code="NN206", argument="groups")
    for size in (into, out):
        use.divisible(
            size,
            groups,
            lambda: (
                f"groups={groups} must divide the {render(into)} input channels and the "
                f"{render(out)} output channels"
            ),
            argument="groups",
            help=lambda: divisors(into, out),
        )


def _settings(rank: int) -> tuple[Setting, ...]:
    return (
        Setting("out_channels", "size", doc="number of filters, and so of output channels"),
        Setting("kernel_size", "int", REQUIRED, rank, doc="size of a filter"),
        Setting("stride", "int", 1, rank, doc="step from one position to the next"),
        Setting("padding", "int|str", 0, rank, ("same", "valid"), doc="zeros added on each side"),
        Setting("dilation", "int", 1, rank, doc="distance between the values a filter sees"),
        Setting(
            "groups", "int", 1, doc="the channels are split into groups that do not see each other"
        ),
        Setting("bias", "bool", True, doc="add a learned number to each output channel"),
        Setting(
            "padding_mode",
            "str",
            "zeros",
            choices=("zeros", "reflect", "replicate", "circular"),
            doc="what the padding is filled with",
        ),
    )


class Conv1d(Conv):
    """A convolution over sequences: [N, C, L] -> [N, out_channels, L']."""

    name = "conv1d"
    rank = 1
    settings = _settings(1)
    accepts = ("[2, 3, 8] -> conv1d(4, 3)",)
    rejects = ("[2, 3, 2] -> conv1d(4, 3)",)


class Conv2d(Conv):
    """A convolution over images: [N, C, H, W] -> [N, out_channels, H', W']."""

    name = "conv2d"
    rank = 2
    settings = _settings(2)
    accepts = ("[2, 3, 8, 8] -> conv2d(4, 3)", "[2, 4, 9, 8] -> conv2d(8, [3, 5], 2, 1, groups=4)")
    rejects = ("[2, 3, 8, 8] -> conv2d(4, 3, groups=2)", "[2, 3, 2, 2] -> conv2d(4, 3)")


class Conv3d(Conv):
    """A convolution over volumes or video: [N, C, D, H, W] -> [N, out_channels, D', H', W']."""

    name = "conv3d"
    rank = 3
    settings = _settings(3)
    accepts = ("[2, 3, 8, 8, 8] -> conv3d(4, [1, 3, 3])",)
    rejects = ("[2, 3, 8, 8] -> conv3d(4, 3)",)
