"""What the tests of the syntax share: reading a text, trees without places, and drawn texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from nnspec.diagnostics import Problem
from nnspec.records import Record
from nnspec.source import Source
from nnspec.syntax.parser import parse
from nnspec.syntax.tree import Expr, GlobalAssign, Module, Tree

ROOT = Path(__file__).resolve().parents[2]
LANGUAGE = sorted((ROOT / "tests" / "cases" / "language").glob("*.nn"))
SPECS = LANGUAGE + sorted((ROOT / "specs").glob("*.nn"))
HEAD = "model A:\n    input x: [N]\n"


def read(text: str) -> Module:
    """A text that must be right."""
    module, problems = parse(Source(text, "test.nn"))
    assert not problems, [
        (problem.code, problem.message, str(problem.span)) for problem in problems
    ]
    return module


def value(text: str) -> Expr:
    (part,) = read(f"it = {text}\n").parts
    assert isinstance(part, GlobalAssign)
    return part.value


def wrong(text: str) -> list[Problem]:
    return parse(Source(text, "test.nn"))[1]


def plain(node: object) -> Any:
    """A tree without its spans, as nested tuples that begin with the class."""
    if isinstance(node, Record):
        shown = [getattr(node, field) for field in node._fields if not field.endswith("span")]
        return (type(node).__name__, *map(plain, shown))
    if isinstance(node, tuple):
        return tuple(map(plain, node))
    return node


def name(word: str) -> tuple[str, str]:
    return ("Name", word)


def nodes(root: object) -> Iterator[Tree]:
    work = [root]
    while work:
        node = work.pop()
        if isinstance(node, tuple):
            work.extend(node)
        elif isinstance(node, Tree):
            yield node
            work.extend(getattr(node, field) for field in node._fields)


# -- drawn texts ----------------------------------------------------------------------------------

WORDS = [
    *[
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "=",
        "==",
        "->",
        "+",
        "-",
        "*",
        "**",
        "/",
        "@",
        ".",
        "...",
        "<",
        "in",
        "not",
        "and",
        "or",
        "if",
        "else",
        "for",
    ],
    *[
        "elif",
        "return",
        "assert",
        "model",
        "block",
        "fn",
        "extern",
        "data",
        "train",
        "input",
        "layer",
        "param",
        "buffer",
        "from",
    ],
    *["import", "as", "on", "x", "y", "conv1", "true", "none", "3", "4.5", ".5"],
    *['"s"', "'t{i}'", "\n", "\n    ", "\n        ", "\n    -> ", "# c", "\r\n"],
]
TEXTS = [path.read_text(encoding="utf-8") for path in LANGUAGE]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A piece of a right spec with a few words put in, taken out or exchanged."""
    text = draw(st.sampled_from(TEXTS))
    lines = text.splitlines(keepends=True)
    start = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[start : start + draw(st.integers(1, 30))])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 6))
        text = text[:at] + draw(st.sampled_from(["", " ", *WORDS])) + text[at + length :]
    return text


soups = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
