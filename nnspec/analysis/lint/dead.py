"""Lines that can never run (NN605): after a `return`, or under a condition that cannot be otherwise."""

from __future__ import annotations

from nnspec.analysis.lint.reads import reads
from nnspec.diagnostics import Label, Problem
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def dead(statements: Sequence[tree.Statement]) -> Iterator[Problem]:
    """The warnings for a list of statements, and for those within."""
    for number, statement in enumerate(statements):
        if isinstance(statement, tree.If):
            yield from _conditions(statement)
            for _, branch in statement.branches:
                yield from dead(branch)
        elif isinstance(statement, tree.For):
            yield from dead(statement.body)
        elif isinstance(statement, tree.Return) and number + 1 < len(statements):
            left = statements[number + 1].span
            label = Label(statement.span, "the body ends here")
            yield Problem("NN605", "this never runs", left, "", (label,))
            return


def _conditions(statement: tree.If) -> Iterator[Problem]:
    seen: dict[str, tree.Expr] = {}
    for condition, _ in statement.branches:
        if condition is None:
            continue
        text = condition.span.text
        if text in seen:
            label = Label(seen[text].span, "asked before")
            message = f"`{text}` is false where this is asked: the branch never runs"
            yield Problem("NN605", message, condition.span, "", (label,))
        elif _is_fixed(condition):
            message = f"`{text}` is the same in every use: there are no names in it"
            yield Problem("NN605", message, condition.span, help="one of the branches never runs")
        seen.setdefault(text, condition)


def _is_fixed(condition: tree.Expr) -> bool:
    """Whether a comparison has no names in it. A plain `true` or `false` is a switch of its author's."""
    if not isinstance(condition, (tree.Compare, tree.Binary)):
        return False
    names: set[str] = set()
    reads(condition, names, set())
    return not names
