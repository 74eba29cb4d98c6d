"""Losses of outputs and targets value by value: kl_div, poisson and gaussian likelihoods, hinge and margin
losses of signs."""

from __future__ import annotations

from nnspec.operators.definition import Setting, Tensor
from nnspec.operators.losses import REDUCTION, Loss, OfNumbers
from nnspec.tensors import TensorType, is_float, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class KlDiv(OfNumbers):
    """target * (log(target) - output): the divergence of Kullback & Leibler (1951). The outputs are
    logarithms, after log_softmax. "batchmean" divides by the number of samples, as the formula does."""

    name = "kl_div"
    settings = (
        Setting(
            "reduction", "str", "mean", choices=("mean", "sum", "none", "batchmean"),
            doc="over the values",
        ),
        Setting("log_target", "bool", False, doc="the targets are logarithms too"),
    )  # fmt: skip
    accepts = (
        "([2, 3], [2, 3]) -> kl_div",
        '([2, 3], [2, 3]) -> kl_div("batchmean", log_target=true)',
    )
    rejects = ("([2, 3], [2]) -> kl_div", "([2, 3], i64[2, 3]) -> kl_div")

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if not is_float(target.dtype):
            use.fail(f"`kl_div` needs floating-point targets, not {target}", code="NN304")
        return super().dtype(use, output, target)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use["log_target"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 2 * use.x.bytes if use["log_target"] else 0


class PoissonNllLoss(OfNumbers):
    """exp(output) - target * output: minus the logarithm of a Poisson distribution's likelihood."""

    name = "poisson_nll_loss"
    saves = ("inputs",)
    settings = (
        Setting("log_input", "bool", True, doc="the outputs are logarithms of the rates"),
        Setting("full", "bool", False, doc="add Stirling's approximation of what is constant"),
        Setting("eps", "float", 1e-8, doc="added to rates before their logarithm"),
        REDUCTION,
    )
    accepts = ("([2, 3], [2, 3]) -> poisson_nll_loss",)
    rejects = (
        "([2, 3], [2]) -> poisson_nll_loss",
        "([2, 3], bool[2, 3]) -> poisson_nll_loss(full=true)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        target = use.inputs[1]
        if use["full"] and target is not None and target.dtype == "bool":
            use.fail(
                f"`full=true` counts with the targets: numbers, not {target}",
                code="NN304",
                argument="target",
                help='`to("f32")` makes numbers of truth values',
            )
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes


class OwnDtype(OfNumbers):
    """Computed in the dtype of the outputs; the targets are signs."""

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        return output.dtype


class HingeEmbeddingLoss(OwnDtype):
    """The output where the target is 1, max(0, margin - output) where it is -1."""

    name = "hinge_embedding_loss"
    settings = (
        Setting("margin", "float", 1.0, doc="how far apart the unlike are to be"),
        REDUCTION,
    )
    accepts = ("([2, 3], [2, 3]) -> hinge_embedding_loss", "([2], i64[2]) -> hinge_embedding_loss")
    rejects = ("([2, 3], [2]) -> hinge_embedding_loss",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes + 2 * use.x.numel


class SoftMarginLoss(OwnDtype):
    """log(1 + exp(-target * output)), for targets of 1 and -1."""

    name = "soft_margin_loss"
    saves = ("inputs",)
    accepts = ("([2, 3], [2, 3]) -> soft_margin_loss",)
    rejects = ("([2, 3], [2]) -> soft_margin_loss",)


class MultilabelSoftMarginLoss(OfNumbers):
    """binary_cross_entropy_with_logits, the mean over the classes: [N, C] against [N, C]."""

    name = "multilabel_soft_margin_loss"
    saves = ("inputs",)
    accepts = ("([2, 3], [2, 3]) -> multilabel_soft_margin_loss",)
    rejects = (
        "([2, 3], [2]) -> multilabel_soft_margin_loss",
        "([2, 3], bool[2, 3]) -> multilabel_soft_margin_loss",
    )

    def dtype(self, use: Use, output: TensorType, target: TensorType) -> str:
        if target.dtype == "bool":
            use.fail(f"`{self.name}` computes on numbers, not {target}", code="NN304")
        return super().dtype(use, output, target)

    def reduced(self, use: Use, dtype: str, shape: tuple[Size, ...]) -> tuple[TensorType, ...]:
        if not shape:
            use.fail(f"`{self.name}` needs scores [N, classes], not a number", code="NN303")
        return super().reduced(use, dtype, shape[:-1])

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 6 * use.x.bytes


class GaussianNllLoss(Loss):
    """The squared difference divided by the variance, and the variance's logarithm (Nix & Weigend
    1994)."""

    name = "gaussian_nll_loss"
    tensors = (Tensor("input"), Tensor("target"), Tensor("var", doc="the variances"))
    settings = (
        Setting("full", "bool", False, doc="add what is constant"),
        Setting("eps", "float", 1e-6, doc="the least variance"),
        REDUCTION,
    )
    accepts = (
        "([2, 3], [2, 3], [2, 3]) -> gaussian_nll_loss",
        "([2, 3], [2, 3], [2, 1]) -> gaussian_nll_loss(full=true)",
    )
    rejects = ("([2, 3], [2, 3], [3, 3]) -> gaussian_nll_loss",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        output, target, var = use.inputs
        assert output is not None and target is not None and var is not None
        if not is_float(output.dtype):
            use.fail(f"`{self.name}` needs floating-point outputs, not {output}", code="NN304")
        if target.dtype in ("bool", "c64", "c128"):
            use.fail(f"`{self.name}` compares numbers, not {target}", code="NN304")
        if not is_float(var.dtype):
            use.fail(f"variances are floating-point numbers, not {var}", code="NN304")
        if output.rank != target.rank:
            use.fail(
                f"`{self.name}` compares tensors of one shape, not {output} and {target}",
                code="NN303",
            )
        for dim, (a, b) in enumerate(zip(output.shape, target.shape, strict=True)):
            use.equal(
                a,
                b,
                f"`{self.name}` compares tensors of one shape: {output} and {target} differ in "
                f"dimension {dim}",
                code="NN301",
            )
        self.variances(use, output, var)
        if use["eps"] < 0:
            use.fail(f"eps must be at least 0, not {use['eps']}", code="NN206", argument="eps")
        dtype = promote(promote(output.dtype, target.dtype), var.dtype)
        return self.reduced(use, dtype, output.shape)

    def variances(self, use: Use, output: TensorType, var: TensorType) -> None:
        """One for each value, or for each row: the last dimension is 1, or is not there."""
        message = (
            f"the variances have the shape of {output}, or 1 or nothing as the last size; not {var}"
        )
        shape = var.shape if var.rank == output.rank else (*var.shape, 1)
        if len(shape) != output.rank:
            use.fail(message, code="NN303")
        for dim, (a, b) in enumerate(zip(output.shape, shape, strict=True)):
            if dim == output.rank - 1 and b == 1:
                continue
            use.equal(a, b, message, code="NN301")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 3 * use.x.bytes


class MarginRankingLoss(Loss):
    """max(0, margin - target * (input1 - input2)): the first is to be larger where the target is 1,
    smaller where it is -1."""

    name = "margin_ranking_loss"
    tensors = (Tensor("input1"), Tensor("input2"), Tensor("target", doc="1 or -1"))
    settings = (Setting("margin", "float", 0.0, doc="by how much"), REDUCTION)
    accepts = (
        "([4], [4], [4]) -> margin_ranking_loss",
        "([4], [4], i64[4]) -> margin_ranking_loss",
    )
    rejects = (
        "([4], [4], [3]) -> margin_ranking_loss",
        "([4, 2], [4], [4]) -> margin_ranking_loss",
        "([4], [4], bool[4]) -> margin_ranking_loss",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b, target = use.inputs
        assert a is not None and b is not None and target is not None
        for tensor in (a, b):
            if not is_float(tensor.dtype):
                use.fail(f"`{self.name}` needs floating-point outputs, not {tensor}", code="NN304")
        if target.dtype in ("bool", "c64", "c128"):
            use.fail(f"`{self.name}` takes targets of 1 and -1, not {target}", code="NN304")
        for tensor in (b, target):
            same = f"`{self.name}` compares tensors of one shape, not {a} and {tensor}"
            if tensor.rank != a.rank:
                use.fail(same, code="NN303")
            for x, y in zip(a.shape, tensor.shape, strict=True):
                use.equal(x, y, same, code="NN301")
        dtype = promote(promote(a.dtype, b.dtype), target.dtype)
        return self.reduced(use, dtype, a.shape)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 3 * use.x.bytes
