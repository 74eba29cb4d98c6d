"""What a train part computes of a batch: the loss, the metrics, and samples mixed for them.

All of them name the model's outputs and the data's fields, and are held against both.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, Mismatch, nearest
from nnspec.dims import compare, render
from nnspec.elaborate.body import Body
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.together import bind_models, only_used
from nnspec.elaborate.values import describe
from nnspec.graph import Graph, OpNode, Value
from nnspec.recipe.plan import MetricPlan, MixPlan
from nnspec.records import replace
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, NoReturn

    from nnspec.dims import Size
    from nnspec.elaborate.program import Program
    from nnspec.elaborate.recipes import Reader
    from nnspec.recipe.definition import Bound
    from nnspec.recipe.plan import DataPlan


def loss(
    program: Program,
    part: tree.TrainDef,
    group: list[tree.TrainDef],
    model_settings: dict[str, dict[str, Any]],
    written: dict[str, tree.Setting],
    values: dict[str, Value],
    data: DataPlan,
) -> Graph:
    """The loss as a graph of its own, whose inputs are the outputs and fields. The models that are trained
    together can be applied in it."""
    if "loss" not in written:
        no_loss(part)
    setting = written["loss"]
    graph = Graph("loss", "function")
    graph.doc = setting.value.span.text
    graph.inputs = list(values.values())
    scope = Scope(program.scope)
    body = Body(program.session, graph, scope)
    bind_models(body, program, group, model_settings)
    for name, value in values.items():
        scope.bind(name, value)
    try:
        result = body.evaluate(setting.value)
    except Failure as failure:
        if failure.problem.code != "NN200":
            raise
        known = f"the outputs and fields are {', '.join(values)}"
        raise Failure(replace(failure.problem, code="NN505", notes=(known,))) from None
    if not isinstance(result, Value):
        fail("NN202", f"a loss is a tensor, not {describe(result)}", setting.value.span)
    if result.type.shape != ():
        fail(
            "NN501",
            f"a loss is one number; this is {result.type}",
            setting.value.span,
            help="take its mean: `mean(…)`",
        )
    graph.outputs = [("loss", result)]
    graph.inputs = only_used(graph)
    model = program.graph(part.model.id, model_settings.get(part.model.id, {}))
    _check_classes(graph, data, model.arguments if model is not None else {})
    return graph


def no_loss(part: tree.TrainDef) -> NoReturn:
    """NN504."""
    fail(
        "NN504",
        f"`train {part.model.id}` has no loss",
        part.model.span,
        help="`loss = cross_entropy(logits, label)`, of the model's outputs and the data's fields",
    )


def _check_classes(graph: Graph, data: DataPlan, arguments: Mapping[str, Any]) -> None:
    """A loss on class numbers must have a score for each class of the data; `arguments` are the model's."""
    for node in graph.nodes:
        if not isinstance(node, OpNode) or node.operator.name not in ("cross_entropy", "nll_loss"):
            continue
        scores, target = node.inputs[0], node.inputs[1]
        field = data.fields.get(target.name) if target is not None and target.node is None else None
        if scores is None or field is None or field.classes is None:
            continue
        if compare("==", scores.type.shape[1], field.classes) is False:
            labels = (
                (Label(scores.span, f"{render(scores.type.shape[1])} scores come from here"),)
                if scores.span
                else ()
            )
            fail(
                "NN502",
                f"the model gives {render(scores.type.shape[1])} classes, the data has {field.classes}",
                node.span,
                labels=labels,
                help=_more_classes(scores.type.shape[1], field.classes, arguments),
            )


def _more_classes(scores: Size, classes: int, arguments: Mapping[str, Any]) -> str:
    """Which parameter of the model is to be the number of classes: one that has that of the scores."""
    likely = [name for name, value in arguments.items() if type(value) is int and value == scores]
    if not likely:
        return f"let the model give {classes} scores"
    name = "classes" if "classes" in likely else likely[0]
    return f"`nnspec train … model.{name}={classes}`, or that default in the model"


