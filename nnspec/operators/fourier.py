"""Discrete Fourier transforms (`torch.fft`; Cooley & Tukey 1965): fft, ifft, rfft, irfft, hfft, ihfft,
each also over two dimensions (`fft2`) and over any (`fftn`)."""

from __future__ import annotations

from nnspec.dims import Dim, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import named_twice, no_dimension
from nnspec.operators.reduce import real_of
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_NORM = Setting(
    "norm",
    "str|none",
    None,
    choices=("backward", "ortho", "forward"),
    doc='which way is divided by the number of values: "backward" by default; "ortho": both by its root',
)


class Fourier(Operator):
    """What all share. `halved`: of real values, half of the spectrum; `whole`: of half of it, real values."""

    family = "fft"
    halved: ClassVar[bool] = False
    whole: ClassVar[bool] = False

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = self.dtype(use)
        shape = list(use.x.shape)
        sizes = self.sizes(use)
        for place, (dim, wanted) in enumerate(sizes):
            size = shape[dim]
            last = place == len(sizes) - 1
            if wanted is not None:
                self.at_least_one(use, wanted)
                shape[dim] = wanted // 2 + 1 if last and self.halved else wanted
            elif last and self.halved:
                shape[dim] = size // 2 + 1
            elif last and self.whole:
                use.at_least(
                    size,
                    2,
                    f"`{self.name}` makes 2 * (size - 1) values of dimension {dim}, which is {render(size)}",
                    help=f"give the number of values: `{self.settings[0].name}`",
                )
                shape[dim] = 2 * (size - 1)
        return (TensorType(dtype, tuple(shape)),)

    def sizes(self, use: Use) -> list[tuple[int, Size | None]]:
        """The dimensions, the halved one last, each with the wanted number of values."""
        raise NotImplementedError

    def dtype(self, use: Use) -> str:
        """The dtype of the result: complex, or real numbers of that precision."""
        given = use.x.dtype
        if self.halved and given[0] == "c":
            use.fail(f"`{self.name}` takes real values, not {use.x}", code="NN304")
        if given in ("f16", "bf16"):
            use.fail(f"`{self.name}` computes in f32 or f64, not on {use.x}", code="NN304")
        found = "c128" if given in ("f64", "c128") else "c64"
        return real_of(found) if self.whole else found

    def at_least_one(self, use: Use, wanted: Any) -> None:
        argument = self.settings[0].name
        if isinstance(wanted, bool) or not isinstance(wanted, (int, Dim)):
            use.fail(
                f"{argument} holds whole numbers, not {wanted}", code="NN206", argument=argument
            )
        use.at_least(
            wanted,
            1,
            f"a transform has at least 1 value, not {render(wanted)}",
            code="NN206",
            argument=argument,
        )

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if self.filled(use) else self.saves

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        filled = self.filled(use)
        return filled.bytes if filled is not None else 0

    def filled(self, use: Use) -> TensorType | None:
        """What real values are with the zeros that are put behind them, which is kept in their place; None
        where they are kept as they are, cut off or not."""
        sizes = {dim: wanted for dim, wanted in self.sizes(use) if wanted is not None}
        shape = use.x.shape
        if not self.saves or all(_is_part(wanted, shape[dim]) for dim, wanted in sizes.items()):
            return None
        return use.x.with_shape(tuple(sizes.get(dim, size) for dim, size in enumerate(shape)))

    def function(self, use: Use) -> CallCode:
        return CallCode(f"torch.fft.{self.name}", (Ref(0),), use.changed())


def _is_part(wanted: Size, size: Size) -> bool:
    """Whether so many are no more than there are, for certain."""
    return wanted == size or (isinstance(wanted, int) and isinstance(size, int) and wanted < size)


class OneDimension(Fourier):
    """A transform along one dimension."""

    settings = (
        Setting(
            "n", "size|none", None, doc="cut off, or filled with zeros, to this many values first"
        ),
        Setting("dim", "int", -1, doc="along which dimension"),
        _NORM,
    )

    def sizes(self, use: Use) -> list[tuple[int, Size | None]]:
        return [(use.dim("dim", use.x.rank), use["n"])]


