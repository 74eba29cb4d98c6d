"""Why a model takes the sizes that it takes: the places that demand them, and the way of the sizes there."""

from __future__ import annotations

import re

from nnspec.report.columns import clean, shorten
from nnspec.words import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.analysis.requires import Need
    from nnspec.report.model import ModelReport

#: so many places are shown
MOST_REASONS = 4
#: and so many conditions of each
MOST_NEEDS = 8
LONGEST_CODE = 60


def because(model: ModelReport) -> Iterator[tuple[str, str]]:
    """Labels and lines: each place with what it needs; not what an `assert` says."""
    label = "because"
    for reasons, mode in ((model.reasons, ""), (model.reasons_in_evaluation, "in evaluation: ")):
        # what hangs on sizes that have their numbers is no question any more
        found = [one for one in reasons if not one.stated and model.unanswered(one.requires)]
        for reason in found[:MOST_REASONS]:
            needs = list(_needs(model, reason.needs))
            (need, way), *others = needs[:MOST_NEEDS]
            code = shorten(clean(" ".join(reason.span.text.split())), LONGEST_CODE)
            told = len(reasons) == 1 or reason.requires == (need,)
            head = "" if told else f"{joined(reason.requires)}: "
            yield label, f"{mode}{head}`{code}` at {reason.span} needs {need}"
            label = ""
            yield from (("", line) for line in way)
            for need, way in others:
                yield "", f"and {need}"
                yield from (("", line) for line in way)
            left = len(needs) - MOST_NEEDS
            if left > 0:
                yield "", f"… and {left} more conditions, which --format json tells"
        if len(found) > MOST_REASONS:
            yield label, f"… and {len(found) - MOST_REASONS} more places"


def _needs(model: ModelReport, needs: Sequence[Need]) -> Iterator[tuple[str, list[str]]]:
    """What a place needs, each with the way of its sizes: of two tensors that differ the longer one. What it
    needs of W as it does of H is told once."""
    alike: dict[str, list[tuple[str, Need]]] = {}
    for need in needs:
        text, name = need.text, ""
        if len(needs) > 1:
            names = model.names_in(text)
            if len(names) == 1:
                (name,) = names
                text = re.sub(rf"\b{name}\b", "_", text)
        alike.setdefault(text, []).append((name, need))
    for (_, first), *others in alike.values():
        same = [name for name, _ in others if name]
        also = f", {' and '.join(same)} likewise" if same else ""
        yield f"{first.text}{also}", sorted(first.way, key=len)[-1:]
