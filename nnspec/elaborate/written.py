"""The names and arguments of a definition as they are written, where no values are known.

Each name must be bound somewhere in the definition or in the file, and the arguments of operators and blocks
must exist.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure
from nnspec.elaborate.body import Body
from nnspec.elaborate.budgets import FIGURES
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.calls import takes
from nnspec.elaborate.habits import ATTRIBUTES, HABITS
from nnspec.elaborate.initial import INITIALISERS
from nnspec.elaborate.packages import of_package
from nnspec.elaborate.parameters import inputs_of, no_parameter
from nnspec.elaborate.rewriting import CONSTANTS, is_flatten, layers_of, methods, root
from nnspec.elaborate.unknown import called, in_its_place, is_brought_along, method, unknown
from nnspec.elaborate.values import POISON, Block, Function, Poisoned
from nnspec.operators import lookup
from nnspec.syntax import tree
from nnspec.tensors import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.diagnostics import Problem
    from nnspec.elaborate.program import Program
    from nnspec.operators.definition import Operator

    Definition = tree.BlockDef | tree.FnDef


class Names:
    """The names and arguments of one definition, or of an expression that stands in none. Where it is not
    `complete`, as statements of it did not parse, only those names are told that are another library's for
    certain."""

    def __init__(
        self, program: Program, definition: Definition | None, complete: bool = True
    ) -> None:
        self.complete = complete
        self.definition = definition
        self.session = program.session
        self.body = Body.for_defaults(program.session, program.scope)
        self.scope = self.body.scope
        for parameter in definition.parameters if definition is not None else ():
            self.scope.bind(parameter.name, POISON, parameter.span)
        for name in ("training", *FIGURES):
            self.scope.bind(name, POISON)
        self.layers: set[str] = set()
        self.applied: dict[int, tree.Call] = {}  # by the id of the layer that is called in it
        self.covered: set[int] = set()  # the ids of what the message for a whole call mends, too
        if definition is not None:
            self.bind(definition.body)

    def bind(self, body: Any) -> None:
        """Every name that is bound anywhere in the tree."""
        for node in tree.nodes(body):
            if isinstance(node, tree.Target) and node.name is not None:
                self.scope.bind(node.name, POISON, node.span)
            elif isinstance(node, (tree.Input, tree.LayerDecl, tree.TensorDecl)):
                self.scope.bind(node.name, POISON, node.name_span)
            elif isinstance(node, tree.ReturnItem) and node.name is not None:
                self.scope.bind(node.name, POISON)
            if isinstance(node, tree.LayerDecl):
                self.layers.add(node.name)
            for item in _tree_below(getattr(node, "shape", None)):
                if isinstance(item, tree.Name):
                    self.scope.bind(item.id, POISON, item.span)

    def all(self) -> None:
        assert self.definition is not None
        for parameter in self.definition.parameters:
            self.walk(parameter.default)
        self.walk(self.definition.body)
        self.walk(self.definition.short)

    def walk(self, node: Any) -> None:
        for item in _tree_below(node):
            try:
                if isinstance(item, tree.Name):
                    self.name(item)
                elif isinstance(item, tree.Attribute):
                    if id(item) not in self.covered:
                        self.attribute(item)
                elif isinstance(item, tree.Call):
                    self.call(item)
            except Failure as failure:
                self.report(failure.problem)
            except Poisoned:
                continue

    def report(self, problem: Problem) -> None:
        self.session.report(problem)

    def name(self, name: tree.Name) -> None:
        if id(name) in self.covered and (name.id in CONSTANTS or not self.is_known(name)):
            return
        if not self.is_known(name) and (self.complete or is_brought_along(name.id)):
            unknown(self.body, name.id, name.span)

    def is_known(self, name: tree.Name) -> bool:
        known = self.scope.find(name.id) is not None or BUILTINS.get(name.id) is not None
        known = known or lookup(name.id) is not None or name.id in INITIALISERS
        return known or of_package(name.id, name.span) is not None

    def attribute(self, item: tree.Attribute) -> None:
        """A module's, a layer's, or what can only be a tensor's."""
        base = root(item)
        if base is not None and (self.scope.find(base.id) is None or base.id in self.layers):
            self.body.evaluate(item)
        elif item.base is base or base is None:
            if item.name in ATTRIBUTES or item.name in HABITS or lookup(item.name) is not None:
                method(item, None)

    def operator(self, name: str, call: tree.Call) -> Operator | None:
        if BUILTINS.get(name) is not None or name in INITIALISERS:
            return lookup(name)
        return lookup(name) or of_package(name, call.function.span)

    def call(self, call: tree.Call) -> None:
        """Of a known name, the names of the arguments; of another, the whole as it is written here."""
        function = call.function
        if isinstance(function, tree.Call):  # told with the layer that it calls
            self.applied[id(function)] = call
        elif isinstance(function, tree.Name) and self.is_known(function):
            self.arguments(call, function.id)
        elif isinstance(function, (tree.Name, tree.Attribute)) and id(function) not in self.covered:
            if in_its_place(call):
                self.covered |= {id(argument.value) for argument in call.arguments}
            self.covered |= layers_of(call)
            if is_flatten(call):
                self.covered |= {id(node) for node in tree.nodes(call.arguments)}
            if isinstance(function, tree.Attribute) and isinstance(function.base, tree.Call):
                if len(methods(call)) > 2:  # told with the first method of the chain
                    self.applied[id(function.base)] = call
                    self.covered.add(id(function))
                    return
            try:
                if isinstance(function, tree.Name):
                    self.name(function)
                else:
                    self.attribute(function)
            except Failure as failure:
                outer: tree.Call | None = call
                while outer is not None:
                    failure = called(outer, failure)
                    outer = self.applied.get(id(outer))
                raise failure from None

    def arguments(self, call: tree.Call, name: str) -> None:
        scope = self.scope.find(name)
        value = scope.names[name] if scope is not None else None
        fine = True
        for argument in call.arguments:
            if argument.name is None:
                continue
            try:
                self.argument(call, name, value, argument)
            except Failure as failure:  # each of them is a slip of its own, whatever its value is
                self.covered.add(id(argument.value))
                self.report(failure.problem)
                fine = False
        if fine and value is None and _is_literal(call) and BUILTINS.get(name) is None:
            operator = self.operator(name, call)
            if operator is not None and operator.tensors and not operator.tensors[0].many:
                self.body.evaluate(call)  # a layer: its settings are wrong whatever comes to it

    def argument(self, call: tree.Call, name: str, value: Any, argument: tree.Argument) -> None:
        assert argument.name is not None
        key = argument.name.id
        if isinstance(value, (Block, Function)):
            named = {parameter.name for parameter in value.definition.parameters}
            if key not in named.union(inputs_of(value.definition)):
                no_parameter(value.definition, key, argument.span)
        elif value is None and (operator := self.operator(name, call)) is not None:
            takes(operator, key, argument.span)


