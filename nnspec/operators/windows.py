"""Windows for spectra: hann_window, hamming_window, blackman_window."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Setting
from nnspec.operators.making import Maker
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Window(Maker):
    """A window of `window_length` values, for spectra."""

    settings = (
        Setting("window_length", "size", doc="how many values"),
        Setting("periodic", "bool", True, doc="false: symmetric"),
        Setting("dtype", "dtype|none", None, doc='"f32" by default'),
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        length, dtype = use["window_length"], use["dtype"] or "f32"
        use.at_least(
            length,
            1,
            f"a window has at least 1 value, not {render(length)}",
            code="NN206",
            argument="window_length",
        )
        if not is_float(dtype):
            use.fail(f"`{self.name}` makes fractions, not {dtype}", code="NN304", argument="dtype")
        return (TensorType(dtype, (length,)),)

    def function(self, use: Use) -> CallCode:
        whole = () if use["periodic"] else (False,)
        return self.code(use, use["window_length"], *whole)


class HannWindow(Window):
    """0.5 * (1 - cos(2 * pi * n / N)), for spectra."""

    name = "hann_window"
    accepts = ("hann_window(8)", 'hann_window(5, false, "f64")')
    rejects = ("hann_window(0)", 'hann_window(4, dtype="i64")')


class HammingWindow(Window):
    """0.54 - 0.46 * cos(2 * pi * n / N), for spectra."""

    name = "hamming_window"
    accepts = ("hamming_window(8)", 'hamming_window(5, false, "f64")')
    rejects = ("hamming_window(0)", 'hamming_window(4, dtype="i64")')


class BlackmanWindow(Window):
    """0.42 - 0.5 * cos(2 * pi * n / N) + 0.08 * cos(4 * pi * n / N), for spectra."""

    name = "blackman_window"
    accepts = ("blackman_window(8)", 'blackman_window(5, false, "f64")')
    rejects = ("blackman_window(0)", 'blackman_window(4, dtype="i64")')
