"""What one of several processes does of each batch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor

from nnspec.records import Record


class Share(Record):
    """Process `rank` of `of`. A batch is divided into runs of samples in order, the first ones the longer."""

    rank: int = 0
    of: int = 1

    def count(self, samples: int) -> int:
        """How many of a batch's samples are this process's."""
        return samples // self.of + (self.rank < samples % self.of)

    def part(self, start: int, stop: int) -> tuple[int, int]:
        """The own part of the batch of samples start…stop. Where nothing is left for a process it computes
        the first sample, which counts nothing: the others wait for it at every step."""
        samples = stop - start
        before = self.rank * (samples // self.of) + min(self.rank, samples % self.of)
        own = self.count(samples)
        return (start + before, start + before + own) if own else (start, start + 1)

    def parts(self, samples: int, size: int, done: int) -> Iterator[tuple[int, int]]:
        """The own part of each batch of `size` but the first `done`."""
        for start in range(done * size, samples, size):
            yield self.part(start, min(start + size, samples))


WHOLE = Share()


def joined(order: Tensor, parts: list[tuple[int, int]]) -> Tensor:
    """What lies in these parts of an order, one part after another."""
    return torch.cat([order[a:b] for a, b in parts]) if parts else order[:0]


def one_after_another(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where the parts lie when they are joined."""
    ends = list(accumulate(b - a for a, b in parts))
    return list(zip([0, *ends], ends, strict=False))
