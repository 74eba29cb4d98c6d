"""Rates that follow a curve: lines, cosines, cycles."""

from __future__ import annotations

from math import cos, pi, sqrt

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.schedulers.base import (
    WARMUP,
    Cycled,
    Scheduler,
    above_0,
    at_least_1,
    momentum_settings,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FINAL = Setting("final", "float", 0.0, doc="share of the rate that is left at the end")
_LENGTH = Setting(
    "epochs", "float|none", None, doc="epochs that it takes; by default all that are left"
)


class _OfLength(Scheduler):
    """A curve over all that is left, or over `epochs` of it."""

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return above_0(super().bind(positional, keyword), "epochs")

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        epochs = settings["epochs"]
        length = total if epochs is None else max(1, round(epochs * per_epoch))
        return self.curve(min(step, length) / length, settings)

    def curve(self, done: float, settings: dict[str, Any]) -> float:
        """The factor where this share of the curve, from 0 to 1, is done."""
        raise NotImplementedError


class Constant(Scheduler):
    """The same rate throughout, after a warm-up if wanted; or a share of it for the first `epochs`."""

    name = "constant"
    settings = (
        WARMUP,
        Setting("factor", "float", 1.0, doc="share of the rate"),
        Setting("epochs", "float|none", None, doc="epochs after which it is the whole"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return above_0(super().bind(positional, keyword), "epochs")

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        epochs = settings["epochs"]
        over = epochs is not None and step >= round(epochs * per_epoch)
        return 1.0 if over else float(settings["factor"])


class Cosine(_OfLength):
    """Half a cosine from 1 down to `final` (Loshchilov & Hutter 2017, arXiv:1608.03983)."""

    name = "cosine"
    settings = (WARMUP, _FINAL, _LENGTH)

    def curve(self, done: float, settings: dict[str, Any]) -> float:
        return _cosine(1.0, settings["final"], done)


class CosineRestarts(Scheduler):
    """Half a cosine again and again, each `stretch` times as long as the one before
    (Loshchilov & Hutter 2017, arXiv:1608.03983)."""

    name = "cosine_restarts"
    settings = (
        Setting("epochs", "int", doc="epochs of the first round"),
        Setting("stretch", "int", 1, doc="how much longer each round is than the one before"),
        _FINAL,
        WARMUP,
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        return at_least_1(super().bind(positional, keyword), "epochs", "stretch")

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        length = settings["epochs"] * per_epoch
        while step >= length:
            step -= length
            length *= settings["stretch"]
        return _cosine(1.0, settings["final"], step / length)


class Linear(_OfLength):
    """A straight line from `start` to `final`."""

    name = "linear"
    settings = (
        WARMUP,
        _FINAL,
        Setting("start", "float", 1.0, doc="share of the rate that it begins with"),
        _LENGTH,
    )

    def curve(self, done: float, settings: dict[str, Any]) -> float:
        return _line(settings["start"], settings["final"], done)


class Polynomial(_OfLength):
    """`(1 - share of the steps done) ** power`, as in DeepLab (Chen et al. 2017, arXiv:1606.00915)."""

    name = "polynomial"
    settings = (Setting("power", "float", 0.9), WARMUP, _LENGTH)

    def curve(self, done: float, settings: dict[str, Any]) -> float:
        return float((1 - done) ** settings["power"])


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
        WARMUP,
        Setting("decay", "float", 0.2, doc="share of the steps in which the rate falls to 0"),
    )

    def after_warmup(
        self, step: int, per_epoch: int, total: int, settings: dict[str, Any]
    ) -> float:
        falling = max(1, round(total * settings["decay"]))
        return float(min(1.0, max(0, total - step) / falling))


class OneCycle(Cycled):
    """Up from `1 / start` of the rate and down to almost nothing, along cosines (Smith & Topin 2018,
    arXiv:1708.07120). The rate of the optimizer is the highest one."""

    name = "one_cycle"
    settings = (
        Setting("rise", "float", 0.3, doc="share of the steps in which the rate rises"),
        Setting("start", "float", 25.0, doc="how many times lower it begins"),
        Setting("end", "float", 1e4, doc="how many times lower than that it ends"),
        Setting("anneal", "str", "cos", choices=("cos", "linear"), doc="the way between them"),
        Setting(
            "three_phase",
            "bool",
            False,
            doc="down as fast as up, and then to the end, as in the paper",
        ),
        *momentum_settings(0.85, 0.95),
    )

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        low = 1 / settings["start"]
        return self._along(step, total, settings, low, 1.0, low / settings["end"])

    def momentum(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        base, most = settings["base_momentum"], settings["max_momentum"]
        return self._along(step, total, settings, most, base, most)

    def _along(
        self, step: int, total: int, settings: dict[str, Any], low: float, high: float, last: float
    ) -> float:
        """The value at a step on the way from `low` to `high` to `last`, by way of `low` in three phases."""
        rise = float(settings["rise"] * total)
        ends = [(rise - 1, low, high), (float(total - 1), high, last)]
        if settings["three_phase"]:
            ends[1:] = [(2 * rise - 2, high, low), (float(total - 1), low, last)]
        way = _cosine if settings["anneal"] == "cos" else _line
        begun = 0.0
        for end, before, after in ends:
            if step <= end or end == total - 1:
                return way(before, after, min(1.0, (step - begun) / max(1e-9, end - begun)))
            begun = end
        raise AssertionError("the last phase ends with the training")


class Cyclic(Cycled):
    """Up and down in straight lines between `low` of the rate and the whole (Smith 2017,
    arXiv:1506.01186); "triangular2" halves the height with each cycle, "exp_range" takes it times `gamma`
    with each step."""

    name = "cyclic"
    settings = (
        Setting("epochs", "float", doc="epochs from one low to the next"),
        Setting("low", "float", 0.1, doc="share of the rate at the low"),
        Setting("mode", "str", "triangular", choices=("triangular", "triangular2", "exp_range")),
        Setting("gamma", "float", 1.0),
        Setting("rise", "float", 0.5, doc="share of a cycle in which the rate rises"),
        *momentum_settings(0.8, 0.9),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = above_0(super().bind(positional, keyword), "epochs")
        if not 0 < bound["rise"] < 1:
            raise Mismatch("NN206", "`rise` lies between 0 and 1", argument="rise")
        return bound

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        return _line(settings["low"], 1.0, self._height(step, per_epoch, settings))

    def momentum(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        base, most = settings["base_momentum"], settings["max_momentum"]
        return _line(most, base, self._height(step, per_epoch, settings))

    def _height(self, step: int, per_epoch: int, settings: dict[str, Any]) -> float:
        """How far up the rate is, from 0 to 1."""
        cycle, done = divmod(step / max(2.0, settings["epochs"] * per_epoch), 1.0)
        rise = settings["rise"]
        height = done / rise if done <= rise else (1 - done) / (1 - rise)
        scale = {
            "triangular": 1.0,
            "triangular2": 0.5**cycle,
            "exp_range": settings["gamma"] ** step,
        }
        return float(height * scale[settings["mode"]])


def _line(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 - share)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * share)) / 2


OWN = (
    Constant,
    Cosine,
    CosineRestarts,
    Linear,
    Polynomial,
    InverseSqrt,
    Trapezoid,
    OneCycle,
    Cyclic,
)
