"""From a target to its report: read, parse, elaborate."""

from __future__ import annotations

import os

from nnspec.analysis.lint import warnings
from nnspec.collector import uncollected
from nnspec.diagnostics import Problem, nearest
from nnspec.dims import SizeLimit
from nnspec.elaborate.program import Program
from nnspec.limits import DEFAULTS, checked
from nnspec.report.model import ModelReport, NotAdmitted, Report, Section
from nnspec.source import Source, Span
from nnspec.syntax.parser import parse
from nnspec.targets import Target, Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nnspec.graph import Graph
    from nnspec.limits import Limits

EXAMPLE = """\
a spec holds a model, for example:
    model Classifier(classes: int = 10):
        input image: [N, 1, 28, 28]
        return image -> flatten -> linear(classes)"""


def check(target: str | os.PathLike[str], *, limits: Limits = DEFAULTS) -> Report:
    """The report of a file, of one model or block in it (`file.nn:Name`), or of `zoo:NAME`.

    Problems of the spec are in the report; a file that cannot be read raises an OSError.
    """
    return check_target(find(os.fspath(target)), checked(limits))


def check_source(text: str, filename: str = "<string>", *, limits: Limits = DEFAULTS) -> Report:
    """The report of a spec given as text; `filename` is shown in problems."""
    path = None if filename.startswith("<") else filename
    return check_text(Source(text, filename, path), limits=checked(limits))


def check_target(target: Target, limits: Limits = DEFAULTS) -> Report:
    """The report of a target. Unreadable where there is none."""
    return check_text(target.read(), target.name, limits)


def check_text(source: Source, name: str = "", limits: Limits = DEFAULTS) -> Report:
    """The report of a source; of the model `name` only, where one is named."""
    with uncollected():
        return _check(source, name, limits)


def _check(source: Source, name: str, limits: Limits) -> Report:
    program, problems = read(source, limits)
    if problems:  # what shapes could add, and most names, would follow from these
        from nnspec.elaborate.unseen import check_brought_along

        check_brought_along(program)
        if program.data or program.trains:
            from nnspec.elaborate.apart import parts_apart

            parts_apart(program, problems, os.path.dirname(source.name))
        return Report(in_order(program, problems), {})
    names = [name] if name else [m.name for m in program.own_models if not m.missing]
    graphs: dict[str, Graph] = {}
    for wanted in names:
        try:
            graph = program.graph(wanted)
        except KeyError as error:
            if not program.problems:
                graphs |= _block(program, wanted, str(error.args[0]))
            continue
        if graph is not None:
            graphs[wanted] = graph
    trained: list[tuple[Graph, Graph]] = []
    sections = _sections(program, name, os.path.dirname(source.name), trained)
    if not name:
        from nnspec.elaborate.unseen import check_unseen

        check_unseen(program)
    elif program.problems:
        from nnspec.elaborate.unseen import check_left

        check_left(program)
    missing = {model.name: model.missing for model in program.own_models if model.missing}
    blocks = None if program.own_models or name else lambda: _blocks(program)
    report = with_requirements(Report(in_order(program), graphs, sections, missing, blocks))
    if not report.ok:
        return report
    sizes = {model.graph: model.admitted for model in report.models.values()}
    found = warnings(program, sizes, trained, whole=not name)
    return report.changed(diagnostics=(*report.diagnostics, *found)) if found else report


def _blocks(program: Program) -> dict[str, Graph]:
    from nnspec.elaborate.itself import of_file

    return of_file(program)


def _block(program: Program, name: str, unknown: str) -> dict[str, Graph]:
    """A block by itself, or as it is used, each with its name. Unreadable where there is none of this name,
    or it cannot be had so."""
    from nnspec.elaborate.itself import NotByItself, names_of, of_program
    from nnspec.report.tree import title

    try:
        found = of_program(program, name)
    except KeyError:
        close = None if "did you mean" in unknown else nearest(name, names_of(program))
        raise Unreadable(
            f"{unknown}; did you mean the block `{close}`?" if close else unknown
        ) from None
    except NotByItself as why:
        raise Unreadable(str(why)) from None
    if len(found) == 1:
        return {name: found[0]}
    named: dict[str, Graph] = {}
    for graph in found:
        told, number = title(graph), 2
        while told in named:  # uses with other layers, or channels
            told, number = f"{title(graph)} #{number}", number + 1
        named[told] = graph
    return named


