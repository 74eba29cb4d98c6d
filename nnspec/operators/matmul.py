"""Matrix products."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, InfixCode, Operator, Ref, Tensor
from nnspec.tensors import TensorType, broadcast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Matmul(Operator):
    """`a @ b`: [..., m, k] @ [..., k, n] -> [..., m, n]; one-dimensional tensors are rows and
    columns."""

    name = "matmul"
    saves = ("others",)
    autocast = "low"
    family = "matrix product"
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [3, 4]) -> matmul", "([5, 2, 3], [3]) -> matmul", "([3], [3]) -> matmul")
    rejects = ("([2, 3], [4, 3]) -> matmul",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = use.inputs
        assert a is not None and b is not None
        if a.rank == 0 or b.rank == 0:
            use.fail(f"`@` takes tensors of at least one dimension, not {a} and {b}", code="NN303")
        if a.dtype != b.dtype:
            use.fail(
                f"`@` needs one dtype on both sides, not {a.dtype} and {b.dtype}", code="NN304"
            )
        if a.dtype == "bool":
            use.fail(f"`@` does not work on {use.taken}", code="NN304")
        left, right = a.shape[-1], b.shape[-2] if b.rank > 1 else b.shape[0]
        use.equal(
            left,
            right,
            f"{a} @ {b}: the last dimension of the left, {render(left)}, must be the "
            f"{'second to last' if b.rank > 1 else 'only'} one of the right, {render(right)}",
            code="NN301",
        )
        batch = broadcast(
            a.shape[:-2],
            b.shape[:-2],
            lambda x, y, dim: use.equal(
                x, y, f"{a} @ {b} must agree in dimension {dim}", code="NN301"
            ),
            f"{a} @ {b}: in front of the matrices ",
        )
        rows = a.shape[-2:-1] if a.rank > 1 else ()
        columns = b.shape[-1:] if b.rank > 1 else ()
        return (TensorType(a.dtype, (*batch, *rows, *columns)),)

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        if use.inputs[1] is not None and use.inputs[1].rank == 1:
            return 0  # a dot product, a matrix times a vector: PyTorch's counter counts none
        return outputs[0].numel * use.x.shape[-1]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        if use.inputs[1] is not None and use.inputs[1].rank == 1:
            return "PyTorch's counter counts no product with a vector on the right"
        return f"each of the output values sums {render(use.x.shape[-1])} products"

    def function(self, use: Use) -> InfixCode:
        return InfixCode("@", Ref(0), Ref(1))


class Bmm(Operator):
    """A matrix product for each item of a batch: [b, m, k], [b, k, n] -> [b, m, n]."""

    name = "bmm"
    saves = ("others",)
    autocast = "low"
    family = "matrix product"
    tensors = (Tensor("input"), Tensor("mat2"))
    accepts = ("([5, 2, 3], [5, 3, 4]) -> bmm",)
    rejects = ("([5, 2, 3], [3, 4]) -> bmm", "([5, 2, 3], [4, 3, 4]) -> bmm")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = use.inputs
        assert a is not None and b is not None
        if a.rank != 3 or b.rank != 3:
            use.fail(f"`bmm` takes two tensors of 3 dimensions, not {a} and {b}", code="NN303")
        if a.dtype != b.dtype or a.dtype == "bool":
            use.fail(f"`bmm` needs numbers of one dtype, not {a.dtype} and {b.dtype}", code="NN304")
        use.equal(a.shape[0], b.shape[0], f"{a} and {b} must agree in dimension 0", code="NN301")
        use.equal(
            a.shape[2], b.shape[1], f"{a} and {b}: dimension 2 must be the other's dimension 1",
            code="NN301",
        )  # fmt: skip
        return (TensorType(a.dtype, (a.shape[0], a.shape[1], b.shape[2])),)

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return outputs[0].numel * use.x.shape[2]

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.bmm", (Ref(0), Ref(1)))
