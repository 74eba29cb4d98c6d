"""A wrapper that saves memory in training: checkpoint. (`torch.utils.checkpoint`.)"""

from __future__ import annotations

from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import CallCode, Inner, Operator, Ref, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use
    from nnspec.tensors import TensorType


class Checkpoint(Operator):
    """A layer of which the backward pass finds its input only, and computes the rest again (Chen et al. 2016,
    arXiv:1604.06174): `x -> 12 * checkpoint(Block(8))`, or `checkpoint(Block(8), x)`. Any layer may be in it,
    with as many tensors as it takes; its parameters keep their names."""

    name = "checkpoint"
    saves = ("inputs",)
    family = "training"
    wraps = True
    settings = (Setting("function", "layer", doc="the layer, a block or a pipeline"),)
    accepts = ("[2, 3] -> checkpoint(gelu)", "[2, 4] -> checkpoint(glu(1))")
    rejects = ("[2, 3] -> checkpoint(glu)",)

    def inside(self, use: Use) -> tuple[Inner, Use]:
        """An operator that is the layer, and its use."""
        made = use["function"]
        if not isinstance(made, Inner):
            operator = made.operator
            settings = bind_settings(
                operator.name, operator.settings, made.positional, made.keyword
            )
            made = Inner(operator, settings)
        return made, made.on(use, *use.inputs)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        inner, layer = self.inside(use)
        return inner.operator.infer(layer)

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        inner, layer = self.inside(use)
        return inner.operator.macs(layer, outputs)

    def function(self, use: Use) -> CallCode:
        inner, layer = self.inside(use)
        made = inner.operator.module(layer)
        return CallCode(
            "torch.utils.checkpoint.checkpoint", (made, Ref(0)), {"use_reentrant": False}
        )
