"""Data parts: the source and its fields, the split, and the pipeline of each field.

`Reader` is shared with the train parts (`training.py`): it looks names up, binds settings and puts in the
words of the command line.
"""

from __future__ import annotations

from itertools import zip_longest

from nnspec.diagnostics import Failure, Label, Mismatch, nearest
from nnspec.elaborate.body import Body
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import fail, placed
from nnspec.elaborate.values import Poisoned, describe
from nnspec.operators.binding import check_kind
from nnspec.operators.definition import Setting
from nnspec.recipe import lookup, names
from nnspec.recipe.definition import Bound
from nnspec.recipe.plan import AS_PUBLISHED, PARTS, SETTINGS, DataPlan
from nnspec.records import replace
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nnspec.elaborate.program import Program
    from nnspec.recipe.definition import Field, Recipe
    from nnspec.recipe.sources.base import Asks

SPLITS = ("train", "val", "test")


class Reader:
    """Reads the settings of one data or train part; `overrides` are the words of the command line."""

    def __init__(self, program: Program, overrides: Mapping[str, Any], root: str) -> None:
        self.program = program
        self.overrides = dict(overrides)
        self.root = root
        self.body = Body.for_defaults(program.session, Scope(program.scope))
        self.fine = True

    def attempt(self, read: Any) -> Any:
        """The result, or None with the problem told."""
        try:
            return read()
        except Failure as failure:
            self.program.session.report(failure.problem)
        except Poisoned:
            pass
        self.fine = False
        return None

    def bound(self, kind: str, expr: tree.Expr, setting: str = "") -> Bound:
        """`adamw(lr=3e-3)` or a bare name, as a definition with its settings.

        Words of the command line such as `optimizer.lr=1e-2` take the place of what is written.
        """
        function, arguments = (
            (expr.function, expr.arguments) if isinstance(expr, tree.Call) else (expr, ())
        )
        if not isinstance(function, tree.Name):
            article = "an" if kind[0] in "aeiou" else "a"
            helped = ""
            if isinstance(function, tree.Attribute):  # torch.optim.Adam
                from nnspec.elaborate.habits_training import recipe_said

                helped = recipe_said(kind, function.name, expr)
            fail(
                "NN202", f"the name of {article} {kind} is needed here", function.span, help=helped
            )
        recipe = self.recipe(kind, function, expr)
        inner = {s.name for s in recipe.settings if s.kind == "recipes"}
        positional = [
            self._value(kind, a.value, bool(s and s.name in inner))
            for a, s in zip_longest((a for a in arguments if a.name is None), recipe.settings)
            if a is not None
        ]
        keyword = {
            a.name.id: self._value(kind, a.value, a.name.id in inner)
            for a in arguments
            if a.name is not None
        }
        places = {a.name.id: a.span for a in arguments if a.name is not None}
        places |= {
            recipe.settings[i].name: a.span
            for i, a in enumerate(a for a in arguments if a.name is None)
            if i < len(recipe.settings)
        }
        for name in list(self.overrides):
            head, _, tail = name.partition(".")
            if setting and head == setting and tail:
                keyword[tail] = self.overrides.pop(name)
                positions = [s.name for s in recipe.settings]
                if tail in positions and positions.index(tail) < len(positional):
                    positional[positions.index(tail)] = keyword.pop(tail)
        try:
            return Bound(recipe, recipe.bind(positional, keyword))
        except Mismatch as mismatch:
            raise placed(mismatch, places.get(mismatch.argument, expr.span)) from None

    def _value(self, kind: str, expr: tree.Expr, of_recipes: bool) -> Any:
        """What an argument is; `of_recipes`: names of this kind."""
        if not of_recipes:
            return self.body.evaluate(expr)
        items = expr.items if isinstance(expr, tree.ListExpr) else (expr,)
        return [self.bound(kind, item) for item in items]

    def recipe(self, kind: str, name: tree.Name, expr: tree.Expr) -> Recipe:
        """The recipe of this name, which `expr` calls. NN200 where there is none."""
        try:
            found = lookup(kind, name.id)
        except Mismatch as mismatch:  # of a package that offers it
            raise placed(mismatch, name.span) from None
        if found is None:
            from nnspec.elaborate.habits_training import recipe_said

            helped = recipe_said(kind, name.id, expr)
            fail("NN200", f"there is no {kind} `{name.id}`", name.span, help=helped)
        return found

    def scalar(self, setting: Any, expr: tree.Expr | None, default: Any) -> Any:
        """A plain setting, `epochs = 10`, or the command line's word for it."""
        if setting.name in self.overrides:
            value, span = self.overrides.pop(setting.name), None
        elif expr is not None:
            value, span = self.body.evaluate(expr), expr.span
        else:
            return default
        try:
            return check_kind("train", setting, value)
        except Mismatch as mismatch:
            if span is None:
                raise
            raise placed(mismatch, span) from None


