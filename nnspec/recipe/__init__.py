"""What `data` and `train` parts may name: sources, draws, transforms, optimizers, schedulers,
averages, mixtures, metrics.

Each is one definition, in the file of its kind: settings, static rule, documentation, and the function
that builds it, which alone imports PyTorch. `lookup` loads only the file of the kind that is asked for.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.recipe.definition import Recipe

KINDS = ("source", "draw", "transform", "optimizer", "scheduler", "average", "mixture", "metric")


def names(kind: str) -> list[str]:
    """The names of everything of a kind."""
    return sorted(_registry(kind))


def lookup(kind: str, name: str) -> Recipe | None:
    """The definition of this kind and name, or None."""
    return _registry(kind).get(name)


def _registry(kind: str) -> dict[str, Recipe]:
    module = import_module(f"nnspec.recipe.{kind}s")
    found: dict[str, Recipe] = module.ALL
    return found
