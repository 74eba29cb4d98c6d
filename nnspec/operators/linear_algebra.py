"""Square matrices and vectors of three: inverse, det, logdet, slogdet, matrix_exp, trace; cross, kron."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.matmul_more import pair
from nnspec.operators.reduce import real_of, summed
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Square(Operator):
    """Something of square matrices [..., n, n]."""

    family = "linear algebra"
    dtypes: ClassVar[tuple[str, ...]] = ("f32", "f64", "c64", "c128")
    #: the matrices as a message says them
    shape: ClassVar[str] = "[..., n, n]"

    def matrices(self, use: Use) -> None:
        """There are matrices, of fractions."""
        if use.x.rank < 2:
            use.fail(f"`{self.name}` takes matrices {self.shape}, not {use.x}", code="NN303")
        if use.x.dtype not in self.dtypes:
            wanted = ", ".join(self.dtypes[:-1])
            use.fail(
                f"`{self.name}` computes on {wanted} or {self.dtypes[-1]}, not {use.x}",
                code="NN304",
            )

    def batch(self, use: Use) -> tuple[Size, ...]:
        """The sizes in front of the matrices, which must be square."""
        self.matrices(use)
        rows, columns = use.x.shape[-2:]
        use.equal(
            rows,
            columns,
            f"`{self.name}` takes square matrices, not {render(rows)} rows and {render(columns)} columns",
            code="NN301",
        )
        return use.x.shape[:-2]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x.with_shape(self.batch(use)),)

    def triangles(self, use: Use) -> Size:
        """Bytes of the matrix taken apart into two triangles, and of the rows that were exchanged for it."""
        return use.x.bytes + 4 * use.x.numel // use.x.shape[-1]

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),))


class Inverse(Square):
    """The matrix whose product with the given one is the identity: [..., n, n]. One that has none is an
    error while the model runs."""

    name = "inverse"
    saves: ClassVar[tuple[str | int, ...]] = (0,)
    accepts: ClassVar[tuple[str, ...]] = ("[3, 3] -> inverse", "f64[2, 4, 4] -> inverse")
    rejects: ClassVar[tuple[str, ...]] = (
        "[3, 4] -> inverse",
        "[3] -> inverse",
        "i64[3, 3] -> inverse",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.batch(use)
        return (use.x,)


class MatrixExp(Inverse):
    """The exponential of a matrix, of a skew-symmetric one a rotation: [..., n, n]."""

    name = "matrix_exp"
    saves = ("inputs",)
    dtypes = ("f32", "f64", "f16", "bf16", "c64", "c128")
    accepts = ("[3, 3] -> matrix_exp", "f64[2, 4, 4] -> matrix_exp")
    rejects = ("[3, 4] -> matrix_exp", "i64[3, 3] -> matrix_exp")


class Det(Square):
    """The determinant of each matrix: [..., n, n] -> [...]."""

    name = "det"
    saves = ("inputs", 0)
    accepts = ("[3, 3] -> det", "[2, 4, 4] -> det")
    rejects = ("[3, 4] -> det", "[3] -> det")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.triangles(use)


class Logdet(Square):
    """The logarithm of the determinant; nan where that is negative: [..., n, n] -> [...]."""

    name = "logdet"
    saves = ("inputs",)
    accepts = ("[3, 3] -> logdet", "[2, 4, 4] -> logdet")
    rejects = ("[3, 4] -> logdet", "i64[3, 3] -> logdet")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.triangles(use) + outputs[0].bytes + outputs[0].numel  # and whether it is 0


class Slogdet(Square):
    """The sign of the determinant, and the logarithm of its size: `sign, logabsdet`, each [...]."""

    name = "slogdet"
    saves = ("inputs", 0)
    result_names = ("sign", "logabsdet")
    accepts = ("[3, 3] -> slogdet", "c64[2, 4, 4] -> slogdet")
    rejects = ("[3, 4] -> slogdet", "f16[3, 3] -> slogdet")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (sign,) = super().infer(use)
        return sign, TensorType(real_of(sign.dtype), sign.shape)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.triangles(use)


class Trace(Operator):
    """The sum of the values on the diagonal of a matrix, a number; of integers an i64."""

    name = "trace"
    family = "linear algebra"
    accepts = ("[3, 4] -> trace", "i32[2, 2] -> trace")
    rejects = ("[2, 3, 3] -> trace", "[3] -> trace")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(2, meaning="[n, m]")
        if use.x.dtype == "bool":
            use.fail(f"`trace` does not work on {use.x}", code="NN304")
        return (TensorType(summed(use.x.dtype), ()),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.trace", (Ref(0),))


class Cross(Operator):
    """The vector at right angles to two vectors of three numbers, which lie along `dim`; the other
    dimensions are broadcast."""

    name = "cross"
    family = "linear algebra"
    saves = ("others",)
    tensors = (Tensor("input"), Tensor("other"))
    settings = (Setting("dim", "int", -1, doc="along which the three numbers lie"),)
    accepts = (
        "([5, 3], [5, 3]) -> cross",
        "([3, 5], [3, 1]) -> cross(dim=0)",
        "(i64[3], i64[3]) -> cross",
    )
    rejects = ("([5, 4], [5, 4]) -> cross", "([5, 3], [3]) -> cross", "([5, 3], [4, 3]) -> cross")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        if a.rank != b.rank:
            use.fail(
                f"`cross` takes two tensors of as many dimensions, not {a} and {b}", code="NN303"
            )
        dim = use.dim("dim", a.rank)
        if a.dtype == "bool" or a.dtype != b.dtype:
            use.fail(f"`cross` multiplies numbers of one dtype, not {a} and {b}", code="NN304")
        for tensor in (a, b):
            use.equal(
                tensor.shape[dim],
                3,
                f"`cross` takes vectors of 3 numbers, not the {render(tensor.shape[dim])} of {tensor} "
                f"along dimension {dim}",
                code="NN301",
                argument="dim",
            )
        return (a.with_shape(together(use, a, b)),)

    def function(self, use: Use) -> CallCode:
        return CallCode(
            "torch.linalg.cross", (Ref(0), Ref(1)), {"dim": use["dim"]} if use["dim"] != -1 else {}
        )


class Kron(Operator):
    """The Kronecker product: each value of the one times all of the other, [n, m] and [k, l] ->
    [n * k, m * l]. Dimensions that one lacks in front have size 1."""

    name = "kron"
    family = "linear algebra"
    saves = ("others",)
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [4, 5]) -> kron", "(i64[3], [2, 2]) -> kron")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        rank = max(a.rank, b.rank)
        sizes = [(1,) * (rank - tensor.rank) + tuple(tensor.shape) for tensor in (a, b)]
        shape = tuple(n * m for n, m in zip(*sizes, strict=True))
        return (TensorType(promote(a.dtype, b.dtype), shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.kron", (Ref(0), Ref(1)))
