"""Problems are drawn as the design shows: marks under the right columns, whatever the line
holds.
"""

from __future__ import annotations

import re

import pytest

from nnspec.diagnostics import Label, Problem
from nnspec.report.problems import draw, draw_all, summary
from nnspec.source import Source, Span

TINYRES = """\
model TinyRes:
    input image: [N, 3, 32, 32]
    stem = image -> conv2d(64, 3, padding=1)
    a = stem -> relu
    b = a -> conv2d(128, 3, padding=1)
    return relu(b + stem)
"""


def place(source: Source, text: str, nth: int = 0) -> Span:
    """The span of the nth time that `text` stands in the source."""
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def residual() -> Problem:
    source = Source(TINYRES, "tinyres.nn")
    return Problem(
        "NN301",
        "residual add of 128 and 64 channels",
        place(source, "b + stem"),
        "[N, 128, 32, 32] + [N, 64, 32, 32]",
        (
            Label(place(source, "64"), "`stem` gets its 64 channels here"),
            Label(place(source, "128"), "`b` gets its 128 channels here"),
        ),
        ("only dimension 1 (channels) differs; `+` does not broadcast 64 to 128",),
        "project the shortcut with a 1x1 convolution (8,320 parameters, 8.5 M MACs):\n"
        "6 -     return relu(b + stem)\n"
        "6 +     return relu(b + (stem -> conv2d(128, 1)))",
    )


def test_the_example_of_the_design() -> None:
    assert (
        draw(residual())
        == """\
error[NN301]: residual add of 128 and 64 channels
 --> tinyres.nn:6:17
  |
3 |     stem = image -> conv2d(64, 3, padding=1)
  |                            -- `stem` gets its 64 channels here
...
5 |     b = a -> conv2d(128, 3, padding=1)
  |                     --- `b` gets its 128 channels here
6 |     return relu(b + stem)
  |                 ^^^^^^^^ [N, 128, 32, 32] + [N, 64, 32, 32]
  |
  = note: only dimension 1 (channels) differs; `+` does not broadcast 64 to 128
  = help: project the shortcut with a 1x1 convolution (8,320 parameters, 8.5 M MACs):
          6 -     return relu(b + stem)
          6 +     return relu(b + (stem -> conv2d(128, 1)))"""
    )


def test_colour_only_adds_escapes() -> None:
    painted = draw(residual(), colour=True)
    assert "\x1b[1;31m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == draw(residual())


def test_several_labels_on_a_line() -> None:
    source = Source("x = a + b\n", "f.nn")
    problem = Problem(
        "NN301",
        "no fit",
        place(source, "+"),
        "here",
        (Label(place(source, "a"), "left"), Label(place(source, "b"), "right")),
    )
    assert (
        draw(problem)
        == """\
error[NN301]: no fit
 --> f.nn:1:7
  |
1 | x = a + b
  |     - ^ - right
  |     | |
  |     | here
  |     left"""
    )


def test_marks_that_overlap() -> None:
    source = Source("x = relu(a + b)\n", "f.nn")
    problem = Problem(
        "NN301",
        "no fit",
        place(source, "a + b"),
        "the sum",
        (Label(place(source, "b"), "from here"),),
    )
    lines = draw(problem).split("\n")
    assert lines[4:] == [
        "  |          ^^^^^",
        "  |          |   |",
        "  |          |   from here",
        "  |          the sum",
    ]


@pytest.mark.parametrize(
    ("line", "marked", "column"),
    [("\tx = y", "y", 8), ("漢字 = y", "y", 7), ("e\u0301 = y", "y", 4), ("\x1b[31m = y", "y", 8)],
)
def test_marks_stand_under_wide_and_odd_characters(line: str, marked: str, column: int) -> None:
    source = Source(line + "\n", "f.nn")
    drawn = draw(Problem("NN200", "?", place(source, marked))).split("\n")
    assert drawn[4] == "  | " + " " * column + "^"
    assert not {"\x1b", "\t"} & set(drawn[3])


def test_gaps_are_dots() -> None:
    source = Source("one\ntwo\nthree\nfour\nfive\nsix\n", "f.nn")
    labels = (Label(place(source, "one"), "a"), Label(place(source, "six"), "b"))
    lines = draw(Problem("NN200", "?", place(source, "three"), labels=labels)).split("\n")
    assert lines[3:] == [
        "1 | one",
        "  | --- a",
        "...",
        "3 | three",
        "  | ^^^^^",
        "...",
        "6 | six",
        "  | --- b",
    ]


def test_a_span_of_several_lines() -> None:
    source = Source("x = image\n    -> relu\n    -> relu\n", "f.nn")
    span = Span(source, 4, len(source.text))
    lines = draw(Problem("NN301", "?", span, "all of this")).split("\n")
    assert lines[3:] == [
        "1 | x = image", "  |     ^^^^^", "2 |     -> relu", "  |     ^^^^^^^",
        "3 |     -> relu", "  |     ^^^^^^^ all of this",
    ]  # fmt: skip


def test_a_line_of_a_megabyte_is_cut_around_the_mark() -> None:
    source = Source("x" * 500_000 + "HERE" + "y" * 500_000, "f.nn")
    drawn = draw(Problem("NN101", "?", place(source, "HERE")))
    lines = drawn.split("\n")
    assert len(drawn) < 600
    at = lines[3].index("HERE")
    assert lines[4][at:] == "^^^^"


@pytest.mark.parametrize("offset", [0, 4, 5])
def test_the_end_of_the_file_can_be_marked(offset: int) -> None:
    source = Source("abcd\n", "f.nn")
    assert "^" in draw(Problem("NN101", "?", Span(source, offset, offset)))


def test_an_empty_source() -> None:
    source = Source("", "empty.nn")
    assert draw(Problem("NN101", "?", Span(source, 0, 0))).split("\n")[1] == " --> empty.nn:1:1"


def test_a_second_file_has_its_own_place() -> None:
    here, there = Source("x = Other\n", "a.nn"), Source("block Other:\n", "b.nn")
    problem = Problem(
        "NN200", "?", place(here, "Other"), "", (Label(place(there, "Other"), "defined here"),)
    )
    assert draw(problem).split("\n") == [
        "error[NN200]: ?", " --> a.nn:1:5", "  |", "1 | x = Other", "  |     ^^^^^",
        " ::: b.nn:1:7", "  |", "1 | block Other:", "  |       ----- defined here",
    ]  # fmt: skip


def test_the_gutter_is_as_wide_as_the_numbers() -> None:
    source = Source("\n" * 99 + "x\n", "f.nn")
    assert draw(Problem("NN200", "?", place(source, "x"), notes=("n",))).split("\n") == [
        "error[NN200]: ?", "   --> f.nn:100:1", "    |", "100 | x", "    | ^", "    |",
        "    = note: n",
    ]  # fmt: skip


def test_summary() -> None:
    assert summary([residual(), residual()]) == "2 errors in tinyres.nn"
    assert draw_all([residual()]).endswith("\n\n1 error in tinyres.nn\n")
    assert draw_all([]) == ""
