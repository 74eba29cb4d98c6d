"""Budgets: `assert params <= 5_000_000`, `assert macs <= 300e6 at H=224, W=224`.

`params`, `macs` and `memory` are known when the model is whole. Until then each is a symbol, and the
condition over it is kept in the graph; `analysis/budgets.py` puts the figures in.
"""

from __future__ import annotations

import math

from nnspec.conditions import CONDITIONS
from nnspec.dims import Dim, symbol
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import describe
from nnspec.graph import Budget
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size
    from nnspec.elaborate.body import Body

FIGURES = ("params", "macs", "memory")


def is_budget(body: Body, statement: tree.Assert) -> bool:
    """Whether an assertion speaks of the model's figures."""
    return bool(statement.sizes) or any(
        node.id in FIGURES and body.scope.find(node.id) is None
        for node in tree.nodes(statement.condition)
        if isinstance(node, tree.Name)
    )


def budgets(body: Body, statement: tree.Assert, why: str) -> Iterator[Budget]:
    """The conditions of such an assertion."""
    if body.graph.kind != "model":
        fail(
            "NN310",
            "a budget stands in a model",
            statement.span,
            help="a block has no figures of its own: they depend on where it is used",
        )
    sizes = {}
    for given in statement.sizes:
        size = body.evaluate(given.value)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            fail("NN206", f"a size is an integer of at least 1, not {size!r}", given.value.span)
        sizes[given.name.id] = size, given.span
    scope = body.scope
    body.scope = Scope(scope)
    for name in FIGURES:
        if scope.find(name) is None:
            body.scope.bind(name, symbol(name))
    try:
        for part in _conjuncts(statement.condition):
            left, op, right = _sides(body, part)
            yield Budget(CONDITIONS[op](left, right), part.span, why, sizes)
    finally:
        body.scope = scope


def _conjuncts(expr: tree.Expr) -> Iterator[tree.Expr]:
    if isinstance(expr, tree.Binary) and expr.op == "and":
        yield from _conjuncts(expr.left)
        yield from _conjuncts(expr.right)
    else:
        yield expr


def _sides(body: Body, expr: tree.Expr) -> tuple[Size, str, Size]:
    if not isinstance(expr, tree.Compare) or len(expr.rest) != 1:
        fail(
            "NN310",
            "a budget compares a figure with a number",
            expr.span,
            help="write `assert params <= 5_000_000`; several are joined with `and`",
        )
    op, right_expr = expr.rest[0]
    left, right = body.evaluate(expr.first), body.evaluate(right_expr)
    for value, side in ((left, expr.first), (right, right_expr)):
        if isinstance(value, bool) or not isinstance(value, (int, float, Dim)):
            fail("NN202", f"a figure is a number, not {describe(value)}", side.span)
    # what is compared is a whole number: `macs <= 2.5` holds where `macs <= 2` does
    up = op in (">=", "<")
    return _whole(left, not up), op, _whole(right, up)


def _whole(value: Any, up: bool) -> Size:
    if isinstance(value, float):
        return math.ceil(value) if up else math.floor(value)
    size: Size = value
    return size
