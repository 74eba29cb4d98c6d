"""What a metric is, and what outputs and fields those of classes, labels and numbers take."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, render
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Recipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.tensors import TensorType

IGNORE = Setting("ignore_index", "int|none", None, doc="class number of places that do not count")

LOGITS = Setting(
    "logits",
    "bool|none",
    None,
    doc="scores, not probabilities; by default as the model's last step tells",
)


class Metric(Recipe):
    """A metric of an output (its first argument) and a field (its second)."""

    higher_is_better = True

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        """Raises Mismatch NN501 or NN502 where the two do not fit."""
        raise NotImplementedError

    def settled(self, settings: dict[str, Any], probabilities: bool) -> dict[str, Any]:
        """The settings, where the output is that of a sigmoid or softmax, or not."""
        if settings.get("logits", False) is None:
            return {**settings, "logits": not probabilities}
        return settings

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        """A torchmetrics.Metric, or what has its methods."""
        raise NotImplementedError


class OfClasses(Metric):
    """Scores [N, classes], or [N, classes, …] where each place of a sample has a class."""

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is None:
            raise Mismatch("NN501", f"`{self.name}` needs class numbers, the field is {field}")
        wanted = f"[N, classes{''.join(f', {size}' for size in field.shape)}]"
        if output.rank != 2 + len(field.shape) or output.shape[2:] != field.shape:
            raise Mismatch(
                "NN501",
                f"`{self.name}` needs scores {wanted}, not {output}",
                help=f"for one score a sample there is `binary_{self.name}`"
                if output.shape[1:] == field.shape and field.classes == 2
                else "",
            )
        if compare("==", output.shape[1], field.classes) is False:
            raise Mismatch(
                "NN502",
                f"the output has {render(output.shape[1])} classes, the data {field.classes}",
            )


class OfNumbers(Metric):
    """Numbers against numbers, of the same shape."""

    higher_is_better = False

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes is not None:
            raise Mismatch("NN501", f"`{self.name}` compares numbers, the field is {field}")
        if output.shape[1:] != field.shape:
            raise Mismatch("NN501", f"`{self.name}` compares {output} with samples {field}")


class OfLabels(Metric):
    """A score for each label, against whether it holds: 0 or 1."""

    def check(self, output: TensorType, field: Field, settings: dict[str, Any]) -> None:
        if field.classes not in (None, 2):
            raise Mismatch("NN501", f"`{self.name}` is of labels 0 and 1, the field is {field}")
        if output.shape[1:] != field.shape:
            raise Mismatch("NN501", f"`{self.name}` compares {output} with samples {field}")


class OfProbabilities:
    """A metric of torchmetrics that is fed probabilities and whole numbers, whatever the loss wants.

    torchmetrics would take each batch for probabilities whose scores happen to lie between 0 and 1.
    """

    def __init__(self, metric: Any, activation: Callable[[Any], Any] | None) -> None:
        self.metric, self.activation = metric, activation
        self.reset, self.compute = metric.reset, metric.compute

    def to(self, device: Any) -> OfProbabilities:
        self.metric.to(device)
        return self

    def update(self, output: Any, target: Any) -> None:
        output = output.float()
        if self.activation is not None:
            output = self.activation(output)
        self.metric.update(output, target.long())


#: what a setting's value must be: the rule in words, and as a function
RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "threshold": ("lies between 0 and 1", lambda v: 0 <= v <= 1),
    "beta": ("is above 0", lambda v: v > 0),
    "n_bins": ("is at least 1", lambda v: v >= 1),
    "thresholds": ("is at least 2", lambda v: v is None or v >= 2),
    "p": ("is at least 1", lambda v: v >= 1),
    "power": ("is no number between 0 and 1", lambda v: v <= 0 or v >= 1),
}


class Theirs(Metric):
    """A metric that torchmetrics computes: its class, and what that gets beside the settings."""

    torch_class: str
    room = "classification"

    def bind(self, positional: Any, keyword: Any) -> dict[str, Any]:
        bound = super().bind(positional, keyword)
        for name, value in bound.items():
            words, holds = RULES.get(name, ("", None))
            if holds is not None and not holds(value):
                raise Mismatch("NN206", f"`{name}` {words}, not {value}", argument=name)
        return bound

    def more(self, field: Field) -> dict[str, Any]:
        """What torchmetrics' class gets beside the settings."""
        return {}

    def activation(self, scores: Any) -> Any:
        """The probabilities of scores."""
        raise NotImplementedError

    def build(self, field: Field, settings: dict[str, Any]) -> Any:
        from importlib import import_module

        kind = getattr(import_module(f"torchmetrics.{self.room}"), self.torch_class)
        theirs = {name: value for name, value in settings.items() if name != "logits"}
        made = kind(**self.more(field), **theirs)
        if "logits" not in settings:
            return made
        return OfProbabilities(made, None if settings["logits"] is False else self.activation)
