"""The spectrum of a sound as it goes by, and the sound of it: stft, istft."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import one_for_each
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


_N_FFT = Setting("n_fft", "int", doc="values of a frame")
_HOP = Setting("hop_length", "int|none", None, doc="from frame to frame; n_fft // 4 by default")
_WIDTH = Setting("win_length", "int|none", None, doc="of the window; n_fft by default")
_CENTER = Setting("center", "bool", True, doc="frames lie around their places; false: behind them")
_WINDOW = Tensor("window", optional=True, doc="[win_length]; ones without")


class Framed(Operator):
    """What both directions share: frames of n_fft values, of which a window shows win_length."""

    family = "fourier"

    def numbers(self, use: Use) -> tuple[int, int, int]:
        """The values of a frame, from frame to frame, and those that the window shows."""
        size, hop, width = use["n_fft"], self.hop(use), self.width(use)
        for name, number in (("n_fft", size), ("hop_length", hop), ("win_length", width)):
            if number < 1:
                why = "" if use[name] is not None else f", which n_fft // 4 is for n_fft={size}"
                use.fail(
                    f"{name} is at least 1, not {number}{why}",
                    code="NN206",
                    argument=name if name in use.given else "n_fft",
                    help=f"give it: {name}=1" if why else "",
                )
        if width > size:
            use.fail(
                f"win_length is at most n_fft, {size}, not {width}",
                code="NN206",
                argument="win_length",
            )
        return size, hop, width

    def hop(self, use: Use) -> int:
        given = use["hop_length"]
        return int(use["n_fft"] // 4 if given is None else given)

    def width(self, use: Use) -> int:
        given = use["win_length"]
        return int(use["n_fft"] if given is None else given)


class Stft(Framed):
    """The short-time Fourier transform: [N, T] -> [N, n_fft // 2 + 1, frames], complex. There is a frame
    every `hop_length` values, 1 + (T - n_fft) // hop_length of them; with `center` T is n_fft // 2 longer at
    both ends."""

    name = "stft"
    tensors = (Tensor("input", doc="[N, T] or [T]"), _WINDOW)
    settings = (
        _N_FFT,
        _HOP,
        _WIDTH,
        _CENTER,
        Setting(
            "pad_mode", "str", "reflect", choices=("reflect", "constant", "replicate", "circular"),
            doc="how `center` makes the input longer",
        ),
        Setting("normalized", "bool", False, doc="divided by the root of n_fft"),
        Setting("onesided", "bool", True, doc="false: the mirrored half too"),
    )  # fmt: skip
    accepts = (
        "[2, 64] -> stft(16)",
        "([2, 64], window=[8]) -> stft(16, hop_length=4, win_length=8)",
        "[64] -> stft(16, center=false, normalized=true, onesided=false)",
    )
    rejects = (
        "[2, 64] -> stft(0)",
        "[2, 8] -> stft(16, center=false)",
        "([2, 64], window=[8]) -> stft(16)",
        "[2, 64] -> stft(16, win_length=17)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(1, 2, meaning="[N, T] or [T]")
        if use.x.dtype not in ("f32", "f64"):
            use.fail(f"`stft` computes on f32 or f64, not {use.x}", code="NN304")
        size, hop, width = self.numbers(use)
        one_for_each(use, 1, "value of win_length", width)
        length = use.x.shape[-1]
        if use["center"]:
            length = self.longer(use, length)
        frames = 1 + (length - size) // hop
        use.at_least(
            length,
            size,
            f"a frame of {size} values does not fit into {render(length)}",
            argument="n_fft",
        )
        rows = size // 2 + 1 if use["onesided"] else size
        dtype = "c64" if use.x.dtype == "f32" else "c128"
        return (TensorType(dtype, (*use.x.shape[:-1], rows, frames)),)

    def longer(self, use: Use, length: Size) -> Size:
        """The input's length with what `center` adds."""
        more, mode = int(use["n_fft"]) // 2, use["pad_mode"]
        least = {"reflect": more + 1, "circular": more}.get(mode, 1)
        use.at_least(
            length,
            least,
            f'`center` with pad_mode "{mode}" adds {more} values at both ends, of an input of at least '
            f"{least}, not {render(length)}",
            argument="pad_mode",
        )
        return length + 2 * more

    def saved(self, use: Use) -> tuple[str | int, ...]:
        copied = use["center"] and use["pad_mode"] in ("constant", "circular")
        whole = self.width(use) == use["n_fft"]  # a shorter window is made longer first
        return (*(() if copied else ("input",)), *(("window",) if whole else ()))

    def workspace(self, use: Use, outputs: tuple[TensorType, ...]) -> Size:
        """What the input became at `center`, and the frames and the window that are multiplied."""
        one = use.x.bytes // use.x.numel
        batch = use.x.numel // use.x.shape[-1]
        kept: Size = 0
        if use["center"]:
            kept = kept + one * batch * (use.x.shape[-1] + 2 * (use["n_fft"] // 2))
        if use.tensor(1) is not None:
            longer = self.width(use) < use["n_fft"]
            kept = kept + one * use["n_fft"] * (batch * outputs[0].shape[-1] + longer)
        return kept

    def function(self, use: Use) -> CallCode:
        changed: dict[str, Any] = use.changed(1)
        if use.tensor(1) is not None:
            changed["window"] = Ref(1)
        return CallCode("torch.stft", (Ref(0), use["n_fft"]), {**changed, "return_complex": True})


class Istft(Framed):
    """The sound of a short-time Fourier transform, the other way round: [N, n_fft // 2 + 1, frames], complex,
    -> [N, T], where T is (frames - 1) * hop_length, or n_fft more without `center` (Griffin & Lim 1984)."""

    name = "istft"
    tensors = (Tensor("input", doc="[N, bins, frames] or [bins, frames], complex"), _WINDOW)
    settings = (
        _N_FFT,
        _HOP,
        _WIDTH,
        _CENTER,
        Setting("normalized", "bool", False, doc="stft divided by the root of n_fft"),
        Setting(
            "onesided", "bool|none", None, doc="false: all n_fft bins are there; the input tells it"
        ),
        Setting("length", "size|none", None, doc="how long it is: cut off, or zeros added"),
    )
    accepts = (
        "c64[2, 9, 17] -> istft(16)",
        "(c64[2, 9, 33], window=[8]) -> istft(16, hop_length=2, win_length=8, length=60)",
        "c64[16, 4] -> istft(16, center=false, normalized=true, onesided=false)",
    )
    rejects = (
        "[2, 9, 17] -> istft(16)",
        "c64[2, 8, 17] -> istft(16)",
        "c64[2, 9, 17] -> istft(16, hop_length=17)",
        "c64[2, 9, 17] -> istft(16, win_length=8, center=false)",
        "c64[2, 9, 1] -> istft(16)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(2, 3, meaning="[bins, frames] or [N, bins, frames]")
        dtype = {"c64": "f32", "c128": "f64"}.get(use.x.dtype)
        if dtype is None:
            use.fail(f"`istft` takes complex numbers, c64 or c128, not {use.x}", code="NN304")
        size, hop, width = self.numbers(use)
        if hop > width:
            use.fail(
                f"hop_length is at most win_length, {width}, not {hop}: nothing is known between the windows",
                code="NN206",
                argument="hop_length" if "hop_length" in use.given else "win_length",
            )
        self.window(use, dtype, width)
        self.bins(use, size)
        length = self.long(use, size, hop, width)
        return (TensorType(dtype, (*use.x.shape[:-2], length)),)

    def window(self, use: Use, dtype: str, width: int) -> None:
        """A number for each value that it shows."""
        given = use.tensor(1)
        if given is None:
            return
        wanted = TensorType(dtype, (width,))
        why = f"`window` is one number for each value of win_length, {wanted}, not {given}"
        if given.rank != 1:
            use.fail(why, code="NN303", argument="window")
        if given.dtype != dtype:
            use.fail(why, code="NN304", argument="window")
        use.equal(given.shape[0], width, why, code="NN301", argument="window")

    def bins(self, use: Use, size: int) -> None:
        """Half of the spectrum, or all of it."""
        rows, onesided = use.x.shape[-2], use["onesided"]
        if onesided is None:
            onesided = rows != size
        wanted = size // 2 + 1 if onesided else size
        use.equal(
            rows,
            wanted,
            f"a spectrum of n_fft={size} has {wanted} bins, not {render(rows)} as in {use.x}",
            code="NN301",
            argument="n_fft",
        )

    def long(self, use: Use, size: int, hop: int, width: int) -> Size:
        """How long the sound is; windows must show all of it."""
        whole = size + hop * (use.x.shape[-1] - 1)
        start, given = size // 2 if use["center"] else 0, use["length"]
        length = whole - 2 * start if given is None else given
        if (
            given is None and use["center"] and size == 1
        ):  # PyTorch counts the end as -(n_fft // 2): 0
            use.fail(
                "frames of n_fft=1 have no ends that `center` could cut off",
                code="NN206",
                argument="n_fft",
                help="center=false leaves them as they are",
            )
        if given is not None:
            why = f"length is at least 1, not {render(given)}"
            use.at_least(given, 1, why, code="NN206", argument="length")
        use.at_least(
            length,
            1,
            f"of {use.x} with hop_length={hop} a sound of {render(length)} values would be left; it has at "
            "least 1",
            argument="n_fft",
        )
        if width < size:  # zeros on both sides of the window
            before = (size - width) // 2
            shown = whole - size + before + width - start
            windows = f"windows of {width} values in frames of {size}"
            if start < before:
                use.fail(
                    f"without `center` the {windows} do not show how the sound begins",
                    argument="win_length",
                    help=f"win_length={size} does",
                )
            message = (
                f"the {windows} show {render(shown)} values of the sound, not {render(length)}"
            )
            use.at_least(shown, length, message, argument="win_length")
        return length

    def function(self, use: Use) -> CallCode:
        changed: dict[str, Any] = use.changed(1)
        if use.tensor(1) is not None:
            changed["window"] = Ref(1)
        return CallCode("torch.istft", (Ref(0), use["n_fft"]), changed)
