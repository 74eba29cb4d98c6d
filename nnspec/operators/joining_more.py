"""More ways to join: hstack, vstack, dstack, block_diag, cartesian_prod."""

from __future__ import annotations

from nnspec.dims import product
from nnspec.operators.definition import CallCode, Operator, Ref, Tensor
from nnspec.operators.joining import Joining
from nnspec.tensors import TensorType, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Side(Joining):
    """Tensors side by side: `concat` along one dimension of tensors that are brought to as many first."""

    least: ClassVar[int]
    dim: ClassVar[int]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        raised = tuple(t and t.with_shape(self.raised(t.shape)) for t in use.inputs)
        higher = use.again()
        higher.inputs, higher.conditions = raised, use.conditions
        first = higher.x
        dim = min(self.dim, first.rank - 1)
        dtype = self.together(higher, dim)
        size: Size = 0
        for tensor in raised:
            size = size + (tensor.shape[dim] if tensor is not None else 0)
        return (TensorType(dtype, (*first.shape[:dim], size, *first.shape[dim + 1 :])),)

    def raised(self, shape: tuple[Size, ...]) -> tuple[Size, ...]:
        """The shape with sizes of 1 where it has too few."""
        return shape or (1,)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", ([Ref(number) for number in range(len(use.inputs))],))


class Hstack(Side):
    """Tensors side by side: along dimension 1, rows of numbers along their only one."""

    name = "hstack"
    dim = 1
    accepts = ("([2, 3], [2, 4]) -> hstack", "([3], [4]) -> hstack")
    rejects = ("([2, 3], [3, 3]) -> hstack", "([2, 3], [2]) -> hstack")


class Vstack(Side):
    """Tensors below each other: along dimension 0, where a row [n] counts as [1, n]."""

    name = "vstack"
    dim = 0
    accepts = ("([2, 3], [4, 3]) -> vstack", "([3], [3]) -> vstack", "([3], [2, 3]) -> vstack")
    rejects = ("([2, 3], [2, 4]) -> vstack",)

    def raised(self, shape: tuple[Size, ...]) -> tuple[Size, ...]:
        return shape if len(shape) > 1 else (1, *(shape or (1,)))


class Dstack(Side):
    """Tensors behind each other: along dimension 2, where [n, m] counts as [n, m, 1] and [n] as [1, n, 1]."""

    name = "dstack"
    dim = 2
    accepts = (
        "([2, 3], [2, 3]) -> dstack",
        "([3], [3]) -> dstack",
        "([2, 3, 4], [2, 3]) -> dstack",
    )
    rejects = ("([2, 3], [2, 4]) -> dstack",)

    def raised(self, shape: tuple[Size, ...]) -> tuple[Size, ...]:
        if len(shape) > 2:
            return shape
        return (*shape, 1) if len(shape) == 2 else (1, *(shape or (1,)), 1)


class BlockDiag(Operator):
    """Matrices from the upper left to the lower right, zeros elsewhere: [n, m], [k, l] -> [n + k, m + l].
    A row [n] counts as [1, n]."""

    name = "block_diag"
    family = "joining"
    tensors = (Tensor("tensors", many=True),)
    accepts = ("([2, 3], [4, 5]) -> block_diag", "([3], [2, 2], [2]) -> block_diag")
    rejects = ("([2, 3], [2, 3, 4]) -> block_diag",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        rows: Size = 0
        columns: Size = 0
        dtype = use.x.dtype
        for tensor in use.inputs:
            assert tensor is not None
            if tensor.rank > 2:
                use.fail(f"`block_diag` joins matrices [n, m], not {tensor}", code="NN303")
            height, width = (1,) * (2 - tensor.rank) + tuple(tensor.shape)
            rows, columns = rows + height, columns + width
            dtype = promote(dtype, tensor.dtype)
        return (TensorType(dtype, (rows, columns)),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.block_diag", tuple(Ref(n) for n in range(len(use.inputs))))


class CartesianProd(Operator):
    """All choices of one value from each row: [n], [m] -> [n * m, 2]."""

    name = "cartesian_prod"
    family = "joining"
    tensors = (Tensor("tensors", many=True),)
    accepts = ("([2], [3]) -> cartesian_prod", "(i64[2], i64[3], i64[2]) -> cartesian_prod")
    rejects = ("([2], [3, 1]) -> cartesian_prod", "([2], i64[3]) -> cartesian_prod")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        sizes = []
        for tensor in use.inputs:
            assert tensor is not None
            if tensor.rank != 1:
                use.fail(f"`cartesian_prod` chooses from rows [n], not {tensor}", code="NN303")
            if tensor.dtype != use.x.dtype:
                use.fail(
                    f"`cartesian_prod` takes rows of one dtype, not {use.x} and {tensor}",
                    code="NN304",
                )
            sizes.append(tensor.shape[0])
        if len(sizes) == 1:
            return (use.x,)
        return (use.x.with_shape((product(sizes), len(sizes))),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.cartesian_prod", tuple(Ref(n) for n in range(len(use.inputs))))
