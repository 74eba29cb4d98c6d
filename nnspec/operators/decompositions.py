"""Matrices taken apart (torch.linalg): cholesky, qr, svd, eigh; and solve."""

from __future__ import annotations

from nnspec.dims import minimum, render
from nnspec.operators.definition import CallCode, Ref, Setting, Tensor
from nnspec.operators.linear_algebra import Square
from nnspec.operators.matmul_more import pair
from nnspec.operators.reduce import real_of
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


_A_DIMENSION = "matrices B have as many dimensions as A: `B -> unsqueeze(0)`"


class Decomposition(Square):
    """A function of torch.linalg of the same name."""

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.linalg.{self.name}", (Ref(0),), use.changed())


class Cholesky(Decomposition):
    """The lower triangle whose product with its transpose is the matrix: [..., n, n]. One that is not
    symmetric and positive definite is an error while the model runs."""

    name = "cholesky"
    settings = (Setting("upper", "bool", False, doc="the upper triangle in its place"),)
    saves = (0,)
    accepts = ("[3, 3] -> cholesky", "f64[2, 4, 4] -> cholesky(upper=true)")
    rejects = ("[3, 4] -> cholesky", "[3] -> cholesky", "i64[3, 3] -> cholesky")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.batch(use)
        return (use.x,)


class Eigh(Decomposition):
    """Eigenvalues, growing, and eigenvectors of symmetric or hermitian matrices [..., n, n]:
    `eigenvalues, eigenvectors`, [..., n] and, as columns, [..., n, n]."""

    name = "eigh"
    settings = (Setting("UPLO", "str", "L", choices=("L", "U"), doc="which triangle is looked at"),)
    saves = (0, 1)
    result_names = ("eigenvalues", "eigenvectors")
    accepts = ("[3, 3] -> eigh", 'f64[2, 4, 4] -> eigh("U")')
    rejects = ("[3, 4] -> eigh", "[3] -> eigh", "i64[3, 3] -> eigh")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.batch(use)
        values = TensorType(real_of(use.x.dtype), use.x.shape[:-1])
        return values, use.x


class Rectangular(Decomposition):
    """Something of matrices [..., n, m]."""

    shape = "[..., n, m]"

    def batch(self, use: Use) -> tuple[Size, ...]:
        self.matrices(use)
        return use.x.shape[:-2]


class Qr(Rectangular):
    """Columns at right angles and of length 1, and an upper triangle, whose product is the matrix: of
    [..., n, m] `q, r`, [..., n, k] and [..., k, m], where k is the smaller of n and m."""

    name = "qr"
    settings = (
        Setting(
            "mode", "str", "reduced", choices=("reduced", "complete"),
            doc='"complete": k is n',
        ),
    )  # fmt: skip
    saves = (0, 1)
    result_names = ("q", "r")
    accepts = ("[3, 5] -> qr", "[2, 5, 3] -> qr", 'f64[5, 3] -> qr("complete")')
    rejects = ("[3] -> qr", "i64[3, 3] -> qr", 'f16[3, 3] -> qr("complete")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        batch, (n, m) = self.batch(use), use.x.shape[-2:]
        k = n if use["mode"] == "complete" else minimum(n, m)
        return use.x.with_shape((*batch, n, k)), use.x.with_shape((*batch, k, m))


class Svd(Rectangular):
    """The singular values, falling, and the vectors on both sides: of [..., n, m] `u, s, vh`, whose product
    u @ diag(s) @ vh is the matrix. They are [..., n, n], [..., k] and [..., m, m] where k is the smaller of n
    and m; without `full_matrices` [..., n, k] and [..., k, m]."""

    name = "svd"
    settings = (
        Setting("full_matrices", "bool", True, doc="false: only the vectors of singular values"),
    )
    saves = (0, 1, 2)
    result_names = ("u", "s", "vh")
    accepts = (
        "[3, 5] -> svd",
        "[2, 5, 3] -> svd(full_matrices=false)",
        "c64[3, 3] -> svd",
    )
    rejects = ("[3] -> svd", "i64[3, 3] -> svd", "f16[3, 3] -> svd")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        batch, (n, m) = self.batch(use), use.x.shape[-2:]
        k = minimum(n, m)
        left, right = (n, m) if use["full_matrices"] else (k, k)
        return (
            use.x.with_shape((*batch, n, left)),
            TensorType(real_of(use.x.dtype), (*batch, k)),
            use.x.with_shape((*batch, right, m)),
        )


class Solve(Square):
    """x where A @ x = B: A [..., n, n] and B [..., n, k], or vectors B, which are [n] or have one dimension
    less than A. A matrix that has no inverse is an error while the model runs."""

    name = "solve"
    saves = ("A", 0)
    tensors = (Tensor("A", doc="[..., n, n]"), Tensor("B", doc="[..., n, k], or vectors [..., n]"))
    settings = ()
    accepts = (
        "([3, 3], [3, 2]) -> solve",
        "([3, 3], [3]) -> solve",
        "([2, 3, 3], [2, 3]) -> solve",
        "([2, 3, 3], [1, 3, 4]) -> solve",
    )
    rejects = (
        "([3, 4], [3]) -> solve",
        "([3, 3], [4, 2]) -> solve",
        "([3, 3], f64[3, 2]) -> solve",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        batch = self.batch(use)
        if b.dtype != a.dtype:
            use.fail(f"`solve` takes two tensors of one dtype, not {a} and {b}", code="NN304")
        if not b.rank:
            why = f"`solve` of A {a} takes B [..., {render(a.shape[-1])}, k] or vectors, not {b}"
            use.fail(why, code="NN303")
        vectors = b.rank in (1, a.rank - 1)
        if (
            vectors and b.rank > 1
        ):  # PyTorch looks at their sizes, too: it stretches others as matrices
            why = f"`solve` of A {a} takes vectors {a.with_shape(a.shape[:-1])}, not {b}"
            for ours, theirs in zip(a.shape, b.shape, strict=False):
                use.equal(ours, theirs, why, code="NN301", help=_A_DIMENSION)
        columns = () if vectors else b.shape[-1:]
        *rest, rows = b.shape[: b.rank - len(columns)]
        use.equal(
            rows,
            a.shape[-1],
            f"`solve` of A {a} takes B with {render(a.shape[-1])} rows, not {render(rows)} as in {b}",
            code="NN301",
        )
        both = together(use, a.with_shape(batch), b.with_shape(rest))
        return (b.with_shape((*both, rows, *columns)),)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return self.triangles(use)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.linalg.solve", (Ref(0), Ref(1)))
