"""Activations: a function on each value; the shape stays as it is."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.operators.definition import Use


class Activation(Operator):
    """What activations share: `torch_class` in torch.nn, `torch_function` as an expression."""

    family = "activation"
    keeps_shape = True
    torch_class: ClassVar[str]
    torch_function: ClassVar[str]
    floats_only: ClassVar[bool] = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if self.floats_only and not is_float(use.x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {use.x}", code="NN304")
        return (use.x,)

    def changed(self, use: Use) -> dict[str, Any]:
        """The settings that differ from PyTorch's defaults."""
        return {s.name: use[s.name] for s in self.settings if use[s.name] != s.default}

    def module(self, use: Use) -> ModuleCode | None:
        return ModuleCode(self.torch_class, (), self.changed(use))

    def function(self, use: Use) -> CallCode:
        return CallCode(self.torch_function, (Ref(0),), self.changed(use))


class Relu(Activation):
    """max(x, 0) (Nair & Hinton 2010)."""

    name = "relu"
    torch_class, torch_function = "nn.ReLU", "F.relu"
    settings = (Setting("inplace", "bool", False),)
    floats_only = False
    accepts = ("[2, 3] -> relu",)
