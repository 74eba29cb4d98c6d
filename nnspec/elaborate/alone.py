"""Blocks, functions and models that nothing uses, checked by themselves.

What is free in one (a parameter without a default, a size of its inputs) may be anything its user
wants. So it is wrong only if no use of it can be right: it is tried with a few values, and one use
without a problem clears it. Else it is elaborated with symbols, which stand for any number of at
least 1, and only what fails there for certain, and in every trial, is told.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure
from nnspec.dims import SizeLimit, symbol
from nnspec.elaborate.blocks import argument_scope, short_form
from nnspec.elaborate.body import Body, run_function
from nnspec.elaborate.inputs import Inputs
from nnspec.elaborate.parameters import TYPES, check_type
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import Session
from nnspec.elaborate.values import POISON, Block, BlockLayer, Function, OperatorName, Poisoned
from nnspec.graph import Graph
from nnspec.operators import lookup
from nnspec.records import Record
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nnspec.diagnostics import Problem
    from nnspec.dims import Size
    from nnspec.elaborate.program import Program
    from nnspec.source import Span

    Definition = tree.BlockDef | tree.FnDef
    Found = dict[tuple[Span | None, str], Problem]


class Trial(Record):
    """Stand-ins: a value for each type of parameter, a size for each free name (None: a symbol), and
    how many dimensions `...` covers."""

    values: Mapping[str, Any]
    size: int | None
    rest: int


def _trial(number: int, size: int, rest: int, flag: bool) -> Trial:
    values = {"int": number, "size": number, "float": 0.5, "bool": flag, "list": [number] * 4}
    return Trial(values, size, rest)


TRIALS = (
    _trial(2, 64, 2, False),
    _trial(64, 64, 1, True),
    _trial(16, 256, 0, False),
    _trial(1, 32, 3, True),
)
#: with symbols; `...` is tried as none to three dimensions
SYMBOLIC = tuple(Trial({}, None, rest) for rest in (2, 1, 0, 3))


class Alone:
    """The checks of one file's unused definitions; they share one budget, so that they end."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes = 0
        self.steps = 0

    def check(self, definition: Definition, fixed: Mapping[str, Any]) -> None:
        """Report what is wrong with a definition in every use; `fixed` are parameters of a preset."""
        certain: Found | None = None
        for trial in TRIALS:
            found = self.attempt(definition, fixed, trial)
            if not found:
                return
            certain = _both(certain, found)
        for trial in SYMBOLIC if _has_rest(definition) else SYMBOLIC[:1]:
            certain = _both(certain, self.attempt(definition, fixed, trial))
        for problem in (certain or {}).values():
            self.program.session.report(problem)

    def attempt(self, definition: Definition, fixed: Mapping[str, Any], trial: Trial) -> Found:
        """The problems of one use."""
        limits = self.program.session.limits
        if self.nodes >= limits.layers or self.steps >= limits.steps:
            return {}
        session = Session(trial=True, limits=limits)
        session.nodes, session.steps = self.nodes, self.steps
        try:
            _elaborate(session, self.program.scope, definition, fixed, trial)
        except Failure as failure:
            session.report(failure.problem)
        except (Poisoned, SizeLimit, RecursionError):
            pass  # nothing is known of this use: what was found before stands
        self.nodes, self.steps = session.nodes, session.steps
        if not session.problems:
            self.program.session.ran |= session.ran
        return {(p.span, p.code): p for p in session.problems}


def _both(certain: Found | None, found: Found) -> Found:
    """What is found again; the last words of it, which speak of symbols."""
    if certain is None:
        return found
    return {place: problem for place, problem in found.items() if place in certain}


def _has_rest(definition: Definition) -> bool:
    inputs = [s for s in definition.body if isinstance(s, tree.Input)]
    return any("..." in statement.shape.span.text for statement in inputs)


def _elaborate(
    session: Session,
    scope: Scope,
    definition: Definition,
    fixed: Mapping[str, Any],
    trial: Trial,
) -> None:
    arguments = _arguments(session, scope, definition, fixed, trial)
    if isinstance(definition, tree.FnDef):
        body = Body(session, Graph(definition.name, "block"), scope)
        run_function(body, Function(definition, scope), arguments, definition.name_span)
        return
    layer = BlockLayer(definition.name_span, Block(definition, scope), arguments)
    if definition.short is not None:
        if definition.kind == "block":
            short_form(session, layer)
        return
    graph = Graph(definition.name, definition.kind, definition)
    graph.arguments = arguments
    body = Body(session, graph, argument_scope(layer))

    def free(number: int, dim: int, _rank: int, name: str) -> Size:
        return symbol(name or f"_{number}_{dim}") if trial.size is None else trial.size

    body.given = Inputs(body, definition, free, lambda *_: trial.rest)  # type: ignore[assignment]
    body.run(definition.body)


def _arguments(
    session: Session,
    scope: Scope,
    definition: Definition,
    fixed: Mapping[str, Any],
    trial: Trial,
) -> dict[str, Any]:
    """A value for each parameter: the preset's, the default, or a stand-in."""
    defaults = Body.for_defaults(session, scope)
    arguments: dict[str, Any] = {}
    for parameter in definition.parameters:
        value: Any = POISON
        if parameter.name in fixed:
            value = fixed[parameter.name]
        elif parameter.default is not None:
            try:
                value = defaults.evaluate(parameter.default)
                value = check_type(parameter, value, parameter.default.span, definition.name)
            except Failure as failure:
                session.report(failure.problem)
                value = POISON
            except Poisoned:
                value = POISON
        elif parameter.type is not None:
            if parameter.type not in TYPES:
                check_type(parameter, None, parameter.span, definition.name)
            value = _stand_in(parameter.name, parameter.type, trial)
        defaults.scope.bind(parameter.name, value, parameter.span)
        arguments[parameter.name] = value
    return arguments


def _stand_in(name: str, type: str, trial: Trial) -> Any:
    """A value that an argument of this type could have."""
    if trial.size is None:
        return symbol(name) if type in ("int", "size") else POISON
    if type == "layer":
        relu = lookup("relu")
        assert relu is not None
        return OperatorName(relu)
    return trial.values.get(type, POISON)
