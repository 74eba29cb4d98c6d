"""The functions of the language that need no tensors; some are operators too when given one."""

from __future__ import annotations

from nnspec.elaborate.numbers import FUNCTIONS
from nnspec.elaborate.values import Builtin
from nnspec.operators import index, lookup


class _Builtins(dict[str, Builtin]):
    """Name -> Builtin, each made when it is first asked for: an operator's file is then imported."""

    def get(self, name: str, default: object = None) -> Builtin | None:  # type: ignore[override]
        if name not in FUNCTIONS:
            return None
        if name not in self:
            self[name] = Builtin(name, FUNCTIONS[name], lookup(name) if name in index() else None)
        return self[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(FUNCTIONS)


BUILTINS = _Builtins()
