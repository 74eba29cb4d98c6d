"""`nnspec.load`: a spec as an object whose attributes are compiled classes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.externs import externs_of, permit
from nnspec.compiler.load import load_source
from nnspec.compiler.source import checked_graph, program_of, source_of, structural
from nnspec.compiler.variants import Open, variable
from nnspec.diagnostics import nearest
from nnspec.elaborate.program import Program
from nnspec.graph import Graph
from nnspec.limits import DEFAULTS, Limits, checked
from nnspec.source import Source
from nnspec.targets import find

__all__ = ["Spec", "load", "program_of", "source_of"]


def load(
    target: str | os.PathLike[str], allow_extern: bool = False, *, limits: Limits = DEFAULTS
) -> Any:
    """A `Spec` for a file, the class for one model (`file.nn:Name`, `zoo:resnet50`).

    `allow_extern`: the Python classes that the spec declares with `extern` may be imported, which runs
    their packages' code. SpecError where the spec has errors, or has an extern that is not allowed; an
    OSError where it cannot be read.
    """
    found = find(os.fspath(target))
    spec = Spec(program_of(found.read(), checked(limits)), allow_extern)
    return spec.model(found.name) if found.name else spec


class Spec:
    """The models of a file. Each is compiled when it is first asked for."""

    def __init__(self, program: Program, allow_extern: bool = False) -> None:
        self._program = program
        self._allow_extern = allow_extern
        self._classes: dict[str, Any] = {}

    @property
    def source(self) -> Source:
        """The text of the spec."""
        return self._program.module.source

    def model(self, name: str) -> Any:
        """The class of a model. AttributeError with the nearest where there is none."""
        if name not in self._program.models:
            close = nearest(name, self._program.models)
            known = ", ".join(self._program.models)
            more = f"; did you mean `{close}`?" if close else f"; its models: {known or 'none'}"
            raise AttributeError(f"{self.source.name} has no model `{name}`{more}")
        if name not in self._classes:
            model = self._program.models[name]
            maker = Maker(self._program, name, self._allow_extern)
            self._classes[name] = Open(model, maker) if model.missing else maker.compile({})
        return self._classes[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.model(name)

    def _repr_html_(self) -> str:
        """For notebooks: the table of each model."""
        from nnspec.checking import check_text
        from nnspec.report.html import report_html

        return report_html(check_text(self.source))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._program.models})

    def __repr__(self) -> str:
        return f"Spec({self.source.name!r}: {', '.join(self._program.models)})"


def compile_model(
    program: Program,
    name: str,
    settings: Mapping[str, Any] | None = None,
    allow_extern: bool = False,
) -> type:
    """The class of a model, compiled for these values of its parameters."""
    compiled = source_of(program, [name], settings)
    permit(externs_of(compiled.plans), allow_extern)
    module = load_source(compiled.text, stem(program))
    return attach(program, module, compiled.plans, allow_extern)[name]


def attach(
    program: Program, module: ModuleType, plans: list[ClassPlan], allow_extern: bool = False
) -> dict[str, type]:
    """The model classes of a loaded module, made variable."""
    found: dict[str, type] = {}
    for plan in plans:
        if plan.model is None:
            continue
        name, cls = plan.model.name, getattr(module, plan.name)
        if "_variant" not in cls.__dict__:
            cls = variable(cls, plan.model, structural(plan), Maker(program, name, allow_extern))
            setattr(module, plan.name, cls)
        found[name] = cls
    return found


class Maker:
    """What a class needs of its spec: to be compiled for other values, to have values checked."""

    def __init__(self, program: Program, name: str, allow_extern: bool) -> None:
        self.program, self.name, self.allow_extern = program, name, allow_extern
        self.made: dict[str, type] = {}

    def compile(self, settings: Mapping[str, Any]) -> type:
        """The class for these values; compiled once."""
        remembered = repr(sorted(settings.items(), key=lambda item: item[0]))
        if remembered not in self.made:
            self.made[remembered] = compile_model(
                self.program, self.name, settings, self.allow_extern
            )
        return self.made[remembered]

    def graph(self, settings: Mapping[str, Any]) -> Graph:
        """The graph for these values; SpecError where the spec refuses them."""
        return checked_graph(self.program, self.name, settings)


def stem(program: Program) -> str:
    """The file's name without its ending, as part of a module's name."""
    return os.path.splitext(os.path.basename(program.module.source.name))[0] or "spec"
