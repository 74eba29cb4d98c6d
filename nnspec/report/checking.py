"""From a target to its report: read, parse, elaborate."""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.elaborate.program import Program
from nnspec.report.model import ModelReport, NotAdmitted, Report
from nnspec.source import Source, Span
from nnspec.syntax.parser import parse
from nnspec.targets import Target, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.graph import Graph

EXAMPLE = """\
a spec holds a model, for example:
    model Classifier(classes: int = 10):
        input image: [N, 1, 28, 28]
        return image -> flatten -> linear(classes)"""


def check_target(target: Target) -> Report:
    """The report of a file, or of one model in it. Unreadable where there is none."""
    return check_text(target.read(), target.name)


def check_text(source: Source, name: str = "") -> Report:
    """The report of a source; of the model `name` only, where one is named."""
    module, problems = parse(source)
    if not problems and not module.parts:
        problems = [
            Problem("NN102", "the file is empty", Span(source, 0, 0), "nothing here", help=EXAMPLE)
        ]
    program = Program(module)
    graphs: dict[str, Graph] = {}
    if name:
        try:
            model = program.model(name)
        except KeyError as error:
            if not problems:
                raise Unreadable(str(error.args[0])) from None
        else:
            graph = program.graph(model.name)
            if graph is not None:
                graphs[name] = graph
    else:
        for found in program.models.values():
            if found.missing:  # a preset gives what it misses
                continue
            graph = program.graph(found.name)
            if graph is not None:
                graphs[found.name] = graph
    return with_requirements(Report([*problems, *program.problems], graphs))


def with_requirements(report: Report) -> Report:
    """The report, with a problem for each model that no size satisfies."""
    if not report.ok:
        return report
    found = [
        problem
        for model in report.models.values()
        if (problem := model.conflict) is not None
    ]
    return report if not found else report.changed(diagnostics=(*report.diagnostics, *found))


def fix_sizes(report: Report, sizes: Mapping[str, int]) -> Report:
    """The report with numbers in place of symbols; sizes that a model does not take are a problem.

    ValueError where no model has a size of that name.
    """
    known = {name for model in report.models.values() for name in model.all_symbols}
    for name in sizes:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ValueError(
                f"there is no size `{name}`"
                + (f"; the sizes are {listed}" if known else ": all sizes are fixed")
            )
    models: dict[str, ModelReport] = {}
    problems: list[Problem] = []
    for name, model in report.models.items():
        own = {symbol: size for symbol, size in sizes.items() if symbol in model.all_symbols}
        try:
            models[name] = model.at(own)
        except NotAdmitted as refused:
            problems.append(refused.problem)
    return report.changed(diagnostics=(*report.diagnostics, *problems), models=models)
