"""linear: a matrix times the last dimension; identity; embedding: a row of a table for each
number."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import (
    CallCode,
    Functional,
    ModuleCode,
    Operator,
    Param,
    Ref,
    Setting,
    Tensor,
)
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Linear(Operator):
    """`x @ weight.T + bias` on the last dimension: [..., in] -> [..., out_features]."""

    name = "linear"
    saves = ("inputs",)
    autocast = "low"
    family = "linear"
    fresh = True
    settings = (
        Setting("out_features", "size", doc="size of the last dimension of the output"),
        Setting("bias", "bool", True, doc="add a learned number to each output"),
    )
    accepts = ("[2, 3] -> linear(4)", "[2, 5, 3] -> linear(4, bias=false)")
    rejects = ("i64[2, 3] -> linear(4)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, out = use.x, use["out_features"]
        if x.rank < 1:
            use.fail(
                f"`linear` takes a tensor of at least one dimension, not {use.x}", code="NN303"
            )
        if not is_float(x.dtype):
            use.fail(
                f"`linear` computes on floating-point tensors, not {x}",
                code="NN304",
                help="numbers of classes or words go through `embedding` first"
                if x.dtype == "i64"
                else "",
            )
        use.weighted()
        use.at_least(
            out, 1, f"out_features must be at least 1, not {render(out)}", code="NN206",
            argument="out_features",
        )  # fmt: skip
        return (x.with_shape((*x.shape[:-1], out)),)

    def params(self, use: Use) -> dict[str, Param]:
        out = use["out_features"]
        found = {"weight": Param((out, use.x.shape[-1]), formula="out_features, in_features")}
        if use["bias"]:
            found["bias"] = Param((out,), formula="out_features")
        return found

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        out: Size = use["out_features"]
        return use.x.numel * out

    def module(self, use: Use) -> ModuleCode:
        kwargs = {} if use["bias"] else {"bias": False}
        return ModuleCode("nn.Linear", (use.x.shape[-1], use["out_features"]), kwargs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [
            f"the last dimension: {render(use.x.shape[-1])} -> {render(use['out_features'])}; "
            "each output is a weighted sum of all inputs",
        ]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return (
            f"in_features * out_features for each row: "
            f"{render(use.x.shape[-1])} * {render(use['out_features'])}"
        )


class LinearFunction(Functional):
    """The linear layer of tensors that are given."""

    name, family, fresh = "linear", "linear", True
    base = Operator.registry["linear"]
    tensors = (Tensor("input"), Tensor("weight"), Tensor("bias", optional=True))
    settings = Linear.settings

    def function(self, use: Use) -> CallCode:
        bias = self.ref(use, "bias")
        return CallCode("F.linear", (Ref(0), self.ref(use, "weight"), *([bias] if bias else [])))


Linear.functional = LinearFunction()


class Identity(Operator):
    """What comes in goes out."""

    name = "identity"
    family = "linear"
    is_view = True
    keeps_shape = True
    accepts = ("[2, 3] -> identity",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Identity")


class Embedding(Operator):
    """A row of a learned table for each number: i64[...] -> [..., embedding_dim]."""

    name = "embedding"
    saves = ("inputs",)
    family = "linear"
    tensors = (Tensor("input", below="num_embeddings"),)
    settings = (
        Setting(
            "num_embeddings", "size", doc="rows of the table: how many different numbers there are"
        ),
        Setting("embedding_dim", "size", doc="length of a row"),
        Setting("padding_idx", "int|none", None, doc="the row of this number is 0 and not trained"),
        Setting("sparse", "bool", False, doc="gradients of the rows that were looked up, alone"),
    )
    accepts = ("i64[2, 3] -> embedding(10, 4)",)
    rejects = ("[2, 3] -> embedding(10, 4)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype not in ("i64", "i32"):
            use.fail(f"`embedding` takes integers i64[…], not {use.x}", code="NN304")
        for name in ("num_embeddings", "embedding_dim"):
            use.at_least(
                use[name],
                1,
                f"{name} must be at least 1, not {render(use[name])}",
                code="NN206",
                argument=name,
            )
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
        return (TensorType("f32", (*use.x.shape, use["embedding_dim"])),)

    def params(self, use: Use) -> dict[str, Param]:
        shape = (use["num_embeddings"], use["embedding_dim"])
        return {"weight": Param(shape, formula="num_embeddings, embedding_dim")}

    def module(self, use: Use) -> ModuleCode:
        kwargs = {k: use[k] for k in ("padding_idx", "sparse") if use[k] not in (None, False)}
        return ModuleCode("nn.Embedding", (use["num_embeddings"], use["embedding_dim"]), kwargs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"each number is replaced by its row of {render(use['embedding_dim'])} values"]


class Flatten(Operator):
    """Dimensions from start_dim to end_dim become one: [N, C, H, W] -> [N, C*H*W]. (The defaults
    are those of torch.nn.Flatten: the first dimension, the batch, stays.)"""

    name = "flatten"
    family = "shape"
    is_view = True
    settings = (
        Setting("start_dim", "int", 1, doc="the first that is joined"),
        Setting("end_dim", "int", -1, doc="the last that is joined"),
    )
    accepts = ("[2, 3, 4, 5] -> flatten", "[2, 3, 4] -> flatten(0, 1)")
    rejects = ("[2, 3, 4] -> flatten(2, 1)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        start, end = use.dim("start_dim", x.rank), use.dim("end_dim", x.rank)
        if start > end:
            use.fail(
                f"start_dim {use['start_dim']} comes after end_dim {use['end_dim']}",
                code="NN303",
                argument="start_dim",
            )
        joined: Size = 1
        for size in x.shape[start : end + 1]:
            joined = joined * size
        return (x.with_shape((*x.shape[:start], joined, *x.shape[end + 1 :])),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(
            "nn.Flatten",
            (),
            use.changed(),
        )

    def function(self, use: Use) -> CallCode:
        end = () if use["end_dim"] == -1 else (use["end_dim"],)
        return CallCode("torch.flatten", (Ref(0), use["start_dim"], *end))

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        start, end = use["start_dim"] % use.x.rank, use["end_dim"] % use.x.rank
        joined = " * ".join(render(size) for size in use.x.shape[start : end + 1])
        return [f"the values stay, in one row: {joined} = {render(outputs[0].shape[start])}"]
