"""`if training:`, the one condition that only a run decides. Both sides are elaborated, and then joined.

A name that both sides leave as a tensor of one type goes on as a `Choice`. Any other name that a side
binds is `Divided` afterwards: whoever uses it then is told why.
"""

from __future__ import annotations

from nnspec.diagnostics import Label
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import POISON, Divided, describe, key
from nnspec.graph import Choice, Value
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, NoReturn

    from nnspec.elaborate.body import Body
    from nnspec.source import Span

NAME = "training"
CODE = "NN216"
#: what the two sides are called
WORDS = {True: "when training", False: "otherwise"}

_MISSING: Any = object()


def side_of(body: Body, condition: tree.Expr | None) -> bool | None:
    """True for `training`, False for `not training`, None for what is decided while checking."""
    if isinstance(condition, tree.Unary) and condition.op == "not":
        side = side_of(body, condition.operand)
        return None if side is None else not side
    if not isinstance(condition, tree.Name) or condition.id != NAME:
        return None
    # within one of its sides it is known
    return True if body.when is None and body.scope.find(NAME) is None else None


def alone(span: Span) -> NoReturn:
    """`training` somewhere in an expression."""
    fail(
        CODE,
        "whether a module is training is known only when it runs",
        span,
        help="it stands alone, `if training:` or `x if training else y`; other conditions go into "
        "an `if` of their own",
    )


def statement(body: Body, whole: tree.If, number: int, side: bool) -> None:
    """An `if training:` (or `elif`, branch `number`), with what follows it as the other side."""
    for _, branch in whole.branches[number:]:
        for found in _returns(branch):
            fail(
                CODE,
                "a `return` cannot stand in a side of `if training:`",
                found.span,
                help="bind the result to one name on both sides, and return it afterwards",
            )
    rest = whole.branches[number + 1 :]
    otherwise: tuple[tree.Statement, ...] = ()
    if rest:
        otherwise = rest[0][1] if rest[0][0] is None else (tree.If(whole.span, rest),)
    sides = {side: whole.branches[number][1], not side: otherwise}
    region, outer = _enter(body), body.scope
    scopes: dict[bool, Scope] = {}
    for flag in (True, False):
        scopes[flag] = body.scope = Scope(outer)
        body.when = (region, flag)
        try:
            body.block(sides[flag])
        finally:
            body.scope, body.when = outer, None
    for name in {**scopes[True].names, **scopes[False].names}:
        values = {flag: scopes[flag].names.get(name, _before(outer, name)) for flag in scopes}
        places = {flag: scopes[flag].places.get(name) or outer.places.get(name) for flag in scopes}
        place = places[True] or places[False]
        joined = _join(body, region, name, values, places, whole.span)
        outer.bind(name, joined, place)


def expression(body: Body, expr: tree.Conditional, side: bool) -> Any:
    """`x if training else y`."""
    region = _enter(body)
    sides = {side: expr.then, not side: expr.otherwise}
    found: dict[bool, Any] = {}
    for flag in (True, False):
        body.when = (region, flag)
        try:
            found[flag] = body.evaluate(sides[flag])
        finally:
            body.when = None
    places: dict[bool, Span | None] = {flag: sides[flag].span for flag in sides}
    joined = _join(body, region, "", found, places, expr.span)
    if isinstance(joined, Divided):
        joined.refuse(expr.span)
    return joined


def _enter(body: Body) -> int:
    body.regions += 1
    return body.regions


def _before(scope: Scope, name: str) -> Any:
    holder = scope.find(name)
    return _MISSING if holder is None else holder.names[name]


def _join(
    body: Body,
    region: int,
    name: str,
    found: dict[bool, Any],
    places: dict[bool, Span | None],
    span: Span,
) -> Any:
    """What a name stands for after both sides."""
    then, otherwise = found[True], found[False]
    if then is POISON or otherwise is POISON:
        return POISON
    for flag in (True, False):
        if found[not flag] is _MISSING:
            message = f"`{name}` is bound only {WORDS[flag] if flag else 'when not training'}"
            helped = "bind it on both sides of `if training:`, or before it"
            place = places[flag]
            bound = (Label(place, "bound here"),) if place else ()
            return Divided(CODE, message, bound, helped)
    if then is otherwise or key(then) == key(otherwise):
        return then
    if isinstance(then, Value) and isinstance(otherwise, Value):
        if _same_type(body, then, otherwise):
            return _choice(body, region, name, then, otherwise, span)
    elif isinstance(then, (list, tuple)) and type(then) is type(otherwise):
        if len(then) == len(otherwise):
            pairs = zip(then, otherwise, strict=True)
            items = [_join(body, region, "", {True: a, False: b}, places, span) for a, b in pairs]
            if not any(isinstance(item, Divided) for item in items):
                return type(then)(items)
    shown = f"`{name}`" if name else "this"
    labels = tuple(
        Label(place, f"{WORDS[flag]} {describe(found[flag])}")
        for flag in (True, False)
        if (place := places[flag])
    )
    helped = "both sides of `if training:` leave a tensor of one shape and dtype"
    if not isinstance(then, Value):
        helped = "what is no tensor is known while checking: use it on its side, or bind it before"
    message = f"{shown} is {describe(then)} when training, and {describe(otherwise)} otherwise"
    return Divided(CODE, message, labels, helped)


def _same_type(body: Body, a: Value, b: Value) -> bool:
    if not body.session.formal:
        return a.type == b.type
    shapes = [body.session.value_of(list(value.type.shape)) for value in (a, b)]
    return a.type.dtype == b.type.dtype and bool(shapes[0] == shapes[1])


def _choice(body: Body, region: int, name: str, then: Value, otherwise: Value, span: Span) -> Value:
    body.session.count_node(span)
    node = Choice(then, otherwise, region, span)
    node.outputs = (Value(then.type, node, 0, name, span),)
    body.graph.nodes.append(node)
    return node.outputs[0]


def _returns(statements: Iterable[tree.Statement]) -> Iterator[tree.Return]:
    """Every `return` in a branch."""
    for item in statements:
        if isinstance(item, tree.Return):
            yield item
        elif isinstance(item, tree.For):
            yield from _returns(item.body)
        elif isinstance(item, tree.If):
            for _, branch in item.branches:
                yield from _returns(branch)
