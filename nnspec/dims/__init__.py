"""Symbolic integers in one normal form.

A size is an `int` or a `Dim`; a Dim is never constant, for arithmetic gives an int as soon as the
value is one. Equal normal forms are equal for every value of the symbols, which are integers of at
least 1.
"""

from __future__ import annotations

from nnspec.dims.bounds import compare, complement, lower, remainders, upper
from nnspec.dims.form import (
    LARGEST,
    Atom,
    Dim,
    SizeLimit,
    Undecided,
    evaluate,
    exact_div,
    only_atom,
    product,
    symbol,
    symbols,
    total,
)
from nnspec.dims.operations import (
    assume,
    ceildiv,
    conditional,
    floordiv,
    holds,
    maximum,
    minimum,
    mod,
    negated,
    rewritten,
    substitute,
    undivided,
)
from nnspec.dims.writing import bracketed, comparison, relation, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims.form import Monomial as Monomial
    from nnspec.dims.form import Size as Size

__all__ = [
    "LARGEST",
    "Atom",
    "Dim",
    "SizeLimit",
    "Undecided",
    "assume",
    "bracketed",
    "ceildiv",
    "compare",
    "comparison",
    "complement",
    "conditional",
    "evaluate",
    "exact_div",
    "floordiv",
    "holds",
    "lower",
    "maximum",
    "minimum",
    "mod",
    "negated",
    "only_atom",
    "product",
    "relation",
    "remainders",
    "render",
    "rewritten",
    "substitute",
    "symbol",
    "symbols",
    "total",
    "undivided",
    "upper",
]
