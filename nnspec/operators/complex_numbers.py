"""Complex numbers made and taken apart: complex, polar, real, imag, conj, angle, view_as_real,
view_as_complex."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.arithmetic import Binary
from nnspec.operators.definition import CallCode, Operator, Ref, Tensor
from nnspec.operators.reduce import real_of
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use

_COMPLEX = {"f32": "c64", "f64": "c128"}


class Part(Operator):
    """A part of each complex number."""

    family = "complex"
    is_view = True

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType(real_of(use.x.dtype), use.x.shape),)

    def complex_only(self, use: Use) -> None:
        if use.x.dtype[0] != "c":
            use.fail(f"`{self.name}` takes complex numbers, c64 or c128, not {use.x}", code="NN304")

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0),))


class Real(Part):
    """The real parts."""

    name = "real"
    accepts = ("c64[2, 3] -> real", "[2, 3] -> real")


class Imag(Part):
    """The imaginary parts."""

    name = "imag"
    accepts = ("c64[2, 3] -> imag",)
    rejects = ("[2, 3] -> imag",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.complex_only(use)
        return super().infer(use)


class Angle(Part):
    """The angles in radians of complex numbers; of others 0, and pi below 0."""

    name = "angle"
    is_view = False
    accepts = ("c64[2, 3] -> angle", "i64[2, 3] -> angle")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (out,) = super().infer(use)
        return (out if is_float(out.dtype) else TensorType("f32", out.shape),)


class Conj(Part):
    """The imaginary parts with the other sign."""

    name = "conj"
    accepts = ("c64[2, 3] -> conj", "[2, 3] -> conj")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x,)


class ViewAsReal(Part):
    """Real and imaginary parts as a last dimension: c64[...] -> [..., 2]."""

    name = "view_as_real"
    accepts = ("c64[2, 3] -> view_as_real",)
    rejects = ("[2, 3] -> view_as_real",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.complex_only(use)
        return (TensorType(real_of(use.x.dtype), (*use.x.shape, 2)),)


class ViewAsComplex(Part):
    """The last dimension, of 2, as real and imaginary part: [..., 2] -> c64[...]."""

    name = "view_as_complex"
    accepts = ("[3, 2] -> view_as_complex",)
    rejects = ("[2, 3] -> view_as_complex", "c64[3, 2] -> view_as_complex")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x = use.x
        if x.dtype not in _COMPLEX:
            use.fail(f"complex numbers are made of f32 or f64, not of {x}", code="NN304")
        if not x.rank:
            use.fail("`view_as_complex` takes [..., 2], not []", code="NN303")
        last = x.shape[-1]
        use.equal(
            last, 2, f"the last dimension, real and imaginary part, is 2, not {render(last)}",
            code="NN301",
        )  # fmt: skip
        return (TensorType(_COMPLEX[x.dtype], x.shape[:-1]),)


class Complex(Binary):
    """Complex numbers of their real and imaginary parts."""

    name = "complex"
    saves: ClassVar[tuple[str | int, ...]] = ("inputs",)
    family = "complex"
    tensors = (Tensor("real"), Tensor("imag"))
    accepts = ("([2, 3], [3]) -> complex", "(f64[2], f64[2]) -> complex")
    rejects = (
        "([2, 3], [2]) -> complex",
        "([2], f64[2]) -> complex",
        "(i64[2], i64[2]) -> complex",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtypes = {tensor.dtype for tensor in use.inputs if tensor is not None}
        if len(dtypes) > 1 or use.x.dtype not in _COMPLEX:
            a, b = self.tensors
            use.fail(
                f"{a.name} and {b.name} are both f32 or both f64, not {' and '.join(map(str, use.inputs))}",
                code="NN304",
            )
        return (TensorType(_COMPLEX[use.x.dtype], self.shape(use)),)

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.{self.name}", (Ref(0), Ref(1)))


class Polar(Complex):
    """Complex numbers of their lengths and angles in radians."""

    name = "polar"
    saves = (0,)
    tensors = (Tensor("abs"), Tensor("angle"))
    accepts = ("([2, 3], [3]) -> polar", "(f64[2], f64[2]) -> polar")
    rejects = ("([2, 3], [2]) -> polar", "([2], f64[2]) -> polar", "(i64[2], i64[2]) -> polar")
