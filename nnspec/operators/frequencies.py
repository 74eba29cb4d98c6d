"""What goes with Fourier transforms: fftshift, ifftshift, fftfreq, rfftfreq."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import no_dimension
from nnspec.operators.making import Maker
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Shift(Operator):
    """fftshift and ifftshift: halves of dimensions exchanged."""

    family = "fft"
    keeps_shape = True
    settings = (
        Setting("dim", "int|list|none", None, doc="along which dimensions; all by default"),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        rank, given = max(use.x.rank, 1), use["dim"]
        if given == () or (given is None and not use.x.rank):
            use.fail(
                f"`{self.name}` moves along a dimension of {use.x}, or several; here is none",
                code="NN206",
                argument="dim",
            )
        for dim in () if given is None else given if isinstance(given, tuple) else (given,):
            if isinstance(dim, bool) or not isinstance(dim, int) or not -rank <= dim < rank:
                use.fail(no_dimension(use.x, dim), code="NN303", argument="dim")
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        dim = () if use["dim"] is None else (use["dim"],)
        return CallCode(f"torch.fft.{self.name}", (Ref(0), *dim))


class Fftshift(Shift):
    """The frequency 0 moved from the beginning to the middle."""

    name = "fftshift"
    accepts = ("[2, 6] -> fftshift", "c64[2, 6] -> fftshift(1)")
    rejects = ("[2, 6] -> fftshift(2)",)


class Ifftshift(Shift):
    """The frequency 0 moved from the middle to the beginning."""

    name = "ifftshift"
    accepts = ("[2, 6] -> ifftshift", "c64[2, 6] -> ifftshift([0, 1])")
    rejects = ("[2, 6] -> ifftshift(2)",)


class Fftfreq(Maker):
    """The frequencies of an fft of n values: 0, 1, …, -1, divided by n * d."""

    name = "fftfreq"
    family = "fft"
    settings = (
        Setting("n", "size", doc="how many values are transformed"),
        Setting("d", "float", 1.0, doc="how far they are apart"),
        Setting("dtype", "dtype|none", None, doc="f32 by default"),
    )
    accepts = ("fftfreq(6)", 'fftfreq(5, 0.5, dtype="f64")')
    rejects = ('fftfreq(4, dtype="i64")',)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        n, dtype = use["n"], use["dtype"] or "f32"
        use.at_least(
            n, 1, lambda: f"n must be at least 1, not {render(n)}", code="NN206", argument="n"
        )
        if not is_float(dtype):
            use.fail(f"frequencies are fractions, not {dtype}", code="NN304", argument="dtype")
        return (TensorType(dtype, (self.count(n),)),)

    def count(self, n: Size) -> Size:
        return n

    def function(self, use: Use) -> CallCode:
        code = self.code(use, use["n"], *(() if use["d"] == 1 else (use["d"],)))
        return CallCode(f"torch.fft.{self.name}", code.args, code.kwargs)


class Rfftfreq(Fftfreq):
    """The frequencies of an rfft of n values: 0, 1, …, n // 2, divided by n * d."""

    name = "rfftfreq"
    accepts = ("rfftfreq(6)", 'rfftfreq(5, 0.5, dtype="f64")')
    rejects = ('rfftfreq(4, dtype="c64")',)

    def count(self, n: Size) -> Size:
        return n // 2 + 1
