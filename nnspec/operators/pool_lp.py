"""Power-average pools: lp_pool in one, two and three dimensions."""

from __future__ import annotations

from math import inf

from nnspec.operators.definition import REQUIRED, CallCode, ModuleCode, Ref, Setting
from nnspec.operators.pool import Pool, hold_window
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class LpPool(Pool):
    """The norm of each window: 1 gives its sum, 2 its length, infinity its largest value."""

    saves = ("inputs",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["norm_type"] == 0:
            use.fail("there is no root of degree norm_type=0", code="NN206", argument="norm_type")
        found = super().infer(use)
        if self.rank == 3 and abs(use["norm_type"]) != inf:
            hold_window(use)
        return found

    def changed(self, use: Use) -> dict[str, Any]:
        return {n: value for n, value in super().changed(use).items() if n != "norm_type"}

    def module(self, use: Use) -> ModuleCode:
        arguments = (use["norm_type"], use["kernel_size"])
        return ModuleCode(f"nn.{self.torch_name}", arguments, self.changed(use))

    def function(self, use: Use) -> CallCode:
        arguments = (Ref(0), use["norm_type"], use["kernel_size"])
        return CallCode(f"F.{self.name}", arguments, self.changed(use))

    def way(self, use: Use) -> str:
        return f"the norm of degree {use['norm_type']}"

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes + 4 * outputs[0].bytes


def _settings(rank: int) -> tuple[Setting, ...]:
    length = 0 if rank == 1 else rank  # PyTorch's lp_pool1d multiplies by its kernel_size
    return (
        Setting("norm_type", "float", doc="degree of the norm, not 0"),
        Setting("kernel_size", "int", REQUIRED, length, doc="size of the window"),
        Setting("stride", "int|none", None, rank, doc="step; the kernel's size by default"),
        Setting("ceil_mode", "bool", False, doc="keep the last, partial window"),
    )


class LpPool1d(LpPool):
    """The norm of each window of a sequence: [N, C, L] -> [N, C, L'] (Gulcehre et al. 2014,
    arXiv:1311.1780)."""

    name = "lp_pool1d"
    rank, torch_name, settings = 1, "LPPool1d", _settings(1)
    accepts = ("[2, 3, 8] -> lp_pool1d(2, 3)", "[2, 3, 8] -> lp_pool1d(2, 3, 2, ceil_mode=true)")
    rejects = ("[2, 3, 1] -> lp_pool1d(2, 2)", "[2, 3, 8] -> lp_pool1d(0, 2)")


class LpPool2d(LpPool):
    """The norm of each window of an image: [N, C, H, W] -> [N, C, H', W']."""

    name = "lp_pool2d"
    rank, torch_name, settings = 2, "LPPool2d", _settings(2)
    accepts = ("[2, 3, 8, 8] -> lp_pool2d(2, 2)", "[2, 3, 7, 8] -> lp_pool2d(1.5, [3, 2], 1)")
    rejects = ("[2, 3, 1, 8] -> lp_pool2d(2, 2)",)


class LpPool3d(LpPool):
    """The norm of each window of a volume: [N, C, D, H, W] -> [N, C, D', H', W']."""

    name = "lp_pool3d"
    rank, torch_name, settings = 3, "LPPool3d", _settings(3)
    accepts = ("[2, 3, 4, 8, 8] -> lp_pool3d(2, 2)",)
    rejects = ("[2, 3, 8] -> lp_pool3d(2, 2)",)
