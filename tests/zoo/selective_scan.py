"""The selective scan of Mamba in plain PyTorch: Gu & Dao 2023 (arXiv:2312.00752), equation 2."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SelectiveScan(nn.Module):
    """x, delta: [N, D, T], A: [D, S], B, C: [N, S, T] -> [N, D, T]"""

    def forward(self, x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], *A.shape)
        found = []
        for step in range(x.shape[2]):
            kept = torch.exp(delta[:, :, step, None] * A)
            new = delta[:, :, step, None] * B[:, None, :, step] * x[:, :, step, None]
            h = kept * h + new
            found.append((h * C[:, None, :, step]).sum(-1))
        return torch.stack(found, 2)
