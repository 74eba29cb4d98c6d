"""Products of matrices, rows and tensors of one shape: mm, mv, dot, outer, tensordot."""

from __future__ import annotations

from nnspec.dims import product, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import named_twice, no_dimension
from nnspec.tensors import TensorType, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Ranked(Operator):
    """A product of two tensors whose numbers of dimensions are given, and whose sums run over the last
    dimension of the one and the first of the other."""

    family = "matrix product"
    ranks: ClassVar[tuple[int, int]]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        if (a.rank, b.rank) != self.ranks:
            first, second = self.ranks
            wanted = f"{'[n, k]' if first == 2 else '[k]'} and {'[k, m]' if second == 2 else '[k]'}"
            use.fail(f"`{self.name}` takes {wanted}, not {a} and {b}", code="NN303")
        if a.dtype != b.dtype or a.dtype == "bool":
            use.fail(
                f"`{self.name}` needs numbers of one dtype, not {a.dtype} and {b.dtype}",
                code="NN304",
            )
        use.equal(
            a.shape[-1],
            b.shape[0],
            f"{a} and {b}: the last dimension of the one must be the first of the other",
            code="NN301",
        )
        return (a.with_shape((*a.shape[:-1], *b.shape[1:])),)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1)))


class Mm(Ranked):
    """The product of two matrices: [m, k], [k, n] -> [m, n]."""

    name = "mm"
    saves = ("others",)
    autocast = "low"
    ranks = (2, 2)
    tensors = (Tensor("input"), Tensor("mat2"))
    accepts = ("([2, 3], [3, 4]) -> mm",)
    rejects = ("([2, 3], [2, 3]) -> mm", "([2, 3], [3]) -> mm")

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return outputs[0].numel * use.x.shape[1]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return f"each of the output values sums {render(use.x.shape[1])} products"


class Mv(Ranked):
    """A matrix times a vector: [m, k], [k] -> [m]. (PyTorch's counter counts no products for it.)"""

    name = "mv"
    saves = ("others",)
    autocast = "low"
    ranks = (2, 1)
    tensors = (Tensor("input"), Tensor("vec"))
    accepts = ("([2, 3], [3]) -> mv",)
    rejects = ("([2, 3], [2]) -> mv", "([3], [3]) -> mv")


class Dot(Ranked):
    """The sum of the products of two rows: [k], [k] -> []. (PyTorch's counter counts none of them.)"""

    name = "dot"
    saves = ("others",)
    ranks = (1, 1)
    tensors = (Tensor("input"), Tensor("tensor"))
    accepts = ("([3], [3]) -> dot",)
    rejects = ("([3], [2]) -> dot", "([3, 1], [3]) -> dot")


