"""What is bound and never used: inputs, layers, parameters, values (NN601, NN602, NN603).

The lines of a body are gone through once, in order. A name that is bound waits to be read; one that is
bound again while it waits, or that waits when the body ends, has a value that nothing uses. What an `if`
or `for` binds may or may not be there afterwards: it is told only where nothing ever reads the name.
"""

from __future__ import annotations

from nnspec.analysis.lint.reads import reads
from nnspec.diagnostics import Label, Problem
from nnspec.records import Record
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.source import Span

    Definition = tree.BlockDef | tree.FnDef


class Bound(Record):
    """A name that waits to be read: what it is, and the sizes that only its shape names."""

    name: str
    what: str  # "input", "layer", "parameter", "param", "buffer" or "value"
    span: Span
    sizes: frozenset[str] = frozenset()


class Names:
    """The names of one definition."""

    def __init__(self, definition: Definition, outside: Iterable[str]) -> None:
        self.definition = definition
        self.known = {*outside, *(parameter.name for parameter in definition.parameters)}
        self.read: set[str] = set()  # anywhere, but in the shapes of inputs
        self.passed: set[str] = set()  # and handed on as values
        self.never: list[tuple[Bound, tree.Assign | None]] = []  # with what is bound in its place
        self.unless_read: list[Bound] = []
        self.parameters: list[
            Problem
        ] = []  # warnings that hold where the parameters are its own choice

    def find(self) -> list[Problem]:
        """The warnings, but for those of `parameters`."""
        waiting: dict[str, Bound] = {}
        for parameter in self.definition.parameters:
            waiting[parameter.name] = Bound(parameter.name, "parameter", parameter.span)
            self._reads(parameter.default, waiting)
            default = parameter.default
            if isinstance(default, tree.Name):
                self.passed.add(default.id)
        self._reads(self.definition.short, waiting)
        self._list(self.definition.body, waiting)
        self.never.extend((bound, None) for bound in waiting.values())
        for bound in self.unless_read:
            if bound.name not in self.read:
                self.never.append((bound, None))
        found: list[Problem] = []
        for bound, again in self.never:
            if bound.name[0] != "_" and not bound.sizes & self.read:
                where = self.parameters if bound.what == "parameter" else found
                where.append(self._warning(bound, again))
        return found

    def _reads(self, expr: tree.Expr | None, waiting: dict[str, Bound]) -> set[str]:
        found: set[str] = set()
        if expr is not None:
            reads(expr, found, self.passed)
            self.read |= found
            for name in found:
                waiting.pop(name, None)
        return found

    def _list(self, statements: Iterable[tree.Statement], waiting: dict[str, Bound]) -> set[str]:
        """Go through statements; the names that they read."""
        found: set[str] = set()
        for statement in statements:
            kind = type(statement)
            if kind is tree.Assign:
                found |= self._reads(statement.value, waiting)  # type: ignore[attr-defined]
                self._assign(statement, waiting)  # type: ignore[arg-type]
            elif kind is tree.Return:
                for item in statement.items:  # type: ignore[attr-defined]
                    found |= self._reads(item.value, waiting)
                    found |= self._reads(item.shape, waiting)
            elif isinstance(statement, tree.If):
                for condition, branch in statement.branches:
                    found |= self._reads(condition, waiting)
                    found |= self._inner(branch, waiting)
            elif isinstance(statement, tree.For):
                found |= self._reads(statement.iterable, waiting)
                found |= self._inner(statement.body, waiting)
            elif isinstance(statement, tree.Input):
                self._input(statement, waiting)
            elif isinstance(statement, tree.LayerDecl):
                found |= self._reads(statement.value, waiting)
                waiting[statement.name] = Bound(statement.name, "layer", statement.name_span)
            elif isinstance(statement, tree.TensorDecl):
                found |= self._reads(statement.shape, waiting)
                found |= self._reads(statement.init, waiting)
                waiting[statement.name] = Bound(statement.name, statement.kind, statement.name_span)
            elif isinstance(statement, tree.Assert):
                found |= self._reads(statement.condition, waiting)
                found |= self._reads(statement.message, waiting)
                for size in statement.sizes:
                    found |= self._reads(size.value, waiting)
        return found

    def _inner(self, statements: tuple[tree.Statement, ...], waiting: dict[str, Bound]) -> set[str]:
        """The body of an `if` or `for`."""
        own: dict[str, Bound] = {}
        found = self._list(statements, own)
        self.unless_read.extend(own.values())
        for name in found:
            waiting.pop(name, None)
        return found

    def _assign(self, statement: tree.Assign, waiting: dict[str, Bound]) -> None:
        sizes: frozenset[str] = frozenset()
        if statement.shape is not None:
            sizes = self._shape(statement.shape, waiting)
        name = statement.target.name
        if name is None:  # `a, b = …`: that one of several is left alone is common
            for target in _names(statement.target):
                waiting.pop(target, None)
                self.known.add(target)
            return
        before = waiting.get(name)
        if before is not None:
            self.never.append((before, statement))
        self.known.add(name)
        waiting[name] = Bound(name, "value", statement.target.span, sizes)

    def _input(self, statement: tree.Input, waiting: dict[str, Bound]) -> None:
        sizes = self._shape(statement.shape, waiting)
        waiting[statement.name] = Bound(statement.name, "input", statement.name_span, sizes)

    def _shape(self, shape: tree.Expr, waiting: dict[str, Bound]) -> frozenset[str]:
        """Go through a shape; the sizes that it names for the first time."""
        named: set[str] = set()
        reads(shape, named, set())
        for name in named:
            waiting.pop(name, None)
        new = frozenset(named - self.known)
        self.read |= named - new
        self.known |= new
        return new

    def _warning(self, bound: Bound, again: tree.Assign | None) -> Problem:
        name, what = bound.name, bound.what
        labels: tuple[Label, ...] = ()
        if again is not None:
            labels = (Label(again.target.span, f"`{name}` is bound again here"),)
        if what == "layer":
            helped = f"use it, `x -> {name}`, or remove the line"
            return Problem(
                "NN601", f"the layer `{name}` is never used", bound.span, "", labels, (), helped
            )
        if what == "input":
            return Problem("NN602", f"the input `{name}` is never used", bound.span, "", labels, ())
        if what == "parameter":
            message = f"the parameter `{name}` of `{self.definition.name}` is never used"
        elif what != "value":
            message = f"the {what} `{name}` is never used"
        elif name in self.read:
            message = f"this value of `{name}` is never used"
        else:
            message = f"`{name}` is never used"
        helped = ""
        if again is None and what == "value" and name in self.read:
            helped = f"nothing after this line reads `{name}`"
        return Problem("NN603", message, bound.span, "", labels, (), helped)


def _names(target: tree.Target) -> Iterator[str]:
    if target.name is not None:
        yield target.name
    for item in target.items:
        yield from _names(item)
