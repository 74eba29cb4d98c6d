"""What can be told of data and train parts by themselves: where the model or the data has errors or is not
there, and where a file has errors of syntax, so that statements of it are missing.
"""

from __future__ import annotations

from nnspec.elaborate import objectives
from nnspec.elaborate.recipes import Reader, read_data
from nnspec.elaborate.training import Settings
from nnspec.elaborate.unknown import is_brought_along
from nnspec.elaborate.values import POISON
from nnspec.elaborate.written import Names
from nnspec.recipe.sources.base import Asks
from nnspec.records import replace
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nnspec.diagnostics import Problem
    from nnspec.elaborate.program import Program
    from nnspec.graph import Graph

#: a result that is a list gives outputs of its name and a number; so many are taken for its own
_PARTS = 10


def objectives_apart(
    reader: Reader,
    part: tree.TrainDef,
    written: Mapping[str, tree.Setting],
    graph: Graph | None,
    fields: Iterable[str] | None,
) -> None:
    """Report what is wrong in the loss and the metrics by themselves. `graph` of the model and `fields` of
    the data are None where they are not known."""
    outputs = _outputs(reader.program, part, graph)
    known = None if outputs is None or fields is None else {*outputs, *fields}
    if "loss" in written:
        _Loss(reader.program, known).walk(written["loss"].value)
    else:
        reader.attempt(lambda: objectives.no_loss(part))
    for item in objectives.listed(written.get("metrics")):
        reader.attempt(lambda i=item: objectives.metric(reader, i, outputs, fields))


def parts_apart(program: Program, problems: Iterable[Problem], root: str) -> None:
    """Report what is wrong in the data and train parts of a file with errors of syntax, the `problems`,
    whatever the statements were that are missing in it."""
    broken = [problem.span.start for problem in problems if problem.span is not None]
    for data in program.data.values():
        if not any(data.span.start <= place < data.span.end for place in broken):
            _bind_missing(program, data)
            read_data(program, data, root, lambda _: Asks({}, None))
    for part in program.trains:
        _bind_missing(program, part)
        reader = Reader(program, {}, root)
        read = reader.attempt(lambda r=reader, p=part: Settings(r, p, [p]))
        if read is not None and "loss" in read.written:
            objectives_apart(reader, part, read.written, None, None)


def _bind_missing(program: Program, part: tree.DataDef | tree.TrainDef) -> None:
    """Names that nothing binds may be those of statements that are missing: nothing is said of them."""
    known = Names(program, None)
    for node in tree.nodes([setting.value for setting in part.settings]):
        if (
            isinstance(node, tree.Name)
            and not is_brought_along(node.id)
            and not known.is_known(node)
        ):
            program.scope.bind(node.id, POISON)


def _outputs(program: Program, part: tree.TrainDef, graph: Graph | None) -> set[str] | None:
    """The names of the model's outputs, as its `return` has them; None where they are not written there."""
    if graph is not None:
        return {name for name, _ in graph.outputs}
    model = program.models.get(part.model.id)
    if model is None:
        return None
    found: set[str] = set()
    for node in tree.nodes(model.base.definition.body):
        if not isinstance(node, tree.ReturnItem):
            continue
        name = node.name or (node.value.id if isinstance(node.value, tree.Name) else None)
        if name is None:
            return None
        found |= {name, *(f"{name}{number}" for number in range(_PARTS))}
    return found or None


class _Loss(Names):
    """The names in a loss. `known` are the outputs and fields, None: not all of them are known."""

    def __init__(self, program: Program, known: set[str] | None) -> None:
        super().__init__(program, None, complete=known is not None)
        for name in (*program.models, *(known or ())):
            self.scope.bind(name, POISON)

    def report(self, problem: Problem) -> None:
        super().report(replace(problem, code="NN505") if problem.code == "NN200" else problem)

    def call(self, call: tree.Call) -> None:
        """What is called is no output and no field: its name must be known."""
        complete, self.complete = self.complete, True
        try:
            super().call(call)
        finally:
            self.complete = complete
