"""The same values, with another dtype or without their gradient: to, detach."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, torch_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class To(Operator):
    """The values in another dtype: `x -> to("f32")`."""

    name = "to"
    family = "dtype"
    keeps_shape = True
    settings = (Setting("dtype", "dtype", doc='"f32", "i64", "bool", …'),)
    accepts = ('i64[2, 3] -> to("f32")', '[2] -> to("bool")', '[2] -> to("c64")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType(use["dtype"], use.x.shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".to", (Ref(0), f"torch.{torch_name(use['dtype'])}"))


class Detach(Operator):
    """The values without their history: no gradient flows back through it."""

    name = "detach"
    family = "dtype"
    keeps_shape = True
    is_view = True
    accepts = ("[2, 3] -> detach", "i64[2] -> detach")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        return CallCode(".detach", (Ref(0),))