def _is_literal(call: tree.Call) -> bool:
    """Are all arguments written out as numbers, texts, `true`, `false`, `none`, and lists of them?"""
    plain = (tree.Number, tree.String, tree.Constant, tree.ListExpr, tree.TupleExpr, tree.Unary)
    values = [argument.value for argument in call.arguments]
    starred = any(argument.starred for argument in call.arguments)
    return not starred and all(isinstance(node, plain) for node in tree.nodes(values))


def _tree_below(top: Any) -> Iterator[tree.Tree]:
    """The expressions below a node, and itself, in the order of the text; a long sum is a deep tree, so
    without recursion."""
    stack = [top]
    while stack:
        node = stack.pop()
        if isinstance(node, (list, tuple)):
            stack.extend(reversed(node))
        elif isinstance(node, tree.Tree):
            below = _below(node)
            if below is None:
                yield node
                below = [getattr(node, field) for field in node._fields]
                if isinstance(node, tree.Attribute) and root(node) is not None:
                    below = []  # told by the attribute itself
            stack.extend(reversed(below))


def _below(node: tree.Tree) -> list[Any] | None:
    """What to look at in place of all fields, where some are no reading of a name: the name of an
    argument, a key, a dtype before a shape, an initialiser."""
    if isinstance(node, tree.Argument):
        own = node.name is not None and node.name.id == "init"  # it names initialisers
        return [] if own else [node.value]
    if isinstance(node, tree.AtSize):
        return [node.value]
    if isinstance(node, tree.KeyedList):
        return [item for _, item in node.items]
    if isinstance(node, tree.TensorDecl):
        return [node.shape]
    if isinstance(node, tree.Index) and isinstance(node.base, tree.Name) and node.base.id in DTYPES:
        return [node.items]
    return None
