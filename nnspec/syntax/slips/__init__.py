"""What a syntax error was most likely meant to be, in the user's words.

Each function in `RULES` knows one kind of slip and returns None where it is not that one; the first
that knows what to say is heard.
"""

from __future__ import annotations

from nnspec.syntax.slips import arrows, bodies, expressions, habits, signatures, statements
from nnspec.syntax.slips.slip import Slip, wanted
from nnspec.syntax.slips.statements import OUTSIDE as OUTSIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.diagnostics import Problem
    from nnspec.syntax.parser import Parser

RULES: tuple[Callable[[Slip], Problem | None], ...] = (
    habits.decorator,
    bodies.unexpected_indent,
    bodies.nothing_after_equals,
    bodies.second_line_of_value,
    bodies.else_without_if,
    bodies.wrong_place,
    habits.foreign_word,
    signatures.preset,
    bodies.inline_body,
    habits.foreign_statement,
    habits.nameless,
    habits.kindless,
    habits.prefixed_string,
    signatures.stars,
    signatures.parameter_type,
    signatures.definition_name,
    signatures.extern_target,
    signatures.missing_on,
    arrows.nearly_an_arrow,
    arrows.spread_layers,
    arrows.misplaced_arrow,
    arrows.label_without_layer,
    arrows.label_without_colon,
    statements.unused_value,
    signatures.declaration,
    statements.imports,
    statements.missing_end_of_header,
    signatures.condition,
    signatures.loop,
    statements.wrong_equals,
    expressions.foreign_comment,
    expressions.comma,
    expressions.percent,
    expressions.hanging_sign,
    expressions.conditional_without_else,
    expressions.generator,
    expressions.side_by_side,
    arrows.second_label,
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
