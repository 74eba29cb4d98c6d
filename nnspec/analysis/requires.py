"""The sizes that a model takes: the conditions of all its bodies, solved together."""

from __future__ import annotations

from nnspec import origins
from nnspec.conditions import where
from nnspec.diagnostics import Label, Problem
from nnspec.dims import maximum, minimum, negated, symbols
from nnspec.graph import CallNode, Place, around
from nnspec.nearest import in_words, nearest_sizes
from nnspec.records import Record
from nnspec.sizes import solve
from nnspec.words import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nnspec.conditions import Condition
    from nnspec.dims import Size
    from nnspec.graph import Graph, When
    from nnspec.sizes import Admitted
    from nnspec.source import Span

#: so many places are shown where conditions are in conflict
MOST_LABELS = 5


def places(root: Graph) -> list[Place]:
    """Every condition of a model, with its place; each distinct body once. What is demanded in a side
    of an `if` on sizes is a condition where that side is run."""
    graphs = list(root.subgraphs())
    used: dict[int, Size | None] = {id(root): None}  # where a body is run; None: everywhere
    for graph in reversed(graphs):  # callers first
        for node in graph.nodes:
            if isinstance(node, CallNode):
                here, known = _both(used[id(graph)], _side(node.when)), id(node.graph)
                used[known] = _either(used[known], here) if known in used else here
    return [_where(place, used[id(graph)]) for graph in graphs for place in graph.places]


def _side(when: When | None) -> Size | None:
    """A size that is at least 0 where a side is run; None where sizes do not decide it."""
    found: Size | None = None
    for region, first in around(when):
        if region.condition is not None:
            found = _both(found, region.condition if first else negated(region.condition))
    return found


def _both(a: Size | None, b: Size | None) -> Size | None:
    return b if a is None else a if b is None else minimum(a, b)


def _either(a: Size | None, b: Size | None) -> Size | None:
    return None if a is None or b is None else maximum(a, b)


def _where(place: Place, run: Size | None) -> Place:
    """The place with its condition where it is run."""
    run = _both(run, _side(place.when))
    if run is None:
        return place
    condition = where(run, place.condition)
    return Place(condition, place.why_text, place.span, place.inputs, None, place.stated)


def admitted(root: Graph) -> Admitted:
    """The exact set of sizes that every operator takes."""
    return solve([place.condition for place in places(root)])


class Reason(Record):
    """A place in the spec that some of the required sizes come from: what it `needs`, what the model
    `requires` for that, and for the first of its needs `why` in words and the `way` of the sizes, a line
    for each tensor. `stated` is True where an `assert` says so."""

    requires: tuple[str, ...]
    needs: tuple[str, ...]
    why: str
    way: tuple[str, ...]
    span: Span
    stated: bool


def reasons(root: Graph, found: Admitted) -> list[Reason]:
    """The places that make the set of admitted sizes: together they demand exactly it."""
    if not found.requires:  # any size is admitted, as by most models: there is nothing to look for
        return []
    from nnspec import reasons

    plain = {found.given[condition]: condition for condition in reasons.reasons(found)}
    uses: dict[Span, dict[Condition, Place]] = {}
    for place in places(root):
        if place.condition in plain:
            uses.setdefault(place.span, {}).setdefault(plain.pop(place.condition), place)
    return [_reason(reasons.said(list(use)), use) for use in uses.values()]


def _reason(said: tuple[str, ...], use: Mapping[Condition, Place]) -> Reason:
    """One of all that a line of the spec demands."""
    first = next(iter(use.values()))
    sizes = [
        size
        for value in first.inputs
        if value is not None
        for size in value.type.shape
        if symbols(size) & first.condition.symbols
    ]
    return Reason(
        said,
        tuple(condition.text for condition in use),
        first.why,
        origins.notes(first.inputs, sizes),
        first.span,
        first.stated,
    )


def conflict(root: Graph, found: Admitted) -> Problem | None:
    """The problem that no size satisfies the model, where that is so."""
    if not found.empty:
        return None
    message = f"no size satisfies `{root.name}`"
    return _problem("NN306", message, root, found.conflict, _counterexample(found.conflict))


def _counterexample(conflict: Sequence[Condition]) -> tuple[str, ...]:
    """The smallest sizes that all conditions but the last take, as a note."""
    *others, last = conflict
    names = sorted(frozenset().union(*(condition.symbols for condition in conflict)))
    answers = nearest_sizes(solve(others), dict.fromkeys(names, 1), {}) if others else []
    if not answers:
        return ()
    told = " and ".join(condition.text for condition in others)
    return (f"{in_words(answers, 1)} is the smallest with {told}; there {last.text} fails",)


def refusal(root: Graph, found: Admitted, sizes: Mapping[str, int]) -> Problem | None:
    """Why the model does not take these sizes; None where it does (see Admitted.refused_by)."""
    refused = found.refused_by(sizes)
    if not refused:
        return None
    told = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    notes = (f"it takes sizes with {joined(found.requires)}",) if found.requires else ()
    message = f"`{root.name}` does not take {told}"
    return _problem("NN309", message, root, refused, notes, _nearest(found, sizes))


def _nearest(found: Admitted, sizes: Mapping[str, int]) -> str:
    """`the nearest that it takes: H=224 or H=240`."""
    own = {name: size for name, size in sizes.items() if found.speaks_of(name)}
    answers = nearest_sizes(found, own, {})
    return f"the nearest that it takes: {in_words(answers)}" if answers else ""


def _problem(
    code: str,
    message: str,
    root: Graph,
    conditions: Iterable[Condition],
    notes: tuple[str, ...],
    help: str = "",
) -> Problem:
    """A problem that shows the places of conditions that cannot hold."""
    wanted = list(conditions)
    shown = {place.condition: place for place in places(root) if place.condition in wanted}
    first, *rest = [shown[condition] for condition in wanted]
    labels = tuple(Label(place.span, place.why) for place in rest[: MOST_LABELS - 1])
    needed = " and ".join(condition.text for condition in wanted[:MOST_LABELS])
    ways = dict.fromkeys(way for place in (first, *rest) for way in origins.notes(place.inputs))
    told = (f"this needs {needed}", *ways, *notes)
    return Problem(code, message, first.span, first.why, labels, told, help)
