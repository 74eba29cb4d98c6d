"""Operators of other packages, found through entry points of the group `nnspec.operators`.

Asked only for a name that nothing else knows: to read which packages are installed takes longer than a whole
check. Who installs a package decides that its operators may be used; a spec can name one, and cannot say
where it comes from. A broken package is a `Mismatch` NN220, which names it.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from nnspec.diagnostics import Mismatch
from nnspec.dims import SizeLimit, Undecided
from nnspec.operators.definition import Operator
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from typing import Any

    from nnspec.operators.definition import Use

GROUP = "nnspec.operators"

_loaded: dict[str, Operator] = {}


def declared() -> dict[str, list[EntryPoint]]:
    """The names that installed packages declare; a name of nnspec's own stays nnspec's."""
    return _declared(tuple(sys.path))


@lru_cache(maxsize=1)
def _declared(_path: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    """Read once for each path to look along: a file may have thousands of unknown names."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        same = found.setdefault(point.name, [])
        if all(other.value != point.value for other in same):
            same.append(point)
    return found


def lookup(name: str) -> Operator | None:
    """The operator that a package declares under this name, or None. Mismatch NN220 where it is broken."""
    if name not in _loaded:
        points = declared().get(name, [])
        if not points:
            return None
        if len(points) > 1:
            told = " and ".join(_home(point) for point in points)
            raise _broken(
                f"two packages have an operator `{name}`: {told}", "uninstall one of them"
            )
        _loaded[name] = _load(points[0])
    return _loaded[name]


def _load(point: EntryPoint) -> Operator:
    home = _home(point)
    try:
        found: Any = point.load()
    except Exception as error:  # whatever the package's code raises
        raise _broken(
            f"the operator `{point.name}` of {home} cannot be loaded: {_told(error)}",
            f'try it alone: python -c "import {point.module}"',
        ) from None
    if not (isinstance(found, type) and issubclass(found, Operator)):
        raise _broken(
            f"the operator `{point.name}` of {home} is no class of operators",
            "it is a subclass of `nnspec.operators.definition.Operator`",
        )
    if found.name != point.name:
        raise _broken(
            f'the operator `{point.name}` of {home} calls itself "{found.name}"',
            f'its entry point and its class have one name: `name = "{point.name}"`',
        )
    return _guarded(found, home)


def _guarded(cls: type[Operator], home: str) -> Operator:
    """The operator; what its rules raise by mistake is told as a mistake of its package."""
    operator = cls()
    rule = operator.infer

    def infer(use: Use) -> tuple[TensorType, ...]:
        try:
            results = rule(use)
            if not (isinstance(results, tuple) and all(isinstance(r, TensorType) for r in results)):
                raise TypeError(f"infer gives a tuple of TensorType, not {results!r}")
            operator.params(use)
            operator.macs(use, results)
        except (Mismatch, SizeLimit, Undecided):
            raise
        except Exception as error:
            raise _broken(
                f"the rules of `{cls.name}`, of {home}, fail here: {_told(error)}",
                f"`pytest --nnspec-operators={cls.name}` shows where",
            ) from error
        return results

    operator.infer = infer  # type: ignore[method-assign]
    return operator


def _home(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "a package"
    return f"{package} ({point.value})"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def _broken(message: str, help: str) -> Mismatch:
    return Mismatch("NN220", message, help=help)
