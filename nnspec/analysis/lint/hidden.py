"""Names that hide another (NN604). To bind a name again, `x = x -> …`, is how the language is written:
that is never told."""

from __future__ import annotations

from nnspec.analysis.lint.reads import reads
from nnspec.diagnostics import Label, Problem
from nnspec.elaborate.builtins import BUILTINS
from nnspec.operators import index
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnspec.elaborate.scope import Scope
    from nnspec.source import Span

    Definition = tree.BlockDef | tree.FnDef


def hidden(definition: Definition, file: Scope) -> Iterator[Problem]:
    """The names of a definition that hide one of the file, an operator, or one of its own."""
    if _is_operator(definition.name):
        yield _over_operator(definition.name, definition.name_span)
    own: dict[str, tuple[str, Span]] = {}
    for parameter in definition.parameters:
        default = parameter.default
        if not (isinstance(default, tree.Name) and default.id == parameter.name):
            yield from _over_file(parameter.name, parameter.span, file)
        own[parameter.name] = "parameter", parameter.span
    yield from _statements(definition.body, own, file)


def _statements(
    statements: Iterable[tree.Statement], own: dict[str, tuple[str, Span]], file: Scope
) -> Iterator[Problem]:
    for statement in statements:
        if isinstance(statement, tree.Assign):
            name = statement.target.name
            if name is not None and name in file.names:
                found: set[str] = set()
                reads(statement.value, found, set())
                if name not in found and name not in own:
                    yield from _over_file(name, statement.target.span, file)
                own.setdefault(name, ("value", statement.target.span))
        elif isinstance(statement, (tree.Input, tree.LayerDecl, tree.TensorDecl)):
            name = statement.name
            yield from _over_file(name, statement.name_span, file)
            what = "input"
            if isinstance(statement, tree.LayerDecl):
                what = "layer"
                if _is_operator(name):
                    yield _over_operator(name, statement.name_span)
            elif isinstance(statement, tree.TensorDecl):
                what = statement.kind
            own[name] = what, statement.name_span
        elif isinstance(statement, tree.If):
            for _, branch in statement.branches:
                yield from _statements(branch, own, file)
        elif isinstance(statement, tree.For):
            for target in _leaves(statement.target):
                if target.name in own and own[target.name][0] != "value":
                    what, place = own[target.name]
                    yield _warning(
                        f"this loop binds `{target.name}`, which is the {what} until here",
                        target.span,
                        Label(place, f"the {what} `{target.name}`"),
                    )
                elif target.name is not None:
                    yield from _over_file(target.name, target.span, file)
            yield from _statements(statement.body, own, file)


def _leaves(target: tree.Target) -> Iterator[tree.Target]:
    if target.name is not None:
        yield target
    for item in target.items:
        yield from _leaves(item)


def _over_file(name: str, span: Span, file: Scope) -> Iterator[Problem]:
    place = file.places.get(name)
    if place is not None:
        yield _warning(
            f"`{name}` hides the `{name}` of the file", span, Label(place, "hidden from here on")
        )


def _is_operator(name: str) -> bool:
    return name in index() or BUILTINS.get(name) is not None


def _over_operator(name: str, span: Span) -> Problem:
    return _warning(f"`{name}` hides the operator `{name}`", span)


def _warning(message: str, span: Span, *labels: Label) -> Problem:
    return Problem("NN604", message, span, "", labels, (), "give it a name of its own")
