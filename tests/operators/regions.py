"""The pools of regions for a torchvision without compiled operators, from their papers, with the demands that
torchvision's kernels make (csrc/ops/cpu)."""

from __future__ import annotations

from collections.abc import Callable

import torch

#: of a part of an image what stands for it
Pool = Callable[[torch.Tensor], torch.Tensor]


def small(
    x: torch.Tensor, boxes: torch.Tensor, scale: float, h: int, w: int, pool: Pool
) -> torch.Tensor:
    """[N, C, H, W] and [K, 5] -> [K, C, h, w]: each region in h * w parts, which may overlap."""
    assert x.dtype == boxes.dtype and x.dtype in (torch.float32, torch.float64) and h > 0 and w > 0
    found = x.new_zeros(len(boxes), x.shape[1], h, w)
    for k, (image, *corners) in enumerate(boxes.tolist()):
        left, top, right, bottom = (round(corner * scale) for corner in corners)
        for i in range(h):
            for j in range(w):
                rows = part(top, bottom, i, h, x.shape[2])
                columns = part(left, right, j, w, x.shape[3])
                inside = x[int(image), :, rows, columns]
                if inside.numel():
                    found[k, :, i, j] = pool(inside)
    return found


def part(first: int, last: int, number: int, parts: int, most: int) -> slice:
    """The places of one of the equal parts from `first` to `last`, those that the image has."""
    size = max(last - first + 1, 1)
    start, end = first + size * number // parts, first - -size * (number + 1) // parts
    return slice(min(max(start, 0), most), min(max(end, 0), most))


def roi_pool(
    x: torch.Tensor, boxes: torch.Tensor, scale: float, h: int, w: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fast R-CNN's (Girshick 2015): the largest value of each part."""
    return small(x, boxes, scale, h, w, lambda inside: inside.amax((1, 2))), boxes


def ps_roi_pool(
    x: torch.Tensor, boxes: torch.Tensor, scale: float, h: int, w: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """R-FCN's (Dai et al. 2016): the mean of each part in channels of its own."""
    assert x.shape[1] % (h * w) == 0 and boxes.shape[1] == 5
    means = small(x, boxes, scale, h, w, lambda inside: inside.mean((1, 2)))
    own = means.unflatten(
        1, (-1, h, w)
    )  # [K, C, h, w, h, w]: of each channel the place that is its own
    return own.diagonal(0, 2, 4).diagonal(0, 2, 3), boxes


def ps_roi_align(
    x: torch.Tensor, boxes: torch.Tensor, scale: float, h: int, w: int, samples: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Light-Head R-CNN's (Li et al. 2017), read at whole places: nnspec writes the call, not the numbers."""
    return ps_roi_pool(x, boxes, scale, h, w)
