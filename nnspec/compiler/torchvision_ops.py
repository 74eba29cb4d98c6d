"""What a torchvision without compiled operators lacks.

Such a build fails when it is imported: it registers fake kernels for `torchvision::nms` and
`torchvision::qnms`, which are not there. Their schemas are defined here, before torchvision (or torchmetrics,
which imports it) is first imported: `nnspec.training` does so when it is loaded itself, and whoever runs a
compiled model that imports torchvision. They are defined only where torchvision brings no compiled operators;
a real build is left alone. nnspec uses neither.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library: torch.library.Library | None = None


def define_missing_operators() -> None:
    """Define the schemas that the installed torchvision lacks; nothing where it lacks none."""
    global _library
    found = find_spec("torchvision")
    if _library is not None or found is None or found.submodule_search_locations is None:
        return
    if _has_operators(Path(next(iter(found.submodule_search_locations)))):
        return
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        if not _defined(schema.partition("(")[0]):
            _library.define(schema)


def _has_operators(folder: Path) -> bool:
    """Whether this torchvision comes with its compiled operators, and they can be loaded."""
    files = [folder / f"_C{suffix}" for suffix in EXTENSION_SUFFIXES]
    files += list(folder.glob("_C*.so"))
    for file in files:
        if file.exists():
            try:
                torch.ops.load_library(str(file))
            except OSError:
                continue  # made for another PyTorch: as good as not there
            return True
    return False


def _defined(name: str) -> bool:
    try:
        getattr(torch.ops.torchvision, name)
    except AttributeError:
        return False
    return True
