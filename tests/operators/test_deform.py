"""The judge of `deform_conv2d`, held against what is known of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from .without_kernels import torchvision


def test_without_offsets_it_is_a_convolution() -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.rand(2, 4, 7, 6), torch.rand(6, 2, 3, 2), torch.rand(6)
    settings = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
    right = F.conv2d(x, weight, bias, groups=2, **settings)
    still = torch.zeros(2, 2 * 6 * 2, *right.shape[2:])
    found = torchvision.ops.deform_conv2d(x, still, weight, bias, **settings)
    torch.testing.assert_close(found, right)
    half = torch.full((2, 6 * 2, *right.shape[2:]), 0.5)
    weighed = torchvision.ops.deform_conv2d(x, still, weight, None, mask=half, **settings)
    torch.testing.assert_close(weighed, F.conv2d(x, weight, None, groups=2, **settings) / 2)


def test_whole_offsets_move_the_window() -> None:
    torch.manual_seed(0)
    x, weight = torch.rand(1, 2, 5, 6), torch.rand(3, 2, 1, 1)
    offset = (
        torch.tensor([1.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 5, 6)
    )  # a row down, two columns back
    right = F.conv2d(F.pad(x, (2, -2, -1, 1)), weight)
    torch.testing.assert_close(torchvision.ops.deform_conv2d(x, offset, weight), right)


def test_offsets_between_places_interpolate() -> None:
    x = torch.arange(6.0).view(1, 1, 2, 3)
    offset = torch.full((1, 2, 2, 3), 0.5)
    found = torchvision.ops.deform_conv2d(x, offset, torch.ones(1, 1, 1, 1))
    assert found[0, 0].tolist() == [[2.0, 3.0, 1.75], [1.75, 2.25, 1.25]]
