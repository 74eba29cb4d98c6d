"""Distances of all pairs of vectors: cdist, pdist."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.matmul_more import pair
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use

_P = Setting("p", "float", 2.0, doc='which norm; 0 counts what differs; also float("inf")')


def degree(use: Use) -> None:
    """There are norms from 0 on."""
    if use["p"] < 0:
        use.fail(f"p is at least 0, not {use['p']}", code="NN206", argument="p")


class Cdist(Operator):
    """The p-norm of the difference of each row of one and each of the other: [..., n, d], [..., m, d] ->
    [..., n, m]."""

    name = "cdist"
    saves = ("inputs", 0)
    autocast = "full"
    family = "distance"
    tensors = (Tensor("x1"), Tensor("x2"))
    settings = (_P,)
    accepts = ("([5, 3], [4, 3]) -> cdist", "([2, 5, 3], [4, 3]) -> cdist(1)")
    rejects = (
        "([5, 3], [4, 2]) -> cdist",
        "([5, 3], [4, 3]) -> cdist(-1)",
        "([3], [4, 3]) -> cdist",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        a, b = pair(use)
        if a.rank < 2 or b.rank < 2:
            use.fail(
                f"`cdist` takes rows of vectors [n, d] and [m, d], not {a} and {b}", code="NN303"
            )
        if a.dtype not in ("f32", "f64") or b.dtype != a.dtype:
            use.fail(f"`cdist` computes on f32 or f64, not on {a} and {b}", code="NN304")
        degree(use)
        use.equal(
            a.shape[-1],
            b.shape[-1],
            f"`cdist` takes vectors of one length, not of {render(a.shape[-1])} and "
            f"{render(b.shape[-1])} as in {a} and {b}",
            code="NN301",
        )
        batch = together(use, a.with_shape(a.shape[:-2]), b.with_shape(b.shape[:-2]))
        return (a.with_shape((*batch, a.shape[-2], b.shape[-2])),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.cdist", (Ref(0), Ref(1)), {} if use["p"] == 2 else {"p": use["p"]})


class Pdist(Operator):
    """The p-norm of the difference of each two of some vectors, in a row: of [n, d] those of the first and
    the second, the first and the third, …, [n * (n - 1) / 2]."""

    name = "pdist"
    saves = ("inputs", 0)
    autocast = "full"
    family = "distance"
    settings = (_P,)
    accepts = ("[5, 3] -> pdist", "f64[2, 3] -> pdist(1)")
    rejects = ("[2, 5, 3] -> pdist", "[5, 3] -> pdist(-1)", "f16[5, 3] -> pdist")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(2, meaning="[n, d]")
        if use.x.dtype not in ("f32", "f64"):
            use.fail(f"`pdist` computes on f32 or f64, not on {use.x}", code="NN304")
        degree(use)
        count = use.x.shape[0]
        use.at_least(count, 2, f"`pdist` needs at least 2 vectors; {use.x} has {render(count)}")
        return (use.x.with_shape((count * (count - 1) // 2,)),)

    def function(self, use: Use) -> CallCode:
        return CallCode("F.pdist", (Ref(0),), use.changed())
