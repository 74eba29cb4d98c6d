"""Operators of torchvision: stochastic_depth."""

from __future__ import annotations

from nnspec.operators.definition import CallCode, InTraining, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class StochasticDepth(Operator):
    """A whole branch set to 0 with probability p while training, else divided by 1 - p: for each
    sample (`row`), or for all at once (`batch`) (Huang et al. 2016, arXiv:1603.09382)."""

    name = "stochastic_depth"
    family = "dropout"
    keeps_shape = True
    settings = (
        Setting("p", "float", doc="probability that the branch is left out"),
        Setting("mode", "str", choices=("row", "batch"), doc="each sample by itself, or all alike"),
    )
    accepts = ('[2, 3] -> stochastic_depth(0.1, "row")', '[2] -> stochastic_depth(0.1, "batch")')
    rejects = ('[2, 3] -> stochastic_depth(1.5, "row")', '[] -> stochastic_depth(0.1, "row")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank < 1:
            use.fail("`stochastic_depth` takes a batch of samples [N, …], not []", code="NN303")
        if not is_float(use.x.dtype):
            use.fail(
                f"`stochastic_depth` computes on floating-point tensors, not {use.x}", code="NN304"
            )
        if not 0 <= use["p"] <= 1:
            use.fail(f"p is a probability, 0 to 1, not {use['p']}", code="NN206", argument="p")
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        # with the samples as channels of one image, PyTorch's own dropout of channels does it: it draws the
        # numbers that torchvision draws, and does nothing in evaluation
        levels = 1 if use["mode"] == "row" else 2
        made: Any = Ref(0)
        for _ in range(levels):
            made = CallCode(".unsqueeze", (made, 0))
        made = CallCode("torch.feature_dropout", (made, use["p"], InTraining(True, False)))
        for _ in range(levels):
            made = CallCode(".squeeze", (made, 0))
        assert isinstance(made, CallCode)
        return made

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return 4 * use.x.shape[0] if use["mode"] == "row" else 4
