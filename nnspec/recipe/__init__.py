"""What `data` and `train` parts may name: sources, draws, transforms, optimizers, schedulers,
averages, mixtures, metrics.

Each is one definition, in the file of its kind: settings, static rule, documentation, and the function
that builds it, which alone imports PyTorch. `lookup` loads only the file of the kind that is asked for.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from nnspec.recipe.definition import Recipe

KINDS = ("source", "draw", "transform", "optimizer", "scheduler", "average", "mixture", "metric")


#: the entry points by which an installed package offers sources of its own
PLUGINS = "nnspec.sources"


def names(kind: str) -> list[str]:
    """The names of everything of a kind."""
    return sorted({*_registry(kind), *_offered(kind)})


def lookup(kind: str, name: str) -> Recipe | None:
    """The definition of this kind and name, or None."""
    found = _registry(kind).get(name)
    offered = {} if found is not None else _offered(kind)
    if name in offered:
        return _made(offered[name])
    return found


def _made(point: EntryPoint) -> Recipe:
    """The source of an entry point. Mismatch NN506 where its package does not have it."""
    try:
        made: Recipe = point.load()()
    except (ImportError, AttributeError, TypeError) as error:
        from nnspec.diagnostics import Mismatch

        owner = point.dist.name if point.dist else "a package"
        raise Mismatch("NN506", f"`{point.name}` of {owner} cannot be loaded: {error}") from None
    return made


def _offered(kind: str) -> dict[str, EntryPoint]:
    """What installed packages add: asked for only where a name is none of nnspec's own."""
    if kind != "source":
        return {}
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=PLUGINS)}


def _registry(kind: str) -> dict[str, Recipe]:
    module = import_module(f"nnspec.recipe.{kind}s")
    found: dict[str, Recipe] = module.ALL
    return found
