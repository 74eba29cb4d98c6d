"""normalize: vectors brought to length 1."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Normalize(Operator):
    """Each vector along `dim` divided by its length, or by `eps` where that is more."""

    name = "normalize"
    saves = ("inputs",)
    autocast = "full"
    family = "normalisation"
    keeps_shape = True
    settings = (
        Setting("p", "float", 2.0, doc="of the norm that is the length"),
        Setting("dim", "int", 1, doc="along which the vectors lie"),
        Setting("eps", "float", 1e-12, doc="the least that is divided by"),
    )
    accepts = ("[2, 3, 4] -> normalize", "[2, 3] -> normalize(dim=-1)", "[4] -> normalize(1, 0)")
    rejects = ("[4] -> normalize", "i64[2, 3] -> normalize")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if not is_float(use.x.dtype):
            use.fail(f"`normalize` computes on floating-point tensors, not {use.x}", code="NN304")
        use.dim("dim", use.x.rank)
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode("F.normalize", (Ref(0),), use.changed())

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 2 * use.x.bytes // use.x.shape[use.dim("dim", use.x.rank)]
