"""Schedulers: how the learning rate changes over training, as a factor on it for each step."""

from __future__ import annotations

from math import cos, floor, pi, sqrt

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch.optim import Optimizer

_WARMUP = Setting("warmup_epochs", "float", 0, doc="epochs in which the rate rises from 0")
_FINAL = Setting("final", "float", 0.0, doc="share of the rate that is left at the end")
_GAMMA = "what the rate is multiplied by"


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
    settings = (_WARMUP, _FINAL)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return _cosine(1.0, settings["final"], min(step, total) / total)


class CosineRestarts(Scheduler):
    """Half a cosine again and again, each `stretch` times as long as the one before
    (Loshchilov & Hutter 2017, arXiv:1608.03983)."""

    name = "cosine_restarts"
    settings = (
        Setting("epochs", "int", doc="epochs of the first round"),
        Setting("stretch", "int", 1, doc="how much longer each round is than the one before"),
        _FINAL,
        _WARMUP,
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return _at_least_1(super().bind(positional, keyword), "epochs", "stretch")

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        length = settings["epochs"] * per_epoch
        while step >= length:
            step -= length
            length *= settings["stretch"]
        return _cosine(1.0, settings["final"], step / length)


class Linear(Scheduler):
    """A straight line from 1 down to `final`."""

    name = "linear"
    settings = (_WARMUP, _FINAL)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return _line(1.0, settings["final"], min(step, total) / total)


class Polynomial(Scheduler):
    """`(1 - share of the steps done) ** power`, as in DeepLab (Chen et al. 2017, arXiv:1606.00915)."""

    name = "polynomial"
    settings = (Setting("power", "float", 0.9), _WARMUP)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float((1 - min(step, total) / total) ** settings["power"])


class InverseSqrt(Scheduler):
    """Up over the warm-up, then with one over the root of the step (Vaswani et al. 2017,
    arXiv:1706.03762, section 5.3)."""

    name = "inverse_sqrt"
    settings = (
        Setting("warmup_epochs", "float", 1.0, doc="epochs in which the rate rises from 0"),
    )

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        warmup = max(1, round(settings["warmup_epochs"] * per_epoch))
        return float(min((step + 1) / warmup, sqrt(warmup / (step + 1))))


class Trapezoid(Scheduler):
    """Up, level, and down to 0 over the last share of the steps: warm-up, stable, decay (Hu et al. 2024,
    arXiv:2404.06395)."""

    name = "trapezoid"
    settings = (
        _WARMUP,
        Setting("decay", "float", 0.2, doc="share of the steps in which the rate falls to 0"),
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        falling = max(1, round(total * settings["decay"]))
        return float(min(1.0, max(0, total - step) / falling))


class OneCycle(Scheduler):
    """Up from `1 / start` of the rate and down to almost nothing, along cosines (Smith & Topin 2018,
    arXiv:1708.07120). The rate of the optimizer is the highest one; its momentum stays as it is."""

    name = "one_cycle"
    settings = (
        Setting("rise", "float", 0.3, doc="share of the steps in which the rate rises"),
        Setting("start", "float", 25.0, doc="how many times lower it begins"),
        Setting("end", "float", 1e4, doc="how many times lower than that it ends"),
    )

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        low = 1 / settings["start"]
        top = float(settings["rise"] * total) - 1
        if step <= top:
            return _cosine(low, 1.0, step / max(1e-9, top))
        last = total - 1
        return _cosine(1.0, low / settings["end"], min(1.0, (step - top) / max(1e-9, last - top)))


class Cyclic(Scheduler):
    """Up and down in straight lines between `low` of the rate and the whole (Smith 2017,
    arXiv:1506.01186)."""

    name = "cyclic"
    settings = (
        Setting("epochs", "float", doc="epochs from one low to the next"),
        Setting("low", "float", 0.1, doc="share of the rate at the low"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if bound["epochs"] <= 0:
            raise Mismatch("NN206", "`epochs` is more than 0", argument="epochs")
        return bound

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        half = max(1.0, settings["epochs"] * per_epoch / 2)
        cycle = floor(1 + step / (2 * half))
        return _line(1.0, settings["low"], abs(step / half - 2 * cycle + 1))


class Step(Scheduler):
    """Times `gamma` every `epochs` epochs."""

    name = "step"
    settings = (
        Setting("epochs", "int", doc="epochs between two drops"),
        Setting("gamma", "float", 0.1, doc=_GAMMA),
        _WARMUP,
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return _at_least_1(super().bind(positional, keyword), "epochs")

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float(settings["gamma"] ** (step // (per_epoch * settings["epochs"])))


class MultiStep(Scheduler):
    """Times `gamma` after each of these epochs: `multi_step([30, 60, 80])`."""

    name = "multi_step"
    settings = (
        Setting("epochs", "list", doc="after how many epochs the rate drops"),
        Setting("gamma", "float", 0.1, doc=_GAMMA),
        _WARMUP,
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        passed = sum(step >= per_epoch * epoch for epoch in settings["epochs"])
        return float(settings["gamma"] ** passed)


class Exponential(Scheduler):
    """Times `gamma` after each epoch."""

    name = "exponential"
    settings = (Setting("gamma", "float", doc=_GAMMA), _WARMUP)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float(settings["gamma"] ** (step // per_epoch))


class Plateau(Scheduler):
    """Times `gamma` when the figure that decides which epoch is best has not become better for more than
    `patience` epochs."""

    name = "plateau"
    watches = True
    settings = (
        Setting("gamma", "float", 0.1, doc=_GAMMA),
        Setting("patience", "int", 10, doc="epochs without a better one that are waited for"),
        Setting("cooldown", "int", 0, doc="epochs after a drop that do not count"),
        Setting("least", "float", 0.0, doc="the rate that it does not go below"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if not 0 < bound["gamma"] < 1:
            raise Mismatch("NN206", "`gamma` lies between 0 and 1", argument="gamma")
        return bound

    def build(
        self, optimizer: Optimizer, per_epoch: int, total: int, settings: dict[str, Any], best: str
    ) -> Any:
        from torch.optim.lr_scheduler import ReduceLROnPlateau

        return ReduceLROnPlateau(
            optimizer,
            best,  # type: ignore[arg-type]  # "min" or "max"
            factor=settings["gamma"],
            patience=settings["patience"],
            cooldown=settings["cooldown"],
            min_lr=settings["least"],
        )


def _line(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 - share)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * share)) / 2


def _at_least_1(bound: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if bound[name] < 1:
            raise Mismatch("NN206", f"`{name}` is at least 1, not {bound[name]}", argument=name)
    return bound


ALL = by_name(
    [
        Constant, Cosine, CosineRestarts, Linear, Polynomial, InverseSqrt, Trapezoid, OneCycle, Cyclic, Step,
        MultiStep, Exponential, Plateau,
    ]
)  # fmt: skip
