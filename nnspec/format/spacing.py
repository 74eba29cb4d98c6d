"""The space between two tokens of a statement."""

from __future__ import annotations

from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS
from nnspec.syntax.tokens import NAME, NUMBER, STRING

OPEN = {LITERALS["("], LITERALS["["]}
CLOSE = {LITERALS[")"], LITERALS["]"]}
ARROW, COMMA, COLON, ASSIGN = (LITERALS[sign] for sign in ("->", ",", ":", "="))
_DOT, _SQUARE = LITERALS["."], LITERALS["["]
_SIGNS = {LITERALS["-"], LITERALS["+"], LITERALS["*"]}
_VALUES = {
    NAME, NUMBER, STRING, *CLOSE, LITERALS["..."],
    *(HARD_WORDS[word] for word in ("true", "false", "none")),
}  # fmt: skip
_AT = SOFT_WORDS["at"]


class Bracket:
    """An open bracket of a statement: what it is for, and what was seen of its current item."""

    __slots__ = ("has_colon", "is_index", "kind")

    def __init__(self, kind: int, is_index: bool) -> None:
        self.kind = kind
        self.is_index = is_index
        self.has_colon = False


def spaces(kinds: list[int]) -> list[bool]:
    """For each token of a statement whether a space stands before it; the first has none."""
    found = [False] * len(kinds)
    brackets: list[Bracket] = []
    unary = False  # the token before is a sign of what follows
    at_sizes = False
    for index, kind in enumerate(kinds):
        before = kinds[index - 1] if index else None
        inside = brackets[-1] if brackets else None
        joined = (
            before is None
            or before in OPEN
            or before == _DOT
            or kind in (_DOT, COMMA)
            or kind in CLOSE
            or unary
            or ((kind == COLON or before == COLON) and (inside is not None and inside.is_index))
            or kind == COLON
            or (kind in OPEN and before in (NAME, *CLOSE))
            or (ASSIGN in (kind, before) and _is_tight(inside, at_sizes))
        )
        found[index] = not joined
        unary = kind in _SIGNS and before not in _VALUES
        at_sizes = at_sizes or kind == _AT
        if kind in OPEN:
            brackets.append(Bracket(kind, kind == _SQUARE and before in (NAME, *CLOSE)))
        elif kind in CLOSE and brackets:
            brackets.pop()
        elif kind == COLON and inside is not None:
            inside.has_colon = True
        elif kind == COMMA and inside is not None:
            inside.has_colon = False
    return found


def _is_tight(inside: Bracket | None, at_sizes: bool) -> bool:
    """`stride=2` in a call and `at H=224`; `stride: int = 2` in a signature and `x = …` are not."""
    return at_sizes if inside is None else not inside.has_colon
