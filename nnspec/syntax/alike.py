"""What the rules make of a line, remembered by the kinds of its tokens.

Which rules apply to a line, and to which of its tokens and values, depends on nothing but the kinds of its
tokens and the state before it. So lines of the same kinds, as a long spec has many and an editor sends again
and again, are taken through the automaton once, and from then on a line is a list of calls of the builder.
"""

from __future__ import annotations

from nnspec.records import Record
from nnspec.syntax.automaton import ACTIONS, CHILDREN, RULES, land, picked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.syntax.build import Builder

MOST = 5_000
_NEVER, _ONCE = object(), object()

#: the state before a line and the kinds of its tokens -> what is made of it, None where it does not end
#: well, or that it was seen once. Most lines of a short spec have their like nowhere.
_lines: dict[tuple[int, ...], Any] = {}


class Line(Record):
    """Values are counted: those of the tokens, which are their places, a None, and what each call makes."""

    tokens: int
    #: a method, the token where its value begins, the one where it ends, and what picks the values it gets
    calls: tuple[tuple[Any, int, int, Any], ...]
    #: what is on the stack when the line's end comes: states, values, and the tokens where they begin
    states: tuple[int, ...]
    values: Callable[[list[Any]], Any]
    starts: tuple[int, ...]

    def onto(
        self,
        states: list[int],
        values: list[Any],
        places: list[int],
        builder: Builder,
        first: int,
    ) -> None:
        """Put a line that begins with the token `first`, which is taken already, on the parser's stack."""
        starts, ends = builder.starts, builder.ends
        made = [*range(first, first + self.tokens), None]
        for method, start, end, picks in self.calls:
            made.append(method(builder, starts[first + start], ends[first + end], *picks(made)))
        states[-1:] = self.states
        values[-1:] = self.values(made)
        places[-1:] = [starts[first + start] for start in self.starts]


def alike(before: int, kinds: tuple[int, ...], end: int) -> Line | None:
    """What is made of a line of these kinds, where it is known; `end` is the kind of a line's end."""
    key = (before, *kinds)
    known: Any = _lines.get(key, _NEVER)
    if known is _NEVER:
        if len(_lines) >= MOST:
            _lines.clear()
        _lines[key] = _ONCE
        return None
    if known is _ONCE:
        known = _lines[key] = followed(before, kinds, end)
    line: Line | None = known
    return line


def followed(before: int, kinds: tuple[int, ...], end: int) -> Line | None:
    """The parser's loop (`parser.py`) with the numbers of values in place of values."""
    count = len(kinds)
    states = [before]
    values: list[int] = []
    places: list[int] = []
    calls: list[tuple[Any, int, int, Any]] = []
    for token, kind in enumerate((*kinds, end)):
        while (action := ACTIONS[states[-1]][kind]) < 0:
            made, length, method, _ = RULES[-action]
            base = len(values) - length
            if base < 0:
                return None  # it takes something from before the line
            start = places[base] if length else token
            given = [*values[base:], count]
            children = tuple(given[child] for child in CHILDREN[-action])
            if method is None:
                (value,) = children
            else:
                calls.append((method, start, token - 1, picked(children)))
                value = count + len(calls)
            del states[base + 1 :], values[base:], places[base:]
            states.append(land(states[-1], made, kind))
            values.append(value)
            places.append(start)
        if action == 0:
            return None
        if token < count:
            states.append(action)
            values.append(token)
            places.append(token)
    return Line(count, tuple(calls), tuple(states[1:]), picked(tuple(values)), tuple(places))
