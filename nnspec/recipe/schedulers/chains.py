"""Schedulers made of others: one after the other, or all at once."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.schedulers.base import Scheduler, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Bound

_PARTS = Setting("schedulers", "recipes", doc="what it is made of")


class _Chain(Scheduler):
    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        parts: tuple[Bound, ...] = bound["schedulers"]
        if not parts:
            raise Mismatch("NN206", f"`{self.name}` needs schedulers", argument="schedulers")
        for part in parts:
            if part.definition.watches:
                raise Mismatch(
                    "NN206",
                    f"`{part.definition.name}` goes by a figure of the run, not by the step: it stands alone",
                    argument="schedulers",
                )
        return bound


class Sequential(_Chain):
    """One after the other, as torch's SequentialLR: the second from the first of `epochs` on, the third from
    the second. Each begins at its own start, and has the epochs up to the next one:
    `sequential([linear(start=0.01, final=1), cosine()], epochs=[5])`."""

    name = "sequential"
    settings = (
        _PARTS,
        Setting("epochs", "list", doc="after how many epochs of training the next one begins"),
    )

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        parts, epochs = bound["schedulers"], bound["epochs"]
        if len(epochs) != len(parts) - 1:
            raise Mismatch(
                "NN206",
                f"{len(parts)} schedulers change {len(parts) - 1} times, and `epochs` has {len(epochs)}: "
                "after how many epochs of training the second begins, the third, …",
                argument="epochs",
            )
        return numbers(bound, "epochs", rising=True) if epochs else bound

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        begins = [0, *(round(epoch * per_epoch) for epoch in settings["epochs"])]
        number = max(n for n, begin in enumerate(begins) if begin <= step)
        end = [*begins, total][number + 1]
        part: Bound = settings["schedulers"][number]
        length = max(1, min(end, total) - begins[number])
        found: float = part.definition.factor(
            step - begins[number], per_epoch, length, part.settings
        )
        return found


class Chained(_Chain):
    """All at once, as torch's ChainedScheduler: their factors multiplied."""

    name = "chained"
    settings = (_PARTS,)

    def factor(self, step: int, per_epoch: int, total: int, settings: dict[str, Any]) -> float:
        found = 1.0
        for part in settings["schedulers"]:
            found *= part.definition.factor(step, per_epoch, total, part.settings)
        return found


OWN = (Sequential, Chained)
