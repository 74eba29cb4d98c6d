"""Several train parts that share models, such as a GAN's two: on each batch they take their steps in turn.

A part changes the weights of its own model alone. The others' are as they are while it computes its loss:
gradients flow through them, none are kept for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from nnspec.training.data import Batch
from nnspec.training.errors import RunError
from nnspec.training.loop import Trainer, Watcher
from nnspec.training.step import Learner
from nnspec.training.validation import Look, validate


class Alternating(Trainer):
    """The trainer of the part that the run is of, which leads those `others` along.

    Without a metric no figure says which epoch is best (a GAN's losses do not): the newest one counts.
    """

    def follow(self, others: list[Learner], order: list[str]) -> None:
        """Train together with these, one after the other in the `order` of the models."""
        self.others = others
        by_model = {one.plan.model: one for one in (self, *others)}
        self.turns = [by_model[model] for model in order]
        for one in self.turns:
            one.together = self.turns

    # -- training -----------------------------------------------------------------------------------------

    def train_batches(self, watcher: Watcher) -> None:
        for one in self.others:
            one.epoch, one.step = self.epoch, self.step
            one.model.train()
        super().train_batches(watcher)

    def train_batch(self, batch: Batch) -> bool:
        is_update = False
        for one in self.turns:
            with self._only(one):
                if one is self:
                    is_update = super().train_batch(batch)
                elif one.train_batch(batch):
                    one.update.averaged(one.epoch + 1, one.step == one.per_epoch)
        return is_update

    @contextmanager
    def _only(self, trained: Learner) -> Iterator[None]:
        """No gradients for the weights of the others."""
        still = [
            parameter
            for one in self.turns
            if one is not trained and one.plan.model in trained.plan.partners
            for parameter in one.model.parameters()
            if parameter.requires_grad
        ]
        for parameter in still:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in still:
                parameter.requires_grad_(True)

    def figures(self) -> dict[str, float]:
        found = super().figures()
        for one in self.others:
            found |= {_of(one, name): value for name, value in one.figures().items()}
        return found

    def ends_epoch(self, number: int, results: dict[str, float]) -> None:
        for one in self.others:
            one.ends_epoch(number, {"loss": results[_of(one, "loss")]})
        super().ends_epoch(number, results)

    def refuse_nonsense(self, loss: float) -> None:
        super().refuse_nonsense(loss)
        for one in self.others:
            one.refuse_nonsense(one.loss_of_all())

    # -- validation ---------------------------------------------------------------------------------------

    @property
    def monitor(self) -> str:
        return next(iter(self.metrics), "")

    def _is_better(self, results: dict[str, float]) -> bool:
        return not self.monitor or super()._is_better(results)

    def validate(self, split: str = "val", look: Look | None = None) -> dict[str, float]:
        for one in self.turns:
            one.update.evaluated.eval()
        results = super().validate(split, look)
        for one in self.others:
            results |= {_of(one, name): value for name, value in validate(one, split).items()}
        return results

    # -- checkpoints --------------------------------------------------------------------------------------

    def _save(self, which: str, model: nn.Module) -> None:
        every = {
            one.plan.model: one.update.evaluated if which == "best" else one.model
            for one in self.turns
        }
        super()._save(which, nn.ModuleDict(every))

    def state(self, tensors: dict[str, Tensor]) -> dict[str, Any]:
        parts = super().state(tensors)
        for one in self.others:
            own: dict[str, Tensor] = {}
            loss_sum, samples = one.sums()
            parts[one.plan.model] = {
                "loss_sum": loss_sum,
                "samples": samples,
                "parts": one.state(own),
            }
            tensors |= {_prefixed(one, name): tensor for name, tensor in own.items()}
        return parts

    def take(self, weights: dict[str, Tensor]) -> None:
        for one in self.turns:
            Learner.take(one, weights_of(weights, one.plan.model))

    def take_up(
        self,
        weights: dict[str, Tensor],
        parts: dict[str, Any],
        tensors: dict[str, Tensor],
        changed: Collection[str],
    ) -> None:
        for one in self.others:
            saved = parts.pop(one.plan.model)
            own = f"{one.plan.model}."
            words = {name.removeprefix(own) for name in changed if name.startswith(own)}
            own_weights = weights_of(weights, one.plan.model)
            one.take_up(own_weights, saved["parts"], _own(tensors, own), words)
            one.resume_sums(saved["loss_sum"], saved["samples"])
        own = f"{self.plan.model}."
        words = {name.removeprefix(own) for name in changed if name.startswith(own)}
        super().take_up(weights_of(weights, self.plan.model), parts, tensors, words)


def _of(one: Learner, name: str) -> str:
    """A figure of one of the parts: `loss_Generator`."""
    return f"{name}_{one.plan.model}"


def _prefixed(one: Learner, name: str) -> str:
    return f"{one.plan.model}.{name}"


def _own(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def weights_of(weights: dict[str, Tensor], model: str) -> dict[str, Tensor]:
    """The weights of one of the models that were trained together."""
    found = _own(weights, f"{model}.")
    if not found:
        raise RunError(f"the checkpoint holds no weights of `{model}`")
    return found
