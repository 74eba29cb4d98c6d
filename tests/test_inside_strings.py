"""What is wrong inside of a string is shown there: the caret is under the axis, not under the call."""

from __future__ import annotations

import pytest

import nnspec.checking

#: a statement on `x: [N, T, 12]`, below it the place that is shown, and what is said of it
PLACES = [
    (
        'x -> rearrange("n t (h d) -> n h t d", h=5)',
        "                    ^^^^^                  ",
        "12, which h = 5 does not divide",
    ),
    (
        'x -> rearrange("n t (h d) -> n h t d")',
        "                    ^^^^^             ",
        "does not tell both `h` and `d`",
    ),
    (
        'x -> rearrange("n t c -> n c t k")',
        "                               ^ ",
        "`k` is not on the left",
    ),
    (
        'x -> rearrange("n t c -> n c")',
        "                  ^          ",
        "`t` is lost",
    ),
    (
        "rearrange(x, pattern='n t c, -> n t c')",
        "                           ^          ",
        "`,` has no meaning",
    ),
    (
        'x -> rearrange("""n (t c -> n t c""")',
        "                    ^                ",
        "not closed",
    ),
    (
        'x -> rearrange("n c -> c n")',
        "                ^^^         ",
        "takes 2 axes",
    ),
    (
        'x -> rearrange("n t c -> n c t", h=3)',
        "                                 ^^^ ",
        "no axis `h`",
    ),
    (
        'x -> reduce("n t 6 -> n", "mean")',
        "                 ^               ",
        "dimension 2 of [N, T, 12] is 12, the pattern says 6",
    ),
    (
        'x -> repeat("n t c -> (n r) t c")',
        "                         ^       ",
        "`r` is new",
    ),
    (
        'einsum("n t c, n k c -> n k", x, x[..., 1:])',
        "                   ^                        ",
        "`c` is 12 in operand 1 and 11 in operand 2",
    ),
]


@pytest.mark.parametrize(("statement", "place", "message"), PLACES, ids=[p[0] for p in PLACES])
def test_the_place_is_inside(statement: str, place: str, message: str) -> None:
    text = f"model Net:\n    input x: [N, T, 12]\n    y = {statement}\n    return x\n"
    (problem,) = nnspec.checking.check_source(text).diagnostics
    assert problem.span is not None
    assert message in problem.message
    shown = " " * (problem.span.column - 9) + "^" * len(problem.span.text)
    assert f"{statement}\n{shown}" == f"{statement}\n{place.rstrip()}"


def test_a_string_with_escapes_or_a_name_is_shown_as_a_whole() -> None:
    text = (
        "block Part(pattern: str):\n    input x: [N, C]\n    return x -> rearrange(pattern)\n"
        'model Net:\n    input x: [N, C]\n    y = x -> rearrange("n\\tk -> n")\n'
        '    return x -> Part("n k -> n")\n'
    )
    shown = [
        problem.span and problem.span.text
        for problem in nnspec.checking.check_source(text).diagnostics
    ]
    assert shown == ["pattern", '"n\\tk -> n"']
