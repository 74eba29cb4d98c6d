"""Which expressions of `forward` are written inside others: who uses what, and what a person would nest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler.layout import Expr, Text
from nnspec.graph import CallNode, Choice, Node, OpNode
from nnspec.operators.definition import InfixCode

if TYPE_CHECKING:
    from collections.abc import Container

    from nnspec.compiler.classes import ClassPlan
    from nnspec.compiler.modules import Constructor

#: calls inside calls, and columns, up to which an expression is put into the next one
DEEPEST = 3
LONGEST = 60


class Nesting:
    """The uses of a body's values, and the nodes `dead` whose results nobody uses."""

    def __init__(self, plan: ClassPlan, constructor: Constructor | None) -> None:
        self.plan, self.graph = plan, plan.graph
        self.dead = self._without_effect(constructor)
        self.uses: dict[int, list[int]] = {}  # id of a value -> the nodes that use it, in order
        self._count_uses()

    def _without_effect(self, constructor: Constructor | None) -> set[int]:
        """Nodes whose results nobody uses; layers are called anyway, they may keep statistics."""
        used = {id(value) for _, value in self.graph.outputs}
        dead: set[int] = set()
        for node in reversed(self.graph.nodes):
            layer = constructor is not None and constructor.is_module(node)
            if layer or any(id(value) in used for value in node.outputs):
                used.update(id(value) for value in node.inputs if value is not None)
            else:
                dead.add(id(node))
        return dead

    def _count_uses(self) -> None:
        for number, node in enumerate(self.graph.nodes):
            for value in node.inputs if id(node) not in self.dead else ():
                if value is not None:
                    self.uses.setdefault(id(value), []).append(number)
        end = len(self.graph.nodes)
        for _, value in self.graph.outputs:
            self.uses.setdefault(id(value), []).append(end)

    def fits(self, number: int, node: Node, expr: Expr, variables: Container[int]) -> bool:
        """Whether a node's expression is written inside the one that uses it; `variables` are the values that
        have one."""
        value = node.outputs[0]
        users = self.uses.get(id(value), [])
        if len(users) != 1:
            return False
        (user,) = users
        if user == len(self.graph.nodes):
            fits = not isinstance(expr, Text) or len(expr.flat) <= LONGEST
            return user == number + 1 and len(self.graph.outputs) == 1 and fits
        if value.name or not self._all_flow_into(number + 1, user):
            return False
        target = self.graph.nodes[user]
        if target.when != node.when or isinstance(target, Choice):
            return False
        deepest = DEEPEST + self._is_infix(target)  # an operator is no further call
        if expr.depth >= deepest or len(expr.flat) > LONGEST:
            return False
        meeting = self.plan.precision.meetings.get(id(target))
        if meeting and meeting.like is not None and target.inputs[meeting.like] is value:
            return False  # it is asked for its dtype, too
        if target.count > 1 or id(target) in self.plan.optional:
            return False
        return not (self._is_main(target) and (expr.depth > 2 or self._has_main(node, variables)))

    def _is_infix(self, node: Node) -> bool:
        return isinstance(node, OpNode) and isinstance(node.operator.function(node.use), InfixCode)

    def _all_flow_into(self, first: int, user: int) -> bool:
        """Whether everything between two nodes is part of the second's expression."""
        for node in self.graph.nodes[first:user]:
            if id(node) in self.dead:
                continue
            if node.when != self.graph.nodes[user].when or isinstance(node, Choice):
                return False
            for value in node.outputs:
                users = self.uses.get(id(value), [])
                if len(users) != 1 or users[0] > user or value.name or node.count > 1:
                    return False
        return True

    def _has_main(self, node: Node, variables: Container[int]) -> bool:
        """Whether a node's expression holds a layer that people give a line of its own."""
        if self._is_main(node):
            return True
        return any(
            value is not None
            and value.node is not None
            and id(value) not in variables
            and self._has_main(value.node, variables)
            for value in node.inputs
        )

    def _is_main(self, node: Node) -> bool:
        if isinstance(node, CallNode):
            return True
        if not isinstance(node, OpNode) or "norm" in node.operator.name:
            return False
        return bool(node.operator.params(node.use))
