"""Random data of any shape, to try a model or to measure how fast it trains."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes
from nnspec.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import Tensor

    from nnspec.recipe.sources.base import Asks, Samples

#: of `label`, where neither the spec nor the model says how many; also the end of whole numbers
CLASSES = 10


class Fake(Source):
    """Random samples: `image` of the given shape, f32 or, with three sizes, bytes, and `label`, a class.
    Without a shape the inputs of the model that is trained, each under its name, in place of `image`."""

    name = "fake"
    settings = (
        Setting("shape", "list|none", None, doc="of one sample: [3, 224, 224]; else the model's"),
        Setting("classes", "int|none", None, doc="else as many as the model tells apart, or 10"),
        Setting("side", "int", 224, doc="of images, where the model leaves it open"),
        Setting("samples", "int", 1024),
        Setting("seed", "int", 0),
    )

    def waits(self, settings: dict[str, Any]) -> bool:
        return settings["shape"] is None

    def fitted(self, settings: dict[str, Any], asks: Callable[[int], Asks]) -> dict[str, Any]:
        asked = asks(max(settings["side"], 1))
        if settings["classes"] is None:
            settings = {**settings, "classes": asked.classes}
        return settings if settings["shape"] is not None else {**settings, "inputs": asked.inputs}

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        shape = settings["shape"]
        if shape is not None and (
            not shape or any(not isinstance(size, int) or size < 1 for size in shape)
        ):
            raise Mismatch("NN206", "`shape` is a list of sizes, each at least 1", argument="shape")
        for name, least in (("classes", 1), ("side", 1), ("samples", 2)):
            if settings[name] is not None and settings[name] < least:
                raise Mismatch("NN206", f"`{name}` is at least {least}", argument=name)
        return {**self._inputs(settings), "label": classes(settings["classes"] or CLASSES)}

    @staticmethod
    def _inputs(settings: dict[str, Any]) -> dict[str, Field]:
        if settings["shape"] is not None:
            given = {"image": Field("f32", tuple(settings["shape"]))}
        else:
            given = settings["inputs"]
        return {
            name: replace(field, dtype="u8")
            if field.dtype == "f32" and len(field.shape) == 3
            else field
            for name, field in given.items()
        }

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import torch

        generator = torch.Generator().manual_seed(settings["seed"])
        samples, below = settings["samples"], settings["classes"] or CLASSES

        def drawn(field: Field) -> Tensor:
            shape = (samples, *field.shape)
            if field.dtype == "f32":
                return torch.randn(shape, generator=generator)
            end, dtype = {"u8": (256, torch.uint8), "bool": (2, torch.bool)}.get(
                field.dtype, (below, torch.int64)
            )
            return torch.randint(0, end, shape, generator=generator).to(dtype)

        return {name: drawn(field) for name, field in self.fields(settings, root).items()}


OWN = (Fake,)
