"""Max pools the other way round: max_unpool puts values back where max_pool found them."""

from __future__ import annotations

from nnspec.dims import compare, render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import (
    REQUIRED,
    CallCode,
    ModuleCode,
    Operator,
    Ref,
    Setting,
    Tensor,
)
from nnspec.operators.fitting import size_at
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class MaxUnpool(Operator):
    """What the three share; `rank` is the number of spatial dimensions."""

    family = "pooling"
    rank: ClassVar[int]
    saves = ("indices",)
    tensors = (Tensor("input"), Tensor("indices", doc="of max_pool with return_indices=true"))

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, rank = use.x, self.rank
        use.rank(rank + 2, meaning=f"[batch, channels, {', '.join(AXES[rank])}]")
        if not is_float(x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {x}", code="NN304")
        indices = use.inputs[1]
        assert indices is not None
        if indices.dtype != "i64":
            use.fail(f"the indices of `{self.name}` are i64, not {indices}", code="NN304")
        same = f"input and indices of `{self.name}` have one shape, not {x} and {indices}"
        if indices.rank != x.rank:
            use.fail(same, code="NN303")
        for a, b in zip(x.shape, indices.shape, strict=True):
            use.equal(a, b, same, code="NN301")
        for setting in ("kernel_size", "stride"):
            if any(number is not None and number < 1 for number in use.tuple(setting, rank)):
                use.fail(
                    f"{setting} must be at least 1, not {use.shown(setting)}",
                    code="NN206",
                    argument=setting,
                )
        wanted = use["output_size"]
        if wanted is not None and len(wanted) != rank:
            use.fail(
                f"output_size is a list of {rank} ({', '.join(AXES[rank])}), not of {len(wanted)}",
                code="NN205",
                argument="output_size",
            )
        sizes = [self.size(use, axis) for axis in range(rank)]
        return (x.with_shape((*x.shape[:2], *sizes)),)

    def size(self, use: Use, axis: int) -> Size:
        """The smallest of the sizes that pool to this one, or the wanted one, near to it."""
        name = AXES[self.rank][axis]
        kernel, padding = use.tuple("kernel_size", self.rank), use.tuple("padding", self.rank)
        if isinstance(use["stride"], tuple) and None in use["stride"]:
            use.fail(
                f"a list of strides holds numbers, not none: {use.shown('stride')}",
                code="NN205",
                argument="stride",
            )
        stride = kernel if use["stride"] is None else use.tuple("stride", self.rank)
        own = (use.x.shape[2 + axis] - 1) * stride[axis] + kernel[axis] - 2 * padding[axis]
        if use["output_size"] is None:
            return use.positive_output(own, name, argument="padding")
        wanted = size_at(use, "output_size", axis)
        least, most = own - stride[axis] + 1, own + stride[axis] - 1
        if compare("<", most, 1):
            use.positive_output(own, name, argument="padding")
        message = (
            f"output_size {render(wanted)} must be from {render(least)} to {render(most)}, "
            f"the {name}s that pool to {render(use.x.shape[2 + axis])}"
        )
        use.at_least(wanted, least, message, argument="output_size")
        use.at_least(most, wanted, message, argument="output_size")
        return use.positive_output(wanted, name, argument="output_size")

    def module(self, use: Use) -> ModuleCode | None:
        if use["output_size"] is not None:
            return None  # nn.MaxUnpool takes it with each call, as the function does
        return ModuleCode(f"nn.MaxUnpool{self.rank}d", (use["kernel_size"],), self.changed(use))

    def function(self, use: Use) -> CallCode:
        arguments = (Ref(0), Ref(1), use["kernel_size"])
        return CallCode(f"F.{self.name}", arguments, self.changed(use))

    def changed(self, use: Use) -> dict[str, Any]:
        changed = use.changed(1)
        if changed.get("stride") == use["kernel_size"]:
            del changed["stride"]
        return changed


def _settings(rank: int) -> tuple[Setting, ...]:
    return (
        Setting("kernel_size", "int", REQUIRED, rank, doc="size of the window"),
        Setting("stride", "int|none", None, rank, doc="step; the kernel's size by default"),
        Setting("padding", "int", 0, rank, doc="what the pool had added on each side"),
        Setting("output_size", "list|none", None, doc="the sizes that were pooled"),
    )


class MaxUnpool1d(MaxUnpool):
    """Values put back to their places in a sequence, zeros between them: [N, C, L] -> [N, C, L']
    (Zeiler & Fergus 2014, arXiv:1311.2901)."""

    name = "max_unpool1d"
    rank, settings = 1, _settings(1)
    accepts = ("([2, 3, 4], i64[2, 3, 4]) -> max_unpool1d(2)",)
    rejects = ("([2, 3, 4], [2, 3, 4]) -> max_unpool1d(2)",)


class MaxUnpool2d(MaxUnpool):
    """Values put back to their places in an image, zeros between them: [N, C, H, W] ->
    [N, C, H', W']."""

    name = "max_unpool2d"
    rank, settings = 2, _settings(2)
    accepts = (
        "([2, 3, 4, 5], i64[2, 3, 4, 5]) -> max_unpool2d(2)",
        "([2, 3, 4, 5], i64[2, 3, 4, 5]) -> max_unpool2d(2, output_size=[9, 10])",
    )
    rejects = (
        "([2, 3, 4, 5], i64[2, 3, 4, 6]) -> max_unpool2d(2)",
        "([2, 3, 4, 5], i64[2, 3, 4, 5]) -> max_unpool2d(2, output_size=[10, 10])",
        "([2, 3, 4, 5], i64[2, 3, 4, 5]) -> max_unpool2d(2, output_size=[none, 10])",
    )


class MaxUnpool3d(MaxUnpool):
    """Values put back to their places in a volume, zeros between them: [N, C, D, H, W] ->
    [N, C, D', H', W']."""

    name = "max_unpool3d"
    rank, settings = 3, _settings(3)
    accepts = ("([2, 3, 2, 4, 5], i64[2, 3, 2, 4, 5]) -> max_unpool3d(2)",)
    rejects = ("([2, 3, 2, 4, 5], i64[2, 3, 2, 4, 6]) -> max_unpool3d(2)",)
