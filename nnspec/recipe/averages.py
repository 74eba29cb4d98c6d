"""Averages of the weights over the steps of training, which are what is validated, kept as best and used."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import nn
    from torch.optim.swa_utils import AveragedModel


class Average(Recipe):
    """`build` gives torch's AveragedModel; `renews_norms`: batch norms are measured anew for the average."""

    renews_norms = False

    def build(self, model: nn.Module, settings: dict[str, Any]) -> AveragedModel:
        raise NotImplementedError

    def takes(self, epoch: int, epochs: int, settings: dict[str, Any], ends_epoch: bool) -> bool:
        """Whether the weights after a step of this epoch go into the average."""
        raise NotImplementedError


class EMA(Average):
    """An exponential moving average over the steps, of weights and buffers (Polyak & Juditsky 1992)."""

    name = "ema"
    settings = (Setting("decay", "float", 0.999, doc="share of the average that a step keeps"),)

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if not 0 <= bound["decay"] < 1:
            raise Mismatch("NN206", "`decay` is at least 0 and below 1", argument="decay")
        return bound

    def build(self, model: nn.Module, settings: dict[str, Any]) -> AveragedModel:
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        by_decay = get_ema_multi_avg_fn(settings["decay"])  # type: ignore[no-untyped-call]
        return AveragedModel(model, multi_avg_fn=by_decay, use_buffers=True)

    def takes(self, epoch: int, epochs: int, settings: dict[str, Any], ends_epoch: bool) -> bool:
        return True


class SWA(Average):
    """Stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407): the mean of the weights at the
    ends of the last epochs."""

    name = "swa"
    renews_norms = True
    settings = (
        Setting("start", "float", 0.75, doc="share of the epochs before the first is taken"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        if not 0 <= bound["start"] < 1:
            raise Mismatch("NN206", "`start` is at least 0 and below 1", argument="start")
        return bound

    def build(self, model: nn.Module, settings: dict[str, Any]) -> AveragedModel:
        from torch.optim.swa_utils import AveragedModel

        return AveragedModel(model)

    def takes(self, epoch: int, epochs: int, settings: dict[str, Any], ends_epoch: bool) -> bool:
        return ends_epoch and epoch > settings["start"] * epochs


ALL = by_name([EMA, SWA])
