"""Tensors of floats that are made on the spot, in a module of another precision.

A spec's f32 is the dtype of the weights: after `model.half()` activations are float16. What is computed from
integers or made from numbers (`arange(T) / 2`, a mask times -100) is float32 all the same, and should be: the
angles of position 4,000 do not fit bfloat16. It is brought to the dtype of the module where it meets a
tensor of it, as people write it: `scores + bias.to(scores.dtype)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nnspec.graph import CallNode, Graph, Node, OpNode, OwnParam, Value
from nnspec.records import Record

#: what follows the module
FOLLOWING = ("f32", "c64")


class Meeting(Record):
    """Which inputs of a node are brought to another's dtype: that of the input `like`; where it is None,
    that of the node's weights."""

    inputs: tuple[int, ...]
    like: int | None


class Precision:
    """Of one body, with the composed layers in it: the values that are float32 whatever the module is, and
    where they meet others. One that would meet others twice is `early`: it is brought to the module's
    dtype when it is made."""

    def __init__(self, graph: Graph, known: dict[int, Precision] | None = None) -> None:
        self.exact: dict[int, None] = {}  # in the order of making
        self.early: set[int] = set()
        self.meetings: dict[int, Meeting] = {}
        self.owns = False  # whether floats are kept in it
        self._known = {} if known is None else known
        self._met: Counter[int] = Counter()
        self._body(graph)
        while (early := self._first_met_twice()) is not None:
            self.early.add(early)
            self.exact, self.meetings, self._met = {}, {}, Counter()
            self._body(graph)

    @property
    def key(self) -> tuple[Meeting, ...]:
        """Equal for two bodies of the same structure that write the same conversions."""
        return tuple(self.meetings.values())

    def _body(self, graph: Graph) -> None:
        for node in graph.nodes:
            if isinstance(node, CallNode) and node.graph.definition is None:
                self._composed(node)
            else:
                self._node(node)

    def _node(self, node: Node) -> None:
        if isinstance(node, OpNode) and node.use.settings.get("dtype") is not None:
            self._are_exact(node.outputs)  # what the spec asks for
            return
        owns = self._keeps(node)
        self.owns = self.owns or owns
        floats = [(place, value) for place, value in enumerate(node.inputs) if _follows(value)]
        following = [place for place, value in floats if id(value) not in self.exact]
        if isinstance(node, CallNode):
            inside = self._inside(node)
            made = zip(node.outputs, node.graph.outputs, strict=True)
            self._are_exact(value for value, (_, inner) in made if id(inner) in inside.exact)
        if following or owns:
            meet = tuple(place for place, value in floats if id(value) in self.exact)
            if meet:
                once = [node.inputs[place] for place in meet]
                self._met.update(id(v) for v in once if v and v.node and len(v.node.outputs) == 1)
                self.meetings[id(node)] = Meeting(meet, following[0] if following else None)
        elif floats or not isinstance(node, CallNode):
            self._are_exact(node.outputs)

    def _are_exact(self, values: Iterable[Value]) -> None:
        made = (id(value) for value in values if _follows(value))
        self.exact.update((value, None) for value in made if value not in self.early)

    def _first_met_twice(self) -> int | None:
        return next((value for value in self.exact if self._met[value] > 1), None)

    def _composed(self, node: CallNode) -> None:
        """A composed layer is part of the body: its inputs are the body's own values."""
        for inner, outer in zip(node.graph.inputs, node.inputs, strict=False):
            if id(outer) in self.exact:
                self.exact[id(inner)] = None
        self._body(node.graph)
        for value, (_, inner) in zip(node.outputs, node.graph.outputs, strict=True):
            if id(inner) in self.exact:
                self.exact[id(value)] = None

    def _inside(self, node: CallNode) -> Precision:
        """The same of a block that is used."""
        if id(node.graph) not in self._known:
            self._known[id(node.graph)] = Precision(node.graph, self._known)
        return self._known[id(node.graph)]

    def _keeps(self, node: Node) -> bool:
        if isinstance(node, OpNode):
            return any(p.dtype in FOLLOWING for p in node.operator.params(node.use).values())
        if isinstance(node, CallNode):
            return self._inside(node).owns
        return isinstance(node, OwnParam) and node.param.dtype in FOLLOWING


def _follows(value: Value | None) -> bool:
    return value is not None and value.type.dtype in FOLLOWING


def weight(node: Node) -> str:
    """A parameter of a layer that tells the module's dtype; empty where one inside it does."""
    if not isinstance(node, OpNode):
        return ""
    params = node.operator.params(node.use)
    return next((n for n, p in params.items() if p.dtype in FOLLOWING and "." not in n), "")
