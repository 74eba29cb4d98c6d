"""`--format sarif`: SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json

from nnspec.codes import CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.diagnostics import Problem
    from nnspec.report.model import Report
    from nnspec.source import Span


def draw(reports: Sequence[tuple[str, Report]]) -> str:
    """One run with the problems of all reports."""
    problems = [problem for _, report in reports for problem in report.diagnostics]
    rules = sorted({problem.code for problem in problems})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "nnspec", "rules": [_rule(code) for code in rules]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, rules.index(problem.code)) for problem in problems],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": CODES[code].summary},
        "fullDescription": {"text": CODES[code].explanation},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    text = "\n".join(
        [
            problem.message,
            *(f"note: {note}" for note in problem.notes),
            *([f"help: {problem.help}"] if problem.help else []),
        ]
    )
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": text},
    }
    if problem.span is not None:
        result["locations"] = [_location(problem.span, problem.label)]
    if problem.labels:
        result["relatedLocations"] = [_location(label.span, label.text) for label in problem.labels]
    return result


def _location(span: Span, text: str) -> dict[str, Any]:
    from urllib.parse import quote

    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    found: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(span.source.name.replace("\\", "/"))},
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        }
    }
    if text:
        found["message"] = {"text": text}
    return found
