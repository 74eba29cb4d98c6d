"""Texts by chance, many of them: none may raise, take long, or be called right and then fail.

    python -m tests.fuzz_check --kind mutations --cases 100000 --seed 0
    python -m tests.fuzz_check --kind soups     --cases 100000 --seed 0
    python -m tests.fuzz_check --kind specs     --cases 100000 --seed 0 --run
    python -m tests.fuzz_check --kind sizes     --cases 100000 --seed 0 --run

`mutations` are specs of the zoo and of the tests' cases with slips, `soups` are words and lines in no
order, `specs` are well-formed and composed by chance, and so are `sizes`, which change heights and widths
in odd ways. With `--run` each that is right is compiled and run in PyTorch, at sizes that it takes and at
sizes that it does not. `--first 4711` begins at that case, to see one again; exit status 1 where something
is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz import mutations, soups, wellformed
from tests.fuzz.judge import checked, runs

KINDS = {
    "mutations": mutations.made,
    "soups": soups.made,
    "specs": wellformed.made,
    "sizes": wellformed.daring,
}


def case(kind: str, seed: int, number: int) -> str:
    return KINDS[kind](random.Random(seed * 1_000_003 + number))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--kind", choices=KINDS, default="mutations")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", action="store_true", help="compile and run what is right")
    parser.add_argument("--slow", type=float, default=3.0, help="seconds that are too long")
    wanted = parser.parse_args()
    kinds: dict[str, int] = {}
    right = 0
    for number in range(wanted.first, wanted.first + wanted.cases):
        text = case(wanted.kind, wanted.seed, number)
        start = time.process_time()
        took = 0.0
        try:
            fine = checked(text)
            took = time.process_time() - start
            right += fine
            if fine and wanted.run:
                runs(text, random.Random(number))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__}: {str(error)[:300]} ({Path(last.filename).name}:{last.lineno})"
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] == 1:
                print(f"--- case {number}: {kind}", flush=True)
                traceback.print_exc(limit=-6)
        if took > wanted.slow:
            print(f"--- case {number} took {took:.1f} s", flush=True)
            kinds["too slow"] = kinds.get("too slow", 0) + 1
    print(f"{wanted.cases} {wanted.kind}, {right} of them right, {sum(kinds.values())} with faults")
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        print(f"{count:6} {kind}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
