"""Losses of yes and no: binary_cross_entropy, binary_cross_entropy_with_logits, sigmoid_focal_loss."""

from __future__ import annotations

from nnspec.operators.definition import Setting, Tensor
from nnspec.operators.fitting import stretched
from nnspec.operators.losses import Loss, OfNumbers
from nnspec.tensors import TensorType, is_float, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


def fractions(use: Use, target: TensorType) -> None:
    """Targets are probabilities, too."""
    if not is_float(target.dtype):
        use.fail(f"`{use.operator.name}` needs floating-point targets, not {target}", code="NN304")


_WEIGHT = Tensor("weight", optional=True, doc="what each value counts, stretched to the targets")


class Weighed(OfNumbers):
    """A cross entropy whose values may count more or less."""

    tensors = (*Loss.tensors, _WEIGHT)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = super().infer(use)
        for slot, given in zip(self.tensors[2:], use.inputs[2:], strict=False):
            if given is None:
                continue
            if given.dtype in ("c64", "c128"):
                use.fail(
                    f"`{slot.name}` of `{self.name}` holds real numbers, not {given}",
                    code="NN304",
                    argument=slot.name,
                )
            target = use.inputs[1]
            assert target is not None
            stretched(use, given, target, f"`{slot.name}`", argument=slot.name)
        return found


class BinaryCrossEntropy(Weighed):
    """Cross entropy of yes and no for each value; the outputs are probabilities, after a sigmoid."""

    name = "binary_cross_entropy"
    saves = ("inputs",)
    accepts = (
        "([2, 3], [2, 3]) -> binary_cross_entropy",
        "([2, 3], [2, 3], [3]) -> binary_cross_entropy",
    )
    rejects = (
        "([2, 3], [2]) -> binary_cross_entropy",
        "([2, 3], i64[2, 3]) -> binary_cross_entropy",
        "([2, 3], [2, 3], [2]) -> binary_cross_entropy",
    )

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if output.dtype != target.dtype:
            use.fail(
                f"`{self.name}` computes on outputs and targets of one dtype, not {output} and {target}",
                code="NN304",
            )
        return output.dtype


class BinaryCrossEntropyWithLogits(Weighed):
    """Cross entropy of yes and no for each value; the scores go in as they are: no sigmoid before
    it. `pos_weight` is how many times more a yes counts than a no."""

    name = "binary_cross_entropy_with_logits"
    saves = ("inputs",)
    tensors = (
        *Weighed.tensors,
        Tensor("pos_weight", optional=True, doc="what a yes counts, stretched to the targets"),
    )
    accepts = (
        "([2, 3], [2, 3]) -> binary_cross_entropy_with_logits",
        "([2, 3], [2, 3], [2, 1]) -> binary_cross_entropy_with_logits",
        "([2, 3], [2, 3]) -> binary_cross_entropy_with_logits(pos_weight=[3])",
        "([2, 3], [2, 3], [2, 3], [1]) -> binary_cross_entropy_with_logits",
    )
    rejects = (
        "([2, 3], [2]) -> binary_cross_entropy_with_logits",
        "([2, 3], [2, 3]) -> binary_cross_entropy_with_logits(pos_weight=[2])",
    )

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        fractions(use, target)
        return target.dtype


class SigmoidFocalLoss(OfNumbers):
    """binary_cross_entropy_with_logits, times (1 - p) ** gamma where p is the probability of what is right:
    what is learned already counts little (Lin et al. 2017, arXiv:1708.02002; torchvision.ops). Here, too,
    the result is one for each value unless `reduction` says otherwise."""

    name = "sigmoid_focal_loss"
    home = "torchvision.ops"
    saves = ("inputs",)
    settings = (
        Setting("alpha", "float", 0.25, doc="what a yes counts, a no 1 - alpha; -1: all alike"),
        Setting("gamma", "float", 2.0, doc="how little counts what is learned already"),
        Setting("reduction", "str", "none", choices=("none", "mean", "sum"), doc="over the values"),
    )
    accepts = (
        "([2, 3], [2, 3]) -> sigmoid_focal_loss",
        '([2, 3], [2, 3]) -> sigmoid_focal_loss(-1, 1.5, reduction="mean")',
    )
    rejects = (
        "([2, 3], [3]) -> sigmoid_focal_loss",
        "([2, 3], i64[2, 3]) -> sigmoid_focal_loss",
        "([2, 3], [2, 3]) -> sigmoid_focal_loss(1.5)",
    )

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if not 0 <= use["alpha"] <= 1 and use["alpha"] != -1:
            use.fail(
                f"alpha is a share from 0 to 1, or -1 for none, not {use['alpha']}",
                code="NN206",
                argument="alpha",
            )
        fractions(use, target)
        return promote(output.dtype, target.dtype)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return (6 if use["alpha"] < 0 else 8) * use.x.bytes
