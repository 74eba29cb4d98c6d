"""Arithmetic and comparisons on tensors, with PyTorch's broadcasting and promotion of dtypes."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import CallCode, InfixCode, Operator, Ref, Tensor
from nnspec.operators.fitting import fits
from nnspec.tensors import TensorType, broadcast, is_float, promote, promote_scalar, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Binary(Operator):
    """Two tensors, or a tensor and a number; `sign` is how the code writes it."""

    family = "arithmetic"
    tensors: ClassVar[tuple[Tensor, ...]] = (
        Tensor("input", scalar=True),
        Tensor("other", scalar=True),
    )
    sign: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType(self.result(use, self.operands(use)), self.shape(use)),)

    def operands(self, use: Use) -> str:
        """The dtype in which the two meet."""
        a, b = use.inputs
        return meet(a, b, use.settings)

    def result(self, use: Use, dtype: str) -> str:
        """The dtype of the result for operands of this one."""
        return dtype

    def shape(self, use: Use) -> tuple[Size, ...]:
        a, b = use.inputs
        if a is None or b is None:
            some = a or b
            assert some is not None
            return some.shape
        left, right = a, b

        def equal(x: Size, y: Size, dim: int) -> None:
            use.equal(
                x,
                y,
                f"{show_shape(left.shape)} and {show_shape(right.shape)} must agree in dimension {dim}",
                code="NN301",
            )

        return broadcast(a.shape, b.shape, equal)

    def sides(self, use: Use) -> tuple[Any, Any]:
        a, b = use.inputs
        return (
            use["input"] if a is None else Ref(0),
            use["other"] if b is None else Ref(1),
        )

    def function(self, use: Use) -> InfixCode | CallCode:
        return InfixCode(self.sign, *self.sides(use))


def meet(a: TensorType | None, b: TensorType | None, numbers: Mapping[str, Any]) -> str:
    """The dtype in which two tensors meet, or a tensor and the number `input` or `other`."""
    if a is None or b is None:
        some = a or b
        assert some is not None
        return promote_scalar(some.dtype, numbers["input" if a is None else "other"])
    if a.rank == 0 and b.rank > 0:
        return weakly(b.dtype, a.dtype)
    if b.rank == 0 and a.rank > 0:
        return weakly(a.dtype, b.dtype)
    return promote(a.dtype, b.dtype)


def weakly(strong: str, weak: str) -> str:
    """A tensor without dimensions counts by its kind only, as a number does."""

    def kind(dtype: str) -> int:
        if dtype == "bool":
            return 0
        return 2 if is_float(dtype) else 3 if dtype in ("c64", "c128") else 1

    if kind(weak) <= kind(strong):
        return strong
    if kind(weak) == 3 and kind(strong) == 2:  # as precise as the fractions
        if strong == "f16":
            raise Mismatch(
                "NN304",
                f"f16 and a {weak} without dimensions meet in complex numbers of half precision, which the "
                "language does not have",
                help='`to("f32")` makes numbers that can meet it',
            )
        return "c128" if strong == "f64" else "c64"
    return weak


class Add(Binary):
    """`a + b`."""

    fresh = True
    name = "add"
    sign = "+"
    accepts = ("([2, 3], [3]) -> add", "([2, 3], [2, 1]) -> add")
    rejects = ("([2, 3], [2]) -> add",)


class Sub(Binary):
    """`a - b`."""

    fresh = True
    name = "sub"
    sign = "-"
    accepts = ("([2, 3], [3]) -> sub",)
    rejects = ("(bool[2], bool[2]) -> sub",)

    def result(self, use: Use, dtype: str) -> str:
        if any(tensor is not None and tensor.dtype == "bool" for tensor in use.inputs):
            use.fail(f"`-` does not work on {use.taken}", code="NN304")
        return dtype


class Mul(Binary):
    """`a * b`."""

    name = "mul"
    saves = ("others",)
    sign = "*"
    accepts = ("([2, 3], [3]) -> mul",)
    rejects = ("([2, 3], [4]) -> mul",)


class Div(Binary):
    """`a / b`: true division, a floating-point number for integers too."""

    name = "div"
    saves = ("other", "others")
    sign = "/"
    accepts = ("([2, 3], [3]) -> div", "(i64[2], i64[2]) -> div")
    rejects = ("([2, 3], [4]) -> div",)

    def result(self, use: Use, dtype: str) -> str:
        return dtype if is_float(dtype) or dtype in ("c64", "c128") else "f32"


class Whole(Binary):
    """A division that rounds: not of complex numbers, nor of truth values alone."""

    def result(self, use: Use, dtype: str) -> str:
        if dtype == "bool" or dtype[0] == "c":
            use.fail(f"`{self.sign}` does not work on {dtype} tensors", code="NN304")
        if use.settings.get("other") == 0 and not is_float(dtype):
            use.fail(f"integers cannot be divided by 0: `{self.sign} 0`", code="NN206")
        return dtype


class FloorDivide(Whole):
    """`a // b`, rounded down."""

    name = "floor_divide"
    sign = "//"
    accepts = ("([2, 3], [3]) -> floor_divide",)
    rejects = ("([2, 3], [4]) -> floor_divide",)


class Remainder(Whole):
    """`a % b`, with the sign of b."""

    name = "remainder"
    saves = ("others",)
    sign = "%"
    accepts = ("([2, 3], [3]) -> remainder",)
    rejects = ("([2, 3], [4]) -> remainder",)


class Pow(Binary):
    """`a ** b`."""

    name = "pow"
    autocast = "full"
    sign = "**"
    accepts = ("([2, 3], [3]) -> pow",)
    rejects = ("([2, 3], [4]) -> pow",)

    def result(self, use: Use, dtype: str) -> str:
        exponent = use.settings.get("other")
        if isinstance(exponent, int) and exponent < 0 and dtype[0] in "iu":
            use.fail(
                f"{use.taken} to the power of {exponent} would be fractions, which no integer is",
                code="NN206",
                help='`to("f32")` makes numbers that have such powers',
            )
        if exponent is not None and dtype != "f32":  # f32 takes those that become inf
            fits(use, dtype, "other", exponent)
        if dtype == "bool":
            use.fail(f"`**` does not work on {use.taken}", code="NN304")
        return dtype

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return ("inputs", 0) if use.inputs[1] is not None else ("inputs",)


class Compared(Binary):
    """A comparison: the result is bool."""

    family = "comparison"

    def result(self, use: Use, dtype: str) -> str:
        return "bool"


class Eq(Compared):
    """`a == b`, for each value."""

    name = "eq"
    sign = "=="
    accepts = ("([2, 3], [3]) -> eq",)
    rejects = ("([2, 3], [4]) -> eq",)


class Ne(Compared):
    """`a != b`, for each value."""

    name = "ne"
    sign = "!="
    accepts = ("([2, 3], [3]) -> ne",)
    rejects = ("([2, 3], [4]) -> ne",)


class Ordered(Compared):
    """A comparison that needs an order."""

    def result(self, use: Use, dtype: str) -> str:
        if dtype[0] == "c":
            use.fail(
                f"`{self.sign}` does not work on {dtype}: complex numbers have no order",
                code="NN304",
            )
        return "bool"


class Lt(Ordered):
    """`a < b`, for each value."""

    name = "lt"
    sign = "<"
    accepts = ("([2, 3], [3]) -> lt",)
    rejects = ("([2, 3], [4]) -> lt",)


class Le(Ordered):
    """`a <= b`, for each value."""

    name = "le"
    sign = "<="
    accepts = ("([2, 3], [3]) -> le",)
    rejects = ("([2, 3], [4]) -> le",)


class Gt(Ordered):
    """`a > b`, for each value."""

    name = "gt"
    sign = ">"
    accepts = ("([2, 3], [3]) -> gt",)
    rejects = ("([2, 3], [4]) -> gt",)


class Ge(Ordered):
    """`a >= b`, for each value."""

    name = "ge"
    sign = ">="
    accepts = ("([2, 3], [3]) -> ge",)
    rejects = ("([2, 3], [4]) -> ge",)
