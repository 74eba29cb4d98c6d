"""Functions of values that have longer names elsewhere: heaviside, copysign, fmax, addcmul, rad2deg, …"""

from __future__ import annotations

from functools import reduce

from nnspec.operators.arithmetic import Compared, weakly
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.ordering import Larger
from nnspec.operators.pointwise import Pointwise
from nnspec.operators.pointwise_logic import Question
from nnspec.operators.pointwise_two import OfTwo
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType, is_float, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Heaviside(OfTwo):
    """0 for what is below 0, 1 for what is above, and for 0 what `values` says."""

    name = "heaviside"
    tensors = (Tensor("input"), Tensor("values"))
    accepts = ("([2, 3], [3]) -> heaviside", "(i64[2], i64[]) -> heaviside")
    rejects = ("([2, 3], [2]) -> heaviside", "([2], i64[2]) -> heaviside")

    def result(self, use: Use, dtype: str) -> str:
        self.real(use, dtype)
        a, b = use.inputs
        assert a is not None and b is not None
        if a.dtype != b.dtype:
            use.fail(f"`heaviside` takes two tensors of one dtype, not {a} and {b}", code="NN304")
        return dtype


class Copysign(OfTwo):
    """The size of the input with the sign of the other."""

    name = "copysign"
    saves = ("input", 0)
    accepts = ("([2, 3], [3]) -> copysign", "(i64[2], i64[2]) -> copysign")
    rejects = ("([2, 3], [2]) -> copysign", "(c64[2], c64[2]) -> copysign")

    def result(self, use: Use, dtype: str) -> str:
        self.real(use, dtype)
        return dtype if is_float(dtype) else "f32"


class Fmax(Larger):
    """The larger of two values, at each place, of a number and nan the number."""

    name = "fmax"
    saves = ("inputs",)
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [3]) -> fmax", "(i64[2], [2]) -> fmax")
    rejects = ("([2, 3], [2]) -> fmax", "(c64[2], c64[2]) -> fmax")


class Fmin(Larger):
    """The smaller of two values, at each place, of a number and nan the number."""

    name = "fmin"
    saves = ("inputs",)
    tensors = (Tensor("input"), Tensor("other"))
    accepts = ("([2, 3], [3]) -> fmin", "(i64[2], [2]) -> fmin")
    rejects = ("([2, 3], [2]) -> fmin", "(c64[2], c64[2]) -> fmin")


class Isclose(Compared):
    """Whether two values are as good as equal: at most `atol + rtol * abs(other)` apart."""

    name = "isclose"
    tensors = (Tensor("input"), Tensor("other"))
    settings = (
        Setting("rtol", "float", 1e-5, doc="how far apart, as a share of the other"),
        Setting("atol", "float", 1e-8, doc="how far apart"),
        Setting("equal_nan", "bool", False, doc="nan is as good as nan"),
    )
    accepts = ("([2, 3], [3]) -> isclose", "(i64[2], i64[2]) -> isclose(rtol=0.1)")
    rejects = ("([2], i64[2]) -> isclose", "([2, 3], [2]) -> isclose", "([2], [2]) -> isclose(-1)")

    def result(self, use: Use, dtype: str) -> str:
        a, b = use.inputs
        assert a is not None and b is not None
        if a.dtype != b.dtype:
            use.fail(f"`isclose` compares tensors of one dtype, not {a} and {b}", code="NN304")
        for name in ("rtol", "atol"):
            if use[name] < 0:
                use.fail(f"{name} is at least 0, not {use[name]}", code="NN206", argument=name)
        return "bool"

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.isclose", (Ref(0), Ref(1)), use.changed())

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        other = use.inputs[1]
        assert other is not None
        if not is_float(other.dtype):
            return 0
        # what is tolerated, and twice how far they are apart
        return other.bytes + 2 * TensorType(other.dtype, outputs[0].shape).bytes


