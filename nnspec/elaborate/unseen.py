"""What no model came by: definitions that nothing uses, branches that no use takes, statements that were
left because something before them failed.

A definition is checked by itself (`alone.py`). Where its values are not known, in the branches and in what
was left, the names are still checked as they are written: each must be bound somewhere in the definition or
in the file, and the arguments of operators and blocks must exist.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure
from nnspec.elaborate.alone import Alone
from nnspec.elaborate.body import Body
from nnspec.elaborate.budgets import FIGURES
from nnspec.elaborate.builtins import BUILTINS
from nnspec.elaborate.initial import INITIALISERS
from nnspec.elaborate.names import unknown
from nnspec.elaborate.packages import of_package
from nnspec.elaborate.parameters import inputs_of, no_parameter
from nnspec.elaborate.program import deep_recursion
from nnspec.elaborate.session import placed
from nnspec.elaborate.values import POISON, Block, Function, Poisoned
from nnspec.operators import lookup
from nnspec.operators.binding import unknown_argument
from nnspec.syntax import tree
from nnspec.tensors import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from nnspec.elaborate.program import Program
    from nnspec.operators.definition import Operator

    Definition = tree.BlockDef | tree.FnDef

#: tensors of an operator's own that an argument may set, besides its settings
OWN_ARGUMENTS = ("init", "weight", "bias")


def check_unseen(program: Program) -> None:
    """Report what is wrong in the parts of a file that its models do not use."""
    with deep_recursion():
        _check(program, Alone(program))


def _check(program: Program, alone: Alone) -> None:
    ran, left = program.session.ran, program.session.left
    presets = [m for m in program.own_models if m.missing and m.definition.short is not None]
    for preset in presets:
        alone.check(preset.base.definition, preset.fixed)
    parts = [p for p in program.module.parts if isinstance(p, (tree.BlockDef, tree.FnDef))]
    for part in reversed(parts):  # a block stands above those that use it
        if isinstance(part, tree.BlockDef) and part.kind == "model" and part.short is not None:
            continue
        if id(part.body if part.short is None else part.short) not in ran:
            alone.check(part, {})
            _Names(program, part).all()
        else:
            unseen: list[Any] = [body for body in _branches(part.body) if id(body) not in ran]
            if left:
                bodies = [part.body, *_branches(part.body)]
                unseen += [s for body in bodies for s in body if id(s) in left]
            if unseen:
                _Names(program, part).walk(unseen)


def _branches(statements: Iterable[tree.Statement]) -> Iterator[tuple[tree.Statement, ...]]:
    """The bodies below these statements."""
    for statement in statements:
        if isinstance(statement, tree.If):
            bodies = [branch for _, branch in statement.branches]
        elif isinstance(statement, tree.For):
            bodies = [statement.body]
        else:
            continue
        for body in bodies:
            yield body
            yield from _branches(body)


class _Names:
    """The names and arguments in a definition, as they are written."""

    def __init__(self, program: Program, definition: Definition) -> None:
        self.definition = definition
        self.session = program.session
        self.body = Body.for_defaults(program.session, program.scope)
        self.scope = self.body.scope
        for parameter in definition.parameters:
            self.scope.bind(parameter.name, POISON, parameter.span)
        for name in ("training", *FIGURES):
            self.scope.bind(name, POISON)
        self.bind(definition.body)

    def bind(self, body: Any) -> None:
        """Every name that is bound anywhere in the tree."""
        stack = [body]
        while stack:
            node = stack.pop()
            if isinstance(node, (list, tuple)):
                stack.extend(node)
                continue
            if not isinstance(node, tree.Tree):
                continue
            if isinstance(node, tree.Target) and node.name is not None:
                self.scope.bind(node.name, POISON, node.span)
            elif isinstance(node, (tree.Input, tree.LayerDecl, tree.TensorDecl)):
                self.scope.bind(node.name, POISON, node.name_span)
            elif isinstance(node, tree.ReturnItem) and node.name is not None:
                self.scope.bind(node.name, POISON)
            for item in _tree_below(getattr(node, "shape", None)):
                if isinstance(item, tree.Name):
                    self.scope.bind(item.id, POISON, item.span)
            stack.extend(getattr(node, field) for field in node._fields)

    def all(self) -> None:
        for parameter in self.definition.parameters:
            self.walk(parameter.default)
        self.walk(self.definition.body)
        self.walk(self.definition.short)

    def walk(self, node: Any) -> None:
        for item in _tree_below(node):
            try:
                if isinstance(item, tree.Name):
                    self.name(item)
                elif isinstance(item, tree.Call) and isinstance(item.function, tree.Name):
                    self.call(item, item.function.id)
                elif isinstance(item, tree.Attribute) and isinstance(item.base, tree.Name):
                    self.body.evaluate(item)
            except Failure as failure:
                self.session.report(failure.problem)
            except Poisoned:
                continue

    def name(self, name: tree.Name) -> None:
        known = self.scope.find(name.id) is not None or BUILTINS.get(name.id) is not None
        known = known or lookup(name.id) is not None or name.id in INITIALISERS
        if not known and of_package(name.id, name.span) is None:
            unknown(self.body, name.id, name.span)

    def operator(self, name: str, call: tree.Call) -> Operator | None:
        if BUILTINS.get(name) is not None or name in INITIALISERS:
            return lookup(name)
        return lookup(name) or of_package(name, call.function.span)

    def call(self, call: tree.Call, name: str) -> None:
        """The names of the arguments."""
        scope = self.scope.find(name)
        value = scope.names[name] if scope is not None else None
        for argument in call.arguments:
            if argument.name is None:
                continue
            key = argument.name.id
            if isinstance(value, (Block, Function)):
                named = {parameter.name for parameter in value.definition.parameters}
                if key not in named.union(inputs_of(value.definition)):
                    no_parameter(value.definition, key, argument.span)
            elif scope is None and (operator := self.operator(name, call)) is not None:
                known = {s.name for s in operator.settings} | {t.name for t in operator.tensors}
                free = any(setting.kind == "axes" for setting in operator.settings)
                if key not in known and key not in OWN_ARGUMENTS and not free:
                    raise placed(unknown_argument(name, key, operator.settings), argument.span)


def _tree_below(root: Any) -> Iterator[tree.Tree]:
    """The expressions below a node, and itself, in the order of the text; a long sum is a deep tree, so
    without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, (list, tuple)):
            stack.extend(reversed(node))
        elif isinstance(node, tree.Tree):
            below = _below(node)
            if below is None:
                yield node
                below = [getattr(node, field) for field in node._fields]
                if isinstance(node, tree.Attribute) and isinstance(node.base, tree.Name):
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
