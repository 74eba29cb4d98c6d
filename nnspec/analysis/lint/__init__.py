"""Warnings: what is valid, and most likely not meant. One kind a file.

They are looked for where there are no errors: half of them would only follow from those.
"""

from __future__ import annotations

from nnspec.analysis.lint.dead import dead
from nnspec.analysis.lint.hidden import hidden
from nnspec.analysis.lint.layers import layers
from nnspec.analysis.lint.reads import reads
from nnspec.analysis.lint.unused import Names
from nnspec.operators.definition import Operator
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.diagnostics import Problem
    from nnspec.elaborate.program import Program
    from nnspec.graph import Graph
    from nnspec.residues import Progression
    from nnspec.sizes import Admitted

    #: the graph of a train part's loss, and of its model
    Trained = tuple[Graph, Graph]


def warnings(
    program: Program,
    models: Mapping[Graph, Admitted],
    trained: Sequence[Trained],
    whole: bool,
) -> list[Problem]:
    """The warnings of a file, in the order of its lines; those of other files are their own business.

    `models` come with the sizes that they take. `whole`: all of the file was checked; else what these models
    use of it.
    """
    module = program.module
    found = _names(program, whole)
    graphs = {id(graph): graph for model in models for graph in model.subgraphs()}
    found += layers(graphs.values())
    if "cross_entropy" in Operator.registry:  # the file of the losses is loaded: one may be used
        from nnspec.analysis.lint.losses import losses

        for graph in graphs.values():
            found += losses(graph)
        for loss, model in trained:
            found += losses(loss, model)
    limited = [
        graph for graph, sizes in models.items() if any(map(few, sizes.progressions.values()))
    ]
    if limited:  # which is rare
        from nnspec.analysis.lint.sizes import hardly_any

        # once for a model and its presets
        told = {p.span: p for p in map(hardly_any, reversed(limited)) if p is not None}
        found += told.values()
    found = [p for p in found if p.span is not None and p.span.source is module.source]
    if any("ok:" in comment for comment in module.comments.values()):
        from nnspec.analysis.lint.silence import silenced

        found = silenced(module, found, whole)
    return sorted(found, key=lambda problem: problem.span.start if problem.span else 0)


#: so many sizes are hardly any
FEW = 4


def few(known: Progression) -> bool:
    """Whether these are hardly any sizes."""
    return known.last is not None and (known.last - known.first) // max(known.step, 1) < FEW


def _names(program: Program, whole: bool) -> list[Problem]:
    """The warnings that the text alone gives."""
    ran = program.session.ran
    found: list[Problem] = []
    passed: set[str] = set()  # blocks that are handed on: others decide what they are given
    parameters: list[tuple[str, list[Problem]]] = []
    for part in program.module.parts:
        if isinstance(part, tree.GlobalAssign):
            reads(part.value, set(), passed)
            if isinstance(part.value, tree.Name):
                passed.add(part.value.id)
        if not isinstance(part, (tree.BlockDef, tree.FnDef)):
            continue
        names = Names(part, program.scope.names)
        unused = names.find()
        passed |= names.passed
        if whole or id(part.body if part.short is None else part.short) in ran:
            parameters.append((part.name, names.parameters))
            found += unused
            found += hidden(part, program.scope)
            found += dead(part.body)
    for name, problems in parameters:
        if name not in passed:
            found += problems
    return found
