"""Rates that drop at certain epochs, or where nothing gets better."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.schedulers.base import WARMUP, Scheduler, at_least_1, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch.optim import Optimizer

_GAMMA = "what the rate is multiplied by"


class Step(Scheduler):
    """Times `gamma` every `epochs` epochs."""

    name = "step"
    settings = (
        Setting("epochs", "int", doc="epochs between two drops"),
        Setting("gamma", "float", 0.1, doc=_GAMMA),
        WARMUP,
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return at_least_1(super().bind(positional, keyword), "epochs")

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
        WARMUP,
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return numbers(super().bind(positional, keyword), "epochs", rising=True)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        passed = sum(step >= per_epoch * epoch for epoch in settings["epochs"])
        return float(settings["gamma"] ** passed)


class Exponential(Scheduler):
    """Times `gamma` after each epoch."""

    name = "exponential"
    settings = (Setting("gamma", "float", doc=_GAMMA), WARMUP)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        return float(settings["gamma"] ** (step // per_epoch))


class Factors(Scheduler):
    """Times the number of its epoch, and the last one from then on: any curve that can be computed, as by
    torch's LambdaLR, `factors([0.95 ** epoch for epoch in range(30)])`."""

    name = "factors"
    settings = (Setting("factors", "list", doc="the multiple of the rate in each epoch"), WARMUP)

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        return numbers(bound, "factors", least=0.0)

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        factors = settings["factors"]
        return float(factors[min(step // per_epoch, len(factors) - 1)])


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
        Setting(
            "threshold", "float", 1e-4, doc="how much better a figure must be to count as better"
        ),
        Setting(
            "threshold_mode", "str", "rel", choices=("rel", "abs"), doc="as a share, or as it is"
        ),
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
            threshold=settings["threshold"],
            threshold_mode=settings["threshold_mode"],
        )


OWN = (Step, MultiStep, Exponential, Factors, Plateau)
