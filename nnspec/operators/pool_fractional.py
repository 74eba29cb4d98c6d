"""Pools over windows of random sizes: fractional_max_pool in two and three dimensions."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import REQUIRED, ModuleCode, Operator, Setting
from nnspec.operators.pool import INDICES
from nnspec.operators.scaling import scaled
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class FractionalMaxPool(Operator):
    """What the two share; `rank` is the number of spatial dimensions."""

    family = "pooling"
    rank: ClassVar[int]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, rank = use.x, self.rank
        use.rank(rank + 2, meaning=f"[batch, channels, {', '.join(AXES[rank])}]")
        if not is_float(x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {x}", code="NN304")
        if (use["output_size"] is None) == (use["output_ratio"] is None):
            use.fail(
                f"`{self.name}` needs output_size or output_ratio, one of the two", code="NN204"
            )
        kernel = use.tuple("kernel_size", rank)
        if any(size < 1 for size in kernel):
            use.fail(
                f"kernel_size must be at least 1, not {use.shown('kernel_size')}",
                code="NN206",
                argument="kernel_size",
            )
        sizes: list[Size] = []
        given = "output_size" if use["output_size"] is not None else "output_ratio"
        for axis, name in enumerate(AXES[rank]):
            size = use.positive_output(self.size(use, axis), name, argument=given)
            have = x.shape[2 + axis]
            needed = (
                size + kernel[axis] - (1 if rank == 2 else 0)
            )  # PyTorch's volumes need one more
            use.at_least(
                have,
                needed,
                f"{render(size)} windows of {kernel[axis]} need {render(needed)} places; "
                f"the {name} is {render(have)}",
                argument="kernel_size",
            )
            sizes.append(size)
        found = x.with_shape((*x.shape[:2], *sizes))
        return (found, TensorType("i64", found.shape)) if use["return_indices"] else (found,)

    def size(self, use: Use, axis: int) -> Size:
        if use["output_size"] is not None:
            size: Size | None = use.tuple("output_size", self.rank)[axis]
            if size is None:
                use.fail(
                    f"a list of sizes holds numbers, not none: {use.shown('output_size')}",
                    code="NN205",
                    argument="output_size",
                )
            return size
        ratio = use.tuple("output_ratio", self.rank)[axis]
        if ratio is None:
            use.fail(
                f"a list of ratios holds numbers, not none: {use.shown('output_ratio')}",
                code="NN205",
                argument="output_ratio",
            )
        if not 0 < ratio < 1:
            use.fail(
                f"output_ratio is between 0 and 1, not {ratio}",
                code="NN206",
                argument="output_ratio",
            )
        return scaled(use, use.x.shape[2 + axis], ratio, "output_ratio")

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(
            f"nn.FractionalMaxPool{self.rank}d", (use["kernel_size"],), use.changed(1)
        )

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 1) if use["return_indices"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 0 if use["return_indices"] else 8 * outputs[0].numel  # the places


def _settings(rank: int) -> tuple[Setting, ...]:
    return (
        Setting("kernel_size", "int", REQUIRED, rank, doc="size of the windows"),
        Setting("output_size", "size|none", None, rank, doc="size of the output"),
        Setting("output_ratio", "float|none", None, rank, doc="or its share of the input's size"),
        INDICES,
    )


class FractionalMaxPool2d(FractionalMaxPool):
    """The largest value of windows that begin at random places: [N, C, H, W] -> [N, C, H', W']
    (Graham 2014, arXiv:1412.6071)."""

    name = "fractional_max_pool2d"
    rank, settings = 2, _settings(2)
    accepts = (
        "[2, 3, 8, 9] -> fractional_max_pool2d(2, output_size=4)",
        "[2, 3, 8, 9] -> fractional_max_pool2d([2, 3], output_ratio=0.5, return_indices=true)",
    )
    rejects = (
        "[2, 3, 8, 9] -> fractional_max_pool2d(2)",
        "[2, 3, 8, 9] -> fractional_max_pool2d(2, output_size=8)",
    )


class FractionalMaxPool3d(FractionalMaxPool):
    """The largest value of windows that begin at random places: [N, C, D, H, W] ->
    [N, C, D', H', W']."""

    name = "fractional_max_pool3d"
    rank, settings = 3, _settings(3)
    accepts = (
        "[2, 3, 4, 8, 9] -> fractional_max_pool3d(2, output_size=[2, 4, 4])",
        "[2, 3, 4, 8, 9] -> fractional_max_pool3d(2, output_ratio=0.5)",
    )
    rejects = ("[2, 3, 4, 8, 9] -> fractional_max_pool3d(2, output_size=4)",)
