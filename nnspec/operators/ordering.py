"""Values by their order: max, min, argmax, argmin, topk, sort, argsort, and the larger or smaller of two."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.arithmetic import Binary
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.operators.definition import Use

_KEEPDIM = Setting("keepdim", "bool", False, doc="keep the reduced dimension, with size 1")


def ordered(use: Use) -> None:
    """Complex numbers have no order."""
    if use.x.dtype[0] == "c":
        use.fail(
            f"complex numbers have no order: there is no `{use.operator.name}` of {use.x}",
            code="NN304",
        )


def without(use: Use, dim: int) -> TensorType:
    """The input's type less a dimension, or with 1 in its place."""
    shape = use.x.shape
    kept = (1,) if use["keepdim"] and shape else ()
    return use.x.with_shape((*shape[:dim], *kept, *shape[dim + 1 :]))


def along(use: Use) -> dict[str, Any]:
    """`dim` and `keepdim` in generated code, where the spec gives them."""
    kwargs = {} if use["dim"] is None else {"dim": use["dim"]}
    return kwargs | ({"keepdim": True} if use["keepdim"] else {})


class Larger(Binary):
    """maximum and minimum, value for value."""

    family = "pointwise"

    def result(self, use: Use, dtype: str) -> str:
        if dtype[0] == "c":
            use.fail(f"complex numbers have no order: `{self.name}` of {dtype}", code="NN304")
        return dtype

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1)))


class Maximum(Larger):
    """The larger of two values, at each place."""

    name = "maximum"
    saves = ("inputs",)
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [3]) -> maximum", "([2, 3], i64[2, 1]) -> maximum")
    rejects = ("([2, 3], [2]) -> maximum",)


class Minimum(Larger):
    """The smaller of two values, at each place."""

    name = "minimum"
    saves = ("inputs",)
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [3]) -> minimum", "(i64[2, 3], [1]) -> minimum")
    rejects = ("([2, 3], [2]) -> minimum",)


class Extremes(Operator):
    """max and min, as PyTorch has them: of all values, along a dimension, or of two tensors."""

    family = "reduction"
    tensors = (Tensor("input"), Tensor("other", optional=True, doc="compared value for value"))
    settings = (
        Setting("dim", "int|none", None, doc="along which dimension; all values by default"),
        _KEEPDIM,
    )
    result_names = ("values", "indices")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        ordered(use)
        if use.tensor(1) is not None:
            if use["dim"] is not None or use["keepdim"]:
                name = "keepdim" if use["dim"] is None else "dim"
                use.fail(
                    f"two tensors are compared value for value, without {name}={use.shown(name)}",
                    code="NN206",
                    argument=name,
                )
            return self.of_two.infer(use)
        if use["dim"] is None:
            if use["keepdim"]:
                use.fail("keepdim needs a dim", code="NN206", argument="keepdim")
            return (use.x.with_shape(()),)
        values = without(use, use.dim("dim", max(use.x.rank, 1)))
        return values, TensorType("i64", values.shape)

    @property
    def of_two(self) -> Operator:
        return Operator.registry[f"{self.name}imum"]

    def function(self, use: Use) -> CallCode:
        both = (Ref(0), Ref(1)) if use.tensor(1) is not None else (Ref(0),)
        return CallCode(f"torch.{self.name}", both, along(use))

    def saved(self, use: Use) -> tuple[str | int, ...]:
        if use.tensor(1) is not None:
            return ("inputs",)
        return ("inputs", 0) if use["dim"] is None else (1,)


class Max(Extremes):
    """The largest value: of all, `max(x)`; along a dimension, with its place,
    `values, indices = x -> max(dim=1)`; of two tensors, `max(a, b)`. (`amax` gives values only.)"""

    name = "max"
    accepts = (
        "[2, 3] -> max",
        "[2, 3] -> max(1)",
        "([2, 3], [3]) -> max",
        "i64[2, 3] -> max(0, true)",
    )
    rejects = ("[2, 3] -> max(2)", "([2, 3], [2]) -> max", "c64[2] -> max")