class Signbit(Question):
    """Whether each value is negative, -0.0 too."""

    name = "signbit"
    accepts = ("[2, 3] -> signbit", "i64[2] -> signbit")
    rejects = ("c64[2] -> signbit",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype[0] == "c":
            use.fail(f"`signbit` does not work on {use.x}", code="NN304")
        return super().infer(use)


class Sgn(Pointwise):
    """`sign`, also of complex numbers: those with a length of 1."""

    name = "sgn"
    saves = ("inputs", 0)
    accepts = ("[2, 3] -> sgn", "c64[2] -> sgn", "i64[2] -> sgn")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)


class Rad2deg(Pointwise):
    """Radians in degrees; of integers and truth values an f32."""

    name = "rad2deg"
    keeps_shape = False
    accepts = ("[2, 3] -> rad2deg", "i64[2] -> rad2deg")
    rejects = ("c64[2] -> rad2deg",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use.x.dtype
        if dtype[0] == "c":
            use.fail(f"`{self.name}` does not work on {use.taken}", code="NN304")
        return (TensorType(dtype if is_float(dtype) else "f32", use.x.shape),)


class Deg2rad(Rad2deg):
    """Degrees in radians; of integers and truth values an f32."""

    name = "deg2rad"
    accepts = ("[2, 3] -> deg2rad", "i64[2] -> deg2rad")
    rejects = ("c64[2] -> deg2rad",)


class AddedTo(Operator):
    """addcmul and addcdiv: something of two tensors added to a third."""

    family = "arithmetic"
    tensors: ClassVar[tuple[Tensor, ...]] = (Tensor("input"), Tensor("tensor1"), Tensor("tensor2"))
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("value", "float", 1, doc="what it is multiplied by"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        given = [tensor for tensor in use.inputs if tensor is not None]
        shape = together(use, *given)
        numbers = [tensor.dtype for tensor in given if not tensor.rank]
        others = [tensor.dtype for tensor in given if tensor.rank]
        if numbers and others:
            dtype = weakly(reduce(promote, others), reduce(promote, numbers))
        else:
            dtype = reduce(promote, numbers or others)
        self.works(use, dtype)
        return (TensorType(dtype, shape),)

    def works(self, use: Use, dtype: str) -> None:
        """Refuse what is not computed in this dtype."""
        if dtype == "bool":
            use.fail(f"`{self.name}` does not work on {use.taken}", code="NN304")
        whole = not is_float(dtype) and dtype[0] != "c"
        if whole and isinstance(use["value"], float):
            use.fail(
                f"value is a whole number for {dtype}, not {use['value']}",
                code="NN304",
                argument="value",
            )

    def function(self, use: Use) -> CallCode:
        value = {"value": use["value"]} if use["value"] != 1 else {}
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1), Ref(2)), value)


class Addcmul(AddedTo):
    """input + value * tensor1 * tensor2, with broadcasting."""

    name = "addcmul"
    saves = ("tensor1", "tensor2")
    accepts = (
        "([2, 3], [3], [2, 1]) -> addcmul",
        "([2, 3], [2, 3], [2, 3]) -> addcmul(value=0.5)",
        "(i64[3], i64[3], i64[3]) -> addcmul(value=2)",
    )
    rejects = (
        "([2, 3], [2], [3]) -> addcmul",
        "(i64[3], i64[3], i64[3]) -> addcmul(value=0.5)",
    )


class Addcdiv(AddedTo):
    """input + value * tensor1 / tensor2, with broadcasting."""

    name = "addcdiv"
    saves = ("tensor1", "tensor2")
    accepts = (
        "([2, 3], [3], [2, 1]) -> addcdiv",
        "([2, 3], [2, 3], [2, 3]) -> addcdiv(value=0.5)",
    )
    rejects = ("([2, 3], [2], [3]) -> addcdiv", "([3], i64[3], i64[3]) -> addcdiv")

    def works(self, use: Use, dtype: str) -> None:
        kinds = [tensor.dtype for tensor in use.inputs[1:] if tensor is not None]
        if not any(is_float(kind) or kind[0] == "c" for kind in kinds):
            use.fail(
                f"`addcdiv` divides fractions, not {kinds[0]} by {kinds[1]}",
                code="NN304",
                help='`to("f32")` makes them',
            )
        super().works(use, dtype)
