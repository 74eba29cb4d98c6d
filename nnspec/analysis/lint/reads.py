"""The names that an expression reads. Every warning about names asks this of every expression, so it is
one flat loop over the kinds of nodes."""

from __future__ import annotations

from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def reads(expr: Any, found: set[str], passed: set[str]) -> None:
    """Add the names in an expression to `found`; to `passed` those that are handed on as values.

    A name that a comprehension binds counts as read: that hides a warning at most.
    """
    stack = [expr]
    push = stack.append
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is tree.Name:
            found.add(node.id)
        elif kind is tree.Call:
            push(node.function)
            for argument in node.arguments:
                value = argument.value
                if type(value) is tree.Name:
                    found.add(value.id)
                    passed.add(value.id)
                else:
                    push(value)
        elif kind is tree.Pipeline:
            for stage in node.stages:
                push(stage.value)
                if stage.label is not None:
                    stack.extend(stage.label.parts)
        elif kind is tree.Binary:
            push(node.left)
            push(node.right)
        elif kind is tree.String:
            if "{" in node.value:
                _fields(node, found)
        elif kind in _LEAVES:
            continue
        else:
            _others(node, stack, passed)


_LEAVES = {tree.Number, tree.Constant, str, type(None)}


def _others(node: Any, stack: list[Any], passed: set[str]) -> None:
    """The kinds that are seldom met."""
    if isinstance(node, (tree.ListExpr, tree.TupleExpr)):
        passed.update(item.id for item in node.items if isinstance(item, tree.Name))
        stack.extend(node.items)
    elif isinstance(node, tree.KeyedList):
        stack.extend(item for _, item in node.items)
    elif isinstance(node, tree.Comprehension):
        stack.extend((node.element, node.iterable, *node.conditions))
    elif isinstance(node, tree.Unary):
        stack.append(node.operand)
    elif isinstance(node, tree.Compare):
        stack.append(node.first)
        stack.extend(right for _, right in node.rest)
    elif isinstance(node, tree.Conditional):
        branches = (node.then, node.otherwise)
        passed.update(branch.id for branch in branches if isinstance(branch, tree.Name))
        stack.extend((node.condition, *branches))
    elif isinstance(node, tree.Attribute):
        stack.append(node.base)
    elif isinstance(node, tree.Slice):
        stack.extend((node.start, node.stop, node.step))
    elif isinstance(node, tree.Index):
        stack.append(node.base)
        stack.extend(node.items)
    else:
        raise TypeError(f"no rule for the names in a {type(node).__name__}")


def _fields(string: tree.String, found: set[str]) -> None:
    """The names in the fields of a label: every word there, which is too many at most."""
    for part in string.value.split("{")[1:]:
        field, closed, _ = part.partition("}")
        if closed:
            words = "".join(c if c.isalnum() or c == "_" else " " for c in field).split()
            found.update(word.lstrip("0123456789") for word in words)
