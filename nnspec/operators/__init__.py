"""The operators. Each lives in a file of its family; nothing else in nnspec knows one by name.

`lookup` imports only the file of the operator asked for. Which file that is comes from the files
themselves: an operator's class says `name = "conv2d"` on a line of its own. `packages.py` finds those of
other packages.
"""

from __future__ import annotations

from nnspec.operators.definition import Operator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_index: dict[str, str] = {}


def index() -> dict[str, str]:
    """Operator name -> module name, read off the files of this folder."""
    if not _index:
        import os
        import re

        declared = re.compile(r'^    name = "(\w+)"$', re.MULTILINE)
        folder = os.path.dirname(__file__)
        for file in sorted(os.listdir(folder)):
            if file.endswith(".py") and file not in ("__init__.py", "definition.py", "packages.py"):
                with open(os.path.join(folder, file), encoding="utf-8") as text:
                    for name in declared.findall(text.read()):
                        _index[name] = file[:-3]
    return _index


def lookup(name: str) -> Operator | None:
    """The operator of this name, or None."""
    operator = Operator.registry.get(name)
    if operator is None and name in index():
        __import__(f"nnspec.operators.{_index[name]}")
        operator = Operator.registry[name]
    return operator


def find(name: str) -> Operator | None:
    """The operator of this name, also of another package, or None: for names that nothing else knows.

    Mismatch NN220 where a package has it and is broken."""
    operator = lookup(name)
    if operator is None:
        from nnspec.operators import packages

        operator = packages.lookup(name)
    return operator


def every() -> Iterator[Operator]:
    """All of nnspec's own operators, by name."""
    for name in sorted(index()):
        operator = lookup(name)
        assert operator is not None
        yield operator
