"""Optimizers: those of torch.optim, with their settings and defaults."""

from __future__ import annotations

from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar

    import torch


class Optimizer(Recipe):
    """`torch_class` in torch.optim; `fused`: has an implementation that updates all weights at once."""

    torch_class: ClassVar[str]
    fused: ClassVar[bool] = False

    def build(self, parameters: Iterable[Any], settings: dict[str, Any]) -> torch.optim.Optimizer:
        """The optimizer of these parameters."""
        import torch

        options = dict(settings)
        if self.fused:
            options["fused"] = True
        made: torch.optim.Optimizer = getattr(torch.optim, self.torch_class)(parameters, **options)
        return made


def _lr(default: Any) -> Setting:
    return Setting("lr", "float", default, doc="learning rate: the length of a step")


_BETAS = Setting(
    "betas", "float", (0.9, 0.999), 2, doc="decay of the averages of gradient and square"
)
_EPS = Setting("eps", "float", 1e-8)


def _decay(default: float) -> Setting:
    return Setting("weight_decay", "float", default, doc="pull of the weights towards 0")


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted (Sutskever et al. 2013)."""

    name, torch_class, fused = "sgd", "SGD", True
    settings = (
        _lr(1e-3),
        Setting("momentum", "float", 0.0),
        Setting("dampening", "float", 0.0),
        _decay(0.0),
        Setting("nesterov", "bool", False),
    )


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, arXiv:1412.6980)."""

    name, torch_class, fused = "adam", "Adam", True
    settings = (_lr(1e-3), _BETAS, _EPS, _decay(0.0), Setting("amsgrad", "bool", False))


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101)."""

    name, torch_class, fused = "adamw", "AdamW", True
    settings = (_lr(1e-3), _BETAS, _EPS, _decay(1e-2), Setting("amsgrad", "bool", False))


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012)."""

    name, torch_class = "rmsprop", "RMSprop"
    settings = (
        _lr(1e-2),
        Setting("alpha", "float", 0.99),
        _EPS,
        _decay(0.0),
        Setting("momentum", "float", 0.0),
        Setting("centered", "bool", False),
    )


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011)."""

    name, torch_class = "adagrad", "Adagrad"
    settings = (_lr(1e-2), Setting("lr_decay", "float", 0.0), _decay(0.0))


ALL = by_name([SGD, Adam, AdamW, RMSprop, Adagrad])
