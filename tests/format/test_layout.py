"""The one layout: what it looks like, that it changes nothing else, and that it loses no comment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnspec.format import formatted, same
from nnspec.source import Source
from nnspec.syntax.lexer import tokenize
from nnspec.syntax.parser import parse
from tests.fuzz_check import case

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted(ROOT.glob("specs/*.nn"))
FILES = [*SPECS, *sorted(ROOT.glob("tests/cases/*/*.nn"))]


def layout(text: str) -> str:
    found, problems = formatted(Source(text, "test.nn"))
    assert not problems
    return found


def in_model(body: str) -> str:
    return "model Net:\n" + "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))


RULES = {
    "spaces": ("y=x->conv2d( 4,3 , stride = 2 )+ -x*2**i", "y = x -> conv2d(4, 3, stride=2) + -x * 2 ** i"),
    "brackets": ("y = x [ :, 1 : 3, ... ] @ f (a)[ -1 ]", "y = x[:, 1:3, ...] @ f(a)[-1]"),
    "labels": ('z=x->"a{i}" :f(1)->b . c[i]:relu', 'z = x -> "a{i}": f(1) -> b.c[i]: relu'),
    "lists": ("d = [a:1,b : [1,2]]", "d = [a: 1, b: [1, 2]]"),
    "shapes": ("input x:i64[N,...,2*C]", "input x: i64[N, ..., 2 * C]"),
    "words": ("if not  a and b!=c:\n    y=1 if a else-1", "if not a and b != c:\n    y = 1 if a else -1"),
    "asserts": ('assert macs<=3e8 at H = 2,W=2 , "why"', 'assert macs <= 3e8 at H=2, W=2, "why"'),
    "stars": ("y = f(*a, b)*c", "y = f(*a, b) * c"),
    "quotes": ("y = f('a', 'say \"b\"')", "y = f(\"a\", 'say \"b\"')"),
    "blank lines": ("a = 1\n\n\n\nb = 2", "a = 1\n\nb = 2"),
    "own breaks of a pipeline": (
        "y = x\n  -> a: f(1) -> g\n  -> bcd: f(22) -> g -> h\n  -> k",
        "y = x\n    -> a: f(1)    -> g\n    -> bcd: f(22) -> g -> h\n    -> k",
    ),
    "under the first arrow": ("y = x -> f\n -> g", "y = x -> f\n      -> g"),
    "inside brackets": ("y = x + (x -> f\n -> g)", "y = x + (x -> f\n           -> g)"),
    "comments in columns": ("a = 1 # one\nbcd = 2   # two", "a = 1    # one\nbcd = 2  # two"),
    "a comment keeps its column": ("a = 1        # one\nb = 2", "a = 1        # one\nb = 2"),
    "a last comma": (
        "y = f([[1, 2], [3, 4],], a,\n  b,)",
        "y = f(\n    [\n        [1, 2],\n        [3, 4],\n    ],\n    a,\n    b,\n)",
    ),
    "one item and a comma": ("y = [1,]", "y = [1,]"),
    "a comment without a space": ("#a\nb = 1 #c", "# a\nb = 1  # c"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rules(rule: str) -> None:
    before, after = RULES[rule]
    assert layout(in_model(before)) == in_model(after)


def test_long_lines_end_outermost_first() -> None:
    call = "conv2d(channels, kernel_size, padding=1, bias=false)"
    found = layout(in_model(f"y = x -> a: {call} -> relu -> b: {call}"))
    assert found == in_model(f"y = x -> a: {call} -> relu\n      -> b: {call}")
    found = layout(
        in_model(f"y = f({', '.join(f'argument{i}={i}' for i in range(9))})")
    ).splitlines()
    assert [line.count("argument") for line in found] == [0, 7, 2]
    assert found[2].index("argument") == found[1].index("argument")


def test_a_line_that_goes_on_in_brackets_ends_outermost_too() -> None:
    rows = ", ".join(f"[Unit{i}, {i}, {i}, {i}, {i}]" for i in range(9))
    found = layout(in_model(f"y = [{rows}]")).splitlines()[1:]
    assert len(found) == 3
    assert all(line.count("[Unit") == line.count("]") - line.count("]]") for line in found)


def test_settings_and_presets_stand_in_columns() -> None:
    text = (
        "data D:\n    source=digits()\n    split = [train: 1]\n\nmodel a=N(1)\nmodel long = N(2)\n"
    )
    assert layout(text) == (
        "data D:\n    source = digits()\n    split  = [train: 1]\n\nmodel a    = N(1)\nmodel long = N(2)\n"
    )


def test_a_text_over_several_lines_is_left_alone() -> None:
    text = '''"""What it was:
model small  = Net(8)
x = y
   -> a  -> b
   -> abc -> d
"""
model Net(width: int = 8):
    input x: [N, D]
    return x -> linear(width)
'''
    assert layout(text) == text


def test_the_shipped_specs_are_in_the_layout() -> None:
    for file in SPECS:
        text = file.read_text("utf-8")
        assert layout(text) == text, file.name


def unchanged(text: str) -> None:
    """The same tree, the same comments, no line with spaces at its end; and again, the same text."""
    source = Source(text, "test.nn")
    module, problems = parse(source)
    if problems:
        return
    found = layout(text)
    again, broken = parse(Source(found, "test.nn"))
    assert not broken
    assert same(module, again)
    assert layout(found) == found
    assert comments(found) == comments(text)
    assert not re.search(r"[ \t]$", re.sub(r'"""[^"]*"""', '""', found), re.MULTILINE)


def comments(text: str) -> list[str]:
    found = tokenize(Source(text, "test.nn")).comments
    return [found[place].lstrip("#").strip() for place in sorted(found)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_nothing_else_changes(file: Path) -> None:
    unchanged(file.read_text("utf-8"))


@pytest.mark.parametrize("kind", ["mutations", "specs"])
@settings(max_examples=150, derandomize=True, deadline=None)
@given(number=st.integers(0, 10**6))
def test_nothing_changes_in_texts_by_chance(kind: str, number: int) -> None:
    """Of specs with slips, and of those that are made by chance."""
    unchanged(case(kind, 1, number))


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_no_comment_is_lost(file: Path, data: st.DataObject) -> None:
    """Comments behind lines and on lines of their own, at any depth."""
    lines = file.read_text("utf-8").split("\n")
    if any('"""' in line for line in lines):
        lines = [line for line in lines if '"""' not in line]
    for number in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            lines[at] += f" # behind {number}"
        else:
            lines.insert(at, " " * data.draw(st.integers(0, 12)) + f"# own {number}")
    unchanged("\n".join(lines))


def test_line_ends_of_windows() -> None:
    text = 'model Net:\r\n    """One\r\n    two."""\r\n    input x: [N]   # a\r\n    return x\r\n'
    assert layout(text) == text.replace("\r\n", "\n")
