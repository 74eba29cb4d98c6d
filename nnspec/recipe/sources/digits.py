"""The handwritten digits that ship with scikit-learn."""

from __future__ import annotations

import os

from nnspec.diagnostics import Mismatch
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Source, classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.recipe.sources.base import Samples


class Digits(Source):
    """1,797 handwritten digits of 8x8 pixels: the test part of Alpaydin & Kaynak's Optical Recognition of
    Handwritten Digits (UCI, 1998), as it ships with scikit-learn. Values 0 to 16 are scaled to 0 to 255."""

    name = "digits"

    def fields(self, settings: dict[str, Any], root: str) -> dict[str, Field]:
        return {"image": Field("u8", (1, 8, 8)), "label": classes(10)}

    def load(self, settings: dict[str, Any], root: str) -> Samples:
        import torch

        table = torch.from_numpy(_digits_table())
        images = (table[:, :64].float() * (255 / 16)).round().to(torch.uint8)
        return {"image": images.reshape(-1, 1, 8, 8), "label": table[:, 64].long()}


def _digits_table() -> Any:
    """Rows of 64 pixels and the class. Read from scikit-learn's file directly where it lies where it has
    for years: importing scikit-learn for it takes a second."""
    import importlib.util

    import numpy

    found = importlib.util.find_spec("sklearn")
    if found is None:
        raise Mismatch(
            "NN506",
            "digits() reads the images that ship with scikit-learn, which is not installed",
            help='pip install "nnspec[train]"',
        )
    for folder in found.submodule_search_locations or ():
        file = os.path.join(folder, "datasets", "data", "digits.csv.gz")
        if os.path.exists(file):
            return numpy.loadtxt(file, delimiter=",", dtype=numpy.int64)
    from sklearn.datasets import load_digits

    digits = load_digits()
    return numpy.column_stack([digits.data, digits.target]).astype(numpy.int64)


OWN = (Digits,)
