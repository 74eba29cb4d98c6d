"""`nnspec.load`: a spec's models as classes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nnspec.compiler.emit import Source, emit
from nnspec.compiler.load import load_source
from nnspec.diagnostics import Failure, SpecError, nearest
from nnspec.elaborate.program import Program
from nnspec.source import Source as SourceText
from nnspec.syntax.parser import parse
from nnspec.targets import find


def load(target: str | os.PathLike[str]) -> Any:
    """The models of a file as attributes; the class itself for `file.nn:Name`.

    Raises SpecError where the file has errors, OSError where it cannot be read.
    """
    found = find(os.fspath(target))
    spec = Spec(program_of(found.read()))
    return spec.model(found.name) if found.name else spec


def program_of(text: SourceText) -> Program:
    """The parsed file. Raises SpecError."""
    module, problems = parse(text)
    if problems:
        raise SpecError(problems)
    program = Program(module)
    if program.problems:
        raise SpecError(program.problems)
    return program


def source_of(
    program: Program, names: Sequence[str], settings: Mapping[str, Any] | None = None
) -> Source:
    """The PyTorch source of some models with these parameters. Raises SpecError; KeyError for no such
    model."""
    graphs = []
    for name in names:
        graph = program.graph(name, settings or {})
        if graph is None:
            raise SpecError(program.problems)
        graphs.append(graph)
    return emit(graphs, program.scope, program.module.doc)


class Spec:
    """A loaded file: `spec.LeNet` is the compiled class, `spec.LeNet(classes=100)` a module."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._classes: dict[tuple[str, tuple[tuple[str, Any], ...]], Any] = {}

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self._program.models])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.model(name)

    def __repr__(self) -> str:
        return f"<Spec {self._program.module.source.name}: {', '.join(self._program.models)}>"

    def model(self, name: str) -> Any:
        """The class of a model. AttributeError with the nearest name."""
        if name not in self._program.models:
            close = nearest(name, self._program.models)
            raise AttributeError(
                f"{self._program.module.source.name} has no model `{name}`"
                + (f"; did you mean `{close}`?" if close else "")
            )
        return self._compiled(name, {})

    def _compiled(self, name: str, settings: dict[str, Any]) -> Any:
        remembered = (name, tuple(sorted((k, repr(v)) for k, v in settings.items())))
        if remembered not in self._classes:
            model = self._program.models[name]
            missing = [p for p in model.missing if p not in settings]
            if missing:
                return _Open(self, name, missing)
            source = source_of(self._program, [name], settings)
            class_name, arguments = source.models[name]
            stem = os.path.splitext(os.path.basename(self._program.module.source.name))[0]
            made = load_source(source.text, stem, {class_name: _ModelType})
            cls = getattr(made, class_name)
            cls._nnspec = (self, name, settings, arguments)
            self._classes[remembered] = cls
        return self._classes[remembered]


class _ModelType(type):
    """Lets a class be made with parameters that shape the model: it is compiled anew for them.

    Only the classes that nnspec has loaded have this type; the source does not know it.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        spec, name, settings, arguments = cls.__dict__["_nnspec"]
        parameters = [p.name for p in spec._program.models[name].parameters]
        given = {**settings, **_named(name, parameters, args, kwargs)}
        own = {k: v for k, v in given.items() if settings.get(k, ...) != v}
        if all(parameter in arguments for parameter in own):
            named = {arguments[parameter]: value for parameter, value in own.items()}
            _check(spec, name, own)
            return super().__call__(**named)
        variant = spec._compiled(name, given)
        return type.__call__(variant)


def _named(
    name: str, parameters: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments by parameter. TypeError as a function call gives it."""
    if len(args) > len(parameters):
        raise TypeError(f"{name}() takes at most {len(parameters)} arguments, not {len(args)}")
    named = dict(zip(parameters, args, strict=False))
    for key, value in kwargs.items():
        if key not in parameters:
            close = nearest(key, parameters)
            hint = f"; did you mean {close!r}?" if close else f"; it has {', '.join(parameters)}"
            raise TypeError(f"{name}() has no parameter {key!r}{hint}")
        if key in named:
            raise TypeError(f"{name}() got {key!r} twice")
        named[key] = value
    return named


def _check(spec: Spec, name: str, settings: dict[str, Any]) -> None:
    """Hold new numbers against the spec: what it would refuse, the class must not build."""
    if not settings:
        return
    program = spec._program
    before = len(program.problems)
    try:
        graph = program.graph(name, settings)
    except Failure as failure:
        raise SpecError([failure.problem]) from None
    if graph is None:
        raise SpecError(program.problems[before:] or program.problems)


class _Open:
    """A model whose parameters have no defaults: it becomes a module when they are given."""

    def __init__(self, spec: Spec, name: str, missing: list[str]) -> None:
        self._spec, self._name, self._missing = spec, name, missing

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        model = self._spec._program.models[self._name]
        parameters = [p.name for p in model.parameters]
        given = _named(self._name, parameters, args, kwargs)
        missing = [p for p in self._missing if p not in given]
        if missing:
            raise TypeError(f"{self._name}() needs {', '.join(missing)}")
        return type.__call__(self._spec._compiled(self._name, given))

    def __repr__(self) -> str:
        return f"<model {self._name}, needs {', '.join(self._missing)}>"
