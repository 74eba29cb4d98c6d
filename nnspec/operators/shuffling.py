"""Values moved between channels and places, or among the channels: pixel_shuffle, pixel_unshuffle,
channel_shuffle."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.operators.fitting import divisors
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.operators.definition import Use


class Shuffle(Operator):
    """What they share: one integer, and a class and a function in PyTorch."""

    family = "resizing"
    fresh = True
    torch_class: ClassVar[str]
    torch_function: ClassVar[str]

    def number(self, use: Use) -> int:
        """The setting, which must be at least 1."""
        (setting,) = self.settings
        value: int = use[setting.name]
        if value < 1:
            use.fail(
                f"{setting.name} must be at least 1, not {value}",
                code="NN206",
                argument=setting.name,
            )
        return value

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(self.torch_class, (use[self.settings[0].name],))

    def function(self, use: Use) -> CallCode | None:
        return CallCode(self.torch_function, (Ref(0), use[self.settings[0].name]))


class PixelShuffle(Shuffle):
    """Channels become places: [N, C * r * r, H, W] -> [N, C, H * r, W * r] (Shi et al. 2016,
    arXiv:1609.05158)."""

    name = "pixel_shuffle"
    torch_class, torch_function = "nn.PixelShuffle", "F.pixel_shuffle"
    settings = (Setting("upscale_factor", "int", doc="how much larger the image becomes, r"),)
    accepts = ("[2, 12, 3, 4] -> pixel_shuffle(2)", "[9, 3, 4] -> pixel_shuffle(3)")
    rejects = ("[2, 6, 3, 4] -> pixel_shuffle(2)", "[3, 4] -> pixel_shuffle(1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        _image(use)
        factor = self.number(use)
        *batch, channels, height, width = use.x.shape
        use.divisible(
            channels,
            factor * factor,
            f"upscale_factor={factor} needs channels that {factor} * {factor} = {factor * factor} divides, "
            f"not {render(channels)}",
            argument="upscale_factor",
        )
        shape = (*batch, channels // (factor * factor), height * factor, width * factor)
        return (use.x.with_shape(shape),)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        factor = use["upscale_factor"]
        return [
            f"channels: {render(use.x.shape[-3])} / ({factor} * {factor}) = "
            f"{render(outputs[0].shape[-3])}; each place becomes {factor} x {factor} places"
        ]


class PixelUnshuffle(Shuffle):
    """Places become channels, the other way round: [N, C, H * r, W * r] -> [N, C * r * r, H, W]."""

    name = "pixel_unshuffle"
    torch_class, torch_function = "nn.PixelUnshuffle", "F.pixel_unshuffle"
    settings = (Setting("downscale_factor", "int", doc="how much smaller the image becomes, r"),)
    accepts = ("[2, 3, 4, 6] -> pixel_unshuffle(2)",)
    rejects = ("[2, 3, 4, 5] -> pixel_unshuffle(2)", "[4, 4] -> pixel_unshuffle(2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        _image(use)
        factor = self.number(use)
        *batch, channels, height, width = use.x.shape
        for size, name in ((height, "height"), (width, "width")):
            use.divisible(
                size,
                factor,
                f"downscale_factor={factor} must divide the {name} {render(size)}",
                argument="downscale_factor",
                help=lambda: divisors(height, width),
            )
        shape = (*batch, channels * factor * factor, height // factor, width // factor)
        return (use.x.with_shape(shape),)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        factor = use["downscale_factor"]
        return [
            f"channels: {render(use.x.shape[-3])} * {factor} * {factor} = "
            f"{render(outputs[0].shape[-3])}; {factor} x {factor} places become one"
        ]


class ChannelShuffle(Shuffle):
    """Channels of all groups in turn, so that the next groups see all of them (Zhang et al. 2018,
    arXiv:1707.01083)."""

    name = "channel_shuffle"
    keeps_shape = True
    torch_class, torch_function = "nn.ChannelShuffle", "F.channel_shuffle"
    settings = (Setting("groups", "int", doc="how many groups the channels are in"),)
    accepts = ("[2, 6, 3, 4] -> channel_shuffle(3)", "[2, 6, 4] -> channel_shuffle(2)")
    rejects = ("[2, 6, 3, 4] -> channel_shuffle(4)", "[2, 6] -> channel_shuffle(2)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank < 3:
            use.fail(f"`{self.name}` takes [batch, channels, places, …], not {use.x}", code="NN303")
        groups = self.number(use)
        channels = use.x.shape[1]
        use.divisible(
            channels,
            groups,
            f"groups={groups} must divide the {render(channels)} channels",
            argument="groups",
            help=lambda: divisors(channels),
        )
        return (use.x,)

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        each = render(use.x.shape[1] // use["groups"])
        return [f"{use['groups']} groups of {each} channels: the first of each, then the second, …"]


def _image(use: Use) -> None:
    if use.x.rank < 3:
        use.fail(
            f"`{use.operator.name}` takes [batch, channels, height, width], not {use.x}",
            code="NN303",
        )
