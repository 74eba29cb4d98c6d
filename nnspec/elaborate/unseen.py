"""What no model came by: definitions that nothing uses, branches that no use takes, statements that were
left because something before them failed.

A definition is checked by itself (`alone.py`). Where its values are not known, in the branches and in what
was left, the names are still checked as they are written (`written.py`).
"""

from __future__ import annotations

from nnspec.elaborate.alone import Alone
from nnspec.elaborate.program import deep_recursion
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from nnspec.elaborate.program import Program
    from nnspec.elaborate.written import Names

    Definition = tree.BlockDef | tree.FnDef


def check_unseen(program: Program) -> None:
    """Report what is wrong in the parts of a file that its models do not use."""
    with deep_recursion():
        _check(program, Alone(program))


def check_brought_along(program: Program) -> None:
    """Of a file with errors of syntax, which lacks statements, report the names that are another library's
    whatever those statements were: `nn.Linear`, `True`, `x.view(…)`."""
    for part in program.module.parts:
        if isinstance(part, (tree.BlockDef, tree.FnDef)):
            _names(program, part, complete=False).all()
        elif isinstance(part, tree.GlobalAssign):
            _names(program, None, complete=False).walk(part.value)


def check_left(program: Program) -> None:
    """Report what else is wrong in the statements that failed, and in those that were left."""
    left = program.session.left
    for part in program.module.parts:
        if left and isinstance(part, (tree.BlockDef, tree.FnDef)):
            found = _left(part, left)
            if found:
                _names(program, part).walk(found)


def _names(program: Program, part: Definition | None, complete: bool = True) -> Names:
    from nnspec.elaborate.written import Names  # files without errors rarely need it

    return Names(program, part, complete)


def _left(part: Definition, left: set[int]) -> list[Any]:
    bodies = [part.body, *_branches(part.body)]
    return [statement for body in bodies for statement in body if id(statement) in left]


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
            _names(program, part).all()
        else:
            unseen: list[Any] = [body for body in _branches(part.body) if id(body) not in ran]
            if left:
                unseen += _left(part, left)
            if unseen:
                _names(program, part).walk(unseen)


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
