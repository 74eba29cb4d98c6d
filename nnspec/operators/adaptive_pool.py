"""Adaptive pools: the output's size is given, the windows follow from it."""

from __future__ import annotations

from nnspec.dims import compare, render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import REQUIRED, CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.operators.pool import INDICES
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class AdaptivePool(Operator):
    """What they share; an axis whose size is `none` keeps its own."""

    saves = ("inputs",)

    family = "pooling"
    rank: ClassVar[int]
    torch_name: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, rank = use.x, self.rank
        use.rank(rank + 2, meaning=f"[batch, channels, {', '.join(AXES[rank])}]")
        if not is_float(x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {x}", code="NN304")
        if use["output_size"] is None:
            use.fail(
                "output_size is a size, or one for each axis; `none` stands in a list",
                code="NN206",
                argument="output_size",
                help=f"`[{', '.join(['none'] * rank)}]` leaves the sizes as they are",
            )
        wanted = use.tuple("output_size", rank)
        for size in wanted:
            if size is not None and compare("<", size, 1):
                use.fail(
                    f"output_size must be at least 1, not {render(size)}",
                    code="NN206",
                    argument="output_size",
                )
        sizes = [
            own if size is None else size for size, own in zip(wanted, x.shape[2:], strict=True)
        ]
        return (x.with_shape((*x.shape[:2], *sizes)),)

    def module(self, use: Use) -> ModuleCode | None:
        return ModuleCode(f"nn.{self.torch_name}", (self.size(use),), use.changed(1))

    def function(self, use: Use) -> CallCode:
        return CallCode(f"F.{self.name}", (Ref(0), self.size(use)), use.changed(1))

    def size(self, use: Use) -> Any:
        """The setting as PyTorch takes it: one number, or a size or None for each axis."""
        return use["output_size"]

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        way = "the largest value" if "max" in self.name else "the mean"
        into = " x ".join(render(size) for size in outputs[0].shape[2:])
        have = " x ".join(render(size) for size in use.x.shape[2:])
        return [f"{have} is cut into {into} windows, and {way} of each is taken, whatever the size"]

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if all(size == 1 for size in use.tuple("output_size", self.rank)) else self.saves


class AdaptiveMaxPool(AdaptivePool):
    """The largest value, and its place in the plane where it is wanted."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (found,) = super().infer(use)
        return (found, TensorType("i64", found.shape)) if use["return_indices"] else (found,)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 1) if use["return_indices"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 0 if use["return_indices"] else 8 * outputs[0].numel  # the places


def _size(rank: int) -> tuple[Setting, ...]:
    kind = "size" if rank == 1 else "size|none"
    return (Setting("output_size", kind, REQUIRED, rank, doc="size of the output"),)


class AdaptiveAvgPool1d(AdaptivePool):
    """The mean over windows that give `output_size` values: [N, C, L] -> [N, C, output_size]."""

    name = "adaptive_avg_pool1d"
    rank, torch_name, settings = 1, "AdaptiveAvgPool1d", _size(1)
    accepts = ("[2, 3, 8] -> adaptive_avg_pool1d(3)",)
    rejects = ("[2, 3, 8, 8] -> adaptive_avg_pool1d(1)",)


class AdaptiveAvgPool2d(AdaptivePool):
    """The mean over windows that give `output_size`; 1 is global average pooling."""

    name = "adaptive_avg_pool2d"
    rank, torch_name, settings = 2, "AdaptiveAvgPool2d", _size(2)
    accepts = ("[2, 3, 8, 8] -> adaptive_avg_pool2d(1)",)
    rejects = ("i64[2, 3, 8, 8] -> adaptive_avg_pool2d(1)",)


class AdaptiveAvgPool3d(AdaptivePool):
    """The mean over windows that give `output_size`."""

    name = "adaptive_avg_pool3d"
    rank, torch_name, settings = 3, "AdaptiveAvgPool3d", _size(3)
    accepts = ("[2, 3, 4, 8, 8] -> adaptive_avg_pool3d([2, 1, 1])",)
    rejects = ("i64[2, 3, 4, 8, 8] -> adaptive_avg_pool3d(1)",)


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """The largest value of windows that give `output_size` values."""

    name = "adaptive_max_pool1d"
    rank, torch_name, settings = 1, "AdaptiveMaxPool1d", (*_size(1), INDICES)
    accepts = (
        "[2, 3, 8] -> adaptive_max_pool1d(3)",
        "[2, 3, 8] -> adaptive_max_pool1d(3, return_indices=true)",
    )
    rejects = ("[2, 3, 8, 8] -> adaptive_max_pool1d(1)",)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """The largest value of windows that give `output_size`."""

    name = "adaptive_max_pool2d"
    rank, torch_name, settings = 2, "AdaptiveMaxPool2d", (*_size(2), INDICES)
    accepts = (
        "[2, 3, 8, 8] -> adaptive_max_pool2d(1)",
        "[2, 3, 8, 8] -> adaptive_max_pool2d([2, none], return_indices=true)",
    )
    rejects = ("[2, 3] -> adaptive_max_pool2d([1, 1])",)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """The largest value of windows that give `output_size`."""

    name = "adaptive_max_pool3d"
    rank, torch_name, settings = 3, "AdaptiveMaxPool3d", (*_size(3), INDICES)
    accepts = (
        "[2, 3, 4, 8, 8] -> adaptive_max_pool3d(1)",
        "[2, 3, 4, 8, 8] -> adaptive_max_pool3d(1, return_indices=true)",
    )
    rejects = ("[2, 3, 8] -> adaptive_max_pool3d(1)",)
