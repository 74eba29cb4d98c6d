"""Wrappers that compute a layer's weight from other parameters: weight_norm, spectral_norm.
(`torch.nn.utils.parametrizations`; Salimans & Kingma 2016, arXiv:1602.07868; Miyato et al. 2018,
arXiv:1802.05957.)

The parameters are called as PyTorch calls them, `parametrizations.weight.original`, after the layer's others.
"""

from __future__ import annotations

from nnspec.dims import product
from nnspec.operators.definition import ModuleCode, Operator, Param, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Inner, Use
    from nnspec.tensors import TensorType

_LAYER = Setting(
    "module",
    "layer",
    choices=(
        "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
        "conv_transpose3d", "embedding", "rnn", "lstm", "gru",
    ),
    doc="the layer",
)  # fmt: skip
_NAME = Setting("name", "str", "weight", doc="which of its parameters", fixed=True)


class Reparametrised(Operator):
    """What both share: the layer is a setting, and gets the tensor."""

    family = "normalisation"
    fresh = True
    remakes = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        inner, layer = self.inside(use)
        found = inner.operator.infer(layer)
        own = inner.operator.params(layer)
        if use["name"] not in own:
            use.fail(
                f"`{inner.operator.name}` has no parameter `{use['name']}` here",
                code="NN206",
                argument="name",
                help=f"its parameters: {', '.join(own)}",
            )
        self.check(use, own[use["name"]])
        return found

    def inside(self, use: Use) -> tuple[Inner, Use]:
        """The layer, and its use."""
        inner: Inner = use["module"]
        return inner, inner.on(use, use.x)

    def check(self, use: Use, param: Param) -> None:
        rank, dim = len(param.shape), use["dim"]
        if dim is not None and not -rank <= dim < rank:
            use.fail(
                f"`{use['name']}` has {rank} dimensions: dim is from {-rank} to {rank - 1}, not {dim}",
                code="NN303",
                argument="dim",
            )

    def params(self, use: Use) -> dict[str, Param]:
        inner, layer = self.inside(use)
        own = dict(inner.operator.params(layer))
        param = own.pop(use["name"])
        made = self.originals(use, param)
        return own | {f"parametrizations.{use['name']}.{name}": each for name, each in made}

    def composed(self, use: Use) -> dict[str, Param]:
        inner, layer = self.inside(use)
        return {use["name"]: inner.operator.params(layer)[use["name"]]}

    def originals(self, use: Use, param: Param) -> Iterator[tuple[str, Param]]:
        """The parameters and buffers in place of one."""
        raise NotImplementedError

    def macs(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        inner, layer = self.inside(use)
        return inner.operator.macs(layer, outputs)

    def module(self, use: Use) -> ModuleCode:
        inner, layer = self.inside(use)
        made = inner.operator.module(layer)
        assert made is not None
        changed: dict[str, Any] = use.changed(1)
        return ModuleCode(
            f"nn.utils.parametrizations.{self.name}",
            (ModuleCode(made.constructor, made.args, made.kwargs),),
            changed,
            made.call,
            made.call_kwargs,
            made.results,
        )

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        inner, layer = self.inside(use)
        return inner.operator.explain(layer, outputs)

    def macs_formula(self, use: Use, outputs: tuple[TensorType, ...]) -> str:
        inner, layer = self.inside(use)
        return inner.operator.macs_formula(layer, outputs)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        inner, layer = self.inside(use)
        return inner.operator.saved(layer)

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        inner, layer = self.inside(use)
        made = inner.operator.params(layer)[use["name"]].type  # the weight, made anew each time
        return inner.operator.workspace(layer, outputs) + made.bytes


class WeightNorm(Reparametrised):
    """A layer whose weight is a length times a direction: `x -> weight_norm(conv1d(64, 3))`. For each
    index of `dim` there is one length, `original0`; `original1` gives the directions."""

    name = "weight_norm"
    settings = (
        _LAYER,
        _NAME,
        Setting(
            "dim",
            "int|none",
            0,
            doc="the dimension that keeps a length each; none or -1: one for all",
        ),
    )
    accepts = (
        "[2, 3, 8] -> weight_norm(conv1d(4, 3))",
        "[2, 3] -> weight_norm(linear(4, bias=false), dim=none)",
        '[5, 2, 3] -> weight_norm(lstm(4), "weight_hh_l0", 1)',
        '[2, 3, 8, 8] -> weight_norm(conv_transpose2d(4, 3), name="bias")',
    )
    rejects = (
        "[2, 3] -> weight_norm(conv1d(4, 3))",
        '[2, 3] -> weight_norm(linear(4), "gamma")',
        "[2, 3] -> weight_norm(linear(4), dim=2)",
    )

    def originals(self, use: Use, param: Param) -> Iterator[tuple[str, Param]]:
        dim, shape = use["dim"], param.shape
        lengths: Sequence[Size] = ()
        if dim not in (None, -1):
            lengths = [size if axis == dim % len(shape) else 1 for axis, size in enumerate(shape)]
        yield "original0", Param(tuple(lengths), param.dtype, formula="one length each")
        yield "original1", param


class SpectralNorm(Reparametrised):
    """A layer whose weight, as a matrix, is divided by its largest singular value, which a step of power
    iteration follows in training: `x -> spectral_norm(conv2d(64, 3))`."""

    name = "spectral_norm"
    steps_after = 15  # as many as PyTorch takes when it wraps a layer
    settings = (
        _LAYER,
        _NAME,
        Setting("n_power_iterations", "int", 1, doc="steps of power iteration each time"),
        Setting("eps", "float", 1e-12, doc="keeps the division from 0"),
        Setting(
            "dim", "int|none", None, doc="the rows of the matrix; 0, of transposed convolutions 1"
        ),
    )
    accepts = (
        "[2, 3, 8, 8] -> spectral_norm(conv2d(4, 3))",
        "[2, 3] -> spectral_norm(linear(4), n_power_iterations=2, dim=1)",
        "[2, 3, 8] -> spectral_norm(conv_transpose1d(4, 3))",
        "i64[2, 3] -> spectral_norm(embedding(6, 4))",
    )
    rejects = (
        "[2, 3] -> spectral_norm(conv2d(4, 3))",
        "[2, 3] -> spectral_norm(linear(4), n_power_iterations=0)",
        "[2, 3] -> spectral_norm(linear(4), dim=-3)",
    )

    def check(self, use: Use, param: Param) -> None:
        if use["n_power_iterations"] < 1:
            use.fail(
                f"n_power_iterations must be at least 1, not {use['n_power_iterations']}",
                code="NN206",
                argument="n_power_iterations",
            )
        super().check(use, param)

    def originals(self, use: Use, param: Param) -> Iterator[tuple[str, Param]]:
        yield "original", param
        shape, dim = param.shape, use["dim"]
        if len(shape) == 1:
            return  # of a vector, the length is the norm
        if dim is None:
            dim = int(use["module"].operator.name.startswith("conv_transpose"))
        rows = shape[dim]
        columns = product([size for axis, size in enumerate(shape) if axis != dim % len(shape)])
        yield "0._u", Param((rows,), param.dtype, False, "rows")
        yield "0._v", Param((columns,), param.dtype, False, "columns")