def read_data(
    program: Program, part: tree.DataDef, root: str, asks: Callable[[int], Asks] | None = None
) -> DataPlan | None:
    """The plan of a data part that no train part uses; None where it has problems."""
    try:
        return data_plan(program, part, {}, root, asks)
    except Failure as failure:
        program.session.report(failure.problem)
    except Poisoned:
        pass
    return None


def data_root(home: Program, root: str) -> str:
    """The folder from which the paths of a data part of the file `home` count: that of the file.

    For a part of the zoo it is the folder of the spec that imports it.
    """
    import posixpath

    below = "" if home.key.startswith("zoo:") else posixpath.dirname(home.key)
    return posixpath.join(root, below) if below else root


def data_plan(
    program: Program,
    part: tree.DataDef,
    overrides: Mapping[str, Any],
    root: str,
    asks: Callable[[int], Asks] | None = None,
) -> DataPlan | None:
    """The plan of a `data` part, or None where it has problems. `asks`: the model that is trained on it."""
    reader = Reader(program, overrides, root)
    written = _settings(part)
    read = _source(reader, part, written.pop(("source",), None), asks)
    if read is None:
        _without_source(reader, part, written)
        return None
    source, fields, divided = read
    drawn: dict[str, Bound] = {}
    split = AS_PUBLISHED if divided else {"train": 0.8, "val": 0.2}
    seed, unreadable = 0, "stop"
    pipelines: dict[str, dict[str, list[Bound]]] = {}
    shapes: dict[str, dict[str, Field]] = {}
    for path, setting in written.items():
        if path == ("split",):
            split = reader.attempt(lambda s=setting: _split(reader, s.value)) or split
        elif path == ("seed",):
            seed = reader.attempt(lambda s=setting: reader.body.evaluate(s.value)) or 0
        elif path == ("unreadable",):
            unreadable = reader.attempt(lambda s=setting: _unreadable(reader, s.value)) or "stop"
        elif _is_draw(path, setting.value, fields):
            drawn[path[0]] = reader.attempt(lambda s=setting: _draw(reader, s.value))
        elif path[0] in fields and (len(path) == 1 or (len(path) == 2 and path[1] in SPLITS)):
            continue
        else:
            reader.attempt(lambda p=path, s=setting: _unknown_setting(part, p, s, fields))
    for name, field in fields.items():
        for one in split:
            chosen = written.get((name, one)) or written.get((name,))
            steps: list[Bound] = []
            after = field
            if chosen is not None:
                read = reader.attempt(lambda s=chosen, f=field: _pipeline(reader, s.value, f))
                if read is None:
                    break
                steps, after = read
            elif field.dtype == "u8":
                after = replace(field, dtype="f32")
            pipelines.setdefault(name, {})[one] = steps
            shapes.setdefault(name, {})[one] = after
    if not reader.fine:
        return None
    for name, draw in drawn.items():
        fields[name] = made = draw.definition.field(draw.settings)
        pipelines[name] = {one: [] for one in split}
        shapes[name] = dict.fromkeys(split, made)
    after_train = {name: by_split[next(iter(split))] for name, by_split in shapes.items()}
    for name, by_split in shapes.items():
        for one, field in by_split.items():
            first = after_train[name]
            if field != first:
                fail(
                    "NN501",
                    f"`{name}` has shape {list(field.shape)} in {one} and "
                    f"{list(first.shape)} in {next(iter(split))}",
                    part.name_span,
                )
    return DataPlan(
        part.name, source, split, pipelines, after_train, fields, seed, root, unreadable, drawn
    )


