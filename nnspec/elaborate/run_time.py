"""An `if` that only a run decides: `if training:`, or on sizes that are symbols. Both sides are
elaborated, and then joined.

A name that both sides leave as a tensor of one type goes on as a `Choice`; where sizes decide, so does one
whose shapes differ, and a number that differs is a size that depends on the condition. Any other name that
a side binds is `Divided` afterwards: whoever uses it then is told why.
"""

from __future__ import annotations

from nnspec.diagnostics import Label
from nnspec.dims import Dim, comparison, conditional, negated
from nnspec.elaborate import deciding
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import POISON, Divided, Poisoned, describe, key
from nnspec.graph import Choice, Region, Value, around
from nnspec.records import Record
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, NoReturn

    from nnspec.elaborate.body import Body
    from nnspec.source import Span

NAME = "training"
CODE = "NN216"
UNDECIDED = "NN308"
#: `if`s on sizes in one body, each of which doubles the cases that there are
MOST_SPLITS = 12

_MISSING: Any = object()


class Split(Record):
    """A condition that only a run decides: a size (see `deciding`), or None for training; `side` is the
    side of it that follows the `if`."""

    condition: Dim | None
    side: bool
    text: str

    def words(self, side: bool) -> str:
        """When a side is run."""
        if self.condition is None:
            return "when training" if side else "when not training"
        return f"where {comparison(self.condition if side else negated(self.condition))}"

    @property
    def code(self) -> str:
        return CODE if self.condition is None else UNDECIDED


def split(body: Body, condition: tree.Expr) -> Split | bool:
    """The condition of an `if`: true or false, or how it splits what follows."""
    side = side_of(body, condition)
    if side is not None:
        return Split(None, side, f"if {condition.span.text}")
    found = deciding.decide(body, condition)
    if isinstance(found, bool):
        return found
    if body.regions > MOST_SPLITS:
        raise Poisoned  # the first that was too many is told
    if body.regions == MOST_SPLITS:
        body.regions += 1
        fail(
            UNDECIDED,
            f"there are more than {MOST_SPLITS} conditions on sizes before this one",
            condition.span,
            help=f"state which sizes are taken: `assert {condition.span.text}`",
        )
    return Split(found, True, f"if {condition.span.text}")


def side_of(body: Body, condition: tree.Expr | None) -> bool | None:
    """True for `training`, False for `not training`, None for what is decided while checking."""
    if isinstance(condition, tree.Unary) and condition.op == "not":
        side = side_of(body, condition.operand)
        return None if side is None else not side
    if not isinstance(condition, tree.Name) or condition.id != NAME:
        return None
    # within one of its sides it is known
    return True if known_side(body) is None and body.scope.find(NAME) is None else None


def known_side(body: Body) -> bool | None:
    """Whether the module is training, where the body stands in a side of such an `if`."""
    sides = [first for region, first in around(body.when) if region.condition is None]
    return sides[0] if sides else None


def alone(span: Span) -> NoReturn:
    """`training` somewhere in an expression."""
    fail(
        CODE,
        "whether a module is training is known only when it runs",
        span,
        help="it stands alone, `if training:` or `x if training else y`; other conditions go into "
        "an `if` of their own",
    )


def statement(body: Body, whole: tree.If, number: int, split: Split) -> None:
    """Such an `if` (or `elif`, branch `number`), with what follows it as the other side."""
    for _, branch in whole.branches[number:]:
        for found in _returns(branch):
            fail(
                split.code,
                f"a `return` cannot stand in a side of `{split.text}:`",
                found.span,
                help="bind the result to one name on both sides, and return it afterwards",
            )
    rest = whole.branches[number + 1 :]
    otherwise: tuple[tree.Statement, ...] = ()
    if rest:
        otherwise = rest[0][1] if rest[0][0] is None else (tree.If(whole.span, rest),)
    sides = {split.side: whole.branches[number][1], not split.side: otherwise}
    region, outer = _enter(body, split), body.scope
    scopes: dict[bool, Scope] = {}
    for flag in (True, False):
        with _Side(body, region, flag):
            scopes[flag] = body.scope = Scope(outer)
            body.block(sides[flag])
    for name in {**scopes[True].names, **scopes[False].names}:
        values = {flag: scopes[flag].names.get(name, _before(outer, name)) for flag in scopes}
        places = {flag: scopes[flag].places.get(name) or outer.places.get(name) for flag in scopes}
        place = places[True] or places[False]
        joined = _Joined(body, region, split, whole.span).join(name, values, places)
        outer.bind(name, joined, place)


def expression(body: Body, expr: tree.Conditional, split: Split) -> Any:
    """`x if training else y`."""
    region = _enter(body, split)
    sides = {split.side: expr.then, not split.side: expr.otherwise}
    found: dict[bool, Any] = {}
    for flag in (True, False):
        with _Side(body, region, flag):
            found[flag] = body.evaluate(sides[flag])
    places: dict[bool, Span | None] = {flag: sides[flag].span for flag in sides}
    joined = _Joined(body, region, split, expr.span).join("", found, places)
    if isinstance(joined, Divided):
        joined.refuse(expr.span)
    return joined


