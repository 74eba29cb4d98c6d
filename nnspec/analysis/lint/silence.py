"""`# ok: NN608` at the end of a line: these warnings are meant, at this line (NN610 where there are none)."""

from __future__ import annotations

import re

from nnspec.codes import CODES
from nnspec.diagnostics import Problem
from nnspec.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnspec.syntax.tree import Module

_OK = re.compile(r"#\s*ok:\s*(NN\w+(?:\s*,\s*NN\w+)*)")
_CODE = re.compile(r"NN\w+")


def silenced(module: Module, found: Iterable[Problem], whole: bool) -> list[Problem]:
    """The warnings that no comment silences, and one for each code in a comment that silences none.

    `whole`: all of the file was looked at, so that a comment can be known to be of no use.
    """
    source = module.source
    said: dict[tuple[int, str], Span] = {}
    for start, comment in module.comments.items():
        ok = _OK.search(comment)
        if ok is not None:
            line = source.position(start)[0]
            for code in _CODE.finditer(comment, ok.start(1), ok.end(1)):
                span = Span(source, start + code.start(), start + code.end())
                said[line, code[0]] = span
    left: list[Problem] = []
    used: set[tuple[int, str]] = set()
    for problem in found:
        at = (problem.span.line if problem.span else 0, problem.code)
        if at in said:
            used.add(at)
        else:
            left.append(problem)
    for at, span in said.items():
        if at not in used and (whole or not _is_warning(at[1])):
            left.append(_useless(at[1], span))
    return left


def _is_warning(code: str) -> bool:
    return code in CODES and CODES[code].severity == "warning" and code != "NN610"


def _useless(code: str, span: Span) -> Problem:
    if code not in CODES:
        message = f"there is no code {code}"
    elif not _is_warning(code):
        message = f"{code} cannot be silenced"
    else:
        message = f"there is no {code} on this line"
    return Problem("NN610", message, span, help="remove the comment, or move it to its line")