class AnyDimensions(Fourier):
    """A transform over several dimensions."""

    settings = (
        Setting("s", "list|none", None, doc="the number of values of each; -1 leaves it as it is"),
        Setting(
            "dim", "list|none", None, doc="over which dimensions; all, or the last of those in s"
        ),
        _NORM,
    )

    def sizes(self, use: Use) -> list[tuple[int, Size | None]]:
        rank, wanted, dims = use.x.rank, use["s"], use["dim"]
        if wanted is not None and dims is not None and len(wanted) != len(dims):
            use.fail(
                f"`s` has a size for each of the {len(dims)} dimensions in `dim`, not {len(wanted)}: "
                f"{use.shown('s')}",
                code="NN206",
                argument="s",
            )
        if dims is None:
            count = rank if wanted is None else len(wanted)
            if count > rank:
                use.fail(
                    f"`s` has at most {rank} sizes for {use.x}, not {count}: {use.shown('s')}",
                    code="NN303",
                    argument="s",
                )
            dims = range(rank - count, rank)
        found: list[int] = []
        for dim in dims:
            if isinstance(dim, bool) or not isinstance(dim, int) or not -rank <= dim < rank:
                use.fail(no_dimension(use.x, dim), code="NN303", argument="dim")
            if dim % rank in found:
                named_twice(use, "dim", dim)
            found.append(dim % rank)
        if not found and (self.halved or self.whole):
            use.fail(
                f"`{self.name}` goes over at least one dimension of {use.x}; here is none",
                code="NN303",
                argument="dim",
            )
        sizes = [None if size == -1 else size for size in wanted or [None] * len(found)]
        return list(zip(found, sizes, strict=True))


class TwoDimensions(AnyDimensions):
    """A transform over two dimensions, the last by default."""

    settings = (
        AnyDimensions.settings[0],
        Setting("dim", "list", (-2, -1), doc="over which dimensions"),
        _NORM,
    )


class Fft(OneDimension):
    """The spectrum, along a dimension."""

    name = "fft"
    saves = ("inputs",)
    accepts = ("[2, 6] -> fft", 'c64[2, 6] -> fft(4, 0, "ortho")')
    rejects = ("[2, 6] -> fft(dim=2)", "[2, 6] -> fft(0)")


class Fft2(TwoDimensions):
    """The spectrum, over two dimensions."""

    name = "fft2"
    accepts = ("[2, 6, 5] -> fft2", "c64[2, 6, 5] -> fft2([4, 8])")
    rejects = ("[6] -> fft2",)


class Fftn(AnyDimensions):
    """The spectrum, over some dimensions, or all."""

    name = "fftn"
    accepts = ("[2, 6, 5] -> fftn", "c64[2, 6, 5] -> fftn(dim=[0, 2])")
    rejects = ("[2, 6] -> fftn(dim=[0, 0])",)


class Ifft(OneDimension):
    """The values of a spectrum: fft the other way round, along a dimension."""

    name = "ifft"
    saves = ("inputs",)
    accepts = ("[2, 6] -> ifft", 'c64[2, 6] -> ifft(4, 0, "ortho")')
    rejects = ("[2, 6] -> ifft(dim=2)", "[2, 6] -> ifft(0)")


class Ifft2(TwoDimensions):
    """The values of a spectrum: fft the other way round, over two dimensions."""

    name = "ifft2"
    accepts = ("[2, 6, 5] -> ifft2", "c64[2, 6, 5] -> ifft2([4, 8])")
    rejects = ("[6] -> ifft2",)


class Ifftn(AnyDimensions):
    """The values of a spectrum: fft the other way round, over some dimensions, or all."""

    name = "ifftn"
    accepts = ("[2, 6, 5] -> ifftn", "c64[2, 6, 5] -> ifftn(dim=[0, 2])")
    rejects = ("[2, 6] -> ifftn(dim=[0, 0])",)


