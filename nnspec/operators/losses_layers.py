"""Losses with weights of their own, which are layers of a model that takes the targets as an input:
adaptive_log_softmax_with_loss, linear_cross_entropy_loss."""

from __future__ import annotations

from nnspec.dims import Dim, product, render
from nnspec.operators.binding import show
from nnspec.operators.definition import ModuleCode, Operator, Param, Setting, Tensor
from nnspec.operators.fitting import whole_numbers
from nnspec.operators.losses import NO_CLASS, REDUCTION
from nnspec.tensors import TensorType, is_float, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class LossLayer(Operator):
    """What both share: rows of features, and what they should be."""

    family = "loss"
    autocast = "low"
    #: the tensors as a message says them
    taken: ClassVar[str]

    def row(self, use: Use) -> Size:
        """The number of features of a row."""
        if use.x.rank != 2:
            use.fail(f"`{self.name}` takes {self.taken}, not {use.x}", code="NN303")
        use.weighted()
        return use.x.shape[1]

    def target(self, use: Use, shape: Sequence[Size], dtypes: Sequence[str]) -> None:
        """Demand the shape and the dtype of the target."""
        given = use.inputs[1]
        assert given is not None
        wanted = f"{dtypes[0]}{show_shape(shape)}"
        message = f"`{self.name}` of {use.x} takes targets {wanted} here, not {given}"
        if given.rank != len(shape):
            use.fail(message, code="NN303")
        if given.dtype not in dtypes:
            use.fail(message, code="NN304")
        for a, b in zip(given.shape, shape, strict=True):
            use.equal(a, b, message, code="NN301")


