"""The metrics that are counts and sums, kept on the device until the figure is asked for.

Each is what torchmetrics calls by the same name, which the tests hold it to; but to import torchmetrics takes
longer than to import PyTorch, and most runs need no more than these.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor


class Count:
    """The part of torchmetrics.Metric that the trainer uses."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        raise NotImplementedError

    def update(self, output: Tensor, target: Tensor) -> None:
        """Take in a batch."""
        raise NotImplementedError

    def combine(self, total: Callable[[Tensor], Tensor]) -> None:
        """Take the counts of other processes in, each of which has some; `total` sums a tensor over them."""
        raise NotImplementedError

    def compute(self) -> float:
        """The figure of all batches since the last reset."""
        raise NotImplementedError

    def to(self, device: torch.device) -> Count:
        """Itself: it counts wherever the batches are."""
        return self


class Hits(Count):
    """The share of the places whose class is among the `top` highest scores: [N, classes, …], [N, …]."""

    def __init__(self, top: int) -> None:
        self.top = top
        super().__init__()

    def reset(self) -> None:
        self.hits: Tensor | int = 0
        self.places = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        if self.top == 1:
            hit = output.argmax(1) == target
        else:
            hit = (output.topk(self.top, 1).indices == target.unsqueeze(1)).any(1)
        self.hits = hit.sum() + self.hits
        self.places += target.numel()

    def combine(self, total: Callable[[Tensor], Tensor]) -> None:
        import torch

        self.hits = total(torch.as_tensor(self.hits))
        self.places = int(total(torch.tensor(self.places)))

    def compute(self) -> float:
        return float(self.hits) / self.places if self.places else 0.0


class PerClass(Count):
    """The mean over the classes of a figure of three counts: how often it was hit, how often it was taken for
    one, how often it was there. A class that is neither there nor taken for one does not count."""

    def __init__(self, classes: int, figure: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        self.classes, self.figure = classes, figure
        super().__init__()

    def reset(self) -> None:
        self.counts: Tensor | None = None

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        taken, there = output.argmax(1).flatten(), target.flatten()
        if self.counts is None:
            self.counts = torch.zeros(3, self.classes, dtype=torch.long, device=taken.device)
        one = torch.ones_like(there)
        for row, classes, add in (
            (0, there, (taken == there).long()),
            (1, taken, one),
            (2, there, one),
        ):
            self.counts[row].index_add_(0, classes, add)

    def combine(self, total: Callable[[Tensor], Tensor]) -> None:
        if self.counts is not None:
            self.counts = total(self.counts)

    def compute(self) -> float:
        if self.counts is None:
            return 0.0
        hit, taken, there = self.counts.double()
        figures = self.figure(hit, taken, there).nan_to_num(0.0)  # none of none is 0
        return float(figures[taken + there > 0].mean())


class MeanError(Count):
    """The mean of a power of the differences: 1 of their size, 2 of their squares."""

    def __init__(self, power: int) -> None:
        self.power = power
        super().__init__()

    def reset(self) -> None:
        self.sum: Tensor | float = 0.0
        self.numbers = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        self.sum = (output - target).abs().pow(self.power).double().sum() + self.sum
        self.numbers += target.numel()

    def combine(self, total: Callable[[Tensor], Tensor]) -> None:
        import torch

        self.sum = total(torch.as_tensor(self.sum))
        self.numbers = int(total(torch.tensor(self.numbers)))

    def compute(self) -> float:
        return float(self.sum) / self.numbers if self.numbers else 0.0
