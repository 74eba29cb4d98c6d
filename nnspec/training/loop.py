"""The training loop: for each batch forward, loss, backward, update; after each epoch validate and save."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nnspec.recipe.plan import TrainPlan
from nnspec.training.data import Batch, Split
from nnspec.training.errors import RunError
from nnspec.training.run import Run, State

Loss = Callable[..., Tensor]


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
        device: torch.device,
    ) -> None:
        self.plan, self.model, self.loss = plan, model, loss
        self.splits, self.run_folder, self.device = splits, run, device
        settings = plan.settings
        self.batch_size: int = settings["batch_size"]
        self.per_epoch = math.ceil(len(splits["train"]) / self.batch_size)
        self.total = self.per_epoch * settings["epochs"]
        self.optimizer = plan.optimizer.definition.build(
            model.parameters(), plan.optimizer.settings
        )
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: plan.scheduler.definition.factor(
                step, self.per_epoch, self.total, plan.scheduler.settings
            ),
        )
        self.metrics = {
            show_metric(m): m.metric.definition.build(
                plan.data.fields[m.field], m.metric.settings
            ).to(device)
            for m in plan.metrics
        }
        self.epoch = 0  # finished ones
        self.step = 0  # finished ones of the epoch under way
        self.loss_sum = torch.zeros((), device=device, dtype=torch.float64)
        self.samples = 0
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.stop_requested = False

    # -- training -----------------------------------------------------------------------------------------

    def train(self, watcher: Watcher) -> None:
        """All epochs that are left. Raises Interrupted after a saved stop."""
        previous = {
            number: signal.signal(number, self._request_stop)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            while self.epoch < self.plan.settings["epochs"]:
                self._train_epoch(watcher)
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
        split = self.splits["train"]
        self.model.train()
        first = self.step
        for index, batch in enumerate(split.batches(self.batch_size, self._order(number))):
            if index < first:  # done before the run was interrupted
                continue
            loss = self.train_step(batch)
            size = len(next(iter(batch.values())))
            self.loss_sum += loss.detach() * size
            self.samples += size
            self.step += 1
            watcher.batch(number, self.step, self.per_epoch, self._mean_loss)
            if self.stop_requested:
                self._save("last")
                raise Interrupted
        train_loss = self._mean_loss()
        if not math.isfinite(train_loss):
            raise RunError(
                f"the loss became {train_loss} in epoch {number}",
                "a smaller learning rate helps most often: optimizer.lr="
                f"{self.plan.optimizer.settings['lr'] / 10:g}; the last good state is kept",
            )
        seconds = time.perf_counter() - begun
        results = self.validate()
        self.epoch, self.step = number, 0
        seen = self.samples
        self.loss_sum.zero_()
        self.samples = 0
        row = {
            "epoch": number,
            "train_loss": train_loss,
            **{f"val_{name}": value for name, value in results.items()},
            "lr": self.optimizer.param_groups[0]["lr"],
            "samples_per_second": seen / seconds,
            "seconds": time.perf_counter() - begun,
        }
        better = self._is_better(results)
        if better:
            self.best, self.best_epoch = results[self.monitor], number
        self.run_folder.record(row)
        self._save("last")
        if better:
            self._save("best")
        watcher.epoch(row, better)

    def _order(self, epoch: int) -> Tensor:
        """The order of the samples in an epoch: a function of the seed and the epoch alone."""
        generator = torch.Generator().manual_seed(self.plan.settings["seed"] * 1_000_003 + epoch)
        return torch.randperm(len(self.splits["train"]), generator=generator).to(self.device)

    def train_step(self, batch: Batch) -> Tensor:
        """One update of the weights from one batch; the loss before it."""
        with self._precision():
            outputs = self.forward(batch)
            loss = self.loss(**{**batch, **outputs})
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        longest = self.plan.settings["clip_grad_norm"]
        if longest is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), longest)
        self.optimizer.step()
        self.scheduler.step()
        return loss

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The model's outputs by name."""
        result = self.model(*(batch[field] for field in self.plan.inputs.values()))
        values = (result,) if isinstance(result, Tensor) else tuple(result)
        return dict(zip(self.plan.outputs, values, strict=True))

    def _precision(self) -> Any:
        bf16 = self.plan.settings["precision"] == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def _mean_loss(self) -> float:
        return float(self.loss_sum) / max(1, self.samples)

    # -- validation ---------------------------------------------------------------------------------------

    @property
    def monitor(self) -> str:
        """The figure that decides which epoch is best: the first metric, else the loss."""
        return next(iter(self.metrics), "loss")

    def _is_better(self, results: dict[str, float]) -> bool:
        value = results[self.monitor]
        if self.best is None:
            return True
        if self.metrics and self.plan.metrics[0].metric.definition.higher_is_better:
            return value > self.best
        return value < self.best

    def validate(self, split: str = "val") -> dict[str, float]:
        """Loss and metrics on a split, without gradients."""
        self.model.eval()
        total = torch.zeros((), device=self.device, dtype=torch.float64)
        for metric in self.metrics.values():
            metric.reset()
        with torch.inference_mode(), self._precision():
            for batch in self.splits[split].batches(max(self.batch_size, 256)):
                outputs = self.forward(batch)
                total += self.loss(**{**batch, **outputs}) * len(next(iter(batch.values())))
                for metric, plan in zip(self.metrics.values(), self.plan.metrics, strict=True):
                    metric.update(outputs[plan.output], batch[plan.field])
        results = {name: float(metric.compute()) for name, metric in self.metrics.items()}
        return {**results, "loss": float(total) / len(self.splits[split])}

    # -- checkpoints --------------------------------------------------------------------------------------

    def _save(self, which: str) -> None:
        tensors = {"rng": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["rng_cuda"] = torch.cuda.get_rng_state(self.device)
        saved = self.optimizer.state_dict()
        for number, values in saved["state"].items():
            for name, value in values.items():
                tensors[f"{number}.{name}"] = torch.as_tensor(value)
        state = State(
            epoch=self.epoch,
            step=self.step,
            best=self.best,
            best_epoch=self.best_epoch,
            loss_sum=float(self.loss_sum),
            samples=self.samples,
            scheduler={k: v for k, v in self.scheduler.state_dict().items() if k != "lr_lambdas"},
            optimizer=saved["param_groups"],
        )
        self.run_folder.save(which, self.model, tensors, state)

    def resume(self) -> None:
        """Take up the state of `last`: weights, optimizer, schedule, random numbers, place in the epoch."""
        state, tensors = self.run_folder.state("last")
        self.model.load_state_dict(self.run_folder.weights("last"))
        torch.set_rng_state(tensors.pop("rng").cpu())
        cuda = tensors.pop("rng_cuda", None)
        if cuda is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(cuda.cpu(), self.device)
        values: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            index, _, name = key.partition(".")
            values.setdefault(int(index), {})[name] = value
        for number, parameter in enumerate(self.model.parameters()):
            # fused optimizers go through weight and state in the order of memory: it must be the same
            for name, value in values.get(number, {}).items():
                if value.shape == parameter.shape:
                    values[number][name] = torch.empty_like(parameter).copy_(value).detach()
        self.optimizer.load_state_dict({"state": values, "param_groups": state.optimizer})
        self.scheduler.load_state_dict({**state.scheduler, "lr_lambdas": [None]})
        self.epoch, self.step = state.epoch, state.step
        self.best, self.best_epoch = state.best, state.best_epoch
        self.loss_sum.fill_(state.loss_sum)
        self.samples = state.samples


def show_metric(plan: Any) -> str:
    """The name of a metric in logs: `accuracy`, `accuracy(top=5)`."""
    return str(plan.metric)
