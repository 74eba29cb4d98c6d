"""What a model's loss and metrics are on samples that it does not learn from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nnspec.recipe.counts import Count
from nnspec.training.data import Batch
from nnspec.training.step import Learner, counted

Look = Callable[[Batch, Batch], None]


def validate(learner: Learner, split: str = "val", look: Look | None = None) -> dict[str, float]:
    """Loss and metrics on a split, without gradients; of the average of the weights if there is one.

    `look` sees the outputs and the fields of each batch.
    """
    model = learner.update.evaluated
    if model is not learner.model and learner.plan.average is not None:
        if learner.plan.average.definition.renews_norms:
            _renew_norms(learner, model)
    learner.processes.average_buffers(model)
    model.eval()
    total, seen = torch.zeros_like(learner.loss_sum), 0
    for metric in learner.metrics.values():
        metric.reset()
    with torch.inference_mode(), learner.precision():
        at_once, share = learner.at_once, learner.processes.share
        left = len(learner.splits[split])
        for stored in learner.splits[split].batches(at_once, share=share):
            batch = learner.drawn(stored)
            outputs = learner.forward(batch, model)
            size = counted(batch, min(at_once, left), share)
            left -= at_once
            if not size:
                continue
            total += learner.loss_of(batch, outputs, evaluated=True) * size
            seen += size
            for metric, plan in zip(learner.metrics.values(), learner.plan.metrics, strict=True):
                metric.update(outputs[plan.output], batch[plan.field])
            if look is not None:
                look(outputs, batch)
    if learner.processes.size > 1:
        for metric in learner.metrics.values():
            if isinstance(metric, Count):  # others exchange by themselves
                metric.combine(learner.processes.total)
    results = {name: _one_figure(metric.compute()) for name, metric in learner.metrics.items()}
    total, every = learner.processes.total(total), learner.processes.total(torch.tensor(seen))
    return {**results, "loss": float(total) / max(1, int(every))}


def _renew_norms(learner: Learner, model: nn.Module) -> None:
    """Batch norms know the statistics of single models; the average of them needs its own."""
    from torch.optim.swa_utils import update_bn

    devices = [learner.device] if learner.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        update_bn(learner.splits["train"].batches(learner.batch_size), _OnBatch(learner, model))


def _one_figure(found: Tensor | float) -> float:
    """A metric as one number: the mean, where it is one for each output."""
    return float(found.float().mean()) if isinstance(found, Tensor) else found


class _OnBatch(nn.Module):
    """A model as a function of a batch, for what knows models of one input only."""

    def __init__(self, learner: Learner, model: nn.Module) -> None:
        super().__init__()
        self.learner, self.model = learner, model

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self.learner.forward(batch, self.model)