def fields_of(home: Program, part: tree.DataDef, root: str) -> list[str] | None:
    """The names of the fields of a data part with errors, of the file `home`; None where they are not
    known."""
    from nnspec.recipe.sources.base import Asks

    reader = Reader(home, {}, data_root(home, root))
    nothing = Asks({}, None)
    read = reader.attempt(
        lambda: _source(reader, part, _settings(part).get(("source",)), lambda _: nothing)
    )
    if read is None:
        return None
    drawn = [s.path[0] for s in part.settings if _is_draw(s.path, s.value, read[1])]
    return [*read[1], *drawn]


#: what a train part sets, and a data part does not
_OF_TRAINING = {*PARTS, *(setting.name for setting in SETTINGS)} - {"seed"}


def _without_source(
    reader: Reader, part: tree.DataDef, written: Mapping[tuple[str, ...], tree.Setting]
) -> None:
    """What can be told of a data part whose fields are not known: the split, and the names of transforms."""
    for path, setting in written.items():
        if path == ("split",):
            reader.attempt(lambda s=setting: _split(reader, s.value))
        elif len(path) == 1 and path[0] in _OF_TRAINING:
            reader.attempt(lambda p=path, s=setting: _unknown_setting(part, p, s, {}))
        for stage in _stages(setting.value):
            name = stage.function if isinstance(stage, tree.Call) else None
            if isinstance(name, tree.Name) and name.id not in names("draw"):
                reader.attempt(lambda s=stage: reader.bound("transform", s))


def _stages(expr: tree.Expr) -> list[tree.Expr]:
    return [stage.value for stage in expr.stages] if isinstance(expr, tree.Pipeline) else [expr]


def _settings(part: tree.DataDef) -> dict[tuple[str, ...], tree.Setting]:
    """The settings of a data part by their paths. NN201 where one is set twice."""
    written: dict[tuple[str, ...], tree.Setting] = {}
    for setting in part.settings:
        if setting.path in written:
            fail(
                "NN201",
                f"`{'.'.join(setting.path)}` is set twice",
                setting.path_span,
                labels=(Label(written[setting.path].path_span, "the first"),),
            )
        written[setting.path] = setting
    return written


def _source(
    reader: Reader,
    part: tree.DataDef,
    setting: tree.Setting | None,
    asks: Callable[[int], Asks] | None,
) -> tuple[Bound, dict[str, Field], bool] | None:
    """The source, made to fit what the model asks, its fields, and whether it is published in parts; None
    where it has problems."""
    if setting is None:
        fail(
            "NN504",
            f"`{part.name}` has no source",
            part.name_span,
            help="say where the data comes from: `source = digits()`",
        )
    source = reader.attempt(lambda: reader.bound("source", setting.value, "source"))
    if source is None:
        return None
    if source.definition.waits(source.settings):
        if asks is None:
            fail(
                "NN504",
                f"the shape of `{part.name}` is that of the model, and no train part uses it",
                setting.value.span,
                help=f"write train Model on {part.name}: …, or give it a shape",
            )
        if not asks(1).inputs:
            raise Poisoned
    if asks is not None:
        source = replace(source, settings=source.definition.fitted(source.settings, asks))
    try:
        fields = dict(source.definition.fields(source.settings, reader.root))
        return source, fields, source.definition.is_divided(source.settings, reader.root)
    except Mismatch as mismatch:
        raise placed(mismatch, setting.value.span) from None


