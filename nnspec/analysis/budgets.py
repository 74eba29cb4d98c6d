"""Whether a model keeps the budgets that it states; see `elaborate/budgets.py`."""

from __future__ import annotations

from nnspec.analysis import macs, params, requires
from nnspec.diagnostics import Problem, nearest
from nnspec.dims import render, substitute, symbols
from nnspec.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nnspec.dims import Size
    from nnspec.graph import Budget, Graph, Node
    from nnspec.sizes import Admitted

    #: the figures of the model at some sizes: name -> number, over the symbols that are left
    Figures = Callable[[Mapping[str, int]], Mapping[str, Size]]

#: the parts that a message names
MOST_NAMED = 3


def problem(
    graph: Graph,
    budget: Budget,
    known: tuple[str, ...],
    batch: str | None,
    admitted: Admitted,
    figures: Figures,
) -> Problem | None:
    """What is wrong with a budget, or None where it is kept. `known` are the model's symbols."""
    for name, (_, span) in budget.sizes.items():
        if name not in known:
            close = nearest(name, known)
            listed = f"its sizes are {', '.join(known)}" if known else "all its sizes are fixed"
            helped = f"did you mean `{close}`?" if close else ""
            return Problem(
                "NN200", f"`{graph.name}` has no size `{name}`; {listed}", span, help=helped
            )
    sizes = {name: size for name, (size, _) in budget.sizes.items()}
    refused = requires.refusal(graph, admitted, sizes) if sizes else None
    if refused is not None:
        return replace(refused, span=budget.span, label="at this size", labels=())
    if batch is not None:
        sizes.setdefault(batch, 1)
    found = figures(sizes)
    value = substitute(budget.condition.size, found)
    used = [name for name in found if name in symbols(budget.condition.size)]
    if not isinstance(value, int):
        free = sorted(symbols(value))
        example = ", ".join(f"{name}=224" for name in free)
        return Problem(
            "NN308",
            f"`{' and '.join(used)}` depends on {' and '.join(free)}",
            budget.span,
            help=f"say for which sizes: `assert {budget.span.text} at {example}`",
        )
    if budget.condition.kept(value):
        return None
    shown = " and ".join(f"{name} is {render_number(found[name])}" for name in used)
    return Problem(
        "NN310",
        budget.why or f"`{budget.span.text}` does not hold: {shown}",
        budget.span,
        shown,
        notes=tuple(
            f"most of {name}: {', '.join(largest)}"
            for name in used
            if (largest := _largest(graph, name, sizes))
        ),
    )


def render_number(size: Size) -> str:
    return f"{size:,}" if isinstance(size, int) else render(size)


def _largest(graph: Graph, figure: str, sizes: Mapping[str, int]) -> list[str]:
    """The layers that have most of a figure: `fc1 48,120`."""
    of_node: Callable[[Node], Size]
    if figure == "params":
        trained = params.params(graph)
        of_node = lambda node: params.of_node(node, trained)  # noqa: E731
    elif figure == "macs":
        counted = macs.macs(graph)
        of_node = lambda node: macs.of_node(node, counted)  # noqa: E731
    else:
        return []
    rows = []
    for node in graph.nodes:
        size = of_node(node)
        number = size if isinstance(size, int) else substitute(size, sizes)
        if isinstance(number, int) and number:
            rows.append((number, node.shown))
    rows.sort(key=lambda row: -row[0])
    return [f"{name} {number:,}" for number, name in rows[:MOST_NAMED]]
