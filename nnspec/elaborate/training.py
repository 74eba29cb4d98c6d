"""Train parts, held against the model and the data.

The data set's images must fit the model's input, the loss must take the outputs and the fields, the classes
must agree on both sides: what does not is an error at its place, before anything is trained.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, Mismatch, nearest
from nnspec.dims import substitute
from nnspec.elaborate import objectives
from nnspec.elaborate.asked import asked
from nnspec.elaborate.fields import match_inputs
from nnspec.elaborate.recipes import Reader, data_plan, data_root, fields_of
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.together import (
    UnknownSetting,
    of_the_run,
    partners,
    together,
    words_of,
)
from nnspec.elaborate.values import Poisoned
from nnspec.graph import Graph, Value
from nnspec.operators.binding import check_kind, unknown_argument
from nnspec.recipe import lookup
from nnspec.recipe.definition import Bound
from nnspec.recipe.plan import PARTS, SETTINGS, GroupPlan, TrainPlan
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nnspec.elaborate.program import Program
    from nnspec.recipe.plan import DataPlan

    #: the plan, the model's graph and settings, and the sizes that the data gives
    Trained = tuple[TrainPlan, Graph, dict[str, Any], dict[str, int]]


def find_train(program: Program, model: str) -> tree.TrainDef | None:
    """The train part of a model, or of the only model where none is named."""
    fitting = [part for part in program.trains if not model or part.model.id == model]
    return fitting[0] if fitting else None


def train_plans(
    program: Program, model: str, overrides: Mapping[str, Any], root: str
) -> list[Trained] | None:
    """The plan of a train part with the command line's words put in, and after it those of the parts that
    are trained together with it; None where there are problems.

    Raises UnknownSetting for a word that sets nothing, and for a file without a train part.
    """
    part = find_train(program, model)
    if part is None:
        raise UnknownSetting(_no_train(program, model))
    group = together(program, part)
    words = words_of(program, group, overrides)
    found = [read_train(program, one, words, root) for one in group]
    return None if None in found else [plan for plan in found if plan is not None]


def read_train(
    program: Program, part: tree.TrainDef, words: Mapping[str, Mapping[str, Any]], root: str
) -> Trained | None:
    """The plan of this train part; None where there are problems. `words` of the command line, by model."""
    try:
        return _read(program, part, words, root)
    except Failure as failure:
        program.session.report(failure.problem)
    except Poisoned:
        pass
    return None


def _no_train(program: Program, model: str) -> str:
    named = f"`{model}` of " if model else ""
    return (
        f"there is no train part for {named}{program.module.source.name}; write one: "
        f"train {model or next(iter(program.models), 'Model')} on Data: …"
    )


def _read(
    program: Program,
    part: tree.TrainDef,
    words: Mapping[str, Mapping[str, Any]],
    root: str,
) -> Trained | None:
    group = together(program, part)
    model_settings = {
        model: {w[6:]: v for w, v in own.items() if w.startswith("model.")}
        for model, own in words.items()
    }
    own_settings = model_settings.get(part.model.id, {})
    overrides = {
        w: v for w, v in words.get(part.model.id, {}).items() if not w.startswith("model.")
    }
    reader = Reader(program, overrides, root)
    graph = reader.attempt(lambda: _model(program, part, own_settings))
    home: tuple[Program, tree.DataDef] | None = reader.attempt(lambda: _data_part(program, part))
    data = reader.attempt(lambda: _data(*home, root, graph)) if home else None
    read = Settings(reader, part, group)
    if graph is None or data is None:
        from nnspec.elaborate.apart import objectives_apart

        fields = data.fields if data else fields_of(*home, root) if home else None
        objectives_apart(reader, part, read.written, graph, fields)
        return None
    matched = reader.attempt(lambda: match_inputs(part, graph, data))
    inputs, sizes = matched or ({}, {})
    values = _values(graph, data, sizes)
    loss = reader.attempt(
        lambda: objectives.loss(program, part, group, model_settings, read.written, values, data)
    )
    metrics = reader.attempt(lambda: objectives.metrics(reader, read.written, values, graph, data))
    mix = (
        reader.attempt(lambda: objectives.mix(reader, read.written, inputs, loss, data))
        if loss and matched
        else None
    )
    if not reader.fine:
        return None
    plan = TrainPlan(
        part.model.id,
        inputs,
        tuple(name for name, _ in graph.outputs),
        loss,
        metrics,
        read.optimizer,
        read.scheduler,
        read.average,
        read.groups,
        mix,
        read.settings,
        data,
        partners(loss, group),
    )
    return plan, graph, own_settings, sizes


class Settings:
    """What a train part says besides its loss and metrics: what of it is wrong is told. `written` are all of
    its settings, and those of the run that the parts say that are trained together with it."""

    def __init__(self, reader: Reader, part: tree.TrainDef, group: list[tree.TrainDef]) -> None:
        attempt = reader.attempt
        self.written = written = {**of_the_run(group), **_written(reader, part)}
        self.settings = settings = {
            setting.name: attempt(
                lambda s=setting: reader.scalar(
                    s, written[s.name].value if s.name in written else None, s.default
                )
            )
            for setting in SETTINGS
        }
        attempt(lambda: _check_numbers(part, written, settings))
        self.optimizer = attempt(lambda: _recipe(reader, written, "optimizer", "adamw"))
        self.scheduler = attempt(lambda: _recipe(reader, written, "scheduler", "constant"))
        self.average = attempt(lambda: _average(reader, written))
        self.groups: tuple[GroupPlan, ...] = ()
        if self.optimizer:
            self.groups = attempt(lambda: _groups(reader, written, self.optimizer))
            attempt(lambda: _check_together(part, written, settings, self.optimizer))


def _model(program: Program, part: tree.TrainDef, settings: Mapping[str, Any]) -> Graph | None:
    """The graph of the model; None where it has problems, which are told. NN200 where there is none."""
    if part.model.id in program.models:
        return program.graph(part.model.id, settings)
    if program.is_poisoned(part.model.id):
        raise Poisoned
    close = nearest(part.model.id, program.models)
    fail(
        "NN200",
        f"there is no model `{part.model.id}`",
        part.model.span,
        help=f"did you mean `{close}`?" if close else "",
    )


def _data_part(program: Program, part: tree.TrainDef) -> tuple[Program, tree.DataDef]:
    """The data part, with the program of its file. NN200 where there is none."""
    found = program.find_data(part.data.id)
    if found is not None:
        return found
    if program.is_poisoned(part.data.id):
        raise Poisoned
    close = nearest(part.data.id, [*program.data, *program.borrowed])
    fail(
        "NN200",
        f"there is no data part `{part.data.id}`",
        part.data.span,
        help=f"did you mean `{close}`?" if close else f"write one: data {part.data.id}: …",
    )


def _data(program: Program, part: tree.DataDef, root: str, graph: Graph | None) -> DataPlan | None:
    return data_plan(program, part, {}, data_root(program, root), lambda side: asked(graph, side))


def _written(reader: Reader, part: tree.TrainDef) -> dict[str, tree.Setting]:
    """The settings of a part by name. Each that is none is told, and the others are read all the same."""
    found: dict[str, tree.Setting] = {}
    for setting in part.settings:
        name = ".".join(setting.path)
        reader.attempt(lambda n=name, s=setting: _check_setting(n, s, found))
        found.setdefault(name, setting)
    return found


def _check_setting(name: str, setting: tree.Setting, before: dict[str, tree.Setting]) -> None:
    known = [*PARTS, *(setting.name for setting in SETTINGS)]
    if name not in known:
        from nnspec.elaborate.habits_training import training_meant, training_said

        meant = training_meant(name, known)
        if meant is not None:
            before.setdefault(meant, setting)  # it is not missing, too
        helped = training_said(name, setting.value, known)
        fail("NN503", f"`{name}` is no setting of a train part", setting.path_span, help=helped)
    if name in before:
        fail(
            "NN201",
            f"`{name}` is set twice",
            setting.path_span,
            labels=(Label(before[name].path_span, "the first"),),
        )


def _recipe(reader: Reader, written: dict[str, tree.Setting], kind: str, default: str) -> Bound:
    if kind in written:
        return reader.bound(kind, written[kind].value, kind)
    recipe = lookup(kind, default)
    assert recipe is not None
    own = {w.partition(".")[2]: v for w, v in reader.overrides.items() if w.startswith(f"{kind}.")}
    return Bound(recipe, recipe.bind((), own))


def _average(reader: Reader, written: dict[str, tree.Setting]) -> Bound | None:
    if "average" not in written or isinstance(written["average"].value, tree.Constant):
        return None
    return reader.bound("average", written["average"].value, "average")


def _groups(
    reader: Reader, written: dict[str, tree.Setting], optimizer: Bound
) -> tuple[GroupPlan, ...]:
    """`[group("stem", lr=1e-4), …]`."""
    if "groups" not in written:
        return ()
    expr = written["groups"].value
    found: list[GroupPlan] = []
    for item in expr.items if isinstance(expr, tree.ListExpr) else (expr,):
        if (
            not isinstance(item, tree.Call)
            or not isinstance(item.function, tree.Name)
            or item.function.id != "group"
        ):
            fail(
                "NN202",
                "a group of parameters is written `group(name, setting=value)`",
                item.span,
                help='for example `groups = [group("head", lr=1e-2)]`',
            )
        names = [reader.body.evaluate(a.value) for a in item.arguments if a.name is None]
        if len(names) != 1 or not isinstance(names[0], str):
            fail(
                "NN204",
                "a group needs the name of its parameters, as a string",
                item.span,
                help='a layer such as "head", or a pattern such as "blocks.*.norm"',
            )
        own = {setting.name: setting for setting in optimizer.definition.settings}
        differs: dict[str, Any] = {}
        for argument in item.arguments:
            if argument.name is None:
                continue
            try:
                setting = own.get(argument.name.id)
                if setting is None:
                    raise unknown_argument(
                        optimizer.definition.name, argument.name.id, tuple(own.values())
                    )
                value = reader.body.evaluate(argument.value)
                value = check_kind(optimizer.definition.name, setting, value)
                if value == "find":
                    raise Mismatch("NN206", "a rate is found for all parameters together")
                differs[setting.name] = value
            except Mismatch as mismatch:
                raise placed(mismatch, argument.span) from None
        found.append(GroupPlan(names[0], differs))
    return tuple(found)


#: settings with the least number that they can be
_LEAST = {"epochs": 1, "batch_size": 1, "accumulate": 1, "patience": 1, "threads": 1}
_ABOVE_0 = ("clip_grad_norm", "clip_grad_value", "checkpoint_minutes")


def _check_numbers(
    part: tree.TrainDef, written: dict[str, tree.Setting], settings: dict[str, Any]
) -> None:
    for name, least in _LEAST.items():
        if isinstance(settings[name], int) and settings[name] < least:
            place = written[name].value.span if name in written else part.span
            fail("NN206", f"`{name}` is at least {least}, not {settings[name]}", place)
    for name in _ABOVE_0:
        if settings[name] is not None and settings[name] <= 0:
            place = written[name].value.span if name in written else part.span
            fail("NN206", f"`{name}` is above 0, not {settings[name]}", place)


def _check_together(
    part: tree.TrainDef,
    written: dict[str, tree.Setting],
    settings: dict[str, Any],
    optimizer: Bound,
) -> None:
    """An optimizer that asks for the loss again within its step goes its own way."""
    if not optimizer.definition.evaluates:
        return
    for name, plain in (("accumulate", 1), ("precision", "float32")):
        if settings[name] != plain:
            place = written[name].value.span if name in written else part.span
            fail(
                "NN206",
                f"`{optimizer.definition.name}` computes the loss several times in a step: `{name}` "
                f"stays {plain}",
                place,
            )


def _values(graph: Graph, data: DataPlan, sizes: dict[str, int]) -> dict[str, Value]:
    """The outputs and fields by name, with the sizes that the data gives."""
    found: dict[str, Value] = {}
    for name, value in graph.outputs:
        shape = tuple(substitute(size, sizes) for size in value.type.shape)
        found[name] = Value(TensorType(value.type.dtype, shape), None, len(found), name, value.span)
    batch = graph.inputs[0].type.shape[0]
    for name, field in data.fields.items():
        if name not in found:
            kind = TensorType(field.dtype, (substitute(batch, sizes), *field.shape))
            found[name] = Value(kind, None, len(found), name, None)
    return found
