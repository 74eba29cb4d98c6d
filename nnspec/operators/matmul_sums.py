"""A product of matrices added to something: addmm, baddbmm."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import stretched
from nnspec.tensors import is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use
    from nnspec.tensors import TensorType


class AddedProduct(Operator):
    """`beta * input + alpha * (first @ second)`, where the input is stretched to the product's shape."""

    family = "matrix product"
    autocast = "low"
    rank: ClassVar[int]
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("beta", "float", 1, doc="what the input is multiplied by"),
        Setting("alpha", "float", 1, doc="what the product is multiplied by"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        added, a, b = use.inputs
        assert added is not None and a is not None and b is not None
        wanted = "[b, n, k] and [b, k, m]" if self.rank == 3 else "[n, k] and [k, m]"
        if a.rank != self.rank or b.rank != self.rank or added.rank > self.rank:
            use.fail(
                f"`{self.name}` multiplies {wanted} and adds at most {self.rank} dimensions, not "
                f"{a} and {b} and {added}",
                code="NN303",
            )
        if len({added.dtype, a.dtype, b.dtype}) > 1 or a.dtype == "bool":
            use.fail(
                f"`{self.name}` needs numbers of one dtype, not {added.dtype}, {a.dtype} and {b.dtype}",
                code="NN304",
            )
        for name in ("beta", "alpha"):
            if isinstance(use[name], float) and not (is_float(a.dtype) or a.dtype[0] == "c"):
                use.fail(
                    f"{name} is a whole number for {a.dtype}, not {use[name]}",
                    code="NN304",
                    argument=name,
                )
        for axis in range(self.rank - 2):
            use.equal(a.shape[axis], b.shape[axis], f"{a} and {b} must agree in dimension {axis}",
                      code="NN301")  # fmt: skip
        use.equal(
            a.shape[-1],
            b.shape[-2],
            f"{a} and {b}: the last dimension of the one must be the second to last of the other",
            code="NN301",
        )
        product = a.with_shape((*a.shape[:-1], b.shape[-1]))
        stretched(use, added, product, "`input`")
        return (product,)

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return outputs[0].numel * self.length(use)

    def length(self, use: Use) -> Size:
        assert use.inputs[1] is not None
        return use.inputs[1].shape[-1]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return f"each of the output values sums {render(self.length(use))} products"

    def function(self, use: Use) -> CallCode:
        changed = {s.name: use[s.name] for s in self.settings if use[s.name] != 1}
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1), Ref(2)), changed)


class Addmm(AddedProduct):
    """beta * input + alpha * (mat1 @ mat2): [n, m] and [n, k] @ [k, m]."""

    name = "addmm"
    rank = 2
    tensors = (Tensor("input"), Tensor("mat1"), Tensor("mat2"))
    saves = ("mat1", "mat2")
    accepts = (
        "([2, 4], [2, 3], [3, 4]) -> addmm",
        "([4], [2, 3], [3, 4]) -> addmm(beta=0.5, alpha=2.0)",
        "(i64[2, 1], i64[2, 3], i64[3, 4]) -> addmm(alpha=2)",
    )
    rejects = (
        "([3], [2, 3], [3, 4]) -> addmm",
        "([2, 4], [2, 3], [4, 4]) -> addmm",
        "(i64[4], i64[2, 3], i64[3, 4]) -> addmm(alpha=0.5)",
    )


class Baddbmm(AddedProduct):
    """beta * input + alpha * (batch1 @ batch2), for each item of a batch: [b, n, k] @ [b, k, m]."""

    name = "baddbmm"
    rank = 3
    tensors = (Tensor("input"), Tensor("batch1"), Tensor("batch2"))
    saves = ("batch1", "batch2")
    accepts = (
        "([5, 2, 4], [5, 2, 3], [5, 3, 4]) -> baddbmm",
        "([2, 4], [5, 2, 3], [5, 3, 4]) -> baddbmm(beta=0, alpha=0.5)",
    )
    rejects = (
        "([2, 4], [5, 2, 3], [4, 3, 4]) -> baddbmm",
        "([5, 2, 4], [5, 2, 3], [3, 4]) -> baddbmm",
    )
