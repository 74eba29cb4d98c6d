"""Losses of vectors: cosine_embedding, triplet_margin; of class scores: multi_margin,
multilabel_margin; of sequences: ctc."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import Setting, Tensor
from nnspec.operators.fitting import one_for_each
from nnspec.operators.losses import REDUCTION, Loss, OfClasses
from nnspec.tensors import TensorType, is_float, promote, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class OfVectors(Loss):
    """What they share: tensors of given shapes."""

    def all(self, use: Use) -> list[TensorType]:
        found = [tensor for tensor in use.inputs if tensor is not None]
        if not is_float(found[0].dtype):
            use.fail(f"`{self.name}` needs floating-point outputs, not {found[0]}", code="NN304")
        return found

    def shaped(self, use: Use, which: str, tensor: TensorType, shape: Sequence[Size]) -> None:
        """Demand a shape of a tensor."""
        message = f"{which} of `{self.name}` is {show_shape(shape)} here, not {tensor}"
        if tensor.rank != len(shape):
            use.fail(message, code="NN303")
        for a, b in zip(tensor.shape, shape, strict=True):
            use.equal(a, b, message, code="NN301")


class CosineEmbeddingLoss(OfVectors):
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1: [N, D], [N, D], [N]."""

    name = "cosine_embedding_loss"
    saves = ("input1", "input2")
    tensors = (Tensor("input1"), Tensor("input2"), Tensor("target", doc="1 or -1"))
    settings = (Setting("margin", "float", 0.0, doc="from -1 to 1"), REDUCTION)
    accepts = (
        "([4, 3], [4, 3], [4]) -> cosine_embedding_loss",
        "([4, 3], [4, 3], i64[4]) -> cosine_embedding_loss(0.5)",
    )
    rejects = ("([4, 3], [4, 3], [3]) -> cosine_embedding_loss",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b, target = self.all(use)
        if a.rank != 2:
            use.fail(f"`{self.name}` takes vectors [N, values], not {a}", code="NN303")
        for tensor in (b, target):
            if tensor.dtype in ("c64", "c128"):
                use.fail(f"`{self.name}` compares real numbers, not {tensor}", code="NN304")
        self.shaped(use, "input2", b, a.shape)
        self.shaped(use, "target", target, a.shape[:1])
        return self.reduced(use, promote(a.dtype, b.dtype), a.shape[:1])

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 22 * use.x.shape[0]


class TripletMarginLoss(OfVectors):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) (Balntas et al. 2016)."""

    name = "triplet_margin_loss"
    tensors = (Tensor("anchor"), Tensor("positive"), Tensor("negative"))
    settings = (
        Setting("margin", "float", 1.0, doc="how much nearer the positive is to be; above 0"),
        Setting("p", "float", 2.0, doc="degree of the norm"),
        Setting("eps", "float", 1e-6, doc="added to the differences"),
        Setting("swap", "bool", False, doc="use d(positive, negative) where that is smaller"),
        REDUCTION,
    )
    accepts = ("([4, 3], [4, 3], [4, 3]) -> triplet_margin_loss",)
    rejects = (
        "([4, 3], [4, 3], [4, 2]) -> triplet_margin_loss",
        "([4, 3], [4, 3], [4, 3]) -> triplet_margin_loss(0)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        anchor, positive, negative = self.all(use)
        if use["margin"] <= 0:
            use.fail(
                f"margin must be above 0, not {use['margin']}", code="NN206", argument="margin"
            )
        if not anchor.rank:
            use.fail(f"`{self.name}` takes vectors [N, values], not {anchor}", code="NN303")
        dtype = anchor.dtype
        for name, tensor in (("positive", positive), ("negative", negative)):
            if not is_float(tensor.dtype):
                use.fail(f"`{self.name}` needs floating-point outputs, not {tensor}", code="NN304")
            self.shaped(use, name, tensor, anchor.shape)
            dtype = promote(dtype, tensor.dtype)
        return self.reduced(use, dtype, anchor.shape[:-1])

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 2 * use.x.bytes + 12 * use.x.shape[0]


class OfScores(OfVectors):
    """Scores [N, C] against class numbers."""

    def scores(self, use: Use) -> tuple[TensorType, TensorType]:
        scores, target, *_ = self.all(use)
        if scores.rank != 2:
            use.fail(f"`{self.name}` needs scores [N, classes], not {scores}", code="NN303")
        if target.dtype != "i64":
            use.fail(f"`{self.name}` needs class numbers i64, the target is {target}", code="NN304")
        return scores, target


class MultiMarginLoss(OfScores):
    """How far the other classes come within `margin` of the right one: [N, C], i64[N] (Weston &
    Watkins 1999)."""

    name = "multi_margin_loss"
    saves = ("inputs",)
    tensors = OfClasses.tensors
    settings = (
        Setting("p", "int", 1, doc="1, or 2 for squares"),
        Setting("margin", "float", 1.0, doc="how much larger the right class's score is to be"),
        REDUCTION,
    )
    accepts = (
        "([4, 3], i64[4]) -> multi_margin_loss",
        "([4, 3], i64[4]) -> multi_margin_loss(2)",
        "([4, 3], i64[4], [3]) -> multi_margin_loss",
    )
    rejects = (
        "([4, 3], i64[3]) -> multi_margin_loss",
        "([4, 3], i64[4], [4]) -> multi_margin_loss",
        "([4, 3], i64[4]) -> multi_margin_loss(3)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        scores, target = self.scores(use)
        if use["p"] not in (1, 2):
            use.fail(f"p is 1 or 2, not {use['p']}", code="NN206", argument="p")
        self.shaped(use, "target", target, scores.shape[:1])
        one_for_each(use, 2, "class", scores.shape[1])
        return self.reduced(use, scores.dtype, scores.shape[:1])


class MultilabelMarginLoss(OfScores):
    """How far wrong classes come within 1 of right ones: [N, C], i64[N, C], whose rows are class
    numbers up to the first -1."""

    name = "multilabel_margin_loss"
    saves = ("inputs",)
    accepts = ("([4, 3], i64[4, 3]) -> multilabel_margin_loss",)
    rejects = ("([4, 3], i64[4]) -> multilabel_margin_loss",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        scores, target = self.scores(use)
        self.shaped(use, "target", target, scores.shape)
        return self.reduced(use, scores.dtype, scores.shape[:1])

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class CtcLoss(OfVectors):
    """Minus the log-probability of all ways to write the target along the input: log_softmax scores
    [T, N, C], i64[N, S], and the lengths of both, i64[N] (Graves et al. 2006)."""

    name = "ctc_loss"
    saves = ("log_probs", "targets")
    tensors = (
        Tensor("log_probs", doc="[T, N, C], after log_softmax"),
        Tensor("targets", doc="i64[N, S], class numbers"),
        Tensor("input_lengths", doc="i64[N]"),
        Tensor("target_lengths", doc="i64[N]"),
    )
    settings = (
        Setting("blank", "int", 0, doc="the class number of nothing"),
        REDUCTION,
        Setting("zero_infinity", "bool", False, doc="0 where a target is too long for its input"),
    )
    accepts = ("([6, 2, 4], i64[2, 3], i64[2], i64[2]) -> ctc_loss",)
    rejects = (
        "([6, 2, 4], i64[3, 3], i64[2], i64[2]) -> ctc_loss",
        "([6, 2, 4], i64[2, 3], i64[2], i64[2]) -> ctc_loss(4)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        scores, targets, *lengths = self.all(use)
        if scores.rank != 3:
            use.fail(f"`ctc_loss` takes [time, batch, classes], not {scores}", code="NN303")
        if scores.dtype not in ("f32", "f64"):
            use.fail(f"`ctc_loss` computes on f32 and f64, not {scores}", code="NN304")
        batch, classes = scores.shape[1:]
        for tensor in (targets, *lengths):
            if tensor.dtype != "i64":
                use.fail(f"`ctc_loss` takes targets and lengths of i64, not {tensor}", code="NN304")
        if targets.rank != 2:
            use.fail(f"the targets of `ctc_loss` are [batch, length], not {targets}", code="NN303")
        self.shaped(use, "targets", targets, (batch, targets.shape[1]))
        for slot, tensor in zip(self.tensors[2:], lengths, strict=True):
            self.shaped(use, slot.name, tensor, (batch,))
        blank = use["blank"]
        if blank < 0:
            use.fail(
                f"blank is one of the class numbers 0 to {render(classes - 1)}, not {blank}",
                code="NN206",
                argument="blank",
            )
        use.at_least(
            classes,
            blank + 1,
            f"blank is one of the class numbers 0 to {render(classes - 1)}, not {blank}",
            code="NN206",
            argument="blank",
        )
        return self.reduced(use, scores.dtype, (batch,))
