"""The sizes that a model takes, in words: where they come from, and why some are refused."""

from __future__ import annotations

from nnspec.demands import places
from nnspec.diagnostics import Label, Problem
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


class Need(Record):
    """A condition that a place makes: as `text`, `why` in words, and the `way` of the sizes in it, a line
    for each tensor."""

    text: str
    why: str
    way: tuple[str, ...]


class Reason(Record):
    """A place in the spec that some of the required sizes come from: what it `needs`, and what the model
    `requires` for that. `stated` is True where an `assert` says so."""

    requires: tuple[str, ...]
    needs: tuple[Need, ...]
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
    first = next(iter(use.values()))
    needs = tuple(Need(plain.text, place.why, _way(place)) for plain, place in use.items())
    return Reason(requires, needs, first.span, first.stated)


def _way(place: Place) -> tuple[str, ...]:
    """Where the sizes that a condition speaks of come from, a line for each tensor."""
    from nnspec import origins  # most models take any sizes

    return origins.of_place(place)


def conflict(root: Graph, found: Admitted) -> Problem | None:
    """The problem that no size satisfies the model, where that is so."""
    if not found.empty:
        return None
    message = f"no size satisfies `{root.name}`"
    note = _counterexample(places(root), found.conflict) or _near_miss(found.conflict)
    return _problem("NN306", message, root, found.conflict, (note,) if note else ())


def _counterexample(every: Sequence[Place], conflict: Sequence[Condition]) -> str:
    """The smallest sizes that the asserts allow, where one of them is in conflict with the model, as a
    note; "" where they allow none, or none were found."""
    from nnspec.nearest import in_words, smallest_sizes

    stated = [place.condition for place in every if place.stated]
    if not set(stated) & set(conflict):
        return ""
    allowed = solve(stated)
    if allowed.empty:  # they contradict each other
        return ""
    names = frozenset().union(*(condition.symbols for condition in stated))
    smallest = smallest_sizes(allowed, names)
    if smallest is None:
        return ""
    model = solve([place.condition for place in every if not place.stated])
    fails = " and ".join(condition.text for condition in model.refused_by(smallest))
    told = f"{in_words([smallest])} is the smallest that "
    told += "the asserts allow" if len(stated) > 1 else "the assert allows"
    return f"{told}; there {fails} fails" if fails else told


def _near_miss(conflict: Sequence[Condition]) -> str:
    """The smallest sizes that all conditions but one take, as a note."""
    from nnspec.nearest import in_words, smallest_sizes

    names = frozenset().union(*(condition.symbols for condition in conflict))
    found: list[tuple[int, dict[str, int], Condition]] = []
    for condition in conflict:
        others = [other for other in conflict if other is not condition]
        sizes = smallest_sizes(solve(others), names) if others else None
        if sizes is not None:
            found.append((sum(sizes.values()), sizes, condition))
    if not found:
        return ""
    _, sizes, failing = min(found, key=lambda one: (one[0], sorted(one[1].items())))
    rest = " and ".join(condition.text for condition in conflict if condition is not failing)
    return f"{in_words([sizes])} is the smallest with {rest}; there {failing.text} fails"


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

    wanted = list(conditions)
    shown = {place.condition: place for place in places(root) if place.condition in wanted}
    first, *rest = [shown[condition] for condition in wanted]
    labels = tuple(Label(place.span, place.why) for place in rest[: MOST_LABELS - 1])
    needed = " and ".join(condition.text for condition in wanted[:MOST_LABELS])
    ways = dict.fromkeys(way for place in (first, *rest) for way in _way(place))
    every = (f"this needs {needed}", *ways, *notes)
    return Problem(code, message, first.span, first.why, labels, every, help)
