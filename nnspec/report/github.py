"""`--format github`: a workflow command for each problem, which GitHub shows at its line."""

from __future__ import annotations

from nnspec.report.columns import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.diagnostics import Problem
    from nnspec.report.model import Report


def draw(reports: Sequence[tuple[str, Report]]) -> str:
    """One line for each problem."""
    return "".join(_line(problem) for _, report in reports for problem in report.diagnostics)


def _line(problem: Problem) -> str:
    place = ""
    if problem.span is not None:
        source = problem.span.source
        line, column = source.position(problem.span.start)
        end_line, end_column = source.position(problem.span.end)
        fields = [
            f"file={_property(source.name)}",
            f"line={line}",
            f"endLine={end_line}",
            f"col={column}",
        ]
        if end_line == line:
            fields.append(f"endColumn={end_column}")
        place = ",".join(fields) + ","
    text = problem.message + (f" ({problem.label})" if problem.label else "")
    text += "".join(f"\nnote: {note}" for note in problem.notes)
    text += f"\nhelp: {problem.help}" if problem.help else ""
    kind = {"error": "error", "warning": "warning"}.get(problem.severity, "notice")
    text = "\n".join(map(clean, text.split("\n")))
    return f"::{kind} {place}title={_property(problem.code)}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