def _enter(body: Body, split: Split) -> Region:
    body.regions += 1
    return Region(body.regions, split.condition, body.when)


class _Side:
    """While a side is elaborated: where it stands, and what is known there."""

    def __init__(self, body: Body, region: Region, first: bool) -> None:
        self.body, self.region, self.first = body, region, first
        self.outer = body.scope, body.when, body.stated

    def __enter__(self) -> None:
        body, condition = self.body, self.region.condition
        body.when = (self.region, self.first)
        if condition is not None:
            here = condition if self.first else negated(condition)
            told = deciding.condition_of(body, here) if isinstance(here, Dim) else []
            body.stated = [*body.stated, *told]

    def __exit__(self, *_exc: object) -> None:
        self.body.scope, self.body.when, self.body.stated = self.outer


def _before(scope: Scope, name: str) -> Any:
    holder = scope.find(name)
    return _MISSING if holder is None else holder.names[name]


class _Joined:
    """What names stand for after both sides."""

    def __init__(self, body: Body, region: Region, split: Split, span: Span) -> None:
        self.body, self.region, self.split, self.span = body, region, split, span

    def join(self, name: str, found: dict[bool, Any], places: dict[bool, Span | None]) -> Any:
        then, otherwise = found[True], found[False]
        if then is POISON or otherwise is POISON:
            return POISON
        split = self.split
        for flag in (True, False):
            if found[not flag] is _MISSING:
                message = f"`{name}` is bound only {split.words(flag)}"
                helped = f"bind it on both sides of `{split.text}:`, or before it"
                place = places[flag]
                bound = (Label(place, "bound here"),) if place else ()
                return Divided(split.code, message, bound, helped)
        if then is otherwise or key(then) == key(otherwise):
            return then
        joined = self._one(name, then, otherwise, places)
        return self._divided(name, found, places) if joined is None else joined

    def _one(self, name: str, then: Any, otherwise: Any, places: dict[bool, Span | None]) -> Any:
        """Two values as one; None where they cannot be."""
        condition = self.region.condition
        if isinstance(then, Value) and isinstance(otherwise, Value):
            kind = self._type(then, otherwise)
            return None if kind is None else self._choice(name, then, otherwise, kind)
        if isinstance(then, (list, tuple)) and type(then) is type(otherwise):
            if len(then) == len(otherwise):
                pairs = zip(then, otherwise, strict=True)
                items = [self.join("", {True: a, False: b}, places) for a, b in pairs]
                if not any(isinstance(item, Divided) for item in items):
                    return type(then)(items)
        elif condition is not None and all(
            isinstance(side, (int, Dim)) and not isinstance(side, bool)
            for side in (then, otherwise)
        ):
            return conditional(condition, then, otherwise)
        return None

    def _type(self, a: Value, b: Value) -> TensorType | None:
        """The type of two values as one."""
        session, condition = self.body.session, self.region.condition
        if a.type.dtype != b.type.dtype:
            return None
        shapes = [session.value_of(list(value.type.shape)) for value in (a, b)]
        if shapes[0] == shapes[1]:
            return a.type
        if condition is None or a.type.rank != b.type.rank:
            return None
        pairs = zip(a.type.shape, b.type.shape, strict=True)
        return a.type.with_shape([
            one if session.value_of(one) == session.value_of(other)
            else conditional(condition, one, other)
            for one, other in pairs
        ])  # fmt: skip

    def _divided(
        self, name: str, found: dict[bool, Any], places: dict[bool, Span | None]
    ) -> Divided:
        then, otherwise = found[True], found[False]
        split, shown = self.split, f"`{name}`" if name else "this"
        labels = tuple(
            Label(place, f"{split.words(flag)} {describe(found[flag])}")
            for flag in (True, False)
            if (place := places[flag])
        )
        training = split.condition is None
        helped = f"both sides of `{split.text}:` leave a tensor of one shape and dtype"
        if not training:
            helped = (
                f"both sides of `{split.text}:` leave a tensor of one dtype and rank, or a size"
            )
        elif not isinstance(then, Value):
            helped = (
                "what is no tensor is known while checking: use it on its side, or bind it before"
            )
        message = (
            f"{shown} is {describe(then)} {split.words(True)}, and {describe(otherwise)} otherwise"
        )
        return Divided(split.code, message, labels, helped)

    def _choice(self, name: str, then: Value, otherwise: Value, kind: TensorType) -> Value:
        self.body.session.count_node(self.span)
        node = Choice(then, otherwise, self.region, self.span)
        node.outputs = (Value(kind, node, 0, name, self.span),)
        self.body.graph.nodes.append(node)
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