def mix(
    reader: Reader,
    written: dict[str, tree.Setting],
    inputs: dict[str, str],
    loss: Graph,
    data: DataPlan,
) -> MixPlan | None:
    """Mixed samples have shares of classes in place of one: only a loss that takes both can have them."""
    if "mix" not in written:
        return None
    expr = written["mix"].value
    if isinstance(expr, tree.Constant):
        return None
    items = expr.items if isinstance(expr, tree.ListExpr) else (expr,)
    ways = tuple(reader.bound("mixture", item) for item in items)
    images = [name for name in inputs.values() if len(data.fields[name].shape) == 3]
    labels = {
        node.inputs[1].name
        for node in loss.nodes
        if isinstance(node, OpNode)
        and node.operator.name == "cross_entropy"
        and node.inputs[1] is not None
        and node.inputs[1].node is None
    }
    classes = [n for n in labels if n in data.fields and data.fields[n].classes is not None]
    if len(images) != 1 or len(classes) != 1 or data.fields[classes[0]].shape:
        fail(
            "NN501",
            "samples are mixed of one image and its class, and the loss must be `cross_entropy` on it",
            expr.span,
            help=f"the inputs are {', '.join(inputs.values())}; the loss is `{loss.doc}`",
        )
    return MixPlan(ways, images[0], classes[0])


#: what makes probabilities of scores
_ACTIVATIONS = ("sigmoid", "softmax")


def _are_probabilities(graph: Graph, output: str) -> bool:
    """Whether this output comes from such a step, perhaps in another shape."""
    node = dict(graph.outputs)[output].node
    while isinstance(node, OpNode) and node.operator.is_view and node.inputs[0] is not None:
        node = node.inputs[0].node
    return isinstance(node, OpNode) and node.operator.name in _ACTIVATIONS


def metrics(
    reader: Reader,
    written: dict[str, tree.Setting],
    values: dict[str, Value],
    graph: Graph,
    data: DataPlan,
) -> tuple[MetricPlan, ...]:
    outputs = [name for name, _ in graph.outputs]
    found: list[MetricPlan] = []
    for item in listed(written.get("metrics")):
        plan = reader.attempt(lambda i=item: _metric_plan(reader, i, outputs, values, graph, data))
        found += [] if plan is None else [plan]
    return tuple(found)


def listed(setting: tree.Setting | None) -> Sequence[tree.Expr]:
    """The items of a list, or the one that is written without brackets."""
    if setting is None:
        return ()
    return setting.value.items if isinstance(setting.value, tree.ListExpr) else (setting.value,)


def _metric_plan(
    reader: Reader,
    item: tree.Expr,
    outputs: Iterable[str],
    values: Mapping[str, Value],
    graph: Graph,
    data: DataPlan,
) -> MetricPlan:
    bound, (output, field) = metric(reader, item, outputs, data.fields)
    try:
        bound.definition.check(values[output].type, data.fields[field], bound.settings)
    except Mismatch as mismatch:
        raise placed(mismatch, item.span) from None
    return MetricPlan(bound, output, field, _are_probabilities(graph, output))


def metric(
    reader: Reader, item: tree.Expr, outputs: Iterable[str] | None, fields: Iterable[str] | None
) -> tuple[Bound, list[str]]:
    """`accuracy(logits, label)`: the metric, and the output and the field that it takes. `outputs` and
    `fields` are None where they are not known."""
    if not isinstance(item, tree.Call) or not isinstance(item.function, tree.Name):
        fail("NN202", "a metric is written `accuracy(logits, label)`", item.span)
    taken = [a for a in item.arguments if a.name is None][:2]
    rest = replace(item, arguments=tuple(a for a in item.arguments if a not in taken))
    reader.recipe("metric", item.function, item)
    chosen: list[str] = []
    for argument, known, what in zip(
        taken, (outputs, fields), ("output of the model", "field of the data"), strict=False
    ):
        value = argument.value
        if not isinstance(value, tree.Name) or (known is not None and value.id not in known):
            close = nearest(value.span.text, known or ())
            there = f"there is {', '.join(known)}" if known is not None else ""
            fail(
                "NN505",
                f"`{value.span.text}` is no {what}",
                value.span,
                help=f"did you mean `{close}`?" if close else there,
            )
        chosen.append(value.id)
    if len(chosen) != 2:
        first = next(iter(outputs or ()), "logits"), next(iter(fields or ()), "label")
        fail(
            "NN204",
            f"`{item.function.id}` needs an output and a field",
            item.span,
            help=f"`{item.function.id}({', '.join(first)})`",
        )
    return reader.bound("metric", rest), chosen
