"""The operators. Each lives in a file of its family; nothing else in nnspec knows one by name.

`lookup` imports only the file of the operator asked for. Which file that is stands in `modules.py`, which
`generate.py` makes of the files themselves. `packages.py` finds those of other packages.
"""

from __future__ import annotations

from nnspec.operators.definition import Operator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def index() -> Mapping[str, str]:
    """Operator name -> module name."""
    from nnspec.operators.modules import MODULES

    return MODULES


def lookup(name: str) -> Operator | None:
    """The operator of this name, or None."""
    operator = Operator.registry.get(name)
    if operator is None and name in index():
        __import__(f"nnspec.operators.{index()[name]}")
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
