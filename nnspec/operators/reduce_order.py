"""Reductions by the order of the values: median, kthvalue, mode, quantile, aminmax."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.ordering import along, ordered, without
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_ALL = Setting("dim", "int|none", None, doc="along which dimension; all values by default")
_DIM = Setting("dim", "int", -1, doc="along which dimension")
_KEEPDIM = Setting("keepdim", "bool", False, doc="keep the reduced dimension, with size 1")


def numbers(use: Use) -> None:
    """Truth values and complex numbers have no order."""
    ordered(use)
    if use.x.dtype == "bool":
        use.fail(f"`{use.operator.name}` does not work on {use.x}", code="NN304")


class Median(Operator):
    """The value in the middle, of two the smaller: of all, or along `dim` with its place,
    `values, indices`."""

    name = "median"
    family = "reduction"
    result_names = ("values", "indices")
    settings = (_ALL, _KEEPDIM)
    accepts = ("[2, 5] -> median", "[2, 5] -> median(1)", "i64[2, 5] -> median(0, true)")
    rejects = ("[2, 5] -> median(2)", "bool[2] -> median", "[2, 5] -> median(keepdim=true)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        numbers(use)
        if use["dim"] is None:
            if use["keepdim"]:
                use.fail("keepdim needs a dim", code="NN206", argument="keepdim")
            return (use.x.with_shape(()),)
        values = without(use, use.dim("dim", max(use.x.rank, 1)))
        return values, TensorType("i64", values.shape)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.median", (Ref(0),), along(use))

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 0) if use["dim"] is None else (1,)


class Kthvalue(Operator):
    """The k-th smallest value along `dim`, and its place: `values, indices`."""

    name = "kthvalue"
    family = "reduction"
    saves = (1,)
    result_names = ("values", "indices")
    settings = (Setting("k", "size", doc="1 is the smallest"), _DIM, _KEEPDIM)
    accepts = ("[2, 5] -> kthvalue(3)", "i64[4, 5] -> kthvalue(1, 0, true)")
    rejects = ("[2, 5] -> kthvalue(6)", "[2, 5] -> kthvalue(0)", "[2, 5] -> kthvalue(1, 2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        numbers(use)
        dim, k = use.dim("dim", max(use.x.rank, 1)), use["k"]
        size = use.x.shape[dim] if use.x.rank else 1
        message = f"k is 1 to {render(size)}, the values in dimension {dim}, not {render(k)}"
        use.at_least(k, 1, message, code="NN206", argument="k")
        use.at_least(size, k, message, code="NN206", argument="k")
        values = without(use, dim)
        return values, TensorType("i64", values.shape)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.kthvalue", (Ref(0), use["k"]), use.changed(1))


class Mode(Operator):
    """The value that is there most often along `dim`, and a place of it: `values, indices`."""

    name = "mode"
    family = "reduction"
    saves = (1,)
    result_names = ("values", "indices")
    settings = (_DIM, _KEEPDIM)
    accepts = ("[2, 5] -> mode", "i64[4, 5] -> mode(0, true)", "bool[2, 5] -> mode")
    rejects = ("[2, 5] -> mode(2)", "c64[2] -> mode")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        ordered(use)
        values = without(use, use.dim("dim", max(use.x.rank, 1)))
        return values, TensorType("i64", values.shape)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.mode", (Ref(0),), use.changed())


class Quantile(Operator):
    """The value below which the share `q` of the values lies, of all or along `dim`."""

    name = "quantile"
    family = "reduction"
    settings = (
        Setting("q", "float", doc="from 0 to 1; 0.5 is the median"),
        _ALL,
        _KEEPDIM,
        Setting(
            "interpolation", "str", "linear",
            choices=("linear", "lower", "higher", "midpoint", "nearest"),
            doc="what is taken between two values",
        ),
    )  # fmt: skip
    accepts = (
        "[2, 5] -> quantile(0.5)",
        '[2, 5] -> quantile(0.9, 1, interpolation="lower")',
        "f64[2, 5] -> quantile(0.1, 0, keepdim=true)",
    )
    rejects = ("[2, 5] -> quantile(1.5)", "i64[2, 5] -> quantile(0.5)", "[2] -> quantile(0.5, 1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype not in ("f32", "f64"):
            use.fail(f"`quantile` computes on f32 or f64, not {use.x}", code="NN304")
        if not 0 <= use["q"] <= 1:
            use.fail(f"q is a share, from 0 to 1, not {use['q']}", code="NN206", argument="q")
        if use["dim"] is None:
            return (use.x.with_shape((1,) * use.x.rank if use["keepdim"] else ()),)
        return (without(use, use.dim("dim", max(use.x.rank, 1))),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.quantile", (Ref(0), use["q"]), use.changed(1))

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """The values in order, their places before, and where the one or the two are that are taken."""
        kept = use.x.bytes + 8 * (use.x.numel + outputs[0].numel)
        if use["interpolation"] in ("linear", "midpoint"):
            kept = kept + 8 * outputs[0].numel + outputs[0].bytes
        return kept


class Aminmax(Operator):
    """The smallest and the largest value, of all or along `dim`: `min, max`."""

    name = "aminmax"
    family = "reduction"
    saves = ("inputs", 0, 1)
    result_names = ("min", "max")
    settings = (_ALL, _KEEPDIM)
    accepts = ("[2, 5] -> aminmax", "i64[2, 5] -> aminmax(1)", "bool[2, 5] -> aminmax(0, true)")
    rejects = ("[2, 5] -> aminmax(2)", "c64[2] -> aminmax")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        ordered(use)
        if use["dim"] is None:
            found = use.x.with_shape((1,) * use.x.rank if use["keepdim"] else ())
        else:
            found = without(use, use.dim("dim", max(use.x.rank, 1)))
        return found, found

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.aminmax", (Ref(0),), along(use))
