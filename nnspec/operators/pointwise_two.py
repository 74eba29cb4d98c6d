"""Functions of two values, at each place: atan2, hypot, fmod, xlogy, logaddexp, lerp."""

from __future__ import annotations

from nnspec.operators.arithmetic import Binary
from nnspec.operators.definition import CallCode, Ref, Tensor
from nnspec.operators.selecting import together
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use


class OfTwo(Binary):
    """A function of two tensors, with broadcasting."""

    family = "pointwise"
    tensors: ClassVar[tuple[Tensor, ...]] = (Tensor("input"), Tensor("other"))

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1)))

    def real(self, use: Use, dtype: str) -> None:
        if dtype[0] == "c":
            use.fail(f"`{self.name}` does not work on {use.taken}", code="NN304")

    def fractions(self, use: Use, dtype: str) -> None:
        if not is_float(dtype) and dtype[0] != "c":
            use.fail(f"`{self.name}` computes on floating-point tensors, not {dtype}", code="NN304")


class Atan2(OfTwo):
    """The angle in radians of the point (other, input), from -pi to pi."""

    name = "atan2"
    saves = ("inputs",)
    accepts = ("([2, 3], [3]) -> atan2", "(i64[2], i64[2]) -> atan2")
    rejects = ("([2, 3], [2]) -> atan2", "(c64[2], c64[2]) -> atan2")

    def result(self, use: Use, dtype: str) -> str:
        self.real(use, dtype)
        return dtype if is_float(dtype) else "f32"


class Xlogy(Atan2):
    """input * log(other), and 0 where input is 0."""

    name = "xlogy"
    saves = ("inputs",)
    accepts = ("([2, 3], [3]) -> xlogy", "(i64[2], [2]) -> xlogy")
    rejects = ("([2, 3], [2]) -> xlogy", "(c64[2], c64[2]) -> xlogy")


class Fmod(OfTwo):
    """The remainder with the sign of the input. (`%` has the sign of the other.)"""

    name = "fmod"
    saves = ("inputs",)
    accepts = ("([2, 3], [3]) -> fmod", "(i64[2], i64[2]) -> fmod")
    rejects = ("([2, 3], [2]) -> fmod", "(bool[2], bool[2]) -> fmod")

    def result(self, use: Use, dtype: str) -> str:
        self.real(use, dtype)
        if dtype == "bool":
            use.fail(f"`fmod` does not work on {use.taken}", code="NN304")
        return dtype


class Hypot(OfTwo):
    """sqrt(input ** 2 + other ** 2)."""

    name = "hypot"
    saves = ("inputs", 0)
    accepts = ("([2, 3], [3]) -> hypot",)
    rejects = ("([2, 3], [2]) -> hypot", "(i64[2], i64[2]) -> hypot")

    def result(self, use: Use, dtype: str) -> str:
        self.real(use, dtype)
        self.fractions(use, dtype)
        return dtype


class Logaddexp(OfTwo):
    """log(exp(input) + exp(other)), computed stably."""

    name = "logaddexp"
    saves = ("inputs",)
    accepts = ("([2, 3], [3]) -> logaddexp",)
    rejects = ("([2, 3], [2]) -> logaddexp", "(i64[2], i64[2]) -> logaddexp")

    def result(self, use: Use, dtype: str) -> str:
        self.fractions(use, dtype)
        return dtype


class Lerp(OfTwo):
    """input + weight * (end - input): from the one to the other, as far as `weight` says."""

    name = "lerp"
    tensors = (
        Tensor("input"),
        Tensor("end"),
        Tensor("weight", scalar=True, doc="a number or a tensor"),
    )
    accepts = ("([2, 3], [3], [2, 1]) -> lerp", "([2, 3], [3]) -> lerp(weight=0.5)")
    rejects = ("([2, 3], [2]) -> lerp(weight=0.5)", "(i64[2], i64[2]) -> lerp(weight=0.5)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        _, end, weight = use.inputs
        for name, tensor in (("end", end), ("weight", weight)):
            if tensor is not None and tensor.dtype != use.x.dtype:
                use.fail(
                    f"the tensors of `lerp` have one dtype: {use.x.dtype}, {name} is {tensor}",
                    code="NN304",
                )
        self.fractions(use, use.x.dtype)
        return (use.x.with_shape(together(use, *use.inputs)),)

    def function(self, use: Use) -> CallCode:
        weight = use["weight"] if use.inputs[2] is None else Ref(2)
        return CallCode("torch.lerp", (Ref(0), Ref(1), weight))

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use.inputs[2] is None else ("inputs",)
