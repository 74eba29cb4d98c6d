"""From a loss to new weights: backward, scaling, clipping, the optimizer, the schedule, the average."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn

from nnspec.recipe.plan import TrainPlan
from nnspec.training import light
from nnspec.training.groups import optimizers
from nnspec.training.parallel.whole import Whole
from nnspec.training.state import pack, unpack

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Update:
    """The part of training that changes the weights, and its state."""

    def __init__(
        self, plan: TrainPlan, model: nn.Module, batches: int, best: str, strategy: Whole
    ) -> None:
        """`batches` in an epoch; `best`: "max" or "min", what the watched figure should be."""
        self.strategy = strategy
        self.plan, self.model = plan, model
        settings = plan.settings
        self.accumulate: int = settings["accumulate"]
        per_epoch = math.ceil(batches / self.accumulate)
        total = per_epoch * settings["epochs"]
        average = plan.average
        self.average = average.definition.build(model, average.settings) if average else None
        strategy.spread(model)
        if self.average is not None:
            strategy.spread(self.average.module)
        self.optimizers = optimizers(model, plan, strategy.divides)
        for one in self.optimizers:
            light.plain_step(one)
        self.trained: list[nn.Parameter] = [
            p for one in self.optimizers for group in one.param_groups for p in group["params"]
        ]
        schedule = plan.scheduler
        self.schedulers = [
            schedule.definition.build(one, per_epoch, total, schedule.settings, best)
            for one in self.optimizers
        ]
        # small float16 gradients would be 0: the loss is scaled up before, the gradients down after
        self.scales: bool = settings["precision"] == "fp16"
        self.scaler = torch.amp.GradScaler(strategy.device.type, enabled=self.scales)

    @property
    def lr(self) -> float:
        """The learning rate of the first group."""
        return float(self.optimizers[0].param_groups[0]["lr"])

    def backward(self, loss: Tensor, share: float) -> None:
        """Add the gradients of a batch, which has this share of the samples of its step."""
        own = loss if share == 1 else loss * share
        (self.scaler.scale(own) if self.scales else own).backward()

    def step(self) -> None:
        """One step of the optimizer with the gradients that were gathered, and of the schedule."""
        self.move()
        self._after_step()

    def move(self) -> None:
        """One step of the optimizer at the learning rate as it is."""
        self._clip()
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        self.scaler.update()

    def step_with(self, loss: Callable[[], Tensor]) -> Tensor:
        """One step of an optimizer that asks for the loss itself; the loss before it."""
        found: list[Tensor] = []

        def closure() -> Tensor:
            self.zero_grad()
            value = loss()
            value.backward()
            self._clip()
            found.append(value.detach())
            return value

        for optimizer in self.optimizers:
            optimizer.step(closure)  # type: ignore[arg-type]  # a closure may return a tensor
        self._after_step()
        return found[0]

    def _clip(self) -> None:
        settings = self.plan.settings
        longest, largest = settings["clip_grad_norm"], settings["clip_grad_value"]
        if longest is None and largest is None:
            return
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        if longest is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), longest)
        if largest is not None:
            nn.utils.clip_grad_value_(self.model.parameters(), largest)

    def _after_step(self) -> None:
        if not self.plan.scheduler.definition.watches:
            for scheduler in self.schedulers:
                scheduler.step()

    def zero_grad(self) -> None:
        """None in place of zeros: the first gradients are then taken as they come, not added."""
        for parameter in self.trained:
            parameter.grad = None

    def averaged(self, epoch: int, ends_epoch: bool) -> None:
        """Take the weights into the average, if this is a step after which that is done."""
        bound = self.plan.average
        if self.average is not None and bound is not None:
            epochs = self.plan.settings["epochs"]
            if bound.definition.takes(epoch, epochs, bound.settings, ends_epoch):
                self.average.update_parameters(self.model)

    @property
    def evaluated(self) -> nn.Module:
        """The weights that are validated and kept: the average, once it holds any."""
        if self.average is None or int(self.average.n_averaged) == 0:
            return self.model
        averaged: nn.Module = self.average.module
        return averaged

    def ends_epoch(self, figure: float) -> None:
        """Tell a schedule that goes by it the figure of the epoch."""
        if self.plan.scheduler.definition.watches:
            for scheduler in self.schedulers:
                scheduler.step(figure)

    # -- state ----------------------------------------------------------------------------------------

    def state(self, tensors: dict[str, Tensor]) -> dict[str, Any]:
        """The packed state of everything here; its tensors go to `tensors`."""
        parts: dict[str, Any] = {
            "optimizers": [one.state_dict() for one in self.optimizers],
            "schedulers": [_plain(one.state_dict()) for one in self.schedulers],
            "scaler": self.scaler.state_dict(),
        }
        if self.average is not None:
            parts["average"] = dict(self.average.state_dict())
        return {name: pack(value, name, tensors) for name, value in parts.items()}

    def held_as(self, name: str) -> Tensor | None:
        """What a saved tensor is divided as: `optimizers.0.state.7.exp_avg` as parameter 7."""
        part, _, rest = name.partition(".")
        if part == "average" and self.average is not None:
            found: Tensor | None = self.average.state_dict().get(rest)
            return found
        match = re.fullmatch(r"(\d+)\.state\.(\d+)\.\w+", rest)
        if part != "optimizers" or match is None or int(match[1]) >= len(self.optimizers):
            return None
        groups = self.optimizers[int(match[1])].param_groups
        parameters = [p for group in groups for p in group["params"]]
        return parameters[int(match[2])] if int(match[2]) < len(parameters) else None

    def load(
        self, parts: dict[str, Any], tensors: dict[str, Tensor], changed: Collection[str] = ()
    ) -> None:
        """Take up a packed state, but for the settings of the optimizer that were `changed` since."""
        read = {name: unpack(value, tensors) for name, value in parts.items()}
        for optimizer, saved in zip(self.optimizers, read["optimizers"], strict=True):
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            for number, values in saved["state"].items():
                for name, value in values.items():
                    values[name] = self._laid_out_as(value, parameters[number])
            own = [_settings(group, changed) for group in optimizer.param_groups]
            optimizer.load_state_dict(saved)
            for group, values in zip(optimizer.param_groups, own, strict=True):
                if "lr" in values:  # where the schedule stands stays as it was
                    base = group.get("initial_lr", group["lr"])
                    group["initial_lr"], lr = values.pop("lr"), group["lr"]
                    group["lr"] = group["initial_lr"] * (lr / base if base else 1)
                group.update(values)
        for scheduler, saved in zip(self.schedulers, read["schedulers"], strict=True):
            mine = scheduler.state_dict()
            if "lr" in changed:
                saved["base_lrs"] = [g.get("initial_lr") for g in scheduler.optimizer.param_groups]
            scheduler.load_state_dict({**mine, **saved})
        if self.scales:
            self.scaler.load_state_dict(read["scaler"])
        if self.average is not None:
            self.strategy.load(self.average, read["average"])

    def _laid_out_as(self, value: Any, parameter: Tensor) -> Any:
        """Fused optimizers go through weight and state in the order of memory: it must be the same."""
        if isinstance(value, Tensor) and value.shape == parameter.shape and value.ndim:
            value = self.strategy.held_as(value, parameter)
            return torch.empty_like(parameter, dtype=value.dtype).copy_(value).detach()
        return value


def _settings(group: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """These settings of a group; the learning rate as it is before the schedule."""
    whole = {**group, "lr": group.get("initial_lr", group["lr"])}
    return {name: value for name, value in whole.items() if name in names}


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """The state of a scheduler without its functions, which the plan makes again."""
    return {k: v for k, v in state.items() if k != "lr_lambdas" and not callable(v)}
