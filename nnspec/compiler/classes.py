"""Which classes the source has: uses of one block that differ in numbers only share a class.

Each distinct use of a block is elaborated formally (`elaborate/formal.py`). Two uses whose formal graphs
are the same, node for node, are one class; what differs between them are its constructor's arguments.
"""

from __future__ import annotations

import keyword
from collections.abc import Hashable, Iterator, Sequence

from nnspec.compiler.code import literal
from nnspec.dims import Dim, symbols
from nnspec.elaborate.formal import Formal, formal
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.values import key
from nnspec.graph import CallNode, Graph, Node, OpNode, OwnParam, Value
from nnspec.operators.definition import CallCode, IndexCode, InfixCode, Operator
from nnspec.records import Record
from nnspec.syntax.tree import Number

#: names that a class, argument or variable of the source cannot have
TAKEN = {*keyword.kwlist, "self", "nn", "F", "torch", "Tensor", "NamedTuple", "super", "range"}


class ClassInfo:
    """One class of the source: its formal graph, and the uses that share it."""

    def __init__(self, name: str, made: Formal, is_model: bool) -> None:
        self.name = name
        self.graph = made.graph
        self.is_model = is_model
        self.uses: list[Formal] = [made]
        self.children: dict[int, ClassInfo] = {}  # id of a formal CallNode -> its class
        self.pinned: set[str] = set(made.pinned)
        self.needed: set[str] = set()  # the formals that occur in the source of this class

    # -- constructor arguments --------------------------------------------------------------------------

    def constants(self) -> dict[str, int]:
        """Formals that stand for one number in every use and are no parameter of the block: written as
        that number. In a model also the parameters that shape it."""
        found: dict[str, int] = {}
        for name in self.uses[0].hints:
            values = {use.hints[name] for use in self.uses}
            (first, *others) = values
            fixed = name in self.pinned if self.is_model else name not in self.graph.arguments
            if not others and isinstance(first, int) and fixed:
                found[name] = first
        return found

    def constructor_formals(self) -> list[str]:
        """The formals that can be arguments of the constructor: sizes first, then parameters in the
        block's order."""
        constants = self.constants()
        known = [
            name
            for name, value in self.uses[0].hints.items()
            if isinstance(value, int) and name not in constants and name in self.needed
        ]
        parameters = [name for name in self.graph.arguments if name in known]
        return [*(name for name in known if name not in parameters), *parameters]

    def argument_name(self, formal_name: str) -> str:
        """`planes` stays; a size of an input is named by its place: `in_channels`, `in_features`."""
        if formal_name in self.graph.arguments:
            return formal_name
        for value in self.graph.inputs:
            rank = value.type.rank
            for dim, size in enumerate(value.type.shape):
                if isinstance(size, Dim) and str(size) == formal_name:
                    if rank >= 4 and dim == 1:
                        return self._free("in_channels")
                    if rank <= 3 and dim == rank - 1:
                        return self._free("in_features")
        return self._free(formal_name.lower())

    def _free(self, name: str) -> str:
        while name in self.graph.arguments or name in TAKEN:
            name += "_"
        return name

    def default(self, formal_name: str) -> str | None:
        """The default of a parameter, where it is a plain number."""
        if self.is_model:
            return literal(self.uses[0].hints[formal_name])
        definition = self.graph.definition
        for parameter in definition.parameters if definition else ():
            if parameter.name == formal_name and isinstance(parameter.default, Number):
                return literal(parameter.default.value)
        return None

    def passed(self, node: CallNode, formal_name: str) -> int | Dim:
        """What a use of this class, as a node of its parent's formal graph, gives for one formal."""
        if formal_name in node.graph.arguments:
            value: int | Dim = node.graph.arguments[formal_name]
            return value
        for own, given in zip(self.graph.inputs, node.graph.inputs, strict=True):
            for size, actual in zip(own.type.shape, given.type.shape, strict=True):
                if isinstance(size, Dim) and str(size) == formal_name:
                    return actual
        raise KeyError(formal_name)


