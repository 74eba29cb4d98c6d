"""The table of a model for notebooks: what `_repr_html_` gives."""

from __future__ import annotations

from html import escape

from nnspec.report.problems import draw_all
from nnspec.report.text import HEADS, lines_of, totals
from nnspec.report.tree import rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.report.model import ModelReport, Report

#: the columns that hold numbers
_NUMBERS = (3, 4)


def report_html(report: Report) -> str:
    """The problems, then a table for each model, folded where there are several."""
    problems = draw_all(report.diagnostics)
    parts = [f"<pre>{escape(problems)}</pre>"] if problems else []
    tables = [(model.name, model_html(model)) for model in report.models.values()]
    if len(tables) == 1:
        parts.append(tables[0][1])
    else:
        parts += [
            f"<details><summary>{escape(name)}</summary>{table}</details>" for name, table in tables
        ]
    return "\n".join(parts)


def model_html(model: ModelReport) -> str:
    """Title, layers, totals."""
    lines = [f"<h4>{escape(model.name)}</h4>", "<table>"]
    lines.append(_row("th", HEADS, 0))
    for line in lines_of(model, rows(model, None), False):
        lines.append(_row("td", line.cells, line.row.depth if line.row else 0))
    lines += ["</table>", "<table>"]
    lines += [
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in totals(model)
    ]
    return "\n".join([*lines, "</table>"])


def _row(tag: str, cells: list[str], depth: int) -> str:
    found = []
    for number, cell in enumerate(cells):
        side = "right" if number in _NUMBERS else "left"
        inside = f"; padding-left: {1 + 1.5 * depth}em" if number == 0 and tag == "td" else ""
        found.append(f'<{tag} style="text-align: {side}{inside}">{escape(cell)}</{tag}>')
    return f"<tr>{''.join(found)}</tr>"