def in_order(program: Program, others: Sequence[Problem] = ()) -> list[Problem]:
    """The problems as they stand in the file, and then those of the files that it imports."""
    own = program.module.source

    def place(problem: Problem) -> tuple[bool, str, int]:
        span = problem.span
        return (
            (False, "", 0)
            if span is None
            else (span.source is not own, span.source.name, span.start)
        )

    return sorted([*others, *program.problems], key=place)


def _sections(
    program: Program, name: str, root: str, trained_graphs: list[tuple[Graph, Graph]]
) -> list[Section]:
    """The data and train parts, held against the models; what does not fit is a problem.

    The graph of each loss goes to `trained_graphs`, with that of its model.
    """
    if not program.data and not program.trains:
        return []
    from nnspec.elaborate.recipes import read_data
    from nnspec.elaborate.training import read_train
    from nnspec.report.recipes import data_section, train_section

    sections: list[Section] = []
    trained: set[str] = set()
    for part in program.trains:
        if name and part.model.id != name:
            continue
        trained.add(part.data.id)
        found = read_train(program, part, {}, root)
        if found is not None:
            plan = found[0]
            sections += [data_section(plan.data), train_section(plan)]
            model = program.graph(plan.model)
            assert model is not None  # else there were no plan
            trained_graphs.append((plan.loss, model))
    for data in program.data.values():
        if data.name not in trained and not name:
            described = read_data(program, data, root)
            if described is not None:
                sections.append(data_section(described))
    return sections


def read(source: Source, limits: Limits = DEFAULTS) -> tuple[Program, list[Problem]]:
    """The program of a source, and the problems of its syntax."""
    module, problems = parse(source, limits)
    if not problems and not module.parts:
        start = Span(source, 0, 0)
        problems = [Problem("NN101", "the file holds no spec", start, "nothing here", help=EXAMPLE)]
    return Program(module, limits=limits), list(problems)


def with_requirements(report: Report) -> Report:
    """The report, with a problem for each model that no size satisfies."""
    if not report.ok:
        return report
    found: list[Problem] = []
    for model in report.models.values():
        try:
            model.measure()
        except SizeLimit as limit:
            message = f"what `{model.name}` computes is not countable: it has {limit}"
            definition = model.graph.definition
            found.append(Problem("NN403", message, definition.name_span if definition else None))
            continue
        if model.conflict is not None:
            found.append(model.conflict)
        else:
            found += model.broken_budgets()
    return report if not found else report.changed(diagnostics=(*report.diagnostics, *found))


def demand_known(sizes: Iterable[str], reports: Iterable[Report]) -> None:
    """ValueError where no model of these has a size of a name that is given."""
    known = {
        name for report in reports for model in report.models.values() for name in model.all_symbols
    }
    for name in sizes:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ValueError(
                f"there is no size `{name}`"
                + (f"; the sizes are {listed}" if known else ": all sizes are fixed")
            )


def fix_sizes(report: Report, sizes: Mapping[str, int], training: bool | None = None) -> Report:
    """The report with numbers in place of symbols, in each model of those that it has; sizes that a model
    does not take are a problem. `training`: of training alone, or of evaluation alone.
    """
    models: dict[str, ModelReport] = {}
    problems: list[Problem] = []
    for name, model in report.models.items():
        own = {symbol: size for symbol, size in sizes.items() if symbol in model.all_symbols}
        try:
            models[name] = model.at(own, training)
        except NotAdmitted as refused:
            problems.append(refused.problem)
    return report.changed(diagnostics=(*report.diagnostics, *problems), models=models)
