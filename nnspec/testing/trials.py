"""Many uses of an operator, drawn from a seed: the counterexamples, shrunk, and how the uses went."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nnspec.operators.definition import Operator

from .cases import draw, shrink
from .examples import Case
from .harness import Verdict, disagreement, judged
from .symbolic import symbolic_disagreement
from .together import wrong_texts

#: what became of a use -> how often
Tally = dict[str, int]

#: how many uses are judged together
TOGETHER = 50


class Trials:
    """Uses of one operator. One that was drawn before is not judged again: its tensors would be the same."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.tally: Tally = {}
        self.known: dict[str, str] = {}  # a use -> what became of it

    def counterexamples(self, cases: int, seed: int) -> Iterator[tuple[Case, str]]:
        """Uses on which nnspec and PyTorch do not agree, and on what."""
        rng = random.Random(f"{self.operator.name} {seed}")
        for start in range(0, cases, TOGETHER):
            drawn = [draw(self.operator, rng) for _ in range(min(TOGETHER, cases - start))]
            yield from self.with_numbers(drawn)
            for number, case in enumerate(drawn, start):
                if self.known[str(case)] == "wrong":
                    continue
                way = f"{seed} {number}"
                if symbolic_disagreement(case, random.Random(way)) is not None:
                    case = shrink(
                        case, lambda c, way=way: symbolic_disagreement(c, random.Random(way))
                    )
                    yield case, str(symbolic_disagreement(case, random.Random(way)))

    def with_numbers(self, drawn: list[Case]) -> Iterator[tuple[Case, str]]:
        """The counterexamples among some uses, as they were drawn."""
        new: dict[str, Verdict] = {}
        for case in drawn:
            named = str(case)
            if named not in self.known:
                new[named] = verdict = judged(case)
                self.known[named] = verdict.how
                if verdict.why is not None:
                    yield from self.shrunk(case)
            how = self.known[named]
            self.tally[how] = self.tally.get(how, 0) + 1
        fine = [verdict for verdict in new.values() if verdict.why is None]
        for wrong, why in wrong_texts(fine):
            if len(wrong) == 1:
                self.known[str(wrong[0].case)] = "wrong"
                yield from self.shrunk(wrong[0].case)
            else:
                yield wrong[0].case, f"alone it is fine, with others it is not: {why}"

    @staticmethod
    def shrunk(case: Case) -> Iterator[tuple[Case, str]]:
        simple = shrink(case, disagreement)
        yield simple, str(disagreement(simple))


def counterexamples(operator: Operator, cases: int, seed: int) -> Iterator[tuple[Case, str]]:
    """Uses on which nnspec and PyTorch do not agree, and on what."""
    return Trials(operator).counterexamples(cases, seed)


def shares(tally: Tally) -> tuple[float, float]:
    """Of all uses, how many both accept and how many both refuse: a run without the one or the other proves
    little."""
    total = sum(tally.values()) or 1
    accepted = tally.get("both accept", 0) + tally.get("looser", 0)
    return accepted / total, tally.get("both refuse", 0) / total
