"""`--format json`: the report as one object. `schema.json` beside this file describes it."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.analysis.requires import Reason
    from nnspec.diagnostics import Problem
    from nnspec.report.layers import Layer
    from nnspec.report.model import ModelReport, Report, Tensor
    from nnspec.source import Span

#: grows when a field changes its meaning or goes away; new fields do not count
SCHEMA = 1


def draw(reports: Sequence[tuple[str, Report]]) -> str:
    """All reports in one object. Of several targets, the models are named `TARGET:Name`."""
    return json.dumps(as_dict(reports), indent=2, ensure_ascii=False) + "\n"


def as_dict(reports: Sequence[tuple[str, Report]]) -> dict[str, Any]:
    """What `draw` writes, as Python objects."""
    models: dict[str, Any] = {}
    for target, report in reports:
        for name, model in (report.models or report.blocks).items():
            models[name if len(reports) == 1 else f"{target.removesuffix(':' + name)}:{name}"] = (
                _model(model)
            )
    return {
        "schema": SCHEMA,
        "ok": all(report.ok for _, report in reports),
        "diagnostics": [_problem(p) for _, report in reports for p in report.diagnostics],
        "models": models,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "span": _span(problem.span),
        "label": problem.label,
        "labels": [{"span": _span(label.span), "text": label.text} for label in problem.labels],
        "notes": list(problem.notes),
        "help": problem.help,
    }


def _span(span: Span | None) -> dict[str, Any] | None:
    """Lines and columns count from 1, in characters; the end is the first column after it."""
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": span.start,
        "end": span.end,
    }


def _model(model: ModelReport) -> dict[str, Any]:
    memory = model.memory
    field = model.receptive_field
    return {
        "inputs": {name: _tensor(tensor) for name, tensor in model.inputs.items()},
        "outputs": {name: _tensor(tensor) for name, tensor in model.outputs.items()},
        "params": {"total": model.params.total, "trainable": model.params.trainable},
        "macs": model.macs,
        "memory": {
            "weights": memory.weights,
            "activations": memory.activations,
            "peak": memory.peak,
        },
        "receptive_field": None if field is None else list(field),
        "symbols": list(model.symbols),
        "sizes": model.sizes,
        "requires": model.requires,
        "modes": {mode: list(found.requires) for mode, found in model.modes.items()},
        "unproved": [condition.text for condition in model.admitted.unproved],
        "reasons": [_reason(reason) for reason in model.reasons],
        "layers": [_layer(layer) for layer in model.layers],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "requires": list(reason.requires),
        "needs": [
            {"condition": need.text, "why": need.why, "way": list(need.way)}
            for need in reason.needs
        ],
        "stated": reason.stated,
        "span": _span(reason.span),
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {"dtype": tensor.dtype, "shape": list(tensor.shape)}


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "path": layer.path,
        "operator": layer.operator,
        "inputs": [_tensor(tensor) for tensor in layer.inputs],
        "outputs": [_tensor(tensor) for tensor in layer.outputs],
        "params": layer.params,
        "macs": layer.macs,
        "count": layer.count,
        "tied": dict(layer.tied),
        "only": layer.only or None,
        "span": _span(layer.span),
    }
