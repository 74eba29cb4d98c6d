"""How far or how alike two tensors of vectors are: cosine_similarity and pairwise_distance; and
bilinear, a learned form of two vectors."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Param, Ref, Setting, Tensor
from nnspec.tensors import TensorType, broadcast, is_float, promote, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


def _two(use: Use) -> tuple[TensorType, TensorType]:
    a, b = use.inputs
    assert a is not None and b is not None
    return a, b


def _together(use: Use, a: TensorType, b: TensorType) -> tuple[Size, ...]:
    def agree(x: Size, y: Size, dim: int) -> None:
        use.equal(
            x,
            y,
            f"`{use.operator.name}` of {a} and {b}: {render(x)} and {render(y)} must agree in "
            f"dimension {dim}",
            code="NN301",
        )

    return broadcast(a.shape, b.shape, agree)


class CosineSimilarity(Operator):
    """The cosine of the angle between vectors along `dim`; the other dimensions are broadcast."""

    name = "cosine_similarity"
    saves = ("inputs",)
    autocast = "full"
    family = "distance"
    tensors = (Tensor("x1"), Tensor("x2"))
    settings = (
        Setting("dim", "int", 1, doc="the dimension of the vectors"),
        Setting("eps", "float", 1e-8, doc="the least length that a vector is divided by"),
    )
    accepts = (
        "([2, 3], [2, 3]) -> cosine_similarity",
        "([2, 1, 4], [5, 4]) -> cosine_similarity(dim=-1)",
    )
    rejects = (
        "([2, 3], [2, 4]) -> cosine_similarity",
        "([2], [2]) -> cosine_similarity",
        "(i64[2, 3], i64[2, 3]) -> cosine_similarity",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = _two(use)
        dtype = promote(a.dtype, b.dtype)
        if not is_float(dtype):
            use.fail(
                f"`{self.name}` computes on floating-point tensors, not {a} and {b}", code="NN304"
            )
        if use["eps"] < 0:
            use.fail(f"eps must be at least 0, not {use['eps']}", code="NN206", argument="eps")
        shape = list(_together(use, a, b))
        del shape[use.dim("dim", len(shape))]
        return (TensorType(dtype, tuple(shape)),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.CosineSimilarity", (), use.changed())

    def function(self, use: Use) -> CallCode:
        return CallCode("F.cosine_similarity", (Ref(0), Ref(1)), use.changed())

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"x1 * x2 summed along dimension {use['dim']}, divided by the lengths of both"]

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        whole = _together(use.again(), *_two(use))
        return 8 * use.x.with_shape(whole).numel + 16 * outputs[0].numel


class PairwiseDistance(Operator):
    """The p-norm of the difference of vectors along the last dimension; the others are broadcast."""

    name = "pairwise_distance"
    saves = (0,)
    autocast = "full"
    family = "distance"
    tensors = (Tensor("x1"), Tensor("x2"))
    settings = (
        Setting("p", "float", 2.0, doc="the norm's degree"),
        Setting("eps", "float", 1e-6, doc="added to the difference, so that it is not 0"),
        Setting("keepdim", "bool", False, doc="keep the last dimension, of size 1"),
    )
    accepts = (
        "([2, 3], [2, 3]) -> pairwise_distance",
        "([2, 3], [3]) -> pairwise_distance(1, keepdim=true)",
    )
    rejects = ("([2, 3], [2, 4]) -> pairwise_distance",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = _two(use)
        for tensor in (a, b):
            if tensor.dtype in ("bool", "c64", "c128"):
                use.fail(f"`{self.name}` does not compute on {tensor}", code="NN304")
        shape = _together(use, a, b)
        if not shape:
            use.fail(f"`{self.name}` compares vectors [..., values], not numbers", code="NN303")
        dtype = promote(a.dtype, b.dtype)
        dtype = dtype if is_float(dtype) else "f32"
        last: tuple[Size, ...] = (1,) if use["keepdim"] else ()
        return (TensorType(dtype, (*shape[:-1], *last)),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.PairwiseDistance", (), use.changed())

    def function(self, use: Use) -> CallCode:
        return CallCode("F.pairwise_distance", (Ref(0), Ref(1)), use.changed())

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 4 * outputs[0].numel * use.x.shape[-1]


class Bilinear(Operator):
    """`x1 @ weight[k] @ x2 + bias[k]` for each output k: [..., a], [..., b] -> [..., out_features]."""

    name = "bilinear"
    saves = ("inputs",)
    family = "linear"
    fresh = True
    tensors = (Tensor("input1"), Tensor("input2"))
    settings = (
        Setting("out_features", "size", doc="size of the last dimension of the output"),
        Setting("bias", "bool", True, doc="add a learned number to each output"),
    )
    accepts = (
        "([2, 3], [2, 4]) -> bilinear(5)",
        "([2, 6, 3], [2, 6, 4]) -> bilinear(5, bias=false)",
    )
    rejects = ("([2, 3], [3, 4]) -> bilinear(5)", "([2, 3], [2, 6, 4]) -> bilinear(5)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = _two(use)
        out = use["out_features"]
        for tensor in (a, b):
            if tensor.dtype != "f32":
                use.fail(
                    f"`bilinear` has weights of f32 and computes on tensors of f32, not {tensor}",
                    code="NN304",
                )
        if a.rank != b.rank or not a.rank:
            use.fail(
                f"`bilinear` takes two tensors [..., features] of the same number of dimensions, not "
                f"{a} and {b}",
                code="NN303",
            )
        for dim, (x, y) in enumerate(zip(a.shape[:-1], b.shape[:-1], strict=True)):
            use.equal(
                x,
                y,
                f"`bilinear` of {a} and {b}: {render(x)} and {render(y)} in dimension {dim}",
                code="NN301",
            )
        use.at_least(
            out, 1, f"out_features must be at least 1, not {render(out)}", code="NN206",
            argument="out_features",
        )  # fmt: skip
        return (a.with_shape((*a.shape[:-1], out)),)

    def params(self, use: Use) -> dict[str, Param]:
        a, b = _two(use)
        out = use["out_features"]
        shape = (out, a.shape[-1], b.shape[-1])
        found = {"weight": Param(shape, formula="out_features, in1_features, in2_features")}
        if use["bias"]:
            found["bias"] = Param((out,), formula="out_features")
        return found

    def module(self, use: Use) -> ModuleCode:
        a, b = _two(use)
        kwargs = {} if use["bias"] else {"bias": False}
        return ModuleCode("nn.Bilinear", (a.shape[-1], b.shape[-1], use["out_features"]), kwargs)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        a, b = _two(use)
        return [
            f"the last dimensions {render(a.shape[-1])} and {render(b.shape[-1])} -> "
            f"{render(use['out_features'])}; the others, {show_shape(a.shape[:-1])}, stay"
        ]
