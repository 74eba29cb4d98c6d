"""interpolate and upsample: images and sequences made larger or smaller without weights."""

from __future__ import annotations

from nnspec.dims import Dim
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.operators.scaling import scaled
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_MODES = (
    "nearest",
    "linear",
    "bilinear",
    "bicubic",
    "trilinear",
    "area",
    "nearest-exact",
    "lanczos",
)
_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,), "lanczos": (4,)}


class Interpolate(Operator):
    """Resized to `size`, or by `scale_factor` (rounded down), with values in between."""

    name = "interpolate"
    family = "resizing"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("size", "size|list|none", None, doc="of the output's spatial dimensions"),
        Setting("scale_factor", "float|list|none", None, doc="in place of size: how much larger"),
        Setting("mode", "str", "nearest", choices=_MODES, doc="how values between are found"),
        Setting("align_corners", "bool|none", None, doc="the corners' centres stay in place"),
        Setting(
            "recompute_scale_factor", "bool|none", None,
            doc="compute with the ratio of the sizes in place of scale_factor",
        ),
        Setting("antialias", "bool", False, doc="smooth before making smaller; of images"),
    )  # fmt: skip
    accepts: ClassVar[tuple[str, ...]] = (
        "[2, 3, 4, 4] -> interpolate(scale_factor=2)",
        '[2, 3, 4, 4] -> interpolate(size=[5, 6], mode="bilinear", align_corners=false)',
        '[2, 3, 4, 4] -> interpolate(scale_factor=0.5, mode="bicubic", antialias=true)',
    )
    rejects: ClassVar[tuple[str, ...]] = (
        "[2, 3, 4, 4] -> interpolate",
        "[2, 3, 4, 4] -> interpolate(scale_factor=2, antialias=true)",
        '[2, 3, 4, 4] -> interpolate(size=4, mode="linear")',
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, mode = use.x, use["mode"]
        use.rank(3, 4, 5, meaning="[batch, channels, …]")
        if not is_float(x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {x}", code="NN304")
        if mode in _RANKS and x.rank not in _RANKS[mode]:
            use.fail(
                f'mode "{mode}" is for tensors of {_RANKS[mode][0]} dimensions, not {x}',
                code="NN303",
                argument="mode",
            )
        if use["align_corners"] is not None and mode not in _RANKS:
            use.fail(
                f'align_corners has no meaning in mode "{mode}"', code="NN206", argument="mode"
            )
        self.antialiased(use)
        if use["recompute_scale_factor"] and use["size"] is not None:
            use.fail(
                "with a size there is no scale factor to be computed again",
                code="NN206",
                argument="recompute_scale_factor",
            )
        if (use["size"] is None) == (use["scale_factor"] is None):
            use.fail(f"`{self.name}` needs size or scale_factor, one of the two", code="NN204")
        given = "scale_factor" if use["size"] is None else "size"
        axes = x.rank - 2
        values = use[given] if isinstance(use[given], tuple) else (use[given],) * axes
        if len(values) != axes:
            use.fail(
                f"{given} is one number or {axes} of them, not {len(values)}",
                code="NN205",
                argument=given,
            )
        kinds = (int, Dim) if given == "size" else (int, float)
        for value in values:
            if not isinstance(value, kinds) or isinstance(value, bool):
                what = "whole numbers" if given == "size" else "numbers"
                use.fail(f"{given} is made of {what}, not {value!r}", code="NN205", argument=given)
        sizes: list[Size] = []
        for axis, (have, value) in enumerate(zip(x.shape[2:], values, strict=True)):
            size = value if given == "size" else self.scaled(use, have, value)
            sizes.append(use.positive_output(size, f"dimension {axis + 2}", argument=given))
        return (x.with_shape((*x.shape[:2], *sizes)),)

    def antialiased(self, use: Use) -> None:
        """The rules of antialias, and of the mode that is nothing without."""
        mode, smooth = use["mode"], use["antialias"]
        if smooth and mode not in ("bilinear", "bicubic", "lanczos"):
            use.fail(
                f'antialias is for the modes bilinear, bicubic and lanczos, not "{mode}"',
                code="NN206",
                argument="antialias",
            )
        if mode == "lanczos" and (not smooth or use["align_corners"]):
            use.fail(
                'mode "lanczos" needs antialias=true, and takes no align_corners',
                code="NN206",
                argument="mode",
            )

    def scaled(self, use: Use, have: Size, factor: float) -> Size:
        if factor <= 0:
            use.fail(
                f"scale_factor is above 0, not {factor}", code="NN206", argument="scale_factor"
            )
        return scaled(use, have, factor, "scale_factor")

    def module(self, use: Use) -> ModuleCode | None:
        if use["antialias"]:
            return None  # nn.Upsample has no such argument
        return ModuleCode("nn.Upsample", (), use.changed())

    def function(self, use: Use) -> CallCode:
        return CallCode("F.interpolate", (Ref(0),), use.changed())


class Upsample(Interpolate):
    """interpolate as a layer: resized to `size`, or by `scale_factor` (rounded down)."""

    name = "upsample"
    settings = Interpolate.settings[:-1]
    accepts = (
        "[2, 3, 4, 4] -> upsample(scale_factor=2)",
        '[2, 3, 4] -> upsample(7, mode="linear")',
    )
    rejects = ("[2, 3, 4, 4] -> upsample",)

    def antialiased(self, use: Use) -> None:
        if use["mode"] == "lanczos":
            use.fail(
                'mode "lanczos" is one of `interpolate` with antialias=true',
                code="NN206",
                argument="mode",
            )

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Upsample", (), use.changed())