class Classes:
    """The classes of some models, callees first; `of` gives that of each graph."""

    def __init__(self, models: Sequence[Graph], scope: Scope) -> None:
        self.of: dict[int, ClassInfo] = {}
        self.all: list[ClassInfo] = []
        groups: dict[Hashable, ClassInfo] = {}
        every = {id(graph): graph for model in models for graph in model.subgraphs()}
        for graph in every.values():
            made = formal(graph, scope)
            if made is None:
                continue
            model = next((m.name for m in models if m is graph), "")
            found = ClassInfo(graph.name, made, bool(model))
            self._adopt_children(found, graph, made.graph)
            signature = (id(graph.definition), model, self._signature(found, made.graph))
            known = groups.get(signature)
            if known is None:
                groups[signature] = found
                self.all.append(found)
                known = found
            else:
                known.uses.append(made)
                known.pinned |= found.pinned
            self.of[id(graph)] = known
        for info in self.all:
            info.needed = set(_needed(info, info.graph))
        self._name()

    def _adopt_children(self, info: ClassInfo, concrete: Graph, made: Graph) -> None:
        """Find the class of each block that is used, and what it pins: a formal graph has the nodes of the
        graph with numbers, in the same order."""
        for node, twin in zip(concrete.nodes, made.nodes, strict=True):
            if not isinstance(node, CallNode) or not isinstance(twin, CallNode):
                continue
            child = self.of.get(id(node.graph))
            if child is None:
                self._adopt_children(info, node.graph, twin.graph)
                continue
            info.children[id(twin)] = child
            for name in child.pinned:
                if name in child.uses[0].hints:
                    info.pinned |= symbols(child.passed(twin, name)) & info.uses[0].hints.keys()

    def _signature(self, info: ClassInfo, graph: Graph) -> Hashable:
        """Equal for formal graphs that give the same source."""
        numbers: dict[int, int] = {}
        for value in graph.inputs:
            numbers[id(value)] = len(numbers)
        rows: list[Hashable] = []
        for node in graph.nodes:
            wires = tuple(-1 if v is None else numbers[id(v)] for v in node.inputs)
            names = tuple(value.name for value in node.outputs)
            row = (node.path, node.count, node.shared, wires, names, self._what(info, node))
            rows.append(row)
            for value in node.outputs:
                numbers[id(value)] = len(numbers)
        outputs = tuple((name, numbers[id(value)]) for name, value in graph.outputs)
        others = tuple(
            (name, key(value)) for name, value in graph.arguments.items()
            if not isinstance(value, Dim)
        )  # fmt: skip
        return (graph.kind, tuple(rows), outputs, tuple(v.type.rank for v in graph.inputs), others)

    def _what(self, info: ClassInfo, node: Node) -> Hashable:
        if isinstance(node, OpNode):
            return (
                "op",
                node.operator.name,
                repr(node.operator.module(node.use)),
                repr(_function(node)),
            )
        if isinstance(node, OwnParam):
            return ("param", repr(node.param), repr(node.init))
        assert isinstance(node, CallNode)
        child = info.children.get(id(node))
        if child is None:
            return ("sequence", self._signature(info, node.graph))
        passed = tuple(
            str(child.passed(node, name)) for name in child.uses[0].hints
            if isinstance(child.uses[0].hints[name], int)
        )  # fmt: skip
        return ("block", id(child), passed)

    def _name(self) -> None:
        """Each class its own name; of several made from one block the smallest keeps the block's."""
        by_block: dict[str, list[ClassInfo]] = {}
        for info in self.all:
            by_block.setdefault(info.name, []).append(info)
        used: set[str] = set(TAKEN) | set(by_block)
        for name, infos in by_block.items():
            infos.sort(key=lambda info: len(info.graph.nodes))
            plain = {node.path for node in infos[0].graph.nodes}
            for info in infos[1:]:
                extra = [n.path[0] for n in info.graph.nodes if n.labelled and n.path not in plain]
                word = extra[0].title().replace("_", "") if extra else ""
                candidate, number = f"{name}{word}" if word else f"{name}2", 2
                while candidate in used:
                    number += 1
                    candidate = f"{name}{word}{number}"
                info.name = candidate
                used.add(candidate)


def _needed(info: ClassInfo, graph: Graph) -> Iterator[str]:
    """The symbols in the code of a body; of what a block is given only what that block needs."""
    for node in graph.nodes:
        if isinstance(node, OpNode):
            code = node.operator.module(node.use) if is_submodule(node) else _function(node)
            yield from _symbols(code if code is not None else node.operator.module(node.use))
        elif isinstance(node, OwnParam):
            yield from _symbols(node.param.shape)
        elif isinstance(node, CallNode):
            child = info.children.get(id(node))
            if child is None:
                yield from _needed(info, node.graph)
            else:
                for name in child.constructor_formals():
                    yield from symbols(child.passed(node, name))


def _symbols(value: object) -> Iterator[str]:
    """The symbols anywhere in a code, a tuple, a list, a dict."""
    if isinstance(value, Dim):
        yield from value.symbols
    elif isinstance(value, Record):
        for field in value._fields:
            yield from _symbols(getattr(value, field))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _symbols(item)
    elif isinstance(value, dict):
        yield from _symbols(list(value.values()))
    elif isinstance(value, slice):
        yield from _symbols([value.start, value.stop, value.step])


def _function(node: OpNode) -> CallCode | InfixCode | IndexCode | None:
    return node.operator.function(node.use)


def has_module(node: OpNode) -> bool:
    """Whether the operator has a class in torch.nn for this use."""
    return type(node.operator).module is not Operator.module and (
        node.operator.module(node.use) is not None
    )


def is_submodule(node: OpNode) -> bool:
    """Whether a use of an operator in a body is a submodule: labelled ones, and those for which a function
    will not do."""
    return has_module(node) and (node.labelled or _function(node) is None)


def is_sequential(graph: Graph) -> bool:
    """Whether nn.Sequential will do: one tensor in and out, each step a module of the one before."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return False
    value: Value = graph.inputs[0]
    for node in graph.nodes:
        if len(node.inputs) != 1 or node.inputs[0] is not value or len(node.outputs) != 1:
            return False
        if len(node.path) != 1 or node.shared or isinstance(node, OwnParam):
            return False
        if isinstance(node, OpNode) and not has_module(node):
            return False
        value = node.outputs[0]
    return graph.outputs[0][1] is value
