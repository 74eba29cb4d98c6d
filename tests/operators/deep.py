"""Hold the operators against PyTorch for long, and keep a record of what ran.

    python -m tests.operators.deep --cases 10000 --seed 0 --log FILE     # again: goes on where it was
    python -m tests.operators.deep --cases 10000 --seed 0 --part 2/8     # every eighth operator
    python -m tests.operators.deep --operator conv2d --seconds 60

Prints a line for each operator: uses, how many of them were different, shares of accepted and refused ones,
seconds; and each counterexample, shrunk. Exit status 1 where there is one. Those with many settings come
first. `--log FILE` adds the lines to a file; an operator that stands there with as many uses of the seed and
no disagreement is not run again, unless `--operator` names it.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
import time
import warnings
from itertools import islice
from pathlib import Path

import torch

import tests.operators.without_kernels  # noqa: F401  (defines what torchvision lacks)
from nnspec.operators import every
from nnspec.operators.definition import Operator
from nnspec.testing.trials import TOGETHER, Trials, shares


def trial(operator: Operator, cases: int, seed: int, seconds: float, most: int) -> tuple[int, str]:
    """Disagreements, and the lines to print."""
    trials = Trials(operator)
    seen: dict[str, str] = {}
    ran = failed = 0
    start = time.process_time()
    while ran < cases and time.process_time() - start < seconds and len(seen) < most:
        batch = min(TOGETHER, cases - ran)
        for case, why in islice(trials.counterexamples(batch, hash_of(seed, ran)), most):
            failed += 1
            seen[str(case)] = why
        ran += batch
    took = time.process_time() - start
    accepted, refused = shares(trials.tally)
    lines = [
        f"{operator.name}: {ran} uses, seed {seed}, {len(trials.known)} different, {accepted:.0%} accepted, "
        f"{refused:.0%} refused, {failed} disagreements, {took:.1f} s {trials.tally}"
    ]
    lines += [f"    {case}\n        {why}" for case, why in seen.items()]
    return failed, "\n".join(lines)


def logged(log: Path | None, cases: int, seed: int) -> set[str]:
    """The operators that a log says have had that many uses of this seed, without a disagreement."""
    if log is None or not log.exists():
        return set()
    line = re.compile(
        rf"^(\w+): (\d+) uses, seed {seed}, .* refused, 0 disagreements, ", re.MULTILINE
    )
    found = line.findall(log.read_text(encoding="utf-8"))
    return {name for name, uses in found if int(uses) >= cases}


def in_order() -> list[Operator]:
    """The operators, those with most to get wrong first."""
    return sorted(every(), key=lambda o: (-len(o.settings) - len(o.tensors), o.name))


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
    warnings.simplefilter("ignore")
    gc.freeze()  # PyTorch's own objects: there are a million, and they stay
    failed = 0
    done = logged(arguments.log, arguments.cases, arguments.seed)
    for number, operator in enumerate(in_order()):
        wanted = operator.name in (arguments.operator or {operator.name} - done)
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
