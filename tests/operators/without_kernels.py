"""torchvision, also where its build brings no compiled operators.

`deform_conv2d` is then computed by `deform` below, written from the papers (Dai et al. 2017; Zhu et al.
2019), with the demands that torchvision's kernel makes (csrc/ops/cpu/deform_conv2d_kernel.cpp); the class and
the function around it are torchvision's. `roi_align` is torchvision's own in Python, not compiled anew for
each shape.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

from nnspec.compiler.torchvision_ops import define_missing_operators

from .regions import ps_roi_align, ps_roi_pool, roi_pool

define_missing_operators()

import torchvision  # noqa: E402
from torchvision.extension import _has_ops  # noqa: E402


def deform(
    x: torch.Tensor, weight: torch.Tensor, offset: torch.Tensor, mask: torch.Tensor, bias: torch.Tensor,
    stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilation_h: int, dilation_w: int,
    groups: int, moved: int, use_mask: bool,
) -> torch.Tensor:  # fmt: skip
    """[N, C, H, W] -> [N, out, H', W']; `moved` groups of channels have offsets of their own."""
    n, channels, height, width = x.shape
    out, _, kernel_h, kernel_w = weight.shape
    places = kernel_h * kernel_w
    needed = [kernel_h > 0, kernel_w > 0, stride_h > 0, stride_w > 0, pad_h >= 0, pad_w >= 0]
    assert all([*needed, dilation_h > 0, dilation_w > 0])
    high = (height + 2 * pad_h - dilation_h * (kernel_h - 1) - 1) // stride_h + 1
    wide = (width + 2 * pad_w - dilation_w * (kernel_w - 1) - 1) // stride_w + 1
    assert high > 0 and wide > 0
    assert weight.shape[1] * groups == channels and out % groups == 0 and channels % moved == 0
    assert offset.shape == (n, 2 * moved * places, high, wide)
    if use_mask:
        assert mask.shape == (n, moved * places, high, wide)
    assert {x.dtype, weight.dtype, offset.dtype, bias.dtype} == {x.dtype}
    steps = torch.arange(places)
    moves = offset.view(n, moved, places, 2, high, wide)
    rows = torch.arange(high)[:, None] * stride_h - pad_h
    columns = torch.arange(wide)[None, :] * stride_w - pad_w
    y = rows + (steps // kernel_w * dilation_h)[:, None, None] + moves[:, :, :, 0]
    z = columns + (steps % kernel_w * dilation_w)[:, None, None] + moves[:, :, :, 1]
    shares = torch.zeros(n, channels, places, high, wide, dtype=x.dtype)
    for at_y in (y.floor(), y.floor() + 1):
        for at_z in (z.floor(), z.floor() + 1):
            inside = (at_y >= 0) & (at_y < height) & (at_z >= 0) & (at_z < width)
            share = (1 - (y - at_y).abs()) * (1 - (z - at_z).abs()) * inside
            flat = at_y.clamp(0, height - 1).long() * width + at_z.clamp(0, width - 1).long()
            index = flat.repeat_interleave(channels // moved, 1).flatten(2)
            values = x.flatten(2).gather(2, index).view_as(shares)
            shares = shares + values * share.repeat_interleave(channels // moved, 1)
    if use_mask:
        weighed = mask.view(n, moved, places, high, wide)
        shares = shares * weighed.repeat_interleave(channels // moved, 1)
    patches = shares.view(n, groups, channels // groups * places, high * wide)
    found = weight.view(groups, out // groups, -1) @ patches
    return found.view(n, out, high, wide) + bias.view(1, -1, 1, 1)


_kept: list[Any] = []
if not _has_ops():
    library = torch.library.Library("torchvision", "FRAGMENT")
    steps = ", ".join(f"int {name}_{axis}" for name in ("stride", "pad", "dil") for axis in "hw")
    tensors = ", ".join(f"Tensor {name}" for name in ("x", "weight", "offset", "mask", "bias"))
    library.define(
        f"deform_conv2d({tensors}, {steps}, int groups, int moved, bool use_mask) -> Tensor"
    )
    library.impl("deform_conv2d", deform, "CompositeImplicitAutograd")
    for pool, more in ((roi_pool, ""), (ps_roi_pool, ""), (ps_roi_align, ", int samples")):
        taken = f"Tensor x, Tensor boxes, float scale, int h, int w{more}"
        library.define(f"{pool.__name__}({taken}) -> (Tensor, Tensor)")
        library.impl(pool.__name__, pool, "CompositeImplicitAutograd")
    _kept.append(library)  # it is gone with its last reference
    for file in ("deform_conv", "roi_pool", "ps_roi_pool", "ps_roi_align"):
        sys.modules[f"torchvision.ops.{file}"]._assert_has_ops = lambda: None  # type: ignore[attr-defined]
    regions: Any = sys.modules["torchvision.ops.roi_align"]
    regions._roi_align = regions._roi_align.__wrapped__

__all__ = ["deform", "torchvision"]
