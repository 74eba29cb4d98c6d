"""A file as a whole: its blocks and models by name, and the graphs of its models."""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, Problem, nearest
from nnspec.dims import SizeLimit
from nnspec.elaborate.blocks import argument_scope
from nnspec.elaborate.body import Body
from nnspec.elaborate.parameters import bind_parameters, check_type, inputs_of
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import Session, fail
from nnspec.elaborate.values import POISON, Block, BlockLayer, Function, Poisoned, describe
from nnspec.graph import Graph
from nnspec.limits import DEFAULTS
from nnspec.records import Record
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nnspec.elaborate.imports import Library
    from nnspec.limits import Limits
    from nnspec.source import Span


class Model:
    """A model or preset that a file offers: which body, which parameters are fixed, which are free."""

    __slots__ = ("base", "definition", "fixed", "name")

    def __init__(
        self, name: str, definition: tree.BlockDef, base: Block, fixed: Mapping[str, Any]
    ) -> None:
        self.name = name
        self.definition = definition  # as named: the preset's own
        self.base = base  # the model whose body it is
        self.fixed = fixed

    @property
    def parameters(self) -> tuple[tree.Parameter, ...]:
        """The parameters that may still be set."""
        return tuple(p for p in self.base.definition.parameters if p.name not in self.fixed)

    @property
    def missing(self) -> list[str]:
        """Parameters that must be set before the model can be checked."""
        return [p.name for p in self.parameters if p.default is None]


class Borrowed(Record):
    """A data part of another file, with the program of that file."""

    home: Program
    part: tree.DataDef


