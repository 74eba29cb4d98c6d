"""The sizes that a model takes, in words: where they come from, and why some are refused."""

from __future__ import annotations

from nnspec.demands import places
from nnspec.diagnostics import Label, Problem
from nnspec.dims import symbols
from nnspec.records import Record
from nnspec.sizes import solve, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nnspec.conditions import Condition
    from nnspec.graph import Graph, Place
    from nnspec.sizes import Admitted
    from nnspec.source import Span

#: so many places are shown where conditions are in conflict
MOST_LABELS = 5


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


def reasons(root: Graph, found: Admitted, training: bool | None = None) -> list[Reason]:
    """The places that make the set of admitted sizes: together they demand exactly it. `training`: of
    which mode the set is."""
    if not found.requires:  # any size is admitted, as by most models: there is nothing to look for
        return []
    from nnspec import reasons

    plain = {found.given[condition]: condition for condition in reasons.reasons(found)}
    uses: dict[Span, dict[Condition, Place]] = {}
    for place in places(root, training):
        if place.condition in plain:
            uses.setdefault(place.span, {}).setdefault(plain.pop(place.condition), place)
    return [_reason(told(list(use)), use) for use in uses.values()]


def _reason(requires: tuple[str, ...], use: Mapping[Condition, Place]) -> Reason:
    """One of all that a line of the spec demands."""
    from nnspec import origins

    first = next(iter(use.values()))
    sizes = [
        size
        for value in first.inputs
        if value is not None
        for size in value.type.shape
        if symbols(size) & first.condition.symbols
    ]
    return Reason(
        requires,
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

    from nnspec.nearest import in_words, nearest_sizes

    *others, last = conflict
    names = sorted(frozenset().union(*(condition.symbols for condition in conflict)))
    answers = nearest_sizes(solve(others), dict.fromkeys(names, 1), {}) if others else []
    if not answers:
        return ()
    rest = " and ".join(condition.text for condition in others)
    return (f"{in_words(answers, 1)} is the smallest with {rest}; there {last.text} fails",)


def refusal(
    root: Graph,
    found: Admitted,
    sizes: Mapping[str, int],
    modes: Mapping[str, Admitted] | None = None,
) -> Problem | None:
    """Why the model does not take these sizes; None where it does (see Admitted.refused_by). `modes` are
    the sizes of training and of evaluation where they differ."""
    refused = found.refused_by(sizes)
    if not refused:
        return None
    from nnspec.words import joined

    asked = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    notes = [f"it takes sizes with {joined(found.requires)}"] if found.requires else []
    message = f"`{root.name}` does not take {asked}"
    for mode, own in (modes or {}).items():
        if not own.refused_by(sizes):
            other = "training" if mode == "evaluation" else "evaluation"
            message += f" in {other}"
            notes.append(f"in {mode} it takes {joined(own.requires) or 'any size'}")
    return _problem("NN309", message, root, refused, tuple(notes), _nearest(found, sizes))


def _nearest(found: Admitted, sizes: Mapping[str, int]) -> str:
    """`the nearest that it takes: H=224 or H=240`."""

    from nnspec.nearest import in_words, nearest_sizes

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

    from nnspec import origins

    wanted = list(conditions)
    shown = {place.condition: place for place in places(root) if place.condition in wanted}
    first, *rest = [shown[condition] for condition in wanted]
    labels = tuple(Label(place.span, place.why) for place in rest[: MOST_LABELS - 1])
    needed = " and ".join(condition.text for condition in wanted[:MOST_LABELS])
    ways = dict.fromkeys(way for place in (first, *rest) for way in origins.notes(place.inputs))
    every = (f"this needs {needed}", *ways, *notes)
    return Problem(code, message, first.span, first.why, labels, every, help)
