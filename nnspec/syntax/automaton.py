"""The LALR automaton of the grammar: the table that Lark made, in the form that a loop reads fastest."""

from __future__ import annotations

from operator import itemgetter
from struct import unpack

from nnspec.syntax import table
from nnspec.syntax.build import Builder
from nnspec.syntax.table import GOTOS, NONTERMINALS, TERMINALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

WIDTH = len(TERMINALS)
_DIGITS = 4 * WIDTH


class _Rows(dict[int, tuple[int, ...]]):
    """State -> its actions by the kind of the next token, with two more for those that the grammar does
    not know: always an error. A row is read when its state first comes up, which most never do."""

    def __missing__(self, state: int) -> tuple[int, ...]:
        data = bytes.fromhex(table.ACTIONS[state * _DIGITS : (state + 1) * _DIGITS])
        row = self[state] = (*unpack(f"<{WIDTH}h", data), 0, 0)
        return row


#: above zero the state after the token is taken, below zero the rule that is complete before it, 0: an error
ACTIONS = _Rows()
#: the children of a rule that its method gets, by the rule's number; -1 stands for one that is left out
CHILDREN = ((), *(children for _, _, _, children in table.RULES))
# Which rules only hand on their one child.
_PASSES = (False, *(not method and length == 1 for _, length, method, _ in table.RULES))
_MADE = (0, *(made for made, _, _, _ in table.RULES))
# Where a chain of such rules ends, by state, nonterminal and next token. Filled as it is needed.
landings: dict[int, int] = {}


def picked(children: tuple[int, ...]) -> Callable[[list[Any]], Sequence[Any]]:
    """What a method gets of a list of values."""
    if len(children) > 1:
        return itemgetter(*children)
    return itemgetter(slice(children[0], children[0] + 1 or None) if children else slice(0))


#: what a rule makes, of how many values, its method, and what picks the method's values from those and the
#: None behind them. Rules count from 1. A method that is given all values as they are needs none picked.
RULES: tuple[tuple[int, int, Any, Any], ...] = (
    (0, 0, None, picked(())),
    *(
        (
            made,
            length,
            getattr(Builder, method) if method else None,
            None if method and children == (*range(length),) else picked(children),
        )
        for made, length, method, children in table.RULES
    ),
)


def land(state: int, made: int, kind: int) -> int:
    """The state after `made`, with all rules applied that only hand it on."""
    while True:
        target = GOTOS[state * NONTERMINALS + made]
        action = ACTIONS[target][kind]
        if action < 0 and _PASSES[-action]:
            made = _MADE[-action]
        else:
            return target
