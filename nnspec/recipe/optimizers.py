"""Optimizers: those of torch.optim, with their settings and defaults."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe, by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    import torch


class Optimizer(Recipe):
    """`torch_class` in torch.optim; `fused`: has an implementation that updates all weights at once;
    `evaluates`: asks for the loss again within a step; `only`: takes these weights, "matrices" (of two
    dimensions, no embeddings) or "sparse" ones (embeddings with such gradients), the others go to AdamW;
    `divides`: takes weights of which each process holds a part, `fused_divided`: the
    fused implementation too."""

    torch_class: ClassVar[str]
    fused: ClassVar[bool] = False
    evaluates: ClassVar[bool] = False
    only: ClassVar[str] = ""
    divides: ClassVar[bool] = True
    fused_divided: ClassVar[bool] = False
    #: tensors as large as the weights that it keeps
    states: ClassVar[int] = 2

    def fuses(self, wanted: bool | None, divided: bool = False) -> bool:
        """Whether the fused implementation is taken: where it is there, if nothing else is wanted.

        `divided`: each process holds a part of the weights.
        """
        return (self.fused_divided if divided else self.fused) and wanted is not False

    def kept(self, settings: dict[str, Any]) -> int:
        """`states`, with these settings."""
        return self.states + bool(settings.get("amsgrad"))

    def build(
        self, groups: list[dict[str, Any]], settings: dict[str, Any], fused: bool = False
    ) -> torch.optim.Optimizer:
        """The optimizer of these groups: each has `params`, and the settings in which it differs."""
        import torch

        options = dict(settings)
        if fused:
            options["fused"] = True
        theirs = getattr(torch.optim, self.torch_class, None)
        if theirs is None:
            message = f"PyTorch {torch.__version__} has no {self.torch_class}"
            raise Mismatch("NN206", message, help="a newer one has")
        made: torch.optim.Optimizer = theirs(groups, **options)
        return made


def _lr(default: Any) -> Setting:
    doc = 'learning rate: the length of a step; "find" tries rates'
    return Setting("lr", "float|str", default, choices=("find",), doc=doc)


_BETAS = Setting(
    "betas", "float", (0.9, 0.999), 2, doc="decay of the averages of gradient and square"
)
_EPS = Setting("eps", "float", 1e-8)
_ADAMW_LR = Setting("adamw_lr", "float", 1e-3, doc="learning rate of the weights that AdamW trains")
_DECOUPLED = Setting(
    "decoupled_weight_decay", "bool", False, doc="as in AdamW: apart from the gradient"
)


def _decay(default: float) -> Setting:
    return Setting("weight_decay", "float", default, doc="pull of the weights towards 0")


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted (Sutskever et al. 2013)."""

    name, torch_class, fused = "sgd", "SGD", True
    states = 0
    settings = (
        _lr(1e-3),
        Setting("momentum", "float", 0.0),
        Setting("dampening", "float", 0.0),
        _decay(0.0),
        Setting("nesterov", "bool", False),
    )

    def kept(self, settings: dict[str, Any]) -> int:
        return int(settings["momentum"] != 0)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, arXiv:1412.6980)."""

    name, torch_class, fused, fused_divided = "adam", "Adam", True, True
    settings = (_lr(1e-3), _BETAS, _EPS, _decay(0.0), Setting("amsgrad", "bool", False))


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101)."""

    name, torch_class, fused, fused_divided = "adamw", "AdamW", True, True
    settings = (_lr(1e-3), _BETAS, _EPS, _decay(1e-2), Setting("amsgrad", "bool", False))


class NAdam(Optimizer):
    """Adam with Nesterov momentum (Dozat 2016)."""

    name, torch_class = "nadam", "NAdam"
    settings = (
        _lr(2e-3),
        _BETAS,
        _EPS,
        _decay(0.0),
        Setting("momentum_decay", "float", 4e-3),
        _DECOUPLED,
    )


