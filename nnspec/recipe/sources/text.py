"""Text as sequences of numbers, for language models."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.operators.definition import Setting
from nnspec.recipe.sources.base import Source, classes, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.definition import Field
    from nnspec.recipe.sources.base import Samples


class Text(Source):
    """A text file, cut into pieces of `context` places: `tokens`, and `next`, the same one place on, which
    a language model is to foretell. `unit` is "character", numbered as they are sorted, or "byte"."""

    name = "text"
    settings = (
        Setting("path", "str", doc="file of text, as UTF-8"),
        Setting("context", "int", 128, doc="places in a sample"),
        Setting("unit", "str", "character", choices=("character", "byte"), doc="what a token is"),
    )

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        if settings["context"] < 1:
            raise Mismatch("NN206", "`context` is at least 1", argument="context")
        letters = self._letters(settings, root)
        field = classes(len(letters), letters, (settings["context"],))
        return {"tokens": field, "next": field}

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import numpy
        import torch

        raw = self._read(settings, root)
        if settings["unit"] == "byte":
            numbers = numpy.frombuffer(raw, dtype=numpy.uint8).astype(numpy.int64)
        else:
            points = numpy.frombuffer(raw.decode().encode("utf-32-le"), dtype=numpy.uint32)
            _, places = numpy.unique(points, return_inverse=True)
            numbers = places.astype(numpy.int64)
        tokens = torch.from_numpy(numbers)
        context = settings["context"]
        pieces = (len(tokens) - 1) // context
        if pieces < 1:
            raise Mismatch(
                "NN506",
                f"{settings['path']} has {len(tokens)} tokens: too few for a context of {context}",
                argument="context",
            )
        end = pieces * context
        return {
            "tokens": tokens[:end].view(pieces, context),
            "next": tokens[1 : end + 1].view(pieces, context),
        }

    def _read(self, settings: dict[str, Any], root: str) -> bytes:
        file = found(settings["path"], root)
        try:
            with open(file, "rb") as text:
                return text.read()
        except OSError as error:
            raise Mismatch("NN506", f"{file} cannot be read: {error.strerror}") from None

    def _letters(self, settings: dict[str, Any], root: str) -> tuple[str, ...]:
        raw = self._read(settings, root)
        if settings["unit"] == "byte":
            return tuple(f"{number:#04x}" for number in range(256))
        try:
            return tuple(sorted(set(raw.decode())))
        except UnicodeDecodeError as error:
            raise Mismatch(
                "NN506",
                f"{settings['path']} is no UTF-8 text: byte {error.start} is {raw[error.start]:#04x}",
                argument="path",
                help='unit="byte" takes any file',
            ) from None


OWN = (Text,)
