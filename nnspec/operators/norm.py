"""Normalisations: batch, instance, group, layer, rms."""

from __future__ import annotations

from nnspec.dims import compare, product, render
from nnspec.operators.definition import (
    CallCode,
    Functional,
    ModuleCode,
    Operator,
    Param,
    Ref,
    Setting,
    Tensor,
)
from nnspec.operators.fitting import divisors
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


def check_float(use: Use) -> None:
    if not is_float(use.x.dtype):
        use.fail(
            f"`{use.operator.name}` computes on floating-point tensors, not {use.x}", code="NN304"
        )


def check_weights(use: Use, has_weights: bool) -> None:
    """Normalisation mixes half precision with weights of f32, and nothing else."""
    check_float(use)
    if has_weights:
        use.weighted("f16", "bf16")


EPS = Setting("eps", "float", 1e-5, doc="added to the variance")
MOMENTUM = Setting(
    "momentum", "float|none", 0.1, doc="weight of the newest batch in the running figures"
)


def several(use: Use, sizes: Sequence[Size], message: str, **more: Any) -> None:
    """More than one value is needed. No size is below 1, so one of 2 is enough, whatever the others are."""
    if not any(compare(">=", size, 2) for size in sizes):
        use.at_least(product(sizes), 2, message, **more)


