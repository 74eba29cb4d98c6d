"""Hold the operators against PyTorch for long: `python -m tests.operators.deep --cases 2000 --seed
0`.

Prints the first counterexample of each operator, made as simple as it gets; the exit code is 1
with any.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator

import torch

from nnspec.operators import every
from nnspec.operators.definition import Operator

from nnspec.testing.cases import draw, shrink
from nnspec.testing.examples import Case
from nnspec.testing.harness import disagreement
from nnspec.testing.symbolic import symbolic_disagreement


def counterexamples(
    operator: Operator, cases: int, seed: int, tally: dict[str, int] | None = None
) -> Iterator[tuple[Case, str]]:
    """Uses on which nnspec and PyTorch do not agree."""
    rng = random.Random(f"{operator.name} {seed}")
    for number in range(cases):
        case = draw(operator, rng)
        found = disagreement(case, tally)
        if found is None:
            way = f"{seed} {number}"
            found = symbolic_disagreement(case, random.Random(way))
            if found is not None:
                case = shrink(case, lambda c, way=way: symbolic_disagreement(c, random.Random(way)))
                found = symbolic_disagreement(case, random.Random(way))
        else:
            case = shrink(case, disagreement)
            found = disagreement(case)
        if found is not None:
            yield case, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--operator", action="append", help="only this one; may be given again")
    parser.add_argument("--all", action="store_true", help="do not stop at an operator's first")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failed = 0
    total: dict[str, int] = {}
    for operator in every():
        if arguments.operator and operator.name not in arguments.operator:
            continue
        seen: set[str] = set()
        for case, found in counterexamples(operator, arguments.cases, arguments.seed, total):
            failed += 1
            if str(case) not in seen:
                print(f"{case}\n    {found}", flush=True)
            seen.add(str(case))
            if not arguments.all or len(seen) > 4:
                break
    print(f"{failed} disagreements; {total}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