class Rfft(OneDimension):
    """Half of the spectrum of real values (the other half mirrors it), along a dimension."""

    name = "rfft"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6] -> rfft", 'f64[2, 6] -> rfft(5, 0, "ortho")')
    rejects = ("c64[2, 6] -> rfft", "[2, 6] -> rfft(dim=2)")


class Rfft2(TwoDimensions):
    """Half of the spectrum of real values (the other half mirrors it), over two dimensions."""

    name = "rfft2"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6, 5] -> rfft2", "[2, 6, 5] -> rfft2([4, 8])")
    rejects = ("c64[2, 6, 5] -> rfft2",)


class Rfftn(AnyDimensions):
    """Half of the spectrum of real values (the other half mirrors it), over some dimensions, or all."""

    name = "rfftn"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6, 5] -> rfftn", "[2, 6, 5] -> rfftn(dim=[0, 2])")
    rejects = ("[2, 6] -> rfftn(dim=[0, 0])",)


class Irfft(OneDimension):
    """The real values of half a spectrum, an even number of them by default, along a dimension."""

    name = "irfft"
    whole = True
    accepts = ("c64[2, 4] -> irfft", "c64[2, 4] -> irfft(7)")
    rejects = ("c64[2, 1] -> irfft", "c64[2, 4] -> irfft(0)")


class Irfft2(TwoDimensions):
    """The real values of half a spectrum, an even number of them by default, over two dimensions."""

    name = "irfft2"
    whole = True
    accepts = ("c64[2, 6, 5] -> irfft2", "c64[2, 6, 5] -> irfft2([6, 7])")
    rejects = ("c64[2, 6, 1] -> irfft2",)


class Irfftn(AnyDimensions):
    """The real values of half a spectrum, an even number of them by default, over some dimensions, or all."""

    name = "irfftn"
    whole = True
    accepts = ("c64[2, 6, 5] -> irfftn", "c64[2, 6, 5] -> irfftn(dim=[0, 2])")
    rejects = ("c64[2, 6] -> irfftn(dim=[0, 0])",)


class Hfft(OneDimension):
    """The real spectrum of values of which half is given (the other half mirrors it), along a dimension."""

    name = "hfft"
    whole = True
    accepts = ("c64[2, 4] -> hfft", "c64[2, 4] -> hfft(7)")
    rejects = ("c64[2, 1] -> hfft", "c64[2, 4] -> hfft(0)")


class Hfft2(TwoDimensions):
    """The real spectrum of values of which half is given (the other half mirrors it), over two dimensions."""

    name = "hfft2"
    whole = True
    accepts = ("c64[2, 6, 5] -> hfft2", "c64[2, 6, 5] -> hfft2([6, 7])")
    rejects = ("c64[2, 6, 1] -> hfft2",)


class Hfftn(AnyDimensions):
    """The real spectrum of values of which half is given (the other half mirrors it), over some
    dimensions, or all."""

    name = "hfftn"
    whole = True
    accepts = ("c64[2, 6, 5] -> hfftn", "c64[2, 6, 5] -> hfftn(dim=[0, 2])")
    rejects = ("c64[2, 6] -> hfftn(dim=[0, 0])",)


class Ihfft(OneDimension):
    """Half of the values of a real spectrum: hfft the other way round, along a dimension."""

    name = "ihfft"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6] -> ihfft", 'f64[2, 6] -> ihfft(5, 0, "ortho")')
    rejects = ("c64[2, 6] -> ihfft", "[2, 6] -> ihfft(dim=2)")


class Ihfft2(TwoDimensions):
    """Half of the values of a real spectrum: hfft the other way round, over two dimensions."""

    name = "ihfft2"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6, 5] -> ihfft2", "[2, 6, 5] -> ihfft2([4, 8])")
    rejects = ("c64[2, 6, 5] -> ihfft2",)


class Ihfftn(AnyDimensions):
    """Half of the values of a real spectrum: hfft the other way round, over some dimensions, or all."""

    name = "ihfftn"
    saves = ("inputs",)
    halved = True
    accepts = ("[2, 6, 5] -> ihfftn", "[2, 6, 5] -> ihfftn(dim=[0, 2])")
    rejects = ("[2, 6] -> ihfftn(dim=[0, 0])",)
