"""What a syntax error was most likely meant to be, in the user's words.

Each function in `RULES` knows one kind of slip and returns None where it is not that one; the first
that knows what to say is heard.
"""

from __future__ import annotations

from nnspec.syntax.slips import bodies, expressions, habits, statements
from nnspec.syntax.slips.slip import Slip, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.diagnostics import Problem
    from nnspec.syntax.parser import Parser

RULES: tuple[Callable[[Slip], Problem | None], ...] = (
    bodies.unexpected_indent,
    bodies.nothing_after_equals,
    bodies.second_line_of_value,
    bodies.else_without_if,
    bodies.wrong_place,
    bodies.inline_body,
    habits.foreign_statement,
    habits.nameless,
    habits.foreign_word,
    statements.unused_value,
    statements.missing_shape,
    statements.missing_end_of_header,
    statements.wrong_equals,
    expressions.hanging_sign,
    expressions.conditional_without_else,
    expressions.generator,
    expressions.side_by_side,
    expressions.nothing_imported,
    expressions.second_label,
    expressions.reserved_word,
)


def explain(parser: Parser, index: int) -> Problem:
    """The problem for a token that does not fit."""
    slip = Slip(parser, index)
    for rule in RULES:
        problem = rule(slip)
        if problem is not None:
            return problem
    return slip.problem(f"expected {wanted(slip)}, found {slip.found()}")
