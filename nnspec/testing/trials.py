"""Many uses of an operator, drawn from a seed: the counterexamples, shrunk, and how the uses went."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nnspec.operators.definition import Operator

from .cases import draw, shrink
from .examples import Case
from .harness import disagreement
from .symbolic import symbolic_disagreement

#: what became of a use -> how often
Tally = dict[str, int]


def counterexamples(
    operator: Operator, cases: int, seed: int, tally: Tally | None = None
) -> Iterator[tuple[Case, str]]:
    """Uses on which nnspec and PyTorch do not agree, and on what."""
    rng = random.Random(f"{operator.name} {seed}")
    for number in range(cases):
        case = draw(operator, rng)
        if disagreement(case, tally) is not None:
            case = shrink(case, disagreement)
            yield case, str(disagreement(case))
            continue
        way = f"{seed} {number}"
        if symbolic_disagreement(case, random.Random(way)) is not None:
            case = shrink(case, lambda c, way=way: symbolic_disagreement(c, random.Random(way)))
            yield case, str(symbolic_disagreement(case, random.Random(way)))


def shares(tally: Tally) -> tuple[float, float]:
    """Of all uses, how many both accept and how many both refuse: a run without the one or the other proves
    little."""
    total = sum(tally.values()) or 1
    accepted = tally.get("both accept", 0) + tally.get("looser", 0)
    return accepted / total, tally.get("both refuse", 0) / total
