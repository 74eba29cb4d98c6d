"""pad and interpolate: images and sequences made larger or smaller without weights."""

from __future__ import annotations

from math import floor

from nnspec.dims import Dim, render
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.operators.repeating import whole_numbers
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Pad(Operator):
    """Values added at the ends: `pad` holds two numbers for each dimension, from the last one on,
    as in torch.nn.functional.pad. Negative numbers cut off."""

    name = "pad"
    family = "resizing"
    settings = (
        Setting("pad", "list", doc="[left, right, top, bottom, …]"),
        Setting(
            "mode", "str", "constant", choices=("constant", "reflect", "replicate", "circular")
        ),
        Setting(
            "value", "float|none", None, doc="what is added in the mode constant; 0 by default"
        ),
    )
    accepts = ("[2, 3, 4, 4] -> pad([1, 2])", '[2, 3, 4, 4] -> pad([1, 1, 1, 1], mode="reflect")')
    rejects = ("[2, 3] -> pad([1])", '[2, 3, 4, 4] -> pad([4, 0, 0, 0], mode="reflect")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        amounts, mode, x = whole_numbers(use, "pad"), use["mode"], use.x
        if len(amounts) % 2 or len(amounts) > 2 * x.rank:
            use.fail(
                f"pad has two numbers for each dimension, at most {2 * x.rank} for {x}; "
                f"here are {len(amounts)}",
                code="NN205",
                argument="pad",
            )
        for amount in amounts:
            if isinstance(amount, bool) or not isinstance(amount, (int, Dim)):
                use.fail(f"pad is made of integers, not {amount}", code="NN206", argument="pad")
        axes = len(amounts) // 2
        if mode != "constant":
            if use["value"]:
                use.fail(f'mode "{mode}" takes no value to add', code="NN206", argument="value")
            if not is_float(x.dtype):
                use.fail(f"mode {mode} works on floating-point tensors, not {x}", code="NN304")
            if axes not in (1, 2, 3) or x.rank != axes + 2:
                use.fail(
                    f'mode "{mode}" pads the last {x.rank - 2} dimensions of {x}, '
                    f"with {2 * (x.rank - 2)} numbers",
                    code="NN303",
                    argument="pad",
                )
        shape = list(x.shape)
        for axis in range(axes):
            left, right = amounts[2 * axis], amounts[2 * axis + 1]
            dim = x.rank - 1 - axis
            size = shape[dim]
            if mode in ("reflect", "circular"):
                most = size - 1 if mode == "reflect" else size
                for amount in (left, right):
                    use.at_least(
                        most,
                        amount,
                        f'mode "{mode}" can add at most {render(most)} to a size of {render(size)}, '
                        f"not {render(amount)}",
                        argument="pad",
                    )
            if mode == "constant":
                for amount in (left, right):
                    cut = "more is cut off than there is"
                    use.at_least(size + amount, 0, cut, argument="pad")
            shape[dim] = use.positive_output(
                size + left + right, f"dimension {dim}", argument="pad"
            )
        return (x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        kwargs: dict[str, Any] = {} if use["mode"] == "constant" else {"mode": use["mode"]}
        if use["value"] is not None:
            kwargs["value"] = use["value"]
        return CallCode("F.pad", (Ref(0), use["pad"]), kwargs)


_MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")
_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}


class Interpolate(Operator):
    """Resized to `size`, or by `scale_factor` (rounded down), with values in between."""

    name = "interpolate"
    family = "resizing"
    settings = (
        Setting("size", "size|list|none", None, doc="of the output's spatial dimensions"),
        Setting("scale_factor", "float|list|none", None, doc="in place of size: how much larger"),
        Setting("mode", "str", "nearest", choices=_MODES),
        Setting("align_corners", "bool|none", None, doc="the corners' centres stay in place"),
    )
    accepts = (
        "[2, 3, 4, 4] -> interpolate(scale_factor=2)",
        '[2, 3, 4, 4] -> interpolate(size=[5, 6], mode="bilinear", align_corners=false)',
    )
    rejects = ("[2, 3, 4, 4] -> interpolate", '[2, 3, 4, 4] -> interpolate(size=4, mode="linear")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, mode = use.x, use["mode"]
        use.rank(3, 4, 5, meaning="[batch, channels, …]")
        if not is_float(x.dtype):
            use.fail(f"`interpolate` computes on floating-point tensors, not {x}", code="NN304")
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
        if (use["size"] is None) == (use["scale_factor"] is None):
            use.fail("`interpolate` needs size or scale_factor, one of the two", code="NN204")
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

    def scaled(self, use: Use, have: Size, factor: float) -> Size:
        if factor <= 0:
            use.fail(
                f"scale_factor is above 0, not {factor}", code="NN206", argument="scale_factor"
            )
        if isinstance(have, int):
            return floor(have * factor)
        if float(factor).is_integer():
            return have * int(factor)
        over, under = float(factor).as_integer_ratio()
        if under > 4096:
            use.fail(
                f"a symbolic size times {factor} is not exact",
                code="NN308",
                argument="scale_factor",
                help="use a fraction such as 0.5 or 1.5, or give a size",
            )
        return have * over // under

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Upsample", (), self.changed(use))

    def function(self, use: Use) -> CallCode:
        return CallCode("F.interpolate", (Ref(0),), self.changed(use))

    def changed(self, use: Use) -> dict[str, Any]:
        return {s.name: use[s.name] for s in self.settings if use[s.name] != s.default}
