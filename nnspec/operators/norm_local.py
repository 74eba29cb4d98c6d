"""local_response_norm: each value against those of the channels around it."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class LocalResponseNorm(Operator):
    """x / (k + alpha * the mean square of `size` channels around it) ** beta (Krizhevsky et al. 2012)."""

    name = "local_response_norm"
    saves = ("inputs",)
    family = "normalisation"
    keeps_shape = True
    settings = (
        Setting("size", "int", doc="how many channels are looked at"),
        Setting("alpha", "float", 1e-4, doc="weight of the mean square"),
        Setting("beta", "float", 0.75, doc="the exponent"),
        Setting("k", "float", 1.0, doc="added to the mean square"),
    )
    accepts = ("[2, 6, 5, 5] -> local_response_norm(5)", "[2, 6, 5] -> local_response_norm(2, k=2)")
    rejects = ("[2, 6] -> local_response_norm(5)", "[2, 6, 5, 5] -> local_response_norm(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank < 3:
            use.fail(f"`{self.name}` takes [batch, channels, places, …], not {use.x}", code="NN303")
        if not is_float(use.x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {use.x}", code="NN304")
        if use["size"] < 1:
            use.fail(f"size must be at least 1, not {use['size']}", code="NN206", argument="size")
        return (use.x,)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.LocalResponseNorm", (use["size"],), use.changed(1))

    def function(self, use: Use) -> CallCode:
        return CallCode("F.local_response_norm", (Ref(0), use["size"]), use.changed(1))

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [f"each of the {render(use.x.shape[1])} channels with {use['size']} around it"]

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        found: Size = 2 * use.x.bytes + use.x.bytes // use.x.shape[1] * (
            use.x.shape[1] + use["size"] - 1
        )
        return found