class RAdam(Optimizer):
    """Rectified Adam, which needs no warm-up (Liu et al. 2020, arXiv:1908.03265)."""

    name, torch_class = "radam", "RAdam"
    settings = (_lr(1e-3), _BETAS, _EPS, _decay(0.0), _DECOUPLED)


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square (Kingma & Ba 2015, section 7)."""

    name, torch_class = "adamax", "Adamax"
    settings = (_lr(2e-3), _BETAS, _EPS, _decay(0.0))


class Adafactor(Optimizer):
    """Adam with the squares kept as rows and columns (Shazeer & Stern 2018, arXiv:1804.04235)."""

    name, torch_class, divides = "adafactor", "Adafactor", False
    states = 0  # rows and columns
    settings = (
        _lr(1e-2),
        Setting(
            "beta2_decay", "float", -0.8, doc="how the decay of the squares grows with the step"
        ),
        Setting("d", "float", 1.0, doc="longest update, as a share of the weights"),
        _decay(0.0),
    )


class Muon(Optimizer):
    """Momentum made orthogonal by Newton–Schulz steps (Jordan et al. 2024), for the matrices of the hidden
    layers; embeddings and everything that is no matrix are trained by AdamW, as its authors advise."""

    name, torch_class, only = "muon", "Muon", "matrices"
    states = 1
    settings = (
        _lr(1e-3),
        _decay(0.1),
        Setting("momentum", "float", 0.95),
        Setting("nesterov", "bool", True),
        Setting("ns_steps", "int", 5, doc="Newton–Schulz steps"),
        Setting(
            "adjust_lr_fn",
            "str|none",
            None,
            choices=("original", "match_rms_adamw"),
            doc="how the rate depends on the matrix",
        ),
        _ADAMW_LR,
    )


class SparseAdam(Optimizer):
    """Adam for embeddings with sparse gradients, `embedding(…, sparse=true)`: only the rows that were looked
    up move, and their averages. All other weights are trained by AdamW."""

    name, torch_class, only, divides = "sparse_adam", "SparseAdam", "sparse", False
    settings = (_lr(1e-3), _BETAS, _EPS, _ADAMW_LR)


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012)."""

    name, torch_class = "rmsprop", "RMSprop"
    states = 1
    settings = (
        _lr(1e-2),
        Setting("alpha", "float", 0.99),
        _EPS,
        _decay(0.0),
        Setting("momentum", "float", 0.0),
        Setting("centered", "bool", False),
    )

    def kept(self, settings: dict[str, Any]) -> int:
        return 1 + int(settings["momentum"] > 0) + int(settings["centered"])


class Rprop(Optimizer):
    """Steps by the sign of the gradient alone, for whole batches (Riedmiller & Braun 1993)."""

    name, torch_class, divides = "rprop", "Rprop", False
    settings = (
        _lr(1e-2),
        Setting("etas", "float", (0.5, 1.2), 2, doc="how a step shrinks and grows"),
        Setting("step_sizes", "float", (1e-6, 50.0), 2, doc="least and longest step"),
    )


class Adagrad(Optimizer):
    """Adagrad (Duchi et al. 2011)."""

    name, torch_class, fused = "adagrad", "Adagrad", True
    states = 1
    settings = (
        _lr(1e-2),
        Setting("lr_decay", "float", 0.0),
        _decay(0.0),
        Setting("initial_accumulator_value", "float", 0.0),
        Setting("eps", "float", 1e-10),
    )


class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012, arXiv:1212.5701)."""

    name, torch_class = "adadelta", "Adadelta"
    settings = (
        _lr(1.0),
        Setting("rho", "float", 0.9),
        Setting("eps", "float", 1e-6),
        _decay(0.0),
    )


class ASGD(Optimizer):
    """Averaged stochastic gradient descent (Polyak & Juditsky 1992)."""

    name, torch_class = "asgd", "ASGD"
    states = 1
    settings = (
        _lr(1e-2),
        Setting("lambd", "float", 1e-4),
        Setting("alpha", "float", 0.75),
        Setting("t0", "float", 1e6, doc="step from which the weights are averaged"),
        _decay(0.0),
    )


class LBFGS(Optimizer):
    """L-BFGS (Liu & Nocedal 1989): for small models and whole batches; a step computes the loss up to
    `max_iter` times."""

    name, torch_class, evaluates = "lbfgs", "LBFGS", True
    settings = (
        _lr(1.0),
        Setting("max_iter", "int", 20),
        Setting("tolerance_grad", "float", 1e-7),
        Setting("tolerance_change", "float", 1e-9),
        Setting("history_size", "int", 100),
        Setting("line_search_fn", "str|none", None, choices=("strong_wolfe",)),
    )

    def kept(self, settings: dict[str, Any]) -> int:
        return 2 * int(settings["history_size"])


ALL = by_name(
    [
        SGD, Adam, AdamW, NAdam, RAdam, Adamax, Adafactor, Muon, SparseAdam, RMSprop, Rprop, Adagrad,
        Adadelta, ASGD, LBFGS,
    ]
)  # fmt: skip