class ChannelNorm(Operator):
    """Batch and instance norms: a mean and a variance for each channel."""

    saves = ("inputs",)

    family = "normalisation"
    fresh = True
    keeps_shape = True
    ranks: ClassVar[tuple[int, ...]]
    torch_name: ClassVar[str]
    settings = (
        EPS,
        MOMENTUM,
        Setting("affine", "bool", True, doc="learn a scale and a shift for each channel"),
        Setting("track_running_stats", "bool", True, doc="keep running figures for evaluation"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(*self.ranks, meaning="[batch, channels, …]")
        check_weights(use, use["affine"])
        return (use.x,)

    def params(self, use: Use) -> dict[str, Param]:
        shape = (use.x.shape[1],)
        found: dict[str, Param] = {}
        if use["affine"]:
            found["weight"] = Param(shape, formula="channels")
            found["bias"] = Param(shape, formula="channels")
        if use["track_running_stats"]:
            found["running_mean"] = Param(shape, trainable=False, formula="channels")
            found["running_var"] = Param(shape, trainable=False, formula="channels")
            found["num_batches_tracked"] = Param((), "i64", trainable=False)
        return found

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(f"nn.{self.torch_name}", (use.x.shape[1],), use.changed())

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        over = (
            "the batch and all places"
            if self.name.startswith("batch")
            else "the places of a sample"
        )
        return [
            f"each of the {render(use.x.shape[1])} channels: minus its mean over {over}, divided by its "
            "standard deviation; the shape stays"
        ]


class BatchNorm(ChannelNorm):
    """Over the batch and all places."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        check_weights(use, use["track_running_stats"])
        if use["eps"] <= 0:
            use.fail(f"eps must be above 0, not {use['eps']}", code="NN206", argument="eps")
        if not use["track_running_stats"]:
            several(
                use,
                (use.x.shape[0], *use.x.shape[2:]),
                "without running figures batch norm needs more than one value in a channel",
                argument="track_running_stats",
            )
        return found

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 8 * use.x.shape[1]  # mean and deviation


class BatchNorm1d(BatchNorm):
    """Batch normalisation of [N, C] or [N, C, L] (Ioffe & Szegedy 2015, arXiv:1502.03167)."""

    name = "batch_norm1d"
    ranks, torch_name = (2, 3), "BatchNorm1d"
    accepts = ("[2, 3] -> batch_norm1d", "[2, 3, 5] -> batch_norm1d")
    rejects = ("[2, 3, 5, 5] -> batch_norm1d",)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of [N, C, H, W] (Ioffe & Szegedy 2015, arXiv:1502.03167)."""

    name = "batch_norm2d"
    ranks, torch_name = (4,), "BatchNorm2d"
    accepts = ("[2, 3, 5, 5] -> batch_norm2d",)
    rejects = ("[2, 3] -> batch_norm2d",)


class BatchNorm3d(BatchNorm):
    """Batch normalisation of [N, C, D, H, W] (Ioffe & Szegedy 2015, arXiv:1502.03167)."""

    name = "batch_norm3d"
    ranks, torch_name = (5,), "BatchNorm3d"
    accepts = ("[2, 3, 2, 5, 5] -> batch_norm3d",)
    rejects = ("[2, 3, 5, 5] -> batch_norm3d",)


class GroupNorm(Operator):
    """Channels in groups, each normalised by itself (Wu & He 2018, arXiv:1803.08494)."""

    name = "group_norm"
    saves = ("inputs",)
    autocast = "full"
    family = "normalisation"
    fresh = True
    keeps_shape = True
    settings = (
        Setting("num_groups", "int", doc="into how many groups the channels are split"),
        EPS,
        Setting("affine", "bool", True, doc="learn a scale and a shift for each channel"),
    )
    accepts = ("[2, 6, 5, 5] -> group_norm(3)", "[2, 6] -> group_norm(2)")
    rejects = ("[2, 6, 5, 5] -> group_norm(4)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        groups = use["num_groups"]
        if use.x.rank < 2:
            use.fail(f"`group_norm` takes [batch, channels, …], not {use.x}", code="NN303")
        check_weights(use, use["affine"])
        if groups < 1:
            use.fail(
                f"num_groups must be at least 1, not {groups}", code="NN206", argument="num_groups"
            )
        channels = use.x.shape[1]
        use.divisible(
            channels,
            groups,
            f"num_groups={groups} must divide the {render(channels)} channels",
            argument="num_groups",
            help=lambda: divisors(channels),
        )
        several(
            use,
            (use.x.shape[0], channels // groups, *use.x.shape[2:]),
            "group norm needs more than one value in a group of channels",
        )
        return (use.x,)

    def params(self, use: Use) -> dict[str, Param]:
        shape = (use.x.shape[1],)
        if not use["affine"]:
            return {}
        return {
            "weight": Param(shape, formula="channels"),
            "bias": Param(shape, formula="channels"),
        }

    def module(self, use: Use) -> ModuleCode:
        arguments = (use["num_groups"], use.x.shape[1])
        return ModuleCode("nn.GroupNorm", arguments, use.changed(1))

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        groups: Size = use["num_groups"]
        return 8 * use.x.shape[0] * groups  # mean and deviation


class TrailingNorm(Operator):
    """Layer and rms norms: over the last `dims` dimensions."""

    saves = ("inputs",)
    autocast = "full"

    family = "normalisation"
    fresh = True
    keeps_shape = True
    torch_name: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not 1 <= use["dims"] <= use.x.rank:
            use.fail(
                f"dims={use['dims']} of the last dimensions of {use.x} cannot be normalised: 1 to "
                f"{use.x.rank} can",
                code="NN303",
                argument="dims",
            )
        check_float(use)
        return (use.x,)

    def _shape(self, use: Use) -> tuple[Any, ...]:
        return use.x.shape[-use["dims"] :]

    def module(self, use: Use) -> ModuleCode:
        shape = self._shape(use)
        changed = use.changed()
        changed.pop("dims", None)  # which the shape says
        argument = shape[0] if len(shape) == 1 else shape
        return ModuleCode(f"nn.{self.torch_name}", (argument,), changed)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        count = " * ".join(render(size) for size in self._shape(use))
        return [f"each group of {count} values is normalised by itself; the shape stays"]


_DIMS = Setting("dims", "int", 1, doc="how many of the last dimensions are normalised together")
_ELEMENTWISE = Setting("elementwise_affine", "bool", True, doc="learn a scale for each value")


class LayerNorm(TrailingNorm):
    """Layer normalisation over the last dimension, or the last `dims` (Ba et al. 2016,
    arXiv:1607.06450)."""

    name = "layer_norm"
    torch_name = "LayerNorm"
    settings = (EPS, _ELEMENTWISE, Setting("bias", "bool", True, doc="learn a shift too"), _DIMS)
    accepts = ("[2, 3, 8] -> layer_norm", "[2, 3, 8] -> layer_norm(dims=2)")
    rejects = ("f64[2, 8] -> layer_norm",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        check_weights(use, use["elementwise_affine"])
        return found

    def params(self, use: Use) -> dict[str, Param]:
        found: dict[str, Param] = {}
        if use["elementwise_affine"]:
            found["weight"] = Param(self._shape(use), formula="normalised dimensions")
            if use["bias"]:
                found["bias"] = Param(self._shape(use), formula="normalised dimensions")
        return found

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 8 * use.x.with_shape(use.x.shape[: -use["dims"]]).numel  # mean and deviation


class LayerNormFunction(Functional):
    """The layer norm of a scale and a shift that are given."""

    name, family, fresh, keeps_shape = "layer_norm", "normalisation", True, True
    base = Operator.registry["layer_norm"]
    tensors = (Tensor("input"), Tensor("weight"), Tensor("bias", optional=True))
    settings = LayerNorm.settings

    def function(self, use: Use) -> CallCode:
        shape = use.x.shape[-use["dims"] :]
        args = (Ref(0), shape, self.ref(use, "weight"), self.ref(use, "bias"))
        return CallCode("F.layer_norm", args, use.changed(only=("eps",)))


LayerNorm.functional = LayerNormFunction()


class RmsNorm(TrailingNorm):
    """Root mean square normalisation (Zhang & Sennrich 2019, arXiv:1910.07467)."""

    name = "rms_norm"
    torch_name = "RMSNorm"
    settings = (
        Setting(
            "eps",
            "float|none",
            None,
            doc="added to the mean square; the dtype's epsilon by default",
        ),
        _ELEMENTWISE,
        _DIMS,
    )
    accepts = ("[2, 3, 8] -> rms_norm",)
    rejects = ("i64[2, 8] -> rms_norm",)

    def params(self, use: Use) -> dict[str, Param]:
        if not use["elementwise_affine"]:
            return {}
        return {"weight": Param(self._shape(use), formula="normalised dimensions")}

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes + 4 * use.x.with_shape(use.x.shape[: -use["dims"]]).numel