class Program:
    """One parsed file, ready to be elaborated. Problems are collected in `problems`.

    The files that it imports are programs of their own, of one session. `kept` are their texts where
    they are not to be read from the disk (see `imports.py`). `models` has the imported ones too, under the
    names that they have here; `data` are the file's own data parts, `borrowed` the imported ones.
    """

    def __init__(
        self,
        module: tree.Module,
        kept: Mapping[str, str] | None = None,
        importer: Program | None = None,
        key: str = "",
        limits: Limits = DEFAULTS,
    ) -> None:
        self.module = module
        self.kept = kept
        self.key = key  # of the file, in the library; "" for the root
        self.session: Session = Session(limits=limits) if importer is None else importer.session
        # None until something is imported
        self.library: Library | None = None if importer is None else importer.library
        self.scope: Scope = Scope()
        self.models: dict[str, Model] = {}
        self.data: dict[str, tree.DataDef] = {}
        self.trains: list[tree.TrainDef] = []
        self.borrowed: dict[str, Borrowed] = {}
        self.imported: dict[str, Span] = {}  # every name that an import binds, and where
        self._graphs: dict[Any, Graph | None] = {}
        with deep_recursion():
            self._declare()

    @property
    def problems(self) -> list[Problem]:
        return self.session.problems

    @property
    def own_models(self) -> list[Model]:
        """The models and presets that this file itself defines."""
        source = self.module.source
        return [m for m in self.models.values() if m.definition.span.source is source]

    @property
    def texts(self) -> dict[str, str]:
        """The imported files, by their keys."""
        return self.library.texts if self.library else {}

    def _declare(self) -> None:
        """Bind the names of the file; presets are resolved once all are there."""
        blocks: list[tree.BlockDef] = []
        for part in self.module.parts:
            try:
                if isinstance(part, (tree.BlockDef, tree.FnDef)):
                    self.once(part.name, part.name_span)
                    made = Function if isinstance(part, tree.FnDef) else Block
                    self.scope.bind(part.name, made(part, self.scope), part.name_span)  # type: ignore[arg-type]
                    if isinstance(part, tree.BlockDef) and part.kind == "model":
                        blocks.append(part)
                elif isinstance(part, tree.DataDef):
                    self._data(part)
                elif isinstance(part, tree.TrainDef):
                    self.trains.append(part)
                elif isinstance(part, tree.GlobalAssign):
                    self._constant(part)
                elif isinstance(part, tree.Import):
                    from nnspec.elaborate.imports import take

                    take(self, part)
                else:
                    assert isinstance(part, tree.ExternDef)
                    self._extern(part)
            except Failure as failure:
                self.session.report(failure.problem)
            except SizeLimit as limit:
                self.session.report(Problem("NN403", f"this makes {limit}", part.span))
        for definition in blocks:
            try:
                self._model(definition)
            except Failure as failure:
                self.session.report(failure.problem)
            except Poisoned:
                continue

    def once(self, name: str, span: Span, imported: bool = False) -> None:
        """NN201 where the file has a name already."""
        first = self.imported.get(name) or self.scope.places.get(name)
        if first is None and imported and name in self.data:
            first = self.data[name].name_span
        if first is not None:
            self._twice(name, span, first, imported)

    def _twice(self, name: str, span: Span, first: Span, imported: bool = False) -> None:
        before = name in self.imported
        words = "defined twice"
        if imported or before:
            words = "imported twice" if imported and before else "defined here and imported"
        fail(
            "NN201",
            f"`{name}` is {words}",
            span,
            label="the second",
            labels=(Label(first, "the first"),),
            help=f"import it under another name: `import {name} as …`"
            if imported or before
            else "",
        )

    def _data(self, part: tree.DataDef) -> None:
        if part.name in self.data:
            self._twice(part.name, part.name_span, self.data[part.name].name_span)
        elif part.name in self.imported:
            self._twice(part.name, part.name_span, self.imported[part.name])
        self.data[part.name] = part

    def _constant(self, part: tree.GlobalAssign) -> None:
        from nnspec.elaborate.expressions import bind_target

        for target in _leaves(part.target):
            if target.name in self.imported:
                self.once(target.name, target.span)
        body = Body(self.session, Graph("constants", "block"), self.scope)
        try:
            bind_target(body, part.target, body.evaluate(part.value))
        except (Failure, Poisoned) as problem:
            bind_target(body, part.target, POISON)
            if isinstance(problem, Failure):
                raise

    def _extern(self, part: tree.ExternDef) -> None:
        from nnspec.elaborate.externs import declare

        self.once(part.name, part.name_span)
        self.scope.bind(part.name, POISON, part.name_span)
        declare(self, part)

    def _model(self, definition: tree.BlockDef) -> None:
        own = Block(definition, self.scope)
        if definition.short is None:
            self.models[definition.name] = Model(definition.name, definition, own, {})
            return
        self.scope.bind(definition.name, POISON, definition.name_span)
        body = Body.for_defaults(self.session, self.scope)
        short = definition.short
        if (
            isinstance(short, tree.Call)
            and isinstance(short.function, tree.Name)
            and isinstance(base := body.evaluate(short.function), Block)
            and base.definition.kind == "model"
        ):
            if base.definition.short is not None:
                same = (m for m in self.models.values() if m.definition is base.definition)
                other = next(same, None)
                if other is None:
                    fail("NN401", f"`{definition.name}` and its base define each other", short.span)
                base, inherited = other.base, dict(other.fixed)
            else:
                inherited = {}
            fixed = inherited | self._preset_arguments(body, base, short)
            self.models[definition.name] = Model(definition.name, definition, base, fixed)
            self.scope.bind(definition.name, own, definition.name_span)
            return
        value = body.evaluate(short)
        name = definition.name
        helped = f"a model with inputs has a body: `model {name}:` and its `input` lines below"
        if isinstance(value, Block) and value.definition.kind == "model":
            helped = f"write `{name} = {short.span.text}()`"
        fail(
            "NN202",
            f"a model in the short form is a preset, `{name} = Model(…)`; this is {describe(value)}",
            short.span,
            help=helped,
        )

    def _preset_arguments(self, body: Body, base: Block, short: tree.Call) -> dict[str, Any]:
        """The parameters that a preset fixes; the others stay free."""
        positional: list[Any] = []
        keyword: dict[str, Any] = {}
        places: dict[str, Any] = {}
        for argument in short.arguments:
            value = body.evaluate(argument.value)
            if argument.name is None:
                places[str(len(positional))] = argument.span
                positional.append(value)
            else:
                places[argument.name.id] = argument.span
                keyword[argument.name.id] = value
        parameters = base.definition.parameters
        names = {p.name for p in parameters[: len(positional)]} | keyword.keys()
        open_ones = [p.name for p in parameters if p.default is None and p.name not in names]
        stand_in = dict.fromkeys(open_ones)
        if open_ones:  # bind the rest with stand-ins to have everything else checked
            given = {p.name: v for p, v in zip(parameters, positional, strict=False)} | keyword
            by_name = {p.name: p for p in parameters}
            return {
                name: check_type(
                    by_name[name], value, places.get(name, short.span), base.definition.name
                )
                for name, value in given.items()
                if name in by_name and name not in stand_in
            }
        bound = bind_parameters(self.session, base, positional, keyword, places, short.span)
        return {name: bound[name] for name in bound if name in names}

    def find_data(self, name: str) -> tuple[Program, tree.DataDef] | None:
        """A data part of this file, or one that it imports, with the program of its file."""
        if name in self.data:
            return self, self.data[name]
        found = self.borrowed.get(name)
        return (found.home, found.part) if found else None

    def is_poisoned(self, name: str) -> bool:
        """Whether a name of the file stands for something that failed."""
        return self.scope.names.get(name) is POISON

    def model(self, name: str) -> Model:
        """The model of this name; KeyError with the nearest in its text."""
        if name in self.models:
            return self.models[name]
        close = nearest(name, self.models)
        known = ", ".join(self.models) or "none"
        raise KeyError(
            f"there is no model `{name}` in {self.module.source.name}"
            + (f"; did you mean `{close}`?" if close else f"; its models: {known}")
        )

    def arguments(self, model: Model, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each of the model's parameters. Raises Failure."""
        keyword = {**model.fixed, **settings}
        span = model.definition.name_span
        return bind_parameters(self.session, model.base, (), keyword, {}, span)

    def graph(self, name: str, settings: Mapping[str, Any] | None = None) -> Graph | None:
        """The graph of a model with these parameters; None where it has problems."""
        from nnspec.elaborate.values import key

        model = self.model(name)
        remembered = (name, tuple((k, key(v)) for k, v in sorted((settings or {}).items())))
        if remembered not in self._graphs:
            with deep_recursion():
                self._graphs[remembered] = self._elaborate(model, settings or {})
        return self._graphs[remembered]

    def _elaborate(self, model: Model, settings: Mapping[str, Any]) -> Graph | None:
        definition = model.base.definition
        try:
            arguments = self.arguments(model, settings)
            layer = BlockLayer(definition.name_span, model.base, arguments)
            graph = Graph(model.name, "model", definition)
            graph.arguments, graph.scope = arguments, model.base.scope
            graph.doc = model.definition.doc or definition.doc
            body = Body(self.session, graph, argument_scope(layer))
            if not inputs_of(definition):
                fail(
                    "NN211",
                    f"`{definition.name}` has no input",
                    definition.name_span,
                    help="begin with `input image: [N, 3, H, W]`",
                )
            return graph if body.run(definition.body) else None
        except Failure as failure:
            self.session.report(failure.problem)
        except Poisoned:
            pass
        except SizeLimit as limit:
            self.session.report(Problem("NN403", f"this makes {limit}", definition.name_span))
        except RecursionError:
            self.session.report(
                Problem("NN401", f"`{model.name}` is nested too deep", definition.name_span)
            )
        return None


def _leaves(target: tree.Target) -> Iterator[tree.Target]:
    """The names in the target of an assignment."""
    if target.name is not None:
        yield target
    for item in target.items:
        yield from _leaves(item)


class deep_recursion:
    """Room for deeply nested specs; the depth itself is bounded by the parser and by `Limits.depth`."""

    def __enter__(self) -> None:
        import sys

        self.before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(self.before, 20_000))

    def __exit__(self, *_exc: object) -> None:
        import sys

        sys.setrecursionlimit(self.before)
