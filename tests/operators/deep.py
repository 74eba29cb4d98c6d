"""Hold the operators against PyTorch for long, and keep a record of what ran.

    python -m tests.operators.deep --cases 10000 --seed 0
    python -m tests.operators.deep --cases 10000 --seed 0 --part 2/8     # every eighth operator
    python -m tests.operators.deep --operator conv2d --seconds 60

Prints a line for each operator: uses, shares of accepted and refused ones, seconds; and each counterexample,
shrunk. Exit status 1 where there is one. `--log FILE` adds the lines to a file.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path

import torch

import tests.operators.without_kernels  # noqa: F401  (defines what torchvision lacks)
from nnspec.operators import every
from nnspec.operators.definition import Operator
from nnspec.testing.trials import Tally, counterexamples, shares

#: uses between two looks at the clock
BATCH = 50


def trial(operator: Operator, cases: int, seed: int, seconds: float, most: int) -> tuple[int, str]:
    """Disagreements, and the lines to print."""
    tally: Tally = {}
    seen: dict[str, str] = {}
    ran = failed = 0
    start = time.process_time()
    while ran < cases and time.process_time() - start < seconds and len(seen) < most:
        batch = min(BATCH, cases - ran)
        found = counterexamples(operator, batch, hash_of(seed, ran), tally)
        for case, why in islice(found, most):
            failed += 1
            seen[str(case)] = why
        ran += batch
    took = time.process_time() - start
    accepted, refused = shares(tally)
    lines = [
        f"{operator.name}: {ran} uses, seed {seed}, {accepted:.0%} accepted, {refused:.0%} refused, "
        f"{failed} disagreements, {took:.1f} s {tally}"
    ]
    lines += [f"    {case}\n        {why}" for case, why in seen.items()]
    return failed, "\n".join(lines)


def hash_of(seed: int, start: int) -> int:
    """The seed of a batch: the same uses however long a run is."""
    return seed * 1_000_003 + start


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--operator", action="append", help="only this one; may be given again")
    parser.add_argument("--part", default="1/1", help="2/8: the second of eight parts")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each operator")
    parser.add_argument("--most", type=int, default=5, help="stop at so many counterexamples")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    part, parts = map(int, arguments.part.split("/"))
    failed = 0
    for number, operator in enumerate(every()):
        wanted = arguments.operator is None or operator.name in arguments.operator
        if wanted and number % parts == part - 1:
            found, lines = trial(
                operator, arguments.cases, arguments.seed, arguments.seconds, arguments.most
            )
            failed += found
            print(lines, flush=True)
            if arguments.log is not None:
                with arguments.log.open("a", encoding="utf-8") as log:
                    log.write(f"{lines}\n")
    print(f"{failed} disagreements")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
