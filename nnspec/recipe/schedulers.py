"""Schedulers: how the learning rate changes over training, as a factor on it for each step."""

from __future__ import annotations

from math import cos, pi

from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WARMUP = Setting("warmup_epochs", "float", 0, doc="epochs in which the rate rises from 0")


class Scheduler(Recipe):
    """`factor` gives the multiple of the learning rate at a step; torch's LambdaLR applies it."""

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


class Constant(Scheduler):
    """The same rate throughout, after a warm-up if wanted."""

    name = "constant"
    settings = (_WARMUP,)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return 1.0


class Cosine(Scheduler):
    """Half a cosine from 1 down to `final` (Loshchilov & Hutter 2017, arXiv:1608.03983)."""

    name = "cosine"
    settings = (
        _WARMUP,
        Setting("final", "float", 0.0, doc="share of the rate that is left at the end"),
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        final: float = settings["final"]
        return final + (1 - final) * (1 + cos(pi * min(step, total) / total)) / 2


class Linear(Scheduler):
    """A straight line from 1 down to `final`."""

    name = "linear"
    settings = (
        _WARMUP,
        Setting("final", "float", 0.0, doc="share of the rate that is left at the end"),
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        final: float = settings["final"]
        return final + (1 - final) * (1 - min(step, total) / total)


class Step(Scheduler):
    """Times `gamma` every `epochs` epochs."""

    name = "step"
    settings = (
        Setting("epochs", "int", doc="epochs between two drops"),
        Setting("gamma", "float", 0.1, doc="what the rate is multiplied by"),
        _WARMUP,
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float(settings["gamma"] ** (step // (per_epoch * settings["epochs"])))


class Exponential(Scheduler):
    """Times `gamma` after each epoch."""

    name = "exponential"
    settings = (Setting("gamma", "float", doc="what the rate is multiplied by"), _WARMUP)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float(settings["gamma"] ** (step // per_epoch))


ALL = by_name([Constant, Cosine, Linear, Step, Exponential])
