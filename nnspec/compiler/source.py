"""The Python source of models: what `nnspec compile` writes and `nnspec.load` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnspec.checking import check_text, read
from nnspec.compiler.classes import ClassPlan, Planner
from nnspec.compiler.emit import file
from nnspec.diagnostics import Problem, SpecError
from nnspec.elaborate.program import Program
from nnspec.targets import Target


def program_of(target: Target) -> Program:
    """The program of a target that has no errors; else SpecError with every problem."""
    source = target.read()
    report = check_text(source, target.name)
    if not report.ok:
        raise SpecError([p for p in report.diagnostics if p.severity == "error"])
    program, problems = read(source)
    assert not problems
    return program


def source_of(target: Target) -> str:
    """The source of the model that the target names, or of all its models."""
    program = program_of(target)
    if target.name:
        return write(program, [target.name])
    return write(program, complete(program))


def complete(program: Program) -> list[str]:
    """The models of a file that need no more parameters."""
    return [name for name, model in program.models.items() if not model.missing]


def write(
    program: Program, names: Sequence[str], settings: Mapping[str, Any] | None = None
) -> str:
    """The source of some models of a program, with these parameters."""
    return written(program, names, settings)[0]


def written(
    program: Program, names: Sequence[str], settings: Mapping[str, Any] | None = None
) -> tuple[str, list[ClassPlan]]:
    """The source of some models, and the plans of its classes. SpecError where a value does not fit."""
    planner = Planner(program.scope)
    for name in names:
        before = len(program.problems)
        graph = program.graph(name, settings)
        if graph is None:
            problems: list[Problem] = program.problems[before:] or list(program.problems)
            del program.problems[before:]
            raise SpecError(problems)
        planner.model(program.model(name), graph)
    planner.name_all()
    return file(program.module.doc, planner.classes), planner.classes


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
