"""Losses: how far outputs are from what they should be. The result is one number, or one for each
sample with reduction "none"."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import one_for_each
from nnspec.tensors import TensorType, is_float, promote, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

REDUCTION = Setting(
    "reduction", "str", "mean", choices=("mean", "sum", "none"), doc="over the samples"
)

#: why `ignore_index` does not go with shares
NO_CLASS = "ignore_index={} leaves out samples of a class; the target {} has shares of all of them"


class Loss(Operator):
    """A function of torch.nn.functional of the same name, of an input and a target."""

    autocast = "full"
    #: the module that has the function
    home: ClassVar[str] = "F"

    family = "loss"
    tensors: ClassVar[tuple[Tensor, ...]] = (Tensor("input"), Tensor("target"))
    settings: ClassVar[tuple[Setting, ...]] = (REDUCTION,)

    def both(self, use: Use) -> tuple[TensorType, TensorType]:
        a, b, *_ = use.inputs
        assert a is not None and b is not None
        if not is_float(a.dtype):
            use.fail(f"`{self.name}` needs floating-point outputs, not {a}", code="NN304")
        return a, b

    def reduced(self, use: Use, dtype: str, shape: tuple[Size, ...]) -> tuple[TensorType, ...]:
        return (TensorType(dtype, shape if use["reduction"] == "none" else ()),)

    def function(self, use: Use) -> CallCode:
        slots = tuple(enumerate(self.tensors))
        needed = tuple(Ref(at) for at, slot in slots if not slot.optional)
        weights = {
            slot.name: Ref(at) for at, slot in slots if slot.optional and use.tensor(at) is not None
        }
        return CallCode(f"{self.home}.{self.name}", needed, weights | use.changed())


class OfClasses(Loss):
    """Scores [N, C, ...] against class numbers i64[N, ...]; some classes may count more than others."""

    tensors = (*Loss.tensors, Tensor("weight", optional=True, doc="what each class counts, [C]"))

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        scores, target = self.both(use)
        if scores.rank < 2:
            use.fail(f"`{self.name}` needs scores [N, classes], not {scores}", code="NN303")
        one_for_each(use, 2, "class", scores.shape[1])
        places = (scores.shape[0], *scores.shape[2:])
        if target.dtype != "i64":
            use.fail(
                f"`{self.name}` needs class numbers i64{show_shape(places)}, the target is {target}",
                code="NN304",
            )
        if target.rank != len(places):
            use.fail(
                f"`{self.name}` of scores {scores} needs class numbers i64{show_shape(places)}, "
                f"the target is {target}",
                code="NN303",
            )
        for dim, (a, b) in enumerate(zip(places, target.shape, strict=True)):
            use.equal(
                a,
                b,
                f"`{self.name}` of {scores} and {target}: {render(a)} and {render(b)} in "
                f"dimension {dim} of the target",
                code="NN301",
            )
        return self.reduced(use, scores.dtype, places)


class CrossEntropy(OfClasses):
    """-log of the softmax share that the right class gets (the scores go in as they are: no
    softmax before it). The target may also be shares of the classes, in the shape of the scores."""

    name = "cross_entropy"
    saves = ("target", "weight")
    settings = (
        Setting("ignore_index", "int", -100, doc="samples of this class number do not count"),
        REDUCTION,
        Setting("label_smoothing", "float", 0.0, doc="share of the target spread over all classes"),
    )
    accepts = (
        "([2, 3], i64[2]) -> cross_entropy",
        "([2, 3, 4], i64[2, 4]) -> cross_entropy",
        "([2, 3], i64[2], [3]) -> cross_entropy",
    )
    rejects = (
        "([2, 3], [2]) -> cross_entropy",
        "([2, 3], i64[3]) -> cross_entropy",
        "([2, 3], i64[2], [2]) -> cross_entropy",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        scores, target = self.both(use)
        if not 0 <= use["label_smoothing"] <= 1:
            use.fail(
                f"label_smoothing is between 0 and 1, not {use['label_smoothing']}",
                code="NN206",
                argument="label_smoothing",
            )
        if is_float(target.dtype) and scores.rank == target.rank >= 2:
            if target.dtype != scores.dtype:
                use.fail(
                    f"`{self.name}` of scores {scores} needs shares {scores} or class numbers, not {target}",
                    code="NN304",
                )
            if use["ignore_index"] >= 0:
                use.fail(
                    NO_CLASS.format(use["ignore_index"], target),
                    code="NN206",
                    argument="ignore_index",
                )
            for a, b in zip(scores.shape, target.shape, strict=True):
                use.equal(
                    a,
                    b,
                    f"`{self.name}` of scores {scores} needs shares {scores} or class numbers, not {target}",
                    code="NN301",
                )
            one_for_each(use, 2, "class", scores.shape[1])
            return self.reduced(use, scores.dtype, (scores.shape[0], *scores.shape[2:]))
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.both(use)[0].bytes + 4


class NllLoss(OfClasses):
    """Minus the log-probability of the right class; cross_entropy less its log_softmax."""

    name = "nll_loss"
    saves = ("inputs",)
    settings = (
        Setting("ignore_index", "int", -100, doc="samples of this class number do not count"),
        REDUCTION,
    )
    accepts = ("([2, 3], i64[2]) -> nll_loss", "([2, 3], i64[2], [3]) -> nll_loss")
    rejects = ("([2, 3], [2]) -> nll_loss", "([2, 3], i64[2], [4]) -> nll_loss")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 4


class OfNumbers(Loss):
    """Numbers against numbers of the same shape."""

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        output, target = self.both(use)
        if output.rank != target.rank:
            use.fail(
                f"`{self.name}` compares tensors of one shape, not {output} and {target}",
                code="NN303",
            )
        for dim, (a, b) in enumerate(zip(output.shape, target.shape, strict=True)):
            use.equal(
                a, b, f"`{self.name}` compares tensors of one shape: {output} and {target} differ in "
                f"dimension {dim}", code="NN301",
            )  # fmt: skip
        if target.dtype[0] == "c":
            use.fail(f"`{self.name}` compares real numbers, not {target}", code="NN304")
        return self.reduced(use, self.dtype(use, output, target), output.shape)

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        return promote(output.dtype, target.dtype)


class MseLoss(OfNumbers):
    """The mean of the squared differences."""

    name = "mse_loss"
    saves = ("inputs",)
    accepts = ("([2, 3], [2, 3]) -> mse_loss",)
    rejects = ("([2, 3], [2]) -> mse_loss",)


class L1Loss(OfNumbers):
    """The mean of the absolute differences."""

    name = "l1_loss"
    accepts = ("([2, 3], [2, 3]) -> l1_loss",)
    rejects = ("([2, 3], [3, 2]) -> l1_loss", "([2, 3], bool[2, 3]) -> l1_loss")

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if target.dtype == "bool":
            use.fail(f"`l1_loss` compares numbers, not {target}", code="NN304")
        return super().dtype(use, output, target)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class SmoothL1Loss(OfNumbers):
    """Squared below beta, absolute above (Girshick 2015, arXiv:1504.08083)."""

    name = "smooth_l1_loss"
    saves = ("inputs",)
    settings = (REDUCTION, Setting("beta", "float", 1.0, doc="where squares end"))
    accepts = ("([2, 3], [2, 3]) -> smooth_l1_loss",)
    rejects = ("([2, 3], [3, 2]) -> smooth_l1_loss", "([2, 3], [2, 3]) -> smooth_l1_loss(beta=-1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["beta"] < 0:
            use.fail(f"beta must be at least 0, not {use['beta']}", code="NN206", argument="beta")
        return super().infer(use)

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if use["beta"] == 0 and target.dtype == "bool":  # the l1_loss then
            use.fail(f"`smooth_l1_loss` with beta 0 compares numbers, not {target}", code="NN304")
        return super().dtype(use, output, target)


class HuberLoss(OfNumbers):
    """Squared below delta, absolute above (Huber 1964)."""

    name = "huber_loss"
    saves = ("inputs",)
    settings = (REDUCTION, Setting("delta", "float", 1.0, doc="where squares end"))
    accepts = ("([2, 3], [2, 3]) -> huber_loss",)
    rejects = ("([2, 3], [3, 2]) -> huber_loss", "([2, 3], [2, 3]) -> huber_loss(delta=0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use["delta"] <= 0:
            use.fail(f"delta must be above 0, not {use['delta']}", code="NN206", argument="delta")
        return super().infer(use)

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        return output.dtype
