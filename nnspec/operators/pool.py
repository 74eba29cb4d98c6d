"""Pools over a sliding window: max_pool and avg_pool in one, two and three dimensions."""

from __future__ import annotations

from nnspec.dims import compare, minimum, render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import REQUIRED, CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Pool(Operator):
    """What max and average pools share; `rank` is the number of spatial dimensions."""

    family = "pooling"
    rank: ClassVar[int]
    dilated: ClassVar[bool] = False
    torch_name: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, rank = use.x, self.rank
        use.rank(rank + 2, meaning=f"[batch, channels, {', '.join(AXES[rank])}]")
        if not is_float(x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {x}", code="NN304")
        kernel, stride, padding, dilation = self.window(use)
        sizes = [
            self.out_size(use, axis, kernel[axis], stride[axis], padding[axis], dilation[axis])
            for axis in range(rank)
        ]
        return (x.with_shape((*x.shape[:2], *sizes)),)

    def window(self, use: Use) -> tuple[tuple[int, ...], ...]:
        """Kernel, stride, padding, dilation, each with one number for each axis."""
        rank = self.rank
        if isinstance(use["stride"], tuple) and None in use["stride"]:
            use.fail(
                f"a list of strides holds numbers, not none: {use.shown('stride')}",
                code="NN205",
                argument="stride",
            )
        kernel = use.tuple("kernel_size", rank)
        stride = kernel if use["stride"] is None else use.tuple("stride", rank)
        padding = use.tuple("padding", rank) if "padding" in use.settings else (0,) * rank
        dilation = use.tuple("dilation", rank) if self.dilated else (1,) * rank
        for name, values in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
            if any(value < 1 for value in values):
                use.fail(
                    f"{name} must be at least 1, not {use.shown(name)}", code="NN206", argument=name
                )
        for amount, size in zip(padding, kernel, strict=True):
            if not 0 <= amount <= size // 2:  # of the kernel's own size, whatever the dilation
                use.fail(
                    f"padding must be between 0 and half of the kernel, {size // 2}; it is {amount}",
                    code="NN206",
                    argument="padding",
                )
        if use.settings.get("divisor_override") == 0:
            use.fail("the mean is divided by divisor_override, which is 0", code="NN206",
                     argument="divisor_override")  # fmt: skip
        return kernel, stride, padding, dilation

    def out_size(
        self, use: Use, axis: int, kernel: int, stride: int, padding: int, dilation: int
    ) -> Size:
        name = AXES[self.rank][axis]
        size = use.x.shape[2 + axis]
        reach = dilation * (kernel - 1) + 1
        room = size + 2 * padding - reach
        if use["ceil_mode"]:
            # rounded up, but the last window must start inside of the input or its padding on the left
            more = minimum(2 * padding - reach + stride, padding) - 1
            out = (size + more) // stride + 1
        else:
            out = room // stride + 1
        shrunk = compare("<", out, 1)
        use.at_least(
            out,
            1,
            lambda: (
                f"the {name} {render(size)} is too small for this pooling: a window of {reach} does not fit"
                if shrunk
                else f"{name} of `{self.name}`"
            ),
            argument="kernel_size",
            help="leave this pooling out, or keep the last partial window: ceil_mode=true"
            if size != 0 and not use["ceil_mode"] and compare("<", room + stride, 1) is not True
            else "",
        )
        return out

    def changed(self, use: Use) -> dict[str, Any]:
        changed = use.changed()
        del changed["kernel_size"]  # which is given in its place
        if changed.get("stride") == use["kernel_size"]:
            del changed["stride"]
        return changed

    def module(self, use: Use) -> ModuleCode | None:
        return ModuleCode(f"nn.{self.torch_name}", (use["kernel_size"],), self.changed(use))

    def function(self, use: Use) -> CallCode:
        return CallCode(f"F.{self.name}", (Ref(0), use["kernel_size"]), self.changed(use))

    def way(self, use: Use) -> str:
        """What is taken of a window, in words."""
        return "the largest" if self.name.startswith("max") else "the mean"

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        kernel, stride, padding, dilation = self.window(use)
        lines = [
            f"{self.way(use)} of each window of {' x '.join(map(str, kernel))} values, "
            "in each channel by itself"
        ]
        for axis, name in enumerate(AXES[self.rank]):
            rounding = "rounded up" if use["ceil_mode"] else "rounded down"
            reach = dilation[axis] * (kernel[axis] - 1) + 1
            lines.append(
                f"{name}: ({name} + 2 * padding - window) / stride, {rounding}, + 1 = "
                f"({render(use.x.shape[2 + axis])} + {2 * padding[axis]} - {reach}) / {stride[axis]}"
                f" + 1 -> {render(outputs[0].shape[2 + axis])}"
            )
        return lines


def _kernel(rank: int) -> Setting:
    return Setting("kernel_size", "int", REQUIRED, rank, doc="size of the window")


def _stride(rank: int) -> Setting:
    return Setting("stride", "int|none", None, rank, doc="step; the kernel's size by default")


def _padding(rank: int) -> Setting:
    return Setting("padding", "int", 0, rank, doc="added on each side")


_CEIL = Setting("ceil_mode", "bool", False, doc="keep the last, partial window")
INDICES = Setting("return_indices", "bool", False, doc="give the places of the values too, i64")


class MaxPool(Pool):
    """The largest value of each window, and its place in the plane where it is wanted."""

    dilated = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (found,) = super().infer(use)
        return (found, TensorType("i64", found.shape)) if use["return_indices"] else (found,)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 1) if use["return_indices"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 0 if use["return_indices"] else 8 * outputs[0].numel  # the places


class AvgPool(Pool):
    """The mean of each window."""

    saves = ("inputs",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        if self.rank == 3:
            hold_window(use)
        return found


def hold_window(use: Use) -> None:
    """PyTorch's means of volumes want the input itself, without padding, to hold a window."""
    for size, kernel, name in zip(
        use.x.shape[2:], use.tuple("kernel_size", 3), AXES[3], strict=True
    ):
        use.at_least(
            size,
            kernel,
            f"the {name} {render(size)} is smaller than the window of {kernel}",
            argument="kernel_size",
        )


def _max_settings(rank: int) -> tuple[Setting, ...]:
    dilation = Setting("dilation", "int", 1, rank, doc="distance between the values of a window")
    return (_kernel(rank), _stride(rank), _padding(rank), dilation, _CEIL, INDICES)


def _avg_settings(rank: int) -> tuple[Setting, ...]:
    settings = (
        _kernel(rank),
        _stride(rank),
        _padding(rank),
        _CEIL,
        Setting("count_include_pad", "bool", True, doc="count the padding in the mean"),
    )
    if rank == 1:
        return settings
    return (*settings, Setting("divisor_override", "int|none", None, doc="divide by this instead"))


class MaxPool1d(MaxPool):
    """The largest value of each window of a sequence: [N, C, L] -> [N, C, L']."""

    name = "max_pool1d"
    rank, torch_name, settings = 1, "MaxPool1d", _max_settings(1)
    accepts = (
        "[2, 3, 8] -> max_pool1d(2)",
        "[2, 3, 8] -> max_pool1d(2, return_indices=true)",
    )
    rejects = ("[2, 3, 1] -> max_pool1d(2)",)


class MaxPool2d(MaxPool):
    """The largest value of each window of an image: [N, C, H, W] -> [N, C, H', W']."""

    name = "max_pool2d"
    rank, torch_name, settings = 2, "MaxPool2d", _max_settings(2)
    accepts = (
        "[2, 3, 8, 8] -> max_pool2d(2)",
        "[2, 3, 7, 7] -> max_pool2d(3, 2, 1)",
        "[2, 3, 7, 7] -> max_pool2d(2, return_indices=true)",
    )
    rejects = ("[2, 3, 1, 8] -> max_pool2d(2)", "[2, 3, 8, 8] -> max_pool2d(2, padding=2)")


class MaxPool3d(MaxPool):
    """The largest value of each window of a volume: [N, C, D, H, W] -> [N, C, D', H', W']."""

    name = "max_pool3d"
    rank, torch_name, settings = 3, "MaxPool3d", _max_settings(3)
    accepts = (
        "[2, 3, 4, 8, 8] -> max_pool3d([1, 2, 2])",
        "[2, 3, 4, 8, 8] -> max_pool3d(2, return_indices=true)",
    )
    rejects = ("[2, 3, 8] -> max_pool3d(2)",)


class AvgPool1d(AvgPool):
    """The mean of each window of a sequence: [N, C, L] -> [N, C, L']."""

    name = "avg_pool1d"
    rank, torch_name, settings = 1, "AvgPool1d", _avg_settings(1)
    accepts = ("[2, 3, 8] -> avg_pool1d(2)",)
    rejects = ("[2, 3, 1] -> avg_pool1d(2)",)


class AvgPool2d(AvgPool):
    """The mean of each window of an image: [N, C, H, W] -> [N, C, H', W']."""

    name = "avg_pool2d"
    rank, torch_name, settings = 2, "AvgPool2d", _avg_settings(2)
    accepts = ("[2, 3, 8, 8] -> avg_pool2d(2)", "[2, 3, 7, 7] -> avg_pool2d(3, ceil_mode=true)")
    rejects = ("[2, 3, 1, 8] -> avg_pool2d(2)",)


class AvgPool3d(AvgPool):
    """The mean of each window of a volume: [N, C, D, H, W] -> [N, C, D', H', W']."""

    name = "avg_pool3d"
    rank, torch_name, settings = 3, "AvgPool3d", _avg_settings(3)
    accepts = ("[2, 3, 4, 8, 8] -> avg_pool3d(2)",)
    rejects = ("[2, 3, 8] -> avg_pool3d(2)",)
