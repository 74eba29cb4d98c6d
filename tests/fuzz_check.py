"""Specs with random slips, made from the specs that come along and from the tests' cases.

`python -m tests.fuzz_check --cases 20000 --seed 0` checks many of them: none may raise.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from pathlib import Path

from nnspec.checking import check_source
from nnspec.cli.output import Style
from nnspec.report.problems import draw_all
from nnspec.report.text import draw

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("specs/*.nn"), *ROOT.glob("tests/cases/**/*.nn")])
TEXTS = [file.read_text(encoding="utf-8") for file in FILES]

NUMBERS = ["0", "1", "2", "3", "-1", "7", "64", "0.5", "1e-3", "1000000", "10**12", "true", "none"]
WORDS = [
    "relu", "linear", "conv2d", "flatten", "concat", "x", "N", "H", "W", "image", "nosuch", "input",
    "return", "for", "in", "range", "if", "else", "block", "model", "max_pool2d", "[1, 2]", '"same"',
    "...", "_", "min", "sum", "layer", "param", "not", "softmax", "reshape", "(x, x)", "H // 2",
]  # fmt: skip
MARKS = [
    "->",
    ":",
    ",",
    "(",
    ")",
    "[",
    "]",
    "=",
    "+",
    "-",
    "*",
    "//",
    "%",
    "**",
    ".",
    "==",
    "<",
    " ",
    "\n",
]

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d]\w*")
_MARK = re.compile(r"->|//|\*\*|[-:,()\[\]=+*%.<>]")


def mutated(text: str, rng: random.Random) -> str:
    """The text with a slip or several."""
    for _ in range(rng.choice([1, 1, 2, 2, 3, 6])):
        text = rng.choice(_SLIPS)(text, rng)
    return text


def _lines(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.choice(["delete", "duplicate", "swap", "indent", "borrow"])
    if kind == "delete":
        del lines[at]
    elif kind == "duplicate":
        lines.insert(other, lines[at])
    elif kind == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "indent":
        lines[at] = lines[at][4:] if lines[at].startswith("    ") else "    " + lines[at]
    else:
        lines.insert(at, rng.choice(rng.choice(TEXTS).split("\n")))
    return "\n".join(lines)


def _replaced(pattern: re.Pattern[str], words: list[str]) -> object:
    def slip(text: str, rng: random.Random) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text
        place = rng.choice(found)
        # half of the time by something of the same text, which fits more often
        word = rng.choice(found)[0] if rng.random() < 0.5 else rng.choice(words)
        return text[: place.start()] + word + text[place.end() :]

    return slip


def _character(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    if rng.random() < 0.5:
        return text[:at] + text[at + 1 :]
    return text[:at] + rng.choice(MARKS) + text[at:]


_SLIPS: list = [  # type: ignore[type-arg]
    _lines,
    _replaced(_NUMBER, NUMBERS),
    _replaced(_NUMBER, NUMBERS),
    _replaced(_WORD, WORDS),
    _replaced(_WORD, WORDS),
    _replaced(_MARK, MARKS),
    _character,
]


def checked(text: str) -> bool:
    """Check and draw a spec, in full; whether it is right."""
    report = check_source(text, "fuzz.nn")
    if report.diagnostics:
        assert "error" in draw_all(report.diagnostics, False) or report.ok
    if report.ok:
        draw(report, "fuzz.nn", Style(False, 100), None)
        for model in report.models.values():
            _ = model.layers, model.memory, model.receptive_field, model.requires
    return report.ok


def case(seed: int, number: int) -> str:
    rng = random.Random(seed * 1_000_003 + number)
    return mutated(rng.choice(TEXTS), rng)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=3.0, help="seconds that are too long")
    wanted = parser.parse_args()
    kinds: dict[str, int] = {}
    right = 0
    for number in range(wanted.cases):
        text = case(wanted.seed, number)
        start = time.perf_counter()
        try:
            right += checked(text)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] == 1:
                print(f"--- case {number}: {kind}", flush=True)
                traceback.print_exc(limit=-6)
        took = time.perf_counter() - start
        if took > wanted.slow:
            print(f"--- case {number} took {took:.1f} s", flush=True)
            kinds["too slow"] = kinds.get("too slow", 0) + 1
    print(f"{wanted.cases} specs, {right} of them right, {sum(kinds.values())} crashes or too slow")
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        print(f"{count:6} {kind}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
