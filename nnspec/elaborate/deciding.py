"""Conditions over sizes: what is known while checking, and what a run decides.

A condition that depends on symbols is known where the numbers behind them (in a formal elaboration) or
what the asserts before it state decide it. Otherwise it becomes a size that is at least 0 where it
holds, as `dims.conditional` takes it.
"""

from __future__ import annotations

from math import ceil, floor

from nnspec.conditions import CONDITIONS, Condition
from nnspec.dims import Dim, comparison, holds, maximum, minimum, negated, only_atom
from nnspec.elaborate.numbers import comparison as compared
from nnspec.elaborate.session import guard
from nnspec.graph import Value
from nnspec.sizes import solve
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.dims import Size
    from nnspec.elaborate.body import Body


def decide(body: Body, expr: tree.Expr) -> bool | Dim:
    """A condition: True, False, or the size that is at least 0 where it holds. Failure where it is
    none."""
    if isinstance(expr, tree.Binary) and expr.op in ("and", "or"):
        return _logical(body, expr)
    if isinstance(expr, tree.Unary) and expr.op == "not":
        found = decide(body, expr.operand)
        return not found if isinstance(found, bool) else _settled(negated(found))
    if isinstance(expr, tree.Compare):
        return _compared(body, expr)
    return body.truth(expr)


def _logical(body: Body, expr: tree.Binary) -> bool | Dim:
    parts: list[tree.Expr] = []
    left: tree.Expr = expr
    while isinstance(left, tree.Binary) and left.op == expr.op:
        parts.append(left.right)
        left = left.left
    return _all((decide(body, part) for part in (left, *reversed(parts))), expr.op == "and")


def _all(parts: Any, every: bool) -> bool | Dim:
    """All of the conditions, or any of them; what comes after one that decides is not evaluated."""
    open_ones: list[Size] = []
    for part in parts:
        if isinstance(part, Dim):
            open_ones.append(part)
        elif part != every:
            return not every
    if not open_ones:
        return every
    return _settled((minimum if every else maximum)(*open_ones))


def _settled(size: Size) -> bool | Dim:
    return size >= 0 if isinstance(size, int) else size


def _compared(body: Body, expr: tree.Compare) -> bool | Dim:
    def steps() -> Any:
        left = body.evaluate(expr.first)
        for op, right_expr in expr.rest:
            right = body.evaluate(right_expr)
            yield _step(body, expr, op, left, right)
            left = right

    return _all(steps(), True)


def _step(body: Body, expr: tree.Compare, op: str, left: Any, right: Any) -> bool | Dim:
    if isinstance(left, Value) or isinstance(right, Value):
        return body.truth(expr)  # which says that the values of a tensor are not known
    found: bool | None = guard(lambda: compared(op, left, right), expr.span)
    if found is None:
        found = known(body, op, left, right)
    if found is not None:
        return found
    if op in ("in", "not in"):
        same = _all((_step(body, expr, "==", left, item) for item in right), False)
        if op == "in":
            return same
        return not same if isinstance(same, bool) else _settled(negated(same))
    return _settled(holds(op, *_whole(op, left, right)))


def _whole(op: str, left: Any, right: Any) -> tuple[Size, Size]:
    """The sides of a comparison as whole numbers: `H > 3.5` is `H > 3`."""
    if isinstance(left, float):
        left = floor(left) if op in (">=", "<") else ceil(left)
    if isinstance(right, float):
        right = ceil(right) if op in (">=", "<") else floor(right)
    return left, right


def known(body: Body, op: str, left: Any, right: Any) -> bool | None:
    """A comparison that depends on symbols, where something else decides it."""
    session = body.session
    a, b = session.value_of(left), session.value_of(right)
    found = compared(op, a, b)
    if found is None and body.stated and op not in ("in", "not in"):
        size = holds(op, *_whole(op, a, b))
        for truth, against in ((True, negated(size)), (False, size)):
            if solve([*body.stated, Condition(">=", against, "")], words=False).empty:
                found = truth
                break
    if found is not None and session.formal:
        session.pin(left), session.pin(right)
    return found


def stated(body: Body, expr: tree.Expr) -> list[Condition]:
    """What an assert states, in a formal elaboration: over the symbols of the model, and without that
    the numbers behind names mattered."""
    session = body.session
    before = set(session.pinned)
    found = decide(body, expr)
    session.pinned.clear()
    session.pinned |= before
    return [] if isinstance(found, bool) else condition_of(body, found)


def condition_of(body: Body, size: Dim) -> list[Condition]:
    """That a size is at least 0, over the symbols of the model; nothing where that is known."""
    value = body.session.value_of(size)
    return [] if isinstance(value, int) else [Condition(">=", value, comparison(value))]


def demanded(body: Body, expr: tree.Expr, size: Dim) -> list[Condition]:
    """The conditions that an assert demands: each part of an `and` by itself."""
    if isinstance(expr, tree.Compare) and len(expr.rest) == 1:
        op, right = expr.rest[0]
        sides = [body.evaluate(side) for side in (expr.first, right)]
        if op in CONDITIONS and all(isinstance(side, (int, Dim)) for side in sides):
            return [CONDITIONS[op](*sides)]
    atom = only_atom(size)
    parts: Sequence[Dim] = atom.args if atom is not None and atom.kind == "min" else (size,)
    if len(parts) == 2 and parts[0] + parts[1] == 0:
        return [Condition("==", parts[0], comparison(size))]
    return [Condition(">=", part, comparison(part)) for part in parts]


def shown(body: Body, expr: tree.Expr) -> str:
    """`3 >= 5 is false`, of a comparison of numbers or sizes."""
    if isinstance(expr, tree.Compare) and len(expr.rest) == 1:
        op, right = expr.rest[0]
        sides = [body.evaluate(side) for side in (expr.first, right)]
        if all(isinstance(side, (int, Dim)) for side in sides):
            return f"{sides[0]} {op} {sides[1]} is false"
    return ""
