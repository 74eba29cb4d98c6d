"""Operators of other packages, where the elaborator meets a name that nothing else knows."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.elaborate.session import placed
from nnspec.operators import packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Operator
    from nnspec.source import Span


def of_package(name: str, span: Span) -> Operator | None:
    """The operator that an installed package declares under a name, or None."""
    try:
        return packages.lookup(name)
    except Mismatch as mismatch:
        raise placed(mismatch, span) from None
