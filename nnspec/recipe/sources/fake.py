"""Random data of any shape, to try a model or to measure how fast it trains."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import REQUIRED, Setting
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor


class Fake(Source):
    """Random samples: `image` of the given shape, f32 or, with three sizes, bytes, and `label`, a class."""

    name = "fake"
    settings = (
        Setting("shape", "list", REQUIRED, doc="of one sample: [3, 224, 224]"),
        Setting("classes", "int", 10),
        Setting("samples", "int", 1024),
        Setting("seed", "int", 0),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        shape = settings["shape"]
        if not shape or any(not isinstance(size, int) or size < 1 for size in shape):
            raise Mismatch("NN206", "`shape` is a list of sizes, each at least 1", argument="shape")
        for name, least in (("classes", 1), ("samples", 2)):
            if settings[name] < least:
                raise Mismatch("NN206", f"`{name}` is at least {least}", argument=name)
        dtype = "u8" if len(shape) == 3 else "f32"
        return {"image": Field(dtype, tuple(shape)), "label": classes(settings["classes"])}

    def load(self, settings: dict[str, Any], root: str) -> dict[str, Tensor | list[str]]:
        import torch

        generator = torch.Generator().manual_seed(settings["seed"])
        shape = (settings["samples"], *settings["shape"])
        image = (
            torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
            if len(shape) == 4
            else torch.randn(shape, generator=generator)
        )
        count = settings["classes"]
        return {
            "image": image,
            "label": torch.randint(0, count, (settings["samples"],), generator=generator),
        }


OWN = (Fake,)
