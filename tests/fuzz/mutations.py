"""Right specs with slips: lines moved, numbers, words, signs and characters exchanged."""

from __future__ import annotations

import random
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
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
_PRESET = re.compile(r"^model \w+ *=.*\n(?: .*\n)*", re.MULTILINE)
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


def thinned(text: str, rng: random.Random) -> str:
    """The spec with two of its presets: sixteen of them take as long, and say the same of a slip."""
    presets = [found.span() for found in _PRESET.finditer(text)]
    for start, end in sorted(rng.sample(presets, max(0, len(presets) - 2)), reverse=True):
        text = text[:start] + text[end:]
    return text


def made(rng: random.Random) -> str:
    """A spec of the zoo or of the tests' cases, with a slip or several."""
    return mutated(thinned(rng.choice(TEXTS), rng), rng)
