"""The spectrum of a sound as it goes by: stft."""

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


class Stft(Operator):
    """The short-time Fourier transform: [N, T] -> [N, n_fft // 2 + 1, frames], complex. There is a frame
    every `hop_length` values, 1 + (T - n_fft) // hop_length of them; with `center` T is n_fft // 2 longer at
    both ends."""

    name = "stft"
    family = "fourier"
    tensors = (
        Tensor("input", doc="[N, T] or [T]"),
        Tensor("window", optional=True, doc="[win_length]; ones without"),
    )
    settings = (
        Setting("n_fft", "int", doc="values of a frame"),
        Setting("hop_length", "int|none", None, doc="from frame to frame; n_fft // 4 by default"),
        Setting("win_length", "int|none", None, doc="of the window; n_fft by default"),
        Setting("center", "bool", True, doc="frames lie around their places; false: behind them"),
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
        size, hop, width = use["n_fft"], self.hop(use), self.width(use)
        for name, number in (("n_fft", size), ("hop_length", hop), ("win_length", width)):
            if number < 1:
                use.fail(
                    f"{name} is at least 1, not {number}",
                    code="NN206",
                    argument=name if name in use.given else "n_fft",
                )
        if width > size:
            use.fail(
                f"win_length is at most n_fft, {size}, not {width}",
                code="NN206",
                argument="win_length",
            )
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

    def hop(self, use: Use) -> int:
        given = use["hop_length"]
        return int(use["n_fft"] // 4 if given is None else given)

    def width(self, use: Use) -> int:
        given = use["win_length"]
        return int(use["n_fft"] if given is None else given)

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
