"""The training loop: for each batch forward, loss, backward, update; after each epoch validate and save."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nnspec.recipe.counts import Count
from nnspec.recipe.plan import TrainPlan
from nnspec.training.data import Batch, Split
from nnspec.training.errors import RunError
from nnspec.training.parallel.share import Share
from nnspec.training.parallel.whole import Whole
from nnspec.training.run import SHARDS, Run
from nnspec.training.state import State, pack, unpack
from nnspec.training.update import DTYPES, Update

Loss = Callable[..., Tensor]
Look = Callable[[Batch, Batch], None]


class Watcher(Protocol):
    """Who is told how training goes; `progress.py` shows it."""

    def batch(self, epoch: int, done: int, of: int, loss: Callable[[], float]) -> None: ...
    def epoch(self, row: dict[str, Any], best: bool) -> None: ...


class Interrupted(Exception):
    """Ctrl-C or SIGTERM: the step was finished and the state saved."""


class Trainer:
    """Everything that changes while a model is trained."""

    def __init__(
        self,
        plan: TrainPlan,
        model: nn.Module,
        loss: Loss,
        splits: dict[str, Split],
        run: Run,
        strategy: Whole,
        at_once: int,
    ) -> None:
        """`at_once`: samples that are validated together."""
        self.at_once = at_once
        self.strategy, self.processes = strategy, strategy.processes
        self.plan, self.model, self.loss = plan, model, loss
        self.splits, self.run_folder = splits, run
        self.device = device = strategy.device
        settings = plan.settings
        self.batch_size: int = settings["batch_size"]
        self.per_epoch = math.ceil(len(splits["train"]) / self.batch_size)
        self.metrics = {
            show_metric(m): m.build(plan.data.fields[m.field]).to(device) for m in plan.metrics
        }
        self.higher_is_better = bool(
            plan.metrics and plan.metrics[0].metric.definition.higher_is_better
        )
        best = "max" if self.higher_is_better else "min"
        self.update = Update(plan, model, self.per_epoch, best, strategy)
        self.called = strategy.called(model)
        self.together: list[Trainer] = [self]  # all that share models with it
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
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.processes.own_stream(settings["seed"])
        self.saved_at = time.monotonic()
        self.stop_requested = False

    # -- training -----------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or as many without a better one as are waited for."""
        return self.epoch >= self.plan.settings["epochs"] or self.stalled

    @property
    def stalled(self) -> bool:
        patience: int | None = self.plan.settings["patience"]
        return patience is not None and self.epoch - (self.best_epoch or 0) >= patience

    def train(self, watcher: Watcher) -> None:
        """All epochs that are left. Raises Interrupted after a saved stop."""
        self.saved_at = time.monotonic()
        while not self.finished:
            self._train_epoch(watcher)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM are heard: the step that is on is finished and saved. What is left to write
        after the last step belongs in here, too.
        """
        previous = {
            number: signal.signal(number, self._request_stop)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stop_requested:  # asked twice: at once
            raise KeyboardInterrupt
        self.stop_requested = True

    def _train_epoch(self, watcher: Watcher) -> None:
        begun = time.perf_counter()
        number = self.epoch + 1
        seen_before = self.samples
        self.train_batches(watcher)
        train_loss = self._loss_of_all()
        self._refuse_nonsense(train_loss)
        seconds = time.perf_counter() - begun
        results = self.validate()
        figures = self._figures()
        seen = int(self.processes.total(torch.tensor(self.samples - seen_before)))
        self._ends_epoch(number, results)
        row = {
            "epoch": number,
            **figures,
            **{f"val_{name}": value for name, value in results.items()},
            "lr": self.update.lr,
            "samples_per_second": seen / seconds,
            "seconds": time.perf_counter() - begun,
        }
        better = self._is_better(results)
        if better:
            self.best, self.best_epoch = results.get(self.monitor), number
        self.run_folder.record(row)
        if (
            better
        ):  # before `last`: a run that dies in between does the epoch again, and finds it better
            self._save("best", self.update.evaluated)
        self._save("last", self.model)
        watcher.epoch(row, better)

    def _figures(self) -> dict[str, float]:
        """What an epoch of training is told by, besides the validation."""
        return {"train_loss": self._loss_of_all()}

    def _ends_epoch(self, number: int, results: dict[str, float]) -> None:
        self.update.ends_epoch(results[self.monitor or "loss"])
        self.epoch, self.step = number, 0
        self.loss_sum.zero_()
        self.samples = 0

    def train_batches(self, watcher: Watcher) -> None:
        """What is left of the batches of the epoch under way."""
        number = self.epoch + 1
        self.model.train()
        split = self.splits["train"]
        order, share = self._order(number), self.processes.share
        for batch in split.batches(self.batch_size, order, self.step, share):
            is_update = self._train_batch(self._mixed(self._drawn(batch)))
            watcher.batch(number, self.step, self.per_epoch, self._mean_loss)
            if is_update:
                self.update.averaged(number, self.step == self.per_epoch)
                self._save_within_epoch()

    def _order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch: a function of the seed and the epoch alone."""
        generator = torch.Generator().manual_seed(self.plan.settings["seed"] * 1_000_003 + epoch)
        return torch.randperm(len(self.splits["train"]), generator=generator)

    def _train_batch(self, batch: Batch) -> bool:
        """Forward, loss, backward; and the update where a step's batches are together."""
        left = len(self.splits["train"]) - self.step * self.batch_size
        size = _counted(batch, min(self.batch_size, left), self.processes.share)
        update, first = self.update, self.step - self.step % self.update.accumulate
        last: int = min(first + update.accumulate, self.per_epoch) - 1
        is_update = self.step == last
        if self.plan.optimizer.definition.evaluates:
            loss = update.step_with(lambda: self._compute(batch))
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

    def _drawn(self, batch: Batch) -> Batch:
        """The batch with the fields that are drawn for it."""
        drawn = self.plan.data.drawn
        if not drawn:
            return batch
        size = len(next(iter(batch.values())))
        made = {n: b.definition.draw(size, b.settings, self.device) for n, b in drawn.items()}
        return {**batch, **made}

    def _mixed(self, batch: Batch) -> Batch:
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
        loss = self._compute(batch)
        self.update.backward(loss, share)
        return loss.detach()

    def _compute(self, batch: Batch) -> Tensor:
        """The loss of a batch."""
        return (self.forward_and_loss if self._is_usual(batch) else self._forward_and_loss)(batch)

    def _forward_and_loss(self, batch: Batch) -> Tensor:
        with self._precision():
            outputs = self.forward(batch, self.called) if self.needs_outputs else {}
            return self._loss_of(batch, outputs)

    def _loss_of(self, batch: Batch, outputs: Batch, evaluated: bool = False) -> Tensor:
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

    def _precision(self) -> Any:
        dtype = DTYPES.get(self.plan.settings["precision"])
        return nullcontext() if dtype is None else torch.autocast(self.device.type, dtype)

    def _mean_loss(self) -> float:
        return float(self.loss_sum) / max(1, self.samples)

    def _sums(self) -> tuple[float, int]:
        """The sum of the losses of the epoch so far, and the number of samples, over all processes."""
        samples = self.processes.total(torch.tensor(self.samples))
        return float(self.processes.total(self.loss_sum)), int(samples)

    def _loss_of_all(self) -> float:
        total, samples = self._sums()
        return total / max(1, samples)

    def _refuse_nonsense(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise RunError(
                f"the loss became {loss} in epoch {self.epoch + 1}",
                "a smaller learning rate helps most often: optimizer.lr="
                f"{self.plan.optimizer.settings['lr'] / 10:g}"
                + ("; the last good state is kept" if self.epoch else ""),
            )

    # -- validation ---------------------------------------------------------------------------------------

    @property
    def monitor(self) -> str:
        """The figure that decides which epoch is best: the first metric, else the loss."""
        return next(iter(self.metrics), "loss")

    def _is_better(self, results: dict[str, float]) -> bool:
        value = results[self.monitor]
        if self.best is None:
            return True
        return (value > self.best) if self.higher_is_better else (value < self.best)

    def validate(self, split: str = "val", look: Look | None = None) -> dict[str, float]:
        """Loss and metrics on a split, without gradients; of the average of the weights if there is one.

        `look` sees the outputs and the fields of each batch.
        """
        model = self.update.evaluated
        if model is not self.model and self.plan.average is not None:
            if self.plan.average.definition.renews_norms:
                self._renew_norms(model)
        self.processes.average_buffers(model)
        model.eval()
        total, seen = torch.zeros_like(self.loss_sum), 0
        for metric in self.metrics.values():
            metric.reset()
        with torch.inference_mode(), self._precision():
            at_once, share = self.at_once, self.processes.share
            left = len(self.splits[split])
            for stored in self.splits[split].batches(at_once, share=share):
                batch = self._drawn(stored)
                outputs = self.forward(batch, model)
                size = _counted(batch, min(at_once, left), share)
                left -= at_once
                if not size:
                    continue
                total += self._loss_of(batch, outputs, evaluated=True) * size
                seen += size
                for metric, plan in zip(self.metrics.values(), self.plan.metrics, strict=True):
                    metric.update(outputs[plan.output], batch[plan.field])
                if look is not None:
                    look(outputs, batch)
        if self.processes.size > 1:
            for metric in self.metrics.values():
                if isinstance(metric, Count):  # others exchange by themselves
                    metric.combine(self.processes.total)
        results = {name: _one_figure(metric.compute()) for name, metric in self.metrics.items()}
        total, every = self.processes.total(total), self.processes.total(torch.tensor(seen))
        return {**results, "loss": float(total) / max(1, int(every))}

    def _renew_norms(self, model: nn.Module) -> None:
        """Batch norms know the statistics of single models; the average of them needs its own."""
        from torch.optim.swa_utils import update_bn

        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            update_bn(self.splits["train"].batches(self.batch_size), _OnBatch(self, model))

    # -- checkpoints --------------------------------------------------------------------------------------

    def _save_within_epoch(self) -> None:
        """After a step: the state, where it is time or a stop was asked for."""
        due = time.monotonic() - self.saved_at > 60 * self.plan.settings["checkpoint_minutes"]
        due, stop = self.processes.any(due, self.stop_requested)
        ends = self.step == self.per_epoch  # it is saved after the validation
        if not stop and (ends or not due):
            return
        self._refuse_nonsense(self._loss_of_all())
        self._save("last", self.model)
        if stop:
            raise Interrupted

    def _save(self, which: str, model: nn.Module) -> None:
        tensors: dict[str, Tensor] = {}
        rng = [{"cpu": own} for own in self.processes.of_each(torch.get_rng_state())]
        if self.device.type == "cuda":
            of_each = self.processes.of_each(torch.cuda.get_rng_state(self.device))
            for one, own in zip(rng, of_each, strict=True):
                one["cuda"] = own
        parts = {**self._state(tensors), "rng": pack(rng, "rng", tensors)}
        loss_sum, samples = self._sums()
        self.processes.average_buffers(model)
        shared = self.strategy.divided(tensors)
        whole = {name: value for name, value in tensors.items() if name not in shared}
        state = State(
            epoch=self.epoch,
            step=self.step,
            best=self.best,
            best_epoch=self.best_epoch,
            loss_sum=loss_sum,
            samples=samples,
            parts=parts,
        )
        weights = self.strategy.weights(model)
        self.run_folder.save(
            which, weights, whole, state, lambda folder: self.strategy.write(folder, shared)
        )
        self.saved_at = time.monotonic()

    def _state(self, tensors: dict[str, Tensor]) -> dict[str, Any]:
        """What is saved besides the weights; its tensors go to `tensors`."""
        return self.update.state(tensors)

    def take(self, weights: dict[str, Tensor]) -> None:
        """Take these weights of a checkpoint."""
        self.strategy.load(self.model, weights)

    def _take_up(
        self,
        weights: dict[str, Tensor],
        parts: dict[str, Any],
        tensors: dict[str, Tensor],
        changed: Collection[str],
    ) -> None:
        """The weights, and what was saved besides them."""
        self.take(weights)
        own = [name.removeprefix("optimizer.") for name in changed if name.startswith("optimizer.")]
        self.update.load(parts, tensors, own)

    def resume(self, changed: Collection[str] = ()) -> None:
        """Take up the state of `last`: weights, optimizer, schedule, random numbers, place in the epoch.

        `changed` are the settings that are not as they were.
        """
        state, tensors = self.run_folder.state("last")
        weights = self.run_folder.weights("last")
        folder = self.run_folder.checkpoint("last")
        if (folder / SHARDS).is_dir():
            from nnspec.training.parallel.shards import read_shards

            alone = self.processes.size == 1
            tensors |= read_shards(folder / SHARDS, self.update.held_as, alone)
        try:
            self._resume_stream(unpack(state.parts.pop("rng"), tensors), state)
            self._take_up(weights, state.parts, tensors, changed)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            folder = self.run_folder.folder
            raise RunError(
                f"the checkpoint of {folder} does not fit its spec and settings: "
                f"{str(error).strip().splitlines()[-1].strip()}",
                "settings that make another model or optimizer need a new run",
            ) from error
        self.epoch, self.step = state.epoch, state.step
        self.best, self.best_epoch = state.best, state.best_epoch
        if self.processes.leads:
            self.loss_sum.fill_(state.loss_sum)
            self.samples = state.samples

    def _resume_stream(self, saved: list[dict[str, Tensor]], state: State) -> None:
        """Go on with the random numbers of this process; one that was not there before begins a stream."""
        if self.processes.rank >= len(saved):
            self.processes.own_stream(self.plan.settings["seed"], state.epoch, state.step)
            return
        rng = saved[self.processes.rank]
        torch.set_rng_state(rng["cpu"].cpu())
        if "cuda" in rng and self.device.type == "cuda":
            torch.cuda.set_rng_state(rng["cuda"].cpu(), self.device)


def _counted(batch: Batch, of: int, share: Share) -> int:
    """The samples that count of a process's share of a batch of so many: none where the others have all."""
    return len(next(iter(batch.values()))) if share.count(of) else 0


def _one_figure(found: Tensor | float) -> float:
    """A metric as one number: the mean, where it is one for each output."""
    return float(found.float().mean()) if isinstance(found, Tensor) else found


class _OnBatch(nn.Module):
    """A model as a function of a batch, for what knows models of one input only."""

    def __init__(self, trainer: Trainer, model: nn.Module) -> None:
        super().__init__()
        self.trainer, self.model = trainer, model

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self.trainer.forward(batch, self.model)


def show_metric(plan: Any) -> str:
    """The name of a metric in logs: `accuracy`, `accuracy(top=5)`."""
    return str(plan.metric)
