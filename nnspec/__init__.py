"""nnspec: a language for neural networks.

`check` reads a spec and reports its shapes, parameters, costs and problems; `load` compiles it to plain
`torch.nn.Module` classes; `dynamic_shapes` tells `torch.export` which sizes they take. Importing this
package loads neither PyTorch nor anything else that is slow.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.checking import check, check_source
    from nnspec.compiler.spec import load
    from nnspec.diagnostics import SpecError
    from nnspec.exporting.dynamic import dynamic_shapes
    from nnspec.limits import Limits

__all__ = [
    "Limits", "SpecError", "__version__", "check", "check_source", "dynamic_shapes", "load",
]  # fmt: skip

_HOMES = {
    "check": "nnspec.checking",
    "check_source": "nnspec.checking",
    "dynamic_shapes": "nnspec.exporting.dynamic",
    "load": "nnspec.compiler.spec",
    "Limits": "nnspec.limits",
    "SpecError": "nnspec.diagnostics",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'nnspec' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
