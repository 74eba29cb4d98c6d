"""Names, and what stands behind a dot: `relu`, `channels`, `wte.weight`."""

from __future__ import annotations

from nnspec.diagnostics import Label
from nnspec.elaborate import run_time
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.habits import of_module, of_tensor, said_here
from nnspec.elaborate.initial import INITIALISERS
from nnspec.elaborate.packages import of_package
from nnspec.elaborate.session import MOST_HINTS, fail
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
from nnspec.operators import index as operator_index
from nnspec.operators import lookup, packages
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.source import Span


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
    unknown(body, expr.id, expr.span)


def unknown(body: Body, name: str, span: Span) -> Any:
    """NN200, with the nearest name there is."""
    known = {*body.scope.every_name(), *BUILTINS, *operator_index(), *packages.declared()}
    seek = len(body.session.problems) < MOST_HINTS
    helped, close = said_here(name, known) if seek else ("", None)
    if name == run_time.NAME:
        run_time.alone(span)
    labelled = body.paths.taken.get((name,))
    if labelled is not None:
        fail(
            "NN200",
            f"`{name}` labels a layer, and is no name of it",
            span,
            labels=(Label(labelled, "the label"),),
            help=f"to name the layer, or a tensor of it, declare it: `layer {name} = …`",
        )
    place = body.scope.find(close) if close else None
    labels: tuple[Label, ...] = ()
    if place is not None and close in place.places:
        labels = (Label(place.places[close], f"`{close}` is bound here"),)
    fail("NN200", f"`{name}` is not known here", span, help=helped, labels=labels)


def attribute(body: Body, expr: tree.Attribute) -> Any:
    if isinstance(expr.base, tree.Name) and expr.base.id in ("nn", "torch", "F", "self"):
        if body.scope.find(expr.base.id) is None:
            if expr.base.id == "self":
                unknown(body, "self", expr.base.span)
            fail(
                "NN200",
                f"`{expr.span.text}` is PyTorch's way to say it",
                expr.span,
                help=of_module(expr.name, operator_index()),
            )
    value = body.evaluate(expr.base)
    if isinstance(value, Value):
        message, helped = of_tensor(expr.name, expr.base.span.text, operator_index())
        place = expr.span if expr.name in ("shape", "size", "T") else expr.name_span
        fail("NN209", message, place, help=helped)
    if isinstance(value, (SharedLayer, LayerTensor)):
        return tensor_of(value, expr.name, expr.span)
    fail("NN209", f"{describe(value)} has no `{expr.name}`", expr.name_span)
