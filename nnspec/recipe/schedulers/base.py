"""What a scheduler is: the learning rate as a factor on it for each step."""

from __future__ import annotations

from itertools import pairwise

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch.optim import Optimizer

WARMUP = Setting("warmup_epochs", "float", 0, doc="epochs in which the rate rises from 0")


class Scheduler(Recipe):
    """`factor` gives the multiple of the learning rate at a step; torch's LambdaLR applies it.

    `watches`: it goes by the figure that decides which epoch is best, told once an epoch.
    """

    watches = False

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        """At step number `step` of `total`, `per_epoch` of them an epoch."""
        warmup: int = round(settings.get("warmup_epochs", 0) * per_epoch)
        if step < warmup:
            return (step + 1) / warmup
        return self.after_warmup(step - warmup, per_epoch, max(1, total - warmup), settings)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        raise NotImplementedError

    def build(
        self, optimizer: Optimizer, per_epoch: int, total: int, settings: dict[str, Any], best: str
    ) -> Any:
        """torch's scheduler of this optimizer; `best` is "max" or "min", what the figure should be."""
        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, lambda step: self.factor(step, per_epoch, total, settings))


def momentum_settings(base: float, most: float) -> tuple[Setting, ...]:
    return (
        Setting(
            "cycle_momentum",
            "bool",
            True,
            doc="the momentum (Adam's first beta) goes the other way, where there is one, but in no chain",
        ),
        Setting("base_momentum", "float", base, doc="the momentum at the highest rate"),
        Setting("max_momentum", "float", most, doc="the momentum at the lowest rate"),
    )


class Cycled(Scheduler):
    """A rate whose momentum goes the other way, in place of the optimizer's own; as PyTorch has it, it is set
    for the first step already. Its `settings` have `momentum_settings`."""

    def momentum(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        """The momentum at this step."""
        raise NotImplementedError

    def build(
        self, optimizer: Optimizer, per_epoch: int, total: int, settings: dict[str, Any], best: str
    ) -> Any:
        from torch.optim.lr_scheduler import LambdaLR

        if not settings["cycle_momentum"] or not {"momentum", "betas"} & optimizer.defaults.keys():
            return super().build(optimizer, per_epoch, total, settings, best)
        recipe = self

        class WithMomentum(LambdaLR):
            def get_lr(self) -> Any:
                momentum = recipe.momentum(self.last_epoch, per_epoch, total, settings)
                for group in self.optimizer.param_groups:
                    if "betas" in group:
                        group["betas"] = (momentum, *group["betas"][1:])
                    else:
                        group["momentum"] = momentum
                return super().get_lr()

        return WithMomentum(optimizer, lambda step: self.factor(step, per_epoch, total, settings))


def at_least_1(bound: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if bound[name] < 1:
            raise Mismatch("NN206", f"`{name}` is at least 1, not {bound[name]}", argument=name)
    return bound


def above_0(bound: dict[str, Any], name: str) -> dict[str, Any]:
    if bound[name] is not None and bound[name] <= 0:
        raise Mismatch("NN206", f"`{name}` is more than 0, not {bound[name]}", argument=name)
    return bound


def numbers(
    bound: dict[str, Any], name: str, least: float | None = None, rising: bool = False
) -> dict[str, Any]:
    """The settings, where this one is a list of numbers, at least one: none below `least`, or `rising`."""
    items = bound[name]
    plain = items and all(
        isinstance(one, (int, float)) and not isinstance(one, bool) for one in items
    )
    if not plain:
        raise Mismatch("NN206", f"`{name}` is a list of numbers, at least one", argument=name)
    if least is not None and min(items) < least:
        raise Mismatch("NN206", f"`{name}`: {min(items)} is below {least:g}", argument=name)
    if rising and (items[0] <= 0 or any(b <= a for a, b in pairwise(items))):
        raise Mismatch(
            "NN206", f"`{name}` are above 0, each more than the one before", argument=name
        )
    return bound
