"""Soups: words and signs, pieces of lines, whole lines, any characters, in no order."""

from __future__ import annotations

import random

from .mutations import MARKS, NUMBERS, TEXTS, WORDS

_PLAIN = """\
def class lambda self import while try except with pass => |> && || { } ; // /* */ ! ? := += “ ” （ ） ：
， → − é 图 𝒳 3x3 0x1f 1e 1e999 ` ``` \\ \""" ''' " '"""
FOREIGN = [
    *_PLAIN.split(),
    *["# c", 'f"a{i}"', "\t", "\r\n", "\0", "\ufeff", "\u00a0", "9" * 120],
]
OPENERS = """\
model M:; model M(a: int = 1):; block B(c):; block B =; fn f(n) =; data D:; train M on D:
input x: [N, C]; layer e =; param w: [C] =; if N == 3:; elif true:; else:; if training:; for i in range(3):
assert N % 2 == 0,; return x; from zoo.resnet import; x = x ->; y: [N, 3] =""".replace(
    "\n", "; "
).split("; ")
BREAKS = ["\n", "\n    ", "\n        ", "\n    -> ", " ", " ", " ", ""]
PIECES = [*NUMBERS, *WORDS, *MARKS, *FOREIGN, *OPENERS]
LINES = [line for text in TEXTS for line in text.split("\n") if line.strip()]
HEAD = "model M:\n    input x: [N, 8, H, W]\n"


def words(rng: random.Random) -> str:
    found = rng.choice(["", HEAD + "    y = "])
    for _ in range(rng.randrange(1, 60)):
        found += rng.choice(PIECES) + rng.choice(BREAKS)
    return found


def language(rng: random.Random) -> str:
    """Without what is no word of the language: this gets further."""
    found = HEAD
    for _ in range(rng.randrange(1, 6)):
        line = rng.choice([*OPENERS[7:], "x = ", "x = x -> "])
        for _ in range(rng.randrange(0, 10)):
            line += " " + rng.choice([*NUMBERS, *WORDS, *MARKS[:-2]])
        found += "    " + line + "\n"
    return found + "    return x\n"


def lines(rng: random.Random) -> str:
    """Lines of right specs, in no order and with any indentation."""
    found = ""
    for _ in range(rng.randrange(1, 25)):
        line = rng.choice(LINES)
        found += (" " * 4 * rng.randrange(4) + line.strip() if rng.random() < 0.4 else line) + "\n"
    return found


def characters(rng: random.Random) -> str:
    letters = "()[]{}\"'\\\n\t #->=:x1.,*/%<>&|“（é\0"
    return "".join(
        rng.choice(letters) if rng.random() < 0.9 else chr(rng.randrange(1, 0xD800))
        for _ in range(rng.randrange(200))
    )


def made(rng: random.Random) -> str:
    return rng.choice([words, words, language, language, lines, characters])(rng)
