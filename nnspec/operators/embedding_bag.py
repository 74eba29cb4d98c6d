"""embedding_bag: rows of a table, summed or averaged over bags of numbers."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import ModuleCode, Operator, Param, Setting, Tensor
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class EmbeddingBag(Operator):
    """The mean, sum or maximum of the rows of each bag: i64[bags, numbers] -> [bags, embedding_dim];
    or i64[numbers] with the offsets i64[bags] where bags begin. With per_sample_weights, sums of rows
    times weights."""

    name = "embedding_bag"
    saves = ("inputs",)
    family = "linear"
    tensors = (
        Tensor("input", doc="numbers of rows"),
        Tensor("offsets", optional=True, doc="where each bag begins, if input has one dimension"),
        Tensor("per_sample_weights", optional=True, doc='of the shape of input, for mode "sum"'),
    )
    settings = (
        Setting("num_embeddings", "size", doc="rows of the table"),
        Setting("embedding_dim", "size", doc="length of a row"),
        Setting("max_norm", "float|none", None, doc="longer rows are scaled to this length"),
        Setting("norm_type", "float", 2.0, doc="degree of that norm"),
        Setting("scale_grad_by_freq", "bool", False, doc="divide gradients by the row's frequency"),
        Setting("mode", "str", "mean", choices=("mean", "sum", "max"), doc="over a bag"),
        Setting("sparse", "bool", False, doc="sparse gradients of the table"),
        Setting("include_last_offset", "bool", False, doc="the last offset is the end"),
        Setting("padding_idx", "int|none", None, doc="the row of this number does not count"),
    )
    accepts = (
        "i64[2, 3] -> embedding_bag(10, 4)",
        '(i64[6], i64[2]) -> embedding_bag(10, 4, mode="sum")',
    )
    rejects = ("[2, 3] -> embedding_bag(10, 4)", "(i64[2, 3], i64[2]) -> embedding_bag(10, 4)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        offsets, weights = (*use.inputs[1:], None, None)[:2]
        for tensor in (x, offsets):
            if tensor is not None and tensor.dtype not in ("i64", "i32"):
                use.fail(f"`embedding_bag` takes integers i64[…], not {tensor}", code="NN304")
        use.rank(1, 2, meaning="[bags, numbers], or [numbers] with offsets")
        for name in ("num_embeddings", "embedding_dim"):
            use.at_least(
                use[name],
                1,
                f"{name} must be at least 1, not {render(use[name])}",
                code="NN206",
                argument=name,
            )
        self.check_row(use)
        self.check_weights(use, weights)
        for name in ("scale_grad_by_freq", "sparse"):
            if use["mode"] == "max" and use[name]:
                use.fail(f'{name} does not go with mode "max"', code="NN206", argument=name)
        return (TensorType("f32", (self.bags(use, offsets), use["embedding_dim"])),)

    def bags(self, use: Use, offsets: TensorType | None) -> Size:
        if use.x.rank == 2:
            if offsets is not None:
                use.fail(f"input {use.x} has a bag in each row: it takes no offsets", code="NN303")
            return use.x.shape[0]
        if offsets is None:
            use.fail(f"input {use.x} needs offsets: where each bag begins", code="NN303")
        if offsets.rank != 1:
            use.fail(f"offsets have one dimension, not {offsets}", code="NN303")
        if not use["include_last_offset"]:
            return offsets.shape[0]
        return use.positive_output(offsets.shape[0] - 1, "bags")

    def check_row(self, use: Use) -> None:
        row = use["padding_idx"]
        if row is not None:
            use.at_least(
                use["num_embeddings"],
                row + 1 if row >= 0 else -row,
                f"padding_idx {row} is outside of the table, whose rows are "
                f"0 to {render(use['num_embeddings'] - 1)}",
                code="NN206",
                argument="padding_idx",
            )

    def check_weights(self, use: Use, weights: TensorType | None) -> None:
        if weights is None:
            return
        if weights.dtype != "f32":
            use.fail(f"per_sample_weights are f32 as the table, not {weights}", code="NN304")
        if use["mode"] != "sum":
            use.fail(
                f'per_sample_weights are for mode "sum", not "{use["mode"]}"',
                code="NN206",
                argument="mode",
            )
        message = f"per_sample_weights have the shape of {use.x}, not {weights}"
        if weights.rank != use.x.rank:
            use.fail(message, code="NN303")
        for a, b in zip(use.x.shape, weights.shape, strict=True):
            use.equal(a, b, message, code="NN301")

    def params(self, use: Use) -> dict[str, Param]:
        shape = (use["num_embeddings"], use["embedding_dim"])
        return {"weight": Param(shape, formula="num_embeddings, embedding_dim")}

    def module(self, use: Use) -> ModuleCode:
        kwargs: dict[str, Any] = use.changed(2)
        arguments = (use["num_embeddings"], use["embedding_dim"])
        return ModuleCode("nn.EmbeddingBag", arguments, kwargs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"the {use['mode']} of the rows of each of {render(outputs[0].shape[0])} bags"]

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return (
            16 * outputs[0].shape[0]
            if use["mode"] == "sum"
            else 24 * outputs[0].shape[0] + 8 * use.x.numel + 8
        )
