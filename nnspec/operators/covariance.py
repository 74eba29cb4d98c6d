"""How variables vary together: cov, corrcoef."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Cov(Operator):
    """The covariances of variables, each a row of observations: [n, observations] -> [n, n]; of one variable
    its variance, a number. Of integers an f32."""

    name = "cov"
    family = "reduction"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("correction", "int", 1, doc="what the number of observations is lessened by"),
    )
    accepts: ClassVar[tuple[str, ...]] = (
        "[3, 5] -> cov",
        "[5] -> cov",
        "[1, 5] -> cov",
        "i64[3, 5] -> cov(correction=0)",
    )
    rejects = ("[2, 3, 5] -> cov", "bool[3, 5] -> cov")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(1, 2, meaning="[observations] or [variables, observations]")
        if use.x.dtype == "bool":
            use.fail(f"`{self.name}` computes on numbers, not {use.x}", code="NN304")
        variables = tuple(size for size in use.x.shape[:-1] if size != 1)
        for size in variables:
            use.at_least(
                size,
                2,
                f"`{self.name}` of one variable is a number, of {render(size)} a matrix: at least 2 here",
            )
        numbers = is_float(use.x.dtype) or use.x.dtype[0] == "c"
        return (TensorType(use.x.dtype if numbers else "f32", (*variables, *variables)),)

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return outputs[0].numel * use.x.shape[-1]

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        return f"each of the output values sums {render(use.x.shape[-1])} products"

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),), use.changed())

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes + 16  # the observations less their means, and what they are divided by


class Corrcoef(Cov):
    """The correlations of variables, from -1 to 1, each a row of observations: [n, observations] -> [n, n];
    of one variable a number. Of integers an f32 (Pearson 1895)."""

    name = "corrcoef"
    settings = ()
    accepts = ("[3, 5] -> corrcoef", "[5] -> corrcoef")
    rejects = ("[2, 3, 5] -> corrcoef", "bool[3, 5] -> corrcoef")

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """What cov keeps, the covariances, those divided by rows and by columns, and the deviations."""
        kept = super().workspace(use, outputs) + outputs[0].bytes
        if outputs[0].rank:
            kept = kept + 2 * outputs[0].bytes + outputs[0].with_shape(outputs[0].shape[:1]).bytes
        return kept
