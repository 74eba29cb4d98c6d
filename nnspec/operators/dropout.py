"""Dropout: values set to 0 at random while training; nothing happens in evaluation."""

from __future__ import annotations

from nnspec.operators.definition import ModuleCode, Operator, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class AnyDropout(Operator):
    """What they share."""

    family = "dropout"
    keeps_shape = True
    torch_name: ClassVar[str]
    ranks: ClassVar[tuple[int, ...]] = ()
    settings = (Setting("p", "float", 0.5, doc="probability of a value to be set to 0"),)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if self.ranks:
            use.rank(*self.ranks, meaning="[batch, channels, …]")
        if not is_float(use.x.dtype):
            use.fail(f"`{self.name}` computes on floating-point tensors, not {use.x}", code="NN304")
        if not 0 <= use["p"] <= 1:
            use.fail(f"p is a probability, 0 to 1, not {use['p']}", code="NN206", argument="p")
        return (use.x,)

    def module(self, use: Use) -> ModuleCode:
        arguments = () if use["p"] == 0.5 else (use["p"],)
        return ModuleCode(f"nn.{self.torch_name}", arguments)

    def shares(self, use: Use) -> bool:
        return bool(use["p"] == 0)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.bytes if use["p"] else 0


class Dropout(AnyDropout):
    """Each value set to 0 with probability p, the others divided by 1 - p (Srivastava et al.
    2014)."""

    name = "dropout"
    torch_name = "Dropout"
    accepts = ("[2, 3] -> dropout(0.1)",)
    rejects = ("[2, 3] -> dropout(1.5)",)


class Dropout1d(AnyDropout):
    """Whole channels of [N, C, L] set to 0 (Tompson et al. 2015)."""

    name = "dropout1d"
    torch_name, ranks = "Dropout1d", (3,)
    accepts = ("[2, 3, 4] -> dropout1d",)
    rejects = ("[2, 3, 4, 4] -> dropout1d",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.with_shape(use.x.shape[:2]).bytes if use["p"] else 0


class Dropout2d(AnyDropout):
    """Whole channels of [N, C, H, W] set to 0 (Tompson et al. 2015)."""

    name = "dropout2d"
    torch_name, ranks = "Dropout2d", (4,)
    accepts = ("[2, 3, 4, 4] -> dropout2d",)
    rejects = ("[2, 3, 4, 4] -> dropout2d(-1)",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.with_shape(use.x.shape[:2]).bytes if use["p"] else 0


class Dropout3d(AnyDropout):
    """Whole channels of [N, C, D, H, W] set to 0 (Tompson et al. 2015)."""

    name = "dropout3d"
    torch_name, ranks = "Dropout3d", (5,)
    accepts = ("[2, 3, 4, 4, 4] -> dropout3d",)
    rejects = ("[2, 3, 4, 4, 4] -> dropout3d(2)",)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.with_shape(use.x.shape[:2]).bytes if use["p"] else 0


class AlphaDropout(AnyDropout):
    """Dropout that keeps mean and variance, for selu (Klambauer et al. 2017, arXiv:1706.02515)."""

    name = "alpha_dropout"
    torch_name = "AlphaDropout"
    accepts = ("[2, 3] -> alpha_dropout",)
    rejects = ("[2, 3] -> alpha_dropout(2)",)


class FeatureAlphaDropout(AnyDropout):
    """Whole channels of [N, C, …] set to the value that alpha_dropout sets, for selu (Klambauer et
    al. 2017, arXiv:1706.02515)."""

    name = "feature_alpha_dropout"
    torch_name = "FeatureAlphaDropout"
    accepts = ("[2, 3, 4] -> feature_alpha_dropout", "[2, 3] -> feature_alpha_dropout(0.1)")
    rejects = ("[2, 3, 4] -> feature_alpha_dropout(2)", "[2] -> feature_alpha_dropout")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank < 2:
            use.fail(f"`{self.name}` takes [batch, channels, …], not {use.x}", code="NN303")
        return super().infer(use)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        return use.x.with_shape(use.x.shape[:2]).bytes if use["p"] else 0