class AdaptiveLogSoftmaxWithLoss(LossLayer):
    """The log-probability of the right class among many, where the frequent ones come first: of [N, in] and
    i64[N] `output` is [N], and `loss` the mean of -output. The first `cutoffs[0]` classes are told apart at
    once; each further cluster has one score among them and layers of its own, narrower by `div_value` each
    time, which only the rows of its classes run (Grave et al. 2017, arXiv:1609.04309)."""

    name = "adaptive_log_softmax_with_loss"
    saves = ("input",)
    taken = "rows [N, features]"
    tensors = (Tensor("input"), Tensor("target", doc="class numbers, the frequent ones first"))
    result_names = ("output", "loss")
    settings = (
        Setting("n_classes", "size", doc="how many classes there are"),
        Setting("cutoffs", "list", doc="where the clusters begin, growing: [2_000, 10_000]"),
        Setting("div_value", "float", 4.0, doc="each cluster's features are so many times fewer"),
        Setting("head_bias", "bool", False, doc="add a learned number to the scores of the head"),
    )
    accepts = (
        "([2, 16], i64[2]) -> adaptive_log_softmax_with_loss(9, [3])",
        "([2, 16], i64[2]) -> adaptive_log_softmax_with_loss(9, [2, 5], 2, head_bias=true)",
        "([4, 9], i32[4]) -> adaptive_log_softmax_with_loss(20, [4, 8], div_value=1.5)",
    )
    rejects = (
        "([2, 16], i64[3]) -> adaptive_log_softmax_with_loss(9, [2, 5])",
        "([2, 16], i64[2]) -> adaptive_log_softmax_with_loss(9, [5, 2])",
        "([2, 16], i64[2]) -> adaptive_log_softmax_with_loss(9, [])",
        "([2, 16], i64[2]) -> adaptive_log_softmax_with_loss(9, [9])",
        "([2, 16], u8[2]) -> adaptive_log_softmax_with_loss(9, [2])",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.row(use)
        self.target(use, use.x.shape[:1], ("i64", "i32"))
        cutoffs = whole_numbers(use, "cutoffs")
        where = f"cutoffs are numbers from 1 to {render(use['n_classes'] - 1)} that grow"
        if not cutoffs:
            use.fail(f"{where}: at least one, not []", code="NN206", argument="cutoffs")
        for low, high in zip((0, *cutoffs), (*cutoffs, use["n_classes"]), strict=True):
            use.at_least(
                high,
                low + 1,
                f"{where}, not {show(cutoffs)}",
                code="NN206",
                argument="cutoffs",
            )
        for number, width in enumerate(self.widths(use), 1):
            use.at_least(
                width,
                1,
                f"div_value={use['div_value']} leaves cluster {number} of {render(use.x.shape[1])} "
                f"features {render(width)} of them",
                code="NN206",
                argument="div_value",
            )
        return (use.x.with_shape(use.x.shape[:1]), use.x.with_shape(()))

    def widths(self, use: Use) -> list[Size]:
        """The features of each cluster: those of a row, divided once more each time."""
        by, features = use["div_value"], use.x.shape[1]
        if by <= 0:
            use.fail(f"div_value must be above 0, not {by}", code="NN206", argument="div_value")
        whole = by in (1, 2) or float(by).is_integer()
        if isinstance(features, Dim) and not whole:
            features = use.pin(features)
            if isinstance(features, Dim):
                use.fail(
                    f"div_value={by} is a whole number where the features are {render(features)}",
                    code="NN308",
                    argument="div_value",
                )
        found: list[Size] = []
        for power in range(1, len(use["cutoffs"]) + 1):
            try:
                found.append(features // int(by) ** power if whole else int(features // by**power))
            except (OverflowError, ZeroDivisionError, ValueError):
                found.append(0)
        return found

    def params(self, use: Use) -> dict[str, Param]:
        features, (first, *cutoffs) = use.x.shape[1], whole_numbers(use, "cutoffs")
        ends = [*cutoffs, use["n_classes"]]
        head = first + len(ends)
        formula = "cutoffs[0] + clusters"
        found = {"head.weight": Param((head, features), formula=f"{formula}, in_features")}
        if use["head_bias"]:
            found["head.bias"] = Param((head,), formula=formula)
        for number, (width, low, high) in enumerate(
            zip(self.widths(use), (first, *cutoffs), ends, strict=True)
        ):
            narrow = f"in_features // div_value**{number + 1}"
            found[f"tail.{number}.0.weight"] = Param(
                (width, features), formula=f"{narrow}, in_features"
            )
            found[f"tail.{number}.1.weight"] = Param(
                (high - low, width), formula=f"classes of the cluster, {narrow}"
            )
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.numel * self.head(use)

    def head(self, use: Use) -> Size:
        """The number of scores that each row gets."""
        cutoffs = use["cutoffs"]
        size: Size = cutoffs[0] + len(cutoffs)
        return size

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return (
            f"in_features * scores of the head for each row: {render(use.x.shape[1])} * "
            f"{render(self.head(use))}; a row whose target lies in a cluster runs its two layers besides"
        )

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        target = use.inputs[1]
        assert target is not None
        return 4 * use.x.shape[0] * self.head(use) + target.bytes

    def module(self, use: Use) -> ModuleCode:
        made = (use.x.shape[1], use["n_classes"], list(use["cutoffs"]))
        return ModuleCode(
            "nn.AdaptiveLogSoftmaxWithLoss", made, use.changed(only=("div_value", "head_bias"))
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        first = render(use["cutoffs"][0])
        return [
            f"the head tells {first} classes and {len(use['cutoffs'])} clusters apart; "
            "`output` is one log-probability a row, `loss` the mean of -output",
        ]


class LinearCrossEntropyLoss(LossLayer):
    """The cross entropy of a linear layer's scores: of [N, in] and class numbers i64[N], or shares of the
    classes [N, num_classes]. With `chunked` all scores of a large vocabulary never exist at once. With
    `out_features` each row has scores for so many places: i64[N, *out_features]."""

    name = "linear_cross_entropy_loss"
    taken = "rows [N, features]"
    tensors = (
        Tensor("input"),
        Tensor("target", doc="class numbers, or shares of the classes", below="num_classes"),
    )
    settings = (
        Setting("num_classes", "size", doc="how many classes there are"),
        Setting("out_features", "list", (), doc="places of each row, each with its own weights"),
        Setting("bias", "bool", False, doc="add a learned number to each score"),
        REDUCTION,
        Setting("ignore_index", "int|none", None, doc="samples of this class number do not count"),
        Setting("label_smoothing", "float", 0.0, doc="share of the target spread over all classes"),
        Setting(
            "chunked",
            "bool",
            False,
            doc="some rows at a time, as PyTorch's LinearCrossEntropyOptions()",
        ),
    )
    accepts = (
        "([2, 3], i64[2]) -> linear_cross_entropy_loss(5)",
        "([2, 3], i64[2, 4]) -> linear_cross_entropy_loss(5, [4], bias=true)",
        '([2, 3], i64[2]) -> linear_cross_entropy_loss(5, reduction="none", ignore_index=0)',
        "([2, 3], [2, 5]) -> linear_cross_entropy_loss(5, label_smoothing=0.1)",
        "([2, 3], i64[2]) -> linear_cross_entropy_loss(5, chunked=true)",
    )
    rejects = (
        "([2, 3], i64[3]) -> linear_cross_entropy_loss(5)",
        "([2, 3], [2]) -> linear_cross_entropy_loss(5)",
        "([2, 3], [2, 5]) -> linear_cross_entropy_loss(5, ignore_index=1)",
    )
    stricter = (
        ("chunked=true takes", "PyTorch warns, and computes all scores at once all the same"),
    )  # fmt: skip

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.row(use)
        places = whole_numbers(use, "out_features")
        for name, size in (
            ("num_classes", use["num_classes"]),
            *(("out_features", n) for n in places),
        ):
            use.at_least(
                size, 1, f"{name} must be at least 1, not {render(size)}", code="NN206", argument=name
            )  # fmt: skip
        if not 0 <= use["label_smoothing"] <= 1:
            use.fail(
                f"label_smoothing is between 0 and 1, not {use['label_smoothing']}",
                code="NN206",
                argument="label_smoothing",
            )
        each = (use.x.shape[0], *places)
        shares = self.in_shares(use)
        if shares:
            self.target(use, (use.x.shape[0], use["num_classes"], *places), ("f32",))
            if use["ignore_index"] is not None:
                use.fail(
                    NO_CLASS.format(use["ignore_index"], use.inputs[1]),
                    code="NN206",
                    argument="ignore_index",
                )
        else:
            self.target(use, each, ("i64",))
        if use["chunked"] and (shares or places or use["label_smoothing"]):
            use.fail(
                "chunked=true takes class numbers i64[N], without label_smoothing and out_features",
                code="NN206",
                argument="chunked",
            )
        return (use.x.with_shape(each if use["reduction"] == "none" else ()),)

    def scores(self, use: Use) -> Size:
        """How many scores a row gets."""
        return product([use["num_classes"], *use["out_features"]])

    def params(self, use: Use) -> dict[str, Param]:
        formula = "num_classes * product of out_features"
        shape = (self.scores(use), use.x.shape[1])
        found = {"linear.weight": Param(shape, formula=f"{formula}, in_features")}
        if use["bias"]:
            found["linear.bias"] = Param(shape[:1], formula=formula)
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.numel * self.scores(use)

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return f"in_features * scores for each row: {render(use.x.shape[1])} * {render(self.scores(use))}"

    def in_shares(self, use: Use) -> bool:
        """Whether the target is shares of the classes, not class numbers."""
        target = use.inputs[1]
        assert target is not None
        return is_float(target.dtype)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        if use["chunked"]:  # the gradients are computed at once
            return ()
        return ("input",) if self.in_shares(use) and use["label_smoothing"] else ("inputs",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        if use["chunked"]:
            return 0
        scores = 4 * use.x.shape[0] * self.scores(use)
        if not self.in_shares(use):
            return scores + 4
        return 2 * scores if use["label_smoothing"] else scores  # smoothed shares are others

    def module(self, use: Use) -> ModuleCode:
        kwargs = use.changed(1)
        if kwargs.pop("chunked", False):
            kwargs["options"] = ModuleCode("nn.LinearCrossEntropyOptions")
        return ModuleCode("nn.LinearCrossEntropyLoss", (use.x.shape[1], use["num_classes"]), kwargs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"each row gets {render(self.scores(use))} scores, and their cross entropy"]