class Min(Extremes):
    """The smallest value: of all, `min(x)`; along a dimension, with its place,
    `values, indices = x -> min(dim=1)`; of two tensors, `min(a, b)`. (`amin` gives values only.)"""

    name = "min"
    accepts = (
        "[2, 3] -> min",
        "[2, 3] -> min(1)",
        "([2, 3], [3]) -> min",
        "i64[2, 3] -> min(0, true)",
    )
    rejects = ("[2, 3] -> min(2)", "([2, 3], [2]) -> min", "c64[2] -> min")


class Place(Operator):
    """argmax and argmin."""

    family = "reduction"
    settings = (
        Setting("dim", "int|none", None, doc="along which; without, counted over all values"),
        _KEEPDIM,
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        if x.dtype == "bool" or x.dtype[0] == "c":
            use.fail(f"`{self.name}` looks at numbers that have an order, not at {x}", code="NN304")
        if use["dim"] is None:
            shape = (1,) * x.rank if use["keepdim"] else ()
            return (TensorType("i64", shape),)
        return (TensorType("i64", without(use, use.dim("dim", max(x.rank, 1))).shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),), along(use))


class Argmax(Place):
    """The place of the largest value along `dim`, an i64."""

    name = "argmax"
    accepts = ("[2, 3] -> argmax(1)", "[2, 3] -> argmax")
    rejects = ("[2, 3] -> argmax(2)", "bool[2] -> argmax(0)")


class Argmin(Place):
    """The place of the smallest value along `dim`, an i64."""

    name = "argmin"
    accepts = ("[2, 3] -> argmin(1)", "[2, 3] -> argmin(keepdim=true)")
    rejects = ("[2, 3] -> argmin(2)", "bool[2] -> argmin(0)")


class Topk(Operator):
    """The `k` largest values along `dim` and their places: `values, indices = x -> topk(5)`."""

    name = "topk"
    saves = (1,)
    family = "selection"
    result_names = ("values", "indices")
    settings = (
        Setting("k", "size", doc="how many"),
        Setting("dim", "int", -1, doc="along which dimension"),
        Setting("largest", "bool", True, doc="false: the smallest"),
        Setting("sorted", "bool", True, doc="in order"),
    )
    accepts = (
        "[2, 5] -> topk(3)",
        "[4, 5] -> topk(2, dim=0, largest=false)",
        "i64[2, 5] -> topk(1)",
    )
    rejects = ("[2, 5] -> topk(6)", "[2, 5] -> topk(1, 2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        ordered(use)
        if use.x.dtype == "bool":
            use.fail(f"`topk` does not work on {use.x}", code="NN304")
        dim = use.dim("dim", use.x.rank)
        size, k = use.x.shape[dim], use["k"]
        use.at_least(
            k, 1, lambda: f"k must be at least 1, not {render(k)}", code="NN206", argument="k"
        )
        use.at_least(
            size,
            k,
            lambda: (
                f"k is at most {render(size)}, the size of dimension {dim} of {use.x}, not {render(k)}"
            ),
            argument="k",
        )
        shape = (*use.x.shape[:dim], k, *use.x.shape[dim + 1 :])
        return use.x.with_shape(shape), TensorType("i64", shape)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.topk", (Ref(0), use["k"]), use.changed(1))


class Sorting(Operator):
    """sort and argsort."""

    family = "selection"
    settings = (
        Setting("dim", "int", -1, doc="along which dimension"),
        Setting("descending", "bool", False, doc="the largest first"),
        Setting("stable", "bool", False, doc="equal values stay in their order"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        ordered(use)
        use.dim("dim", max(use.x.rank, 1))
        return use.x, TensorType("i64", use.x.shape)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),), use.changed())


class Sort(Sorting):
    """The values in order along `dim`, and where each was: `values, indices = x -> sort`."""

    name = "sort"
    saves = (1,)
    result_names = ("values", "indices")
    accepts = (
        "[2, 5] -> sort",
        "[2, 5] -> sort(0, descending=true)",
        "bool[2, 5] -> sort(stable=true)",
    )
    rejects = ("[2, 5] -> sort(2)", "c64[2] -> sort")


class Argsort(Sorting):
    """The places of the values in order along `dim`."""

    name = "argsort"
    saves = (0,)
    accepts = ("[2, 5] -> argsort", "i64[2, 5] -> argsort(0, descending=true)")
    rejects = ("[2, 5] -> argsort(2)", "c64[2] -> argsort")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return super().infer(use)[1:]
