"""Pipelines: `x -> conv1: conv2d(64, 7) -> relu`, and layers composed by the same arrow."""

from __future__ import annotations

from nnspec.elaborate import apply
from nnspec.elaborate.calls import call
from nnspec.elaborate.labels import evaluate_label
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import (
    Composed,
    Function,
    LabelName,
    Repeated,
    Step,
    describe,
    is_layer,
    written_out,
)
from nnspec.graph import Value
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.elaborate.body import Body


def _label(body: Body, stage: tree.Stage) -> LabelName | None:
    """The label of a stage. A number in it is part of a name: the structure depends on it."""
    if stage.label is None:
        return None
    return evaluate_label(stage.label, lambda part: body.session.pin(body.evaluate(part)))


def pipeline(body: Body, expr: tree.Pipeline) -> Any:
    """Apply stage after stage to tensors; without tensors at the start, compose a layer."""
    first = expr.stages[0]
    label = _label(body, first)
    if label is not None and isinstance(first.value, tree.Call):
        value = call(body, first.value, label)
    else:
        value = body.evaluate(first.value)
    tensors = apply.tensors_of(value)
    if tensors is not None:
        if label is not None and not isinstance(first.value, tree.Call):
            fail("NN202", "a label names a layer; this is a tensor", first.span)
        for stage in expr.stages[1:]:
            label = _label(body, stage)
            layer = _stage_layer(body, stage)
            tensors = apply.layer(body, layer, tensors, label, stage.value.span)
        return apply.results_of(tensors) if len(expr.stages) > 1 else value
    limits = body.session.limits
    steps: list[Step] = []
    for number, stage in enumerate(expr.stages):
        if number:
            label = _label(body, stage)
            value = _stage_layer(body, stage)
        elif not is_layer(value):
            _not_a_layer(body, stage, value)
        if label is None and isinstance(value, Composed):
            steps.extend(value.steps)
        else:
            steps.append(Step(label, value))
        if len(steps) > limits.items:
            message = f"this layer would have more than {limits.items:,} steps"
            fail("NN402", message, expr.span, help=limits.way_out("items"))
    made = Composed(expr.span, tuple(steps))
    nested = any(isinstance(step.layer, (Composed, Repeated)) for step in steps)
    body.session.count_steps(written_out(made, {}) if nested else len(steps), expr.span)
    return made


def _stage_layer(body: Body, stage: tree.Stage) -> Any:
    given = stage.value
    if isinstance(given, tree.Call):
        value = call(body, given, None, stage=True)
    else:
        value = body.evaluate(given)
    if is_layer(value):
        return value
    _not_a_layer(body, stage, value)


def _not_a_layer(body: Body, stage: tree.Stage, value: Any) -> Any:
    helped = ""
    if isinstance(value, Value) and isinstance(stage.value, tree.Call):
        helped = "leave the tensors out: the arrow brings them"
    elif isinstance(value, Function):
        name = value.definition.name
        helped = f"it is called: `{name}(x)`; a layer is a `block {name}:` with a line `input x: [N, ...]`"
    fail(
        "NN202",
        f"`->` gives tensors to a layer; this is {describe(value)}",
        stage.value.span,
        help=helped,
    )