def _is_draw(path: tuple[str, ...], value: tree.Expr, fields: Mapping[str, Field]) -> bool:
    """`z = normal(100)`: a name that the source has not, and numbers that are drawn for each batch."""
    name = value.function if isinstance(value, tree.Call) else None
    new = len(path) == 1 and path[0] not in fields
    return new and isinstance(name, tree.Name) and name.id in names("draw")


def _draw(reader: Reader, value: tree.Expr) -> Bound:
    bound = reader.bound("draw", value)
    try:
        bound.definition.field(bound.settings)
    except Mismatch as mismatch:
        raise placed(mismatch, value.span) from None
    return bound


def _unknown_setting(
    part: tree.DataDef, path: tuple[str, ...], setting: tree.Setting, fields: Mapping[str, Field]
) -> None:
    known = [
        "source",
        "split",
        "seed",
        "unreadable",
        *fields,
        *(f"{f}.{s}" for f in fields for s in SPLITS),
    ]
    word = ".".join(path)
    if word in _OF_TRAINING:
        fail(
            "NN503",
            f"`{word}` is no setting of `{part.name}`",
            setting.path_span,
            help=f"it stands in the train part: `train Model on {part.name}:`",
        )
    from nnspec.elaborate.habits_training import data_said

    helped = data_said(word, setting.value, known, fields)
    fail("NN503", f"`{word}` is no setting of `{part.name}`", setting.path_span, help=helped)


def _unreadable(reader: Reader, expr: tree.Expr) -> str:
    setting = Setting("unreadable", "str", "stop", choices=("stop", "skip"))
    try:
        found: str = check_kind("data", setting, reader.body.evaluate(expr))
    except Mismatch as mismatch:
        raise placed(mismatch, expr.span) from None
    return found


def _split(reader: Reader, expr: tree.Expr) -> dict[str, float]:
    value = reader.body.evaluate(expr)
    if not isinstance(value, dict):
        fail(
            "NN205",
            f"a split is written `[train: 0.8, val: 0.2]`, not {describe(value)}",
            expr.span,
        )
    for name, share in value.items():
        if name not in SPLITS:
            close = nearest(name, SPLITS)
            fail(
                "NN503",
                f"there is no split `{name}`",
                expr.span,
                help=f"did you mean `{close}`?" if close else f"there are {', '.join(SPLITS)}",
            )
        if not isinstance(share, (int, float)) or isinstance(share, bool) or share <= 0:
            fail("NN206", f"the share of `{name}` is a number above 0, not {share}", expr.span)
    if "train" not in value or "val" not in value:
        fail("NN504", "a split needs `train` and `val`", expr.span)
    shares = all(isinstance(share, float) or share == 1 for share in value.values())
    if shares and abs(sum(value.values()) - 1) > 1e-6:
        fail(
            "NN206",
            f"the shares add up to {sum(value.values()):g}, not to 1",
            expr.span,
            help="whole numbers above 1 are counts of samples",
        )
    return value


def _pipeline(reader: Reader, expr: tree.Expr, field: Field) -> tuple[list[Bound], Field]:
    """`resize(28) -> normalize(…)`: the transforms, and the field after them."""
    stages = _stages(expr)
    steps = [reader.attempt(lambda s=stage: reader.bound("transform", s)) for stage in stages]
    if None in steps:
        raise Poisoned
    for stage, step in zip(stages, steps, strict=True):
        try:
            field = step.definition.apply(field, step.settings)
        except Mismatch as mismatch:
            raise placed(mismatch, stage.span) from None
    if field.dtype == "u8":
        field = replace(field, dtype="f32")
    return steps, field
