"""Sizes from what `render` wrote."""

from __future__ import annotations

import ast
from operator import add, mul, sub

from nnspec.dims.form import symbol
from nnspec.dims.operations import conditional, floordiv, holds, maximum, minimum, mod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.dims.form import Size


def parse(text: str) -> Size:
    """The size that `render` wrote."""
    return _parsed(ast.parse(text, mode="eval").body)


def _parsed(node: Any) -> Size:
    kind = type(node).__name__
    if kind == "Constant" and type(node.value) is int:
        return int(node.value)
    if kind == "Name":
        return symbol(node.id)
    if kind == "UnaryOp" and type(node.op).__name__ == "USub":
        return -_parsed(node.operand)
    if kind == "Call" and type(node.func).__name__ == "Name" and node.func.id in _CALLS:
        return _CALLS[node.func.id](*(_parsed(argument) for argument in node.args))
    if kind == "BinOp":
        operation = _OPERATIONS.get(type(node.op).__name__)
        if operation is not None:
            return operation(_parsed(node.left), _parsed(node.right))
    if kind == "IfExp":
        return conditional(_condition(node.test), _parsed(node.body), _parsed(node.orelse))
    raise ValueError("this is not the text of a size")


def _condition(node: Any) -> Size:
    """The size that is at least 0 where a comparison holds."""
    kind = type(node).__name__
    if kind == "BoolOp":
        join = minimum if type(node.op).__name__ == "And" else maximum
        return join(*map(_condition, node.values))
    if kind == "Compare" and len(node.ops) == 1:
        op = _COMPARISONS.get(type(node.ops[0]).__name__)
        if op is not None:
            return holds(op, _parsed(node.left), _parsed(node.comparators[0]))
    raise ValueError("this is not the text of a condition")


_COMPARISONS = {"Eq": "==", "NotEq": "!=", "GtE": ">=", "LtE": "<=", "Gt": ">", "Lt": "<"}


_CALLS = {"min": minimum, "max": maximum}
_OPERATIONS: dict[str, Callable[[Any, Any], Size]] = {
    "Add": add,
    "Sub": sub,
    "Mult": mul,
    "FloorDiv": floordiv,
    "Mod": mod,
    "Pow": pow,
}
