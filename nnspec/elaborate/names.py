"""Names, and what stands behind a dot: `relu`, `channels`, `wte.weight`."""

from __future__ import annotations

from nnspec.elaborate import run_time
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.initial import INITIALISERS
from nnspec.elaborate.packages import of_package
from nnspec.elaborate.session import fail
from nnspec.elaborate.ties import tensor_of
from nnspec.elaborate.values import (
    POISON,
    Divided,
    Initialiser,
    LayerTensor,
    OperatorName,
    Poisoned,
    SharedLayer,
    describe,
)
from nnspec.graph import Value
from nnspec.operators import lookup
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.elaborate.body import Body


def name(body: Body, expr: tree.Name) -> Any:
    scope = body.scope.find(expr.id)
    if scope is not None:
        value = scope.names[expr.id]
        if value is POISON:
            raise Poisoned
        if isinstance(value, Divided):
            value.refuse(expr.span)
        return value
    if expr.id == run_time.NAME:
        side = run_time.known_side(body)
        if side is not None:
            return side
    builtin = BUILTINS.get(expr.id)
    if builtin is not None:
        return builtin
    operator = lookup(expr.id)
    if operator is not None:
        return OperatorName(operator)
    if expr.id in INITIALISERS:
        return Initialiser(expr.id)
    operator = of_package(expr.id, expr.span)
    if operator is not None:
        return OperatorName(operator)
    from nnspec.elaborate.unknown import unknown

    unknown(body, expr.id, expr.span)


def attribute(body: Body, expr: tree.Attribute) -> Any:
    base = expr.base
    while isinstance(base, tree.Attribute):
        base = base.base
    if isinstance(base, tree.Name) and body.scope.find(base.id) is None:
        from nnspec.elaborate.unknown import of_module

        of_module(body, expr, base)
    value = body.evaluate(expr.base)
    if isinstance(value, Value):
        from nnspec.elaborate.unknown import method

        method(expr, value)
    if isinstance(value, (SharedLayer, LayerTensor)):
        return tensor_of(value, expr.name, expr.span)
    fail("NN209", f"{describe(value)} has no `{expr.name}`", expr.name_span)