class Outer(Operator):
    """Each value of a row times each of another: [n], [m] -> [n, m]."""

    name = "outer"
    saves = ("others",)
    family = "matrix product"
    tensors = (Tensor("input"), Tensor("vec2"))
    accepts = ("([3], [4]) -> outer", "(i64[3], [4]) -> outer")
    rejects = ("([2, 3], [3]) -> outer",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        if a.rank != 1 or b.rank != 1:
            use.fail(f"`outer` takes two tensors of 1 dimension, not {a} and {b}", code="NN303")
        return (TensorType(promote(a.dtype, b.dtype), (*a.shape, *b.shape)),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.outer", (Ref(0), Ref(1)))


class Tensordot(Operator):
    """Products summed over dimensions of both: the last `dims` of the one and the first of the other, or
    those of two lists, `dims=[[1, 2], [0, 1]]`. What is left of both are the result's dimensions."""

    name = "tensordot"
    saves = ("others",)
    autocast = "low"
    family = "matrix product"
    tensors = (Tensor("a"), Tensor("b"))
    settings = (
        Setting("dims", "int|list", 2, doc="how many, or which of the one and of the other"),
    )
    accepts = (
        "([2, 3, 4], [3, 4, 5]) -> tensordot",
        "([2, 3, 4], [5, 4, 2]) -> tensordot([[2, 0], [1, 2]])",
        "([2, 3], [4]) -> tensordot(0)",
        "([2, 3], [3, 4]) -> tensordot([[-1], [0]])",
    )
    rejects = (
        "([2, 3, 4], [4, 3, 5]) -> tensordot",
        "([2, 3], [3, 4]) -> tensordot(3)",
        "([2, 3], [3, 4]) -> tensordot([[1], [0, 1]])",
        "([2, 3], [3, 4]) -> tensordot(-1)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        if a.dtype != b.dtype or a.dtype == "bool":
            use.fail(
                f"`tensordot` needs numbers of one dtype, not {a.dtype} and {b.dtype}", code="NN304"
            )
        ours, theirs = self.summed(use)
        for left, right in zip(ours, theirs, strict=True):
            if a.shape[left] != 1 and b.shape[right] != 1:  # PyTorch stretches a size of 1
                use.equal(
                    a.shape[left],
                    b.shape[right],
                    f"{a} and {b} must agree in dimension {left} and {right}: "
                    f"{render(a.shape[left])} and {render(b.shape[right])}",
                    code="NN301",
                    argument="dims",
                )
        rest = [size for dim, size in enumerate(a.shape) if dim not in ours]
        rest += [size for dim, size in enumerate(b.shape) if dim not in theirs]
        return (a.with_shape(rest),)

    def summed(self, use: Use) -> tuple[list[int], list[int]]:
        """The dimensions of each that are summed over, counted from the front."""
        dims = use["dims"]
        a, b = pair(use)
        if not isinstance(dims, tuple):
            if not 0 <= dims <= min(a.rank, b.rank):
                use.fail(
                    f"`tensordot` sums over 0 to {min(a.rank, b.rank)} dimensions of {a} and {b}, not {dims}",
                    code="NN303",
                    argument="dims",
                )
            return list(range(a.rank - dims, a.rank)), list(range(dims))
        lists = len(dims) == 2 and all(isinstance(each, (list, tuple)) for each in dims)
        if not lists or len(dims[0]) != len(dims[1]):
            use.fail(
                f"dims is a number, or two lists of one length, as [[1], [0]]: not {list(dims)}",
                code="NN206",
                argument="dims",
            )
        return named(use, a, dims[0]), named(use, b, dims[1])

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        if outputs[0].numel == 1:
            return 0  # PyTorch multiplies and sums then, which its counter does not count
        return outputs[0].numel * product(self.lengths(use))

    def lengths(self, use: Use) -> list[Size]:
        a, b = pair(use)
        pairs = zip(*self.summed(use), strict=True)
        return [1 if b.shape[right] == 1 else a.shape[left] for left, right in pairs]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return f"each of the output values sums {render(product(self.lengths(use)))} products"

    def function(self, use: Use) -> CallCode:
        dims = use["dims"]
        listed = dims if not isinstance(dims, tuple) else [list(each) for each in dims]
        return CallCode("torch.tensordot", (Ref(0), Ref(1)), {"dims": listed} if dims != 2 else {})


def named(use: Use, tensor: TensorType, dims: Any) -> list[int]:
    """Dimensions of a tensor by number, each once."""
    found: list[int] = []
    for dim in dims:
        if (
            isinstance(dim, bool)
            or not isinstance(dim, int)
            or not -tensor.rank <= dim < tensor.rank
        ):
            use.fail(no_dimension(tensor, dim), code="NN303", argument="dims")
        if dim % tensor.rank in found:
            named_twice(use, "dims", dim)
        found.append(dim % tensor.rank)
    return found


def pair(use: Use) -> tuple[TensorType, TensorType]:
    """The two tensors."""
    a, b = use.inputs
    assert a is not None and b is not None
    return a, b
