"""A model in training: what its loss is of a batch, and the step that a batch makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from nnspec.recipe.plan import TrainPlan
from nnspec.training.data import Batch, Split
from nnspec.training.errors import RunError
from nnspec.training.parallel.share import Share
from nnspec.training.parallel.whole import Whole
from nnspec.training.update import DTYPES, Update

Loss = Callable[..., Tensor]


class Learner:
    """A model with its data, loss, metrics and optimizer, and how far its epoch is."""

    def __init__(
        self,
        plan: TrainPlan,
        model: nn.Module,
        loss: Loss,
        splits: dict[str, Split],
        strategy: Whole,
        at_once: int,
    ) -> None:
        """`at_once`: samples that are validated together."""
        self.at_once = at_once
        self.strategy, self.processes = strategy, strategy.processes
        self.plan, self.model, self.loss = plan, model, loss
        self.splits = splits
        self.device = device = strategy.device
        settings = plan.settings
        self.batch_size: int = settings["batch_size"]
        self.per_epoch = math.ceil(len(splits["train"]) / self.batch_size)
        self.metrics = {
            str(m.metric): m.build(plan.data.fields[m.field]).to(device) for m in plan.metrics
        }
        self.higher_is_better = bool(
            plan.metrics and plan.metrics[0].metric.definition.higher_is_better
        )
        best = "max" if self.higher_is_better else "min"
        self.update = Update(plan, model, self.per_epoch, best, strategy)
        self.called = strategy.called(model)
        self.together: list[Learner] = [self]  # all that share models with it
        self.mixtures = []
        if plan.mix is not None:
            classes = plan.data.fields[plan.mix.label].classes
            self.mixtures = [w.definition.build(classes, w.settings) for w in plan.mix.ways]
        self.forward_and_loss: Loss = self._forward_and_loss
        self.gradients: Loss = self._gradients
        if settings["compile"]:
            from nnspec.training.compiling import compiled, compiles_backward

            if self._is_plain and compiles_backward():
                self.gradients = compiled(self._gradients, device)
            else:
                self.forward_and_loss = compiled(self._forward_and_loss, device)
        self.epoch = 0  # finished ones
        self.step = 0  # batches done of the epoch under way
        precise = torch.float32 if device.type == "mps" else torch.float64
        self.loss_sum = torch.zeros((), device=device, dtype=precise)
        self.samples = 0
        self.processes.own_stream(settings["seed"])

    # -- a step -------------------------------------------------------------------------------------------

    def order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch: a function of the seed and the epoch alone."""
        generator = torch.Generator().manual_seed(self.plan.settings["seed"] * 1_000_003 + epoch)
        return torch.randperm(len(self.splits["train"]), generator=generator)

    def train_batch(self, batch: Batch) -> bool:
        """Forward, loss, backward; and the update where a step's batches are together."""
        left = len(self.splits["train"]) - self.step * self.batch_size
        size = counted(batch, min(self.batch_size, left), self.processes.share)
        update, first = self.update, self.step - self.step % self.update.accumulate
        last: int = min(first + update.accumulate, self.per_epoch) - 1
        is_update = self.step == last
        if self.plan.optimizer.definition.evaluates:
            loss = update.step_with(lambda: self.compute(batch))
        else:
            of_step = min((last + 1) * self.batch_size, len(self.splits["train"]))
            of_step -= first * self.batch_size
            if self.step == first:
                update.zero_grad()
            with self.strategy.gathers(self.called, is_update):
                gradients = self.gradients if self._is_usual(batch) else self._gradients
                # they are averaged over the processes
                loss = gradients(batch, self.processes.size * size / of_step)
            if is_update:
                update.step()
        self.loss_sum.add_(loss, alpha=size)
        self.samples += size
        self.step += 1
        return is_update

    def drawn(self, batch: Batch) -> Batch:
        """The batch with the fields that are drawn for it."""
        drawn = self.plan.data.drawn
        if not drawn:
            return batch
        size = len(next(iter(batch.values())))
        made = {n: b.definition.draw(size, b.settings, self.device) for n, b in drawn.items()}
        return {**batch, **made}

    def mixed(self, batch: Batch) -> Batch:
        """The batch with its samples mixed, where the plan wants that."""
        mix = self.plan.mix
        if mix is None:
            return batch
        one = int(torch.randint(len(self.mixtures), ())) if len(self.mixtures) > 1 else 0
        image, label = self.mixtures[one](batch[mix.image], batch[mix.label])
        return {**batch, mix.image: image, mix.label: label}

    @property
    def _is_plain(self) -> bool:
        """Whether a step is forward, loss and backward, and nothing in between."""
        optimizer = self.plan.optimizer.definition
        alone = self.processes.size == 1 and not self.plan.partners
        return alone and not (self.update.scales or optimizer.evaluates)

    def _is_usual(self, batch: Batch) -> bool:
        """Whether a batch is not an odd last one, which is not worth compiling for."""
        return len(next(iter(batch.values()))) == self.processes.share.count(self.batch_size)

    def _gradients(self, batch: Batch, share: float) -> Tensor:
        """Forward, loss, backward: of a batch with this share of the samples of its step. The loss."""
        loss = self.compute(batch)
        self.update.backward(loss, share)
        return loss.detach()

    def compute(self, batch: Batch) -> Tensor:
        """The loss of a batch."""
        return (self.forward_and_loss if self._is_usual(batch) else self._forward_and_loss)(batch)

    def _forward_and_loss(self, batch: Batch) -> Tensor:
        with self.precision():
            outputs = self.forward(batch, self.called) if self.needs_outputs else {}
            return self.loss_of(batch, outputs)

    def loss_of(self, batch: Batch, outputs: Batch, evaluated: bool = False) -> Tensor:
        """The loss of outputs and fields, and of the models that it applies itself."""
        known = {**batch, **outputs}
        models = {
            one.plan.model: one.update.evaluated if evaluated else one.model
            for one in self.together
            if one.plan.model in self.plan.partners
        }
        return self.loss(
            **{value.name: known[value.name] for value in self.plan.loss.inputs}, **models
        )

    @property
    def needs_outputs(self) -> bool:
        """Whether the loss is of what the model says of the batch."""
        return any(value.name in self.plan.outputs for value in self.plan.loss.inputs)

    def forward(self, batch: Batch, model: nn.Module | None = None) -> dict[str, Tensor]:
        """The outputs by name, of the model or of its average."""
        result = (model or self.model)(*(batch[field] for field in self.plan.inputs.values()))
        values = (result,) if isinstance(result, Tensor) else tuple(result)
        return dict(zip(self.plan.outputs, values, strict=True))

    def precision(self) -> Any:
        dtype = DTYPES.get(self.plan.settings["precision"])
        return nullcontext() if dtype is None else torch.autocast(self.device.type, dtype)

    # -- the losses of an epoch ---------------------------------------------------------------------------

    def mean_loss(self) -> float:
        return float(self.loss_sum) / max(1, self.samples)

    def sums(self) -> tuple[float, int]:
        """The sum of the losses of the epoch so far, and the number of samples, over all processes."""
        samples = self.processes.total(torch.tensor(self.samples))
        return float(self.processes.total(self.loss_sum)), int(samples)

    def loss_of_all(self) -> float:
        total, samples = self.sums()
        return total / max(1, samples)

    def refuse_nonsense(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise RunError(
                f"the loss became {loss} in epoch {self.epoch + 1}",
                "a smaller learning rate helps most often: optimizer.lr="
                f"{self.plan.optimizer.settings['lr'] / 10:g}"
                + ("; the last good state is kept" if self.epoch else ""),
            )

    def figures(self) -> dict[str, float]:
        """What an epoch of training is told by, besides the validation."""
        return {"train_loss": self.loss_of_all()}

    @property
    def monitor(self) -> str:
        """The figure that decides which epoch is best: the first metric, else the loss."""
        return next(iter(self.metrics), "loss")

    def ends_epoch(self, number: int, results: dict[str, float]) -> None:
        self.update.ends_epoch(results[self.monitor or "loss"])
        self.epoch, self.step = number, 0
        self.loss_sum.zero_()
        self.samples = 0

    # -- its part of a checkpoint -------------------------------------------------------------------------

    def state(self, tensors: dict[str, Tensor]) -> dict[str, Any]:
        """What is saved besides the weights; its tensors go to `tensors`."""
        return self.update.state(tensors)

    def resume_sums(self, loss_sum: float, samples: int) -> None:
        """The sums of the epoch so far, which one process holds for all."""
        if self.processes.leads:
            self.loss_sum.fill_(loss_sum)
            self.samples = samples

    def take(self, weights: dict[str, Tensor]) -> None:
        """Take these weights of a checkpoint."""
        self.strategy.load(self.model, weights)

    def take_up(
        self,
        weights: dict[str, Tensor],
        parts: dict[str, Any],
        tensors: dict[str, Tensor],
        changed: Collection[str],
    ) -> None:
        """Its own weights, and what was saved besides them."""
        self.strategy.load(self.model, weights)
        own = [name.removeprefix("optimizer.") for name in changed if name.startswith("optimizer.")]
        self.update.load(parts, tensors, own)


def counted(batch: Batch, of: int, share: Share) -> int:
    """The samples that count of a process's share of a batch of so many: none where the others have all."""
    return len(next(iter(batch.values()))) if share.count(of) else 0
