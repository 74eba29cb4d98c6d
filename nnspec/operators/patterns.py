"""The patterns of `rearrange`, `reduce` and `repeat`: `"n t (h d) -> n h t d"` (Rogozhnikov 2022).

`parse` reads a pattern; what is wrong with it is told with the stretch of the pattern at fault.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nnspec.diagnostics import Mismatch
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

REST = "..."
#: characters of a pattern
LONGEST = 1_000

_WORD = re.compile(r"[()]|[^\s()]+")


class Axis(Record):
    """One axis of a pattern: `h`, a number as `2` with its `length`, or `...`."""

    name: str
    start: int
    end: int
    length: int | None = None

    @property
    def key(self) -> str:
        """What tells it from all others: two axes of one number are two axes."""
        return self.name if self.length is None else f"{self.name} at {self.start}"

    @property
    def place(self) -> tuple[int, int]:
        return self.start, self.end


class Group(Record):
    """What stands for one dimension: an axis, several in parentheses, or none for `1` and `()`."""

    axes: tuple[Axis, ...]
    start: int
    end: int
    closed: bool = False  # in parentheses

    @property
    def place(self) -> tuple[int, int]:
        return self.start, self.end

    @property
    def is_rest(self) -> bool:
        return not self.closed and len(self.axes) == 1 and self.axes[0].name == REST


class Side(Record):
    """One side of the arrow."""

    groups: tuple[Group, ...]

    def axes(self) -> Iterator[Axis]:
        for group in self.groups:
            yield from group.axes

    @property
    def names(self) -> dict[str, Axis]:
        return {axis.key: axis for axis in self.axes()}


class Pattern(Record):
    left: Side
    right: Side


def refuse(message: str, place: tuple[int, int], help: str = "", code: str = "NN206") -> NoReturn:
    """A pattern is refused, at a stretch of it."""
    raise Mismatch(code, message, argument="pattern", within=place, help=help)


@lru_cache(256)
def parse(text: str) -> Pattern:
    """The two sides of a pattern. Mismatch NN206 with the place in it."""
    if len(text) > LONGEST:
        refuse(f"a pattern has at most {LONGEST:,} characters", (0, len(text)), code="NN402")
    arrows = [found.start() for found in re.finditer("->", text)]
    if len(arrows) != 1:
        message = "a pattern has one `->`: the axes before it, and those after"
        place = (0, len(text)) if not arrows else (arrows[1], arrows[1] + 2)
        refuse(message, place, help='as in "n c h w -> n (h w) c"')
    left, right = _side(text, 0, arrows[0]), _side(text, arrows[0] + 2, len(text))
    inside = next(
        (a for g in left.groups for a in g.axes if a.name == REST and not g.is_rest), None
    )
    if inside:
        refuse("`...` stands alone on the left of `->`, not in parentheses", inside.place)
    if REST in right.names and REST not in left.names:
        refuse("`...` stands on the right of `->` only", right.names[REST].place)
    return Pattern(left, right)


def _side(text: str, start: int, end: int) -> Side:
    groups: list[Group] = []
    seen: set[str] = set()
    inside: list[Axis] | None = None
    opened = start
    for found in _WORD.finditer(text, start, end):
        word, place = found[0], found.span()
        if word == "(":
            if inside is not None:
                refuse("parentheses do not stand inside of parentheses", place)
            inside, opened = [], place[0]
            continue
        if word == ")":
            if inside is None:
                refuse("this parenthesis is not opened", place)
            groups.append(Group(tuple(inside), opened, place[1], True))
            inside = None
            continue
        axis = _axis(word, place)
        axes = () if axis.length == 1 else (axis,)
        if axes and axis.key in seen:
            refuse(f"`{word}` stands twice on one side of `->`", place)
        seen.add(axis.key)
        if inside is None:
            groups.append(Group(axes, *place))
        else:
            inside.extend(axes)
    if inside is not None:
        refuse("this parenthesis is not closed", (opened, opened + 1))
    return Side(tuple(groups))


def _axis(word: str, place: tuple[int, int]) -> Axis:
    if word == REST:
        return Axis(REST, *place)
    wrong = re.search(r"[^\w]", word)
    if wrong:
        at = place[0] + wrong.start()
        helped = "axes have spaces between them, and no commas" if wrong[0] == "," else ""
        if wrong[0] == ".":
            helped = "`...` stands by itself, for any number of dimensions"
        refuse(f"`{wrong[0]}` has no meaning in a pattern", (at, at + 1), helped)
    if word.isdecimal():
        if int(word) < 1:
            refuse("the length of an axis is at least 1", place)
        return Axis(word, *place, int(word))
    if not word.isidentifier() or word[0] == "_" or word[-1] == "_":
        refuse(
            f"`{word}` is no name of an axis",
            place,
            "a name has letters, digits and `_`, and begins and ends with a letter or digit",
        )
    return Axis(word, *place)
