"""The Python source of models: what `nnspec compile` writes and `nnspec.load` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnspec.compiler.classes import ClassPlan, Planner
from nnspec.compiler.counts import unite
from nnspec.compiler.emit import file
from nnspec.compiler.in_place import settle
from nnspec.compiler.layer_arguments import share
from nnspec.compiler.optional import merge
from nnspec.diagnostics import Failure, Problem, SpecError
from nnspec.elaborate.program import Program, deep_recursion
from nnspec.graph import Graph
from nnspec.limits import DEFAULTS, Limits
from nnspec.records import Record
from nnspec.source import Source
from nnspec.syntax.parser import parse


class Compiled(Record):
    """The source of some models, and the plans of its classes."""

    text: str
    plans: list[ClassPlan]


def program_of(source: Source, limits: Limits = DEFAULTS) -> Program:
    """The program of a source; SpecError with every problem of its syntax and its definitions."""
    module, problems = parse(source, limits)
    program = Program(module, limits=limits)
    if problems or program.problems:
        raise SpecError([*problems, *program.problems])
    return program


def complete(program: Program) -> list[str]:
    """The models of a file that need no more parameters."""
    return [model.name for model in program.own_models if not model.missing]


def source_of(
    program: Program, names: Sequence[str], settings: Mapping[str, Any] | None = None
) -> Compiled:
    """The source of some models, with these parameters. SpecError where something does not fit."""
    planner = Planner()
    with deep_recursion():
        for name in names:
            planner.model(program.model(name), checked_graph(program, name, settings))
        merge(planner)
        unite(planner)
        settle(planner.classes)
        share(planner)
        planner.name_all()
        return Compiled(file(program.module.doc, planner.classes), planner.classes)


def stubs_of(program: Program) -> str:
    """The `.pyi` of a file: its models that need no more parameters. SpecError as `source_of`."""
    from nnspec.compiler.stubs import stubs

    planner = Planner()
    with deep_recursion():
        for name in complete(program):
            planner.model(program.model(name), checked_graph(program, name, None))
        planner.name_all()
    return stubs(program.module.doc, planner.classes)


def checked_graph(program: Program, name: str, settings: Mapping[str, Any] | None) -> Graph:
    """The graph of a model with these parameters; SpecError where the spec refuses them."""
    before = len(program.problems)
    try:
        graph = program.graph(name, settings)
    except Failure as failure:
        raise SpecError([failure.problem]) from None
    if graph is None:
        problems: list[Problem] = program.problems[before:] or list(program.problems)
        del program.problems[before:]
        raise SpecError(problems)
    return graph


def structural(plan: ClassPlan) -> dict[str, Any]:
    """The values of a model's parameters that its class cannot take in its constructor."""
    assert plan.model is not None
    accepted = {a.symbol for a in plan.arguments} - {a.symbol for a, _ in plan.checked}
    return {
        parameter.name: plan.graph.arguments[parameter.name]
        if parameter.name not in plan.values
        else plan.values[parameter.name]
        for parameter in plan.model.parameters
        if parameter.name not in accepted
    }
