"""Instance norms: each channel of each sample is normalised by itself."""

from __future__ import annotations

from nnspec.operators.definition import Setting
from nnspec.operators.norm import EPS, MOMENTUM, ChannelNorm, several
from nnspec.tensors import TensorType, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class InstanceNorm(ChannelNorm):
    """What the three share."""

    settings = (
        EPS,
        MOMENTUM,
        Setting("affine", "bool", False, doc="learn a scale and a shift for each channel"),
        Setting("track_running_stats", "bool", False, doc="keep running figures for evaluation"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        places = show_shape(use.x.shape[2:])
        several(
            use,
            use.x.shape[2:],
            f"instance norm needs more than one value in a channel; a channel of {use.x} is {places}",
        )
        return found

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return (12 if use["affine"] else 8) * use.x.shape[0] * use.x.shape[1]


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of [N, C, L] (Ulyanov et al. 2016, arXiv:1607.08022)."""

    name = "instance_norm1d"
    ranks, torch_name = (3,), "InstanceNorm1d"
    accepts = ("[2, 3, 5] -> instance_norm1d", "[2, 3, 5] -> instance_norm1d(affine=true)")
    rejects = ("[2, 3, 1] -> instance_norm1d",)


class InstanceNorm2d(InstanceNorm):
    """Instance normalisation of [N, C, H, W] (Ulyanov et al. 2016, arXiv:1607.08022)."""

    name = "instance_norm2d"
    ranks, torch_name = (4,), "InstanceNorm2d"
    accepts = ("[2, 3, 5, 5] -> instance_norm2d",)
    rejects = ("[2, 3] -> instance_norm2d",)


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of [N, C, D, H, W] (Ulyanov et al. 2016, arXiv:1607.08022)."""

    name = "instance_norm3d"
    ranks, torch_name = (5,), "InstanceNorm3d"
    accepts = ("[2, 3, 2, 5, 5] -> instance_norm3d",)
    rejects = ("[2, 3] -> instance_norm3d",)
