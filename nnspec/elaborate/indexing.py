"""Indexing: `x[:, 0]`, `table[places]`, `depths[-1]`, `wte["weight"]`."""

from __future__ import annotations

from nnspec.dims import Dim, render
from nnspec.elaborate import apply
from nnspec.elaborate.session import fail
from nnspec.elaborate.ties import tensor_of
from nnspec.elaborate.values import LayerTensor, SharedLayer, describe
from nnspec.graph import Value
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.source import Span


def index(body: Body, expr: tree.Index) -> Any:
    value = body.evaluate(expr.base)
    if isinstance(value, Value):
        items = tuple(_index_item(body, item) for item in expr.items)
        if any(isinstance(item, Value) for item in items):
            return _index_at(body, value, items, expr.span)
        return apply.operator(body, "index", [value], {"items": items}, expr.span)
    if isinstance(value, (list, str, tuple)):
        if len(expr.items) != 1:
            fail("NN202", "a list takes one index", expr.span)
        at = _index_item(body, expr.items[0])
        if isinstance(at, slice):
            ends = [body.session.pin(end) for end in (at.start, at.stop, at.step)]
            for end in ends:
                if isinstance(end, Dim):
                    message = f"which items `{expr.span.text}` has depends on {render(end)}"
                    fail("NN308", message, expr.items[0].span)
            if at.step == 0:
                fail("NN202", "the step of a slice is not 0", expr.items[0].span)
            return value[slice(*ends)]
        at = body.session.pin(at)
        if not isinstance(at, int) or isinstance(at, bool):
            fail("NN202", f"an index is an integer, not {describe(at)}", expr.items[0].span)
        if not -len(value) <= at < len(value):
            fail(
                "NN202",
                f"index {at} is outside of a list of {len(value)}",
                expr.items[0].span,
            )
        return value[at]
    if isinstance(value, (SharedLayer, LayerTensor)) and len(expr.items) == 1:
        part = _index_item(body, expr.items[0])
        if isinstance(part, (int, str)) and not isinstance(part, bool):
            return tensor_of(value, str(part), expr.span)
    if isinstance(value, dict):
        key = _index_item(body, expr.items[0])
        if key in value:
            return value[key]
    fail("NN202", f"{describe(value)} cannot be indexed", expr.span)


def _index_at(body: Body, value: Value, items: tuple[Any, ...], span: Span) -> Any:
    """`table[places]`, `x[:, places, 1:]`: the slices first, then the places."""
    tensors = [number for number, item in enumerate(items) if isinstance(item, Value)]
    plain = all(item is None or item is ... or isinstance(item, slice) for item in items
                if not isinstance(item, Value))  # fmt: skip
    if len(tensors) > 1 or not plain:
        fail(
            "NN206",
            "a tensor as an index stands alone, or with slices, `none` and `...`",
            span,
            help="take one after the other: `x[:, places][0]`",
        )
    (at,) = tensors
    rest = (*items[:at], slice(None), *items[at + 1 :])
    if any(item != slice(None) for item in rest):
        value = apply.operator(body, "index", [value], {"items": rest}, span)
    after = ... in items[:at]
    dim = at - len(items) if after else at
    return apply.operator(body, "index_at", [value, items[at]], {"dim": dim}, span)


def _index_item(body: Body, item: tree.Expr) -> Any:
    if isinstance(item, tree.Slice):
        ends = (item.start, item.stop, item.step)
        found = [None if end is None else body.evaluate(end) for end in ends]
        for end, value in zip(ends, found, strict=True):
            if end is not None and (not isinstance(value, (int, Dim)) or isinstance(value, bool)):
                fail("NN202", f"a slice's bound is an integer, not {describe(value)}", end.span)
        return slice(*found)
    return body.evaluate(item)
