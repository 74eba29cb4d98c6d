"""Settings that are strings with a grammar of their own, changed a little: most stay what they were,
many become something that is refused."""

from __future__ import annotations

import random
import re
from typing import Any

WORDS = ("a", "h", "n", "...", "1", "2", "()", "(a b)", "(", ")", "->", ",", "_", "b_", "3x", "0")
#: words or signs of a pattern, with what stands between them
_TOKEN = re.compile(r"->|\.\.\.|\w+|\S")


def change(settings: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Other words in the pattern, other lengths of axes."""
    changed = dict(settings)
    if "equation" in changed:
        if rng.random() < 0.5:
            changed["equation"] = letters(changed["equation"], rng)
        return changed
    if rng.random() < 0.5:
        changed["pattern"] = words(changed["pattern"], rng)
    for name in [name for name, value in settings.items() if isinstance(value, int)]:
        if rng.random() < 0.25:
            changed[name] = rng.choice((1, 2, 3, 4, 5, 6, 0, -1))
        if rng.random() < 0.08:
            del changed[name]
    if rng.random() < 0.15:
        changed[rng.choice(_TOKEN.findall(changed["pattern"]) or ["k"])] = rng.choice((1, 2, 3))
    return {name: value for name, value in changed.items() if name.isidentifier()}


def words(text: str, rng: random.Random) -> str:
    """One or two words taken away, doubled, exchanged, replaced, or put into parentheses."""
    found = _TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 2))):
        if not found:
            break
        at, other = rng.randrange(len(found)), rng.randrange(len(found))
        way = rng.randrange(6)
        if way == 0:
            del found[at]
        elif way == 1:
            found[at], found[other] = found[other], found[at]
        elif way == 2:
            found[at] = rng.choice(WORDS)
        elif way == 3:
            found.insert(at, rng.choice(found))
        elif way == 4:
            found.insert(at, rng.choice(WORDS))
        elif found[at] not in ("->", "(", ")"):
            end = min(len(found), at + rng.choice((1, 2, 2, 3)))
            inside = found[at:end]
            if not {"->", "(", ")"} & set(inside):
                found[at:end] = ["(", *inside, ")"]
    return rng.choice(("", " ")).join(found) if rng.random() < 0.1 else " ".join(found)


def letters(text: str, rng: random.Random) -> str:
    """One or two letters or signs taken away, doubled, exchanged or replaced."""
    found = re.findall(r"->|\.\.\.|\S| ", text)
    for _ in range(rng.choice((1, 1, 2))):
        at, other = rng.randrange(len(found)), rng.randrange(len(found))
        way = rng.randrange(5)
        if way == 0 and len(found) > 1:
            del found[at]
        elif way == 1:
            found[at], found[other] = found[other], found[at]
        elif way == 2:
            found[at] = rng.choice(found)
        else:
            found.insert(at, rng.choice((*"ijkabn", "...", "->", ",", "Z", " ", ".", "1")))
    return "".join(found)
