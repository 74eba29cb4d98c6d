"""The LALR loop over the table that Lark made: tokens in, tree out, nothing recursive.

A statement that does not parse becomes one problem; the parser then goes on with the next line, and
with the body under a broken header, so that one slip hides nothing else.
"""

from __future__ import annotations

from nnspec.collector import uncollected
from nnspec.diagnostics import Problem
from nnspec.limits import DEFAULTS
from nnspec.records import replace
from nnspec.source import Source
from nnspec.syntax import lexer
from nnspec.syntax.alike import alike
from nnspec.syntax.automaton import ACTIONS, RULES, WIDTH, land, landings
from nnspec.syntax.build import Builder
from nnspec.syntax.table import (
    GOTOS,
    HARD_WORDS,
    LITERALS,
    NONTERMINALS,
    SOFT_WORDS,
    STARTS,
    TERMINALS,
)
from nnspec.syntax.tokens import (
    BAD,
    DEDENT,
    END,
    INDENT,
    JOINING,
    MAX_PROBLEMS,
    NEWLINE,
    SKIP,
    Tokens,
)
from nnspec.syntax.tree import Expr, Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from nnspec.limits import Limits
    from nnspec.syntax.tree import Tree

    TreeT = TypeVar("TreeT", bound=Tree)

MAX_DEPTH = 200

BAD_LINE = TERMINALS.index("_BAD_LINE")
BAD_HEADER = TERMINALS.index("_BAD_HEADER")
BAD_SETTINGS = TERMINALS.index("_BAD_SETTINGS")
_ELSE, _ELIF = HARD_WORDS["else"], HARD_WORDS["elif"]
ASSIGN = LITERALS["="]
_DEFINES = tuple(SOFT_WORDS[word] for word in ("model", "block", "fn"))
_SETTINGS_WORDS = (SOFT_WORDS["data"], SOFT_WORDS["train"])


class Parser:
    """One parse. `states` has one entry more than `values` and `places` (where each begins)."""

    def __init__(self, tokens: Tokens, start: str) -> None:
        self.tokens = tokens
        self.builder = Builder(tokens.source, tokens.starts, tokens.ends)
        self.problems = self.builder.problems
        self.problems.extend(tokens.problems)
        self.lexical = len(tokens.problems)
        self.states = [STARTS[start]]
        self.values: list[Any] = []
        self.places: list[int] = []
        self.index = 0
        self.last_bad = -1  # the index of the token after the last statement given up
        self.unsure = -2  # the index of an INDENT that may belong to the line before

    def run(self) -> Any:
        """The value of the start rule, or None where too much was wrong."""
        kinds = self.tokens.kinds
        while not self.read(kinds[self.index], of_text=True):
            if not self.recover(kinds[self.index]):
                return None
        return self.values[-1]

    def read(self, kind: int, of_text: bool) -> int:
        """Apply the rules that are complete before a token of this kind; the state after it, or 0 where it
        does not fit. `of_text`: it is the next one of the text, and is taken, as are those after it up to
        the end or to one that does not fit.
        """
        rules, states, values, places = RULES, self.states, self.values, self.places
        builder = self.builder
        kinds, starts, ends = self.tokens.kinds, self.tokens.starts, self.tokens.ends
        index = self.index
        begins = False  # is the next token the first of a line?
        while True:
            end = ends[index - 1]
            action = ACTIONS[states[-1]][kind]
            while action < 0:
                made, length, method, picked = rules[-action]
                if length == 1:  # more than half of all: the new value takes the old one's place
                    if picked is None:
                        values[-1] = method(builder, places[-1], end, values[-1])
                    elif method is not None:
                        values[-1] = method(builder, places[-1], end, *picked((values[-1], None)))
                    states.pop()
                else:
                    base = len(values) - length
                    start = places[base] if length else starts[index]
                    given = values[base:]
                    if picked is None:
                        value = method(builder, start, end, *given)
                    else:
                        given.append(None)
                        if method is None:
                            (value,) = picked(given)
                        else:
                            value = method(builder, start, end, *picked(given))
                    if length:
                        del states[base + 1 :], values[base:], places[base:]
                    values.append(value)
                    places.append(start)
                key = (states[-1] * NONTERMINALS + made) * WIDTH + kind
                target = landings.get(key)
                if target is None:
                    target = landings[key] = land(states[-1], made, kind)
                states.append(target)
                action = ACTIONS[target][kind]
            if not of_text or action == 0 or kind == END:
                self.index = index
                return action
            states.append(action)
            values.append(index)
            places.append(starts[index])
            index += 1
            if kind == NEWLINE:
                begins = True
            elif begins and kind != INDENT and kind != DEDENT:
                begins = False
                line_end = kinds.index(NEWLINE, index)
                line = alike(states[-2], tuple(kinds[index - 1 : line_end]), NEWLINE)
                if line is not None:
                    line.onto(states, values, places, builder, index - 1)
                    index = line_end
            kind = kinds[index]

    def limited(self, parts: tuple[TreeT, ...]) -> tuple[TreeT, ...]:
        """The parts without those that nest too deep, which only a long statement can."""
        if self.tokens.longest <= MAX_DEPTH:
            return parts
        from nnspec.syntax.depth import limited

        return limited(parts, MAX_DEPTH, self.problems)

    # -- recovery ----------------------------------------------------------------------------------

    def recover(self, kind: int) -> bool:
        """Report the token that does not fit and get past its statement; False to stop for good."""
        tokens = self.tokens
        kinds, index = tokens.kinds, self.index
        if kind == SKIP:
            self.index = index + 1
            return True
        if not tokens.lines:
            if kind != BAD:
                self.explain(index)
            return False
        if kind == END and self.last_bad == index:
            return False
        if kind == INDENT or ACTIONS[self.states[-1]][INDENT] > 0 or kind in (DEDENT, END):
            if kind != BAD:
                self.explain(index)
            if kind == INDENT and kinds[index + 1] in JOINING:
                # a line that goes on with the one before, which is complete: both are one statement
                self.give_up(BAD_LINE)
                self.feed(NEWLINE)
                self.index = self.last_bad = tokens.closing[index] + 1
                return self.going_on()
            self.give_up(BAD_HEADER if kind == INDENT else BAD_LINE)
            self.feed(NEWLINE)
            self.last_bad = self.unsure = index
            return self.going_on()

        line_end = kinds.index(NEWLINE, index)
        first = tokens.first_of_statement(index)
        if not (BAD in kinds[index:line_end] or self.follows(first, index)):
            self.explain(index)
        value_below = kinds[line_end - 1] == ASSIGN
        if kinds[line_end + 1] != INDENT:
            self.give_up(BAD_LINE)
            self.index = line_end
            self.last_bad = line_end + 1
        elif tokens.is_header(first, line_end) and not value_below and not self.is_foreign(first):
            if index == line_end and kinds[first] in _DEFINES:
                self.unsure = line_end + 1  # `:` or `=` is missing: a body, or a value
            opens_settings = kinds[first] in _SETTINGS_WORDS
            self.give_up(BAD_SETTINGS if opens_settings else BAD_HEADER)
            self.index = line_end
            self.last_bad = tokens.closing[line_end + 1] + 1
        else:  # the lines below go on with the broken one
            self.give_up(BAD_LINE)
            self.feed(NEWLINE)
            self.index = self.last_bad = tokens.closing[line_end + 1] + 1
        return self.going_on()

    def explain(self, index: int) -> None:
        from nnspec.syntax.slips import OUTSIDE, explain  # most files never need it

        problem = explain(self, index)
        goes_on = self.tokens.first_of_statement(index) == self.last_bad
        if goes_on and problem.help == self.problems[-1].help == OUTSIDE:
            return  # the next of several lines that lack a model around them
        self.problems.append(problem)

    def lost_its_if(self, index: int) -> bool:
        """Does an `else` stand alone only because its `if` was given up, or had an empty body?"""
        builder = self.builder
        if builder.empty_bodies and index != self.last_bad:
            builder.empty_bodies -= 1
            return True
        return index == self.last_bad

    def follows(self, first: int, index: int) -> bool:
        """Is what is wrong with a statement told already, or no more than what comes of another?"""
        tokens, problems = self.tokens, self.problems
        kinds = tokens.kinds
        told = len(problems)
        while told > self.lexical:  # the builder may have told something of this statement
            span = problems[told - 1].span
            if span is None or span.start < tokens.starts[first]:
                break
            told -= 1
        if told < len(problems):
            if not tokens.opens_body(first, index):
                return True
            del problems[told:]  # it took a definition without its first word for a use
        if kinds[index] in (_ELSE, _ELIF):
            return self.lost_its_if(index)
        if first - 1 == self.unsure and (kinds[index] == NEWLINE or index == first):
            return True
        if first != self.last_bad:
            return False
        from nnspec.syntax.slips.habits import goes_on

        # `x +` at the end of a line: what stands on the next one was meant to go on
        hanging = kinds[first - 2] in JOINING and kinds[index] == NEWLINE
        return hanging or goes_on(tokens, first)

    def is_foreign(self, first: int) -> bool:
        from nnspec.syntax.slips.habits import opens_foreign_body

        return opens_foreign_body(self.tokens, first)

    def going_on(self) -> bool:
        return len(self.problems) < MAX_PROBLEMS

    def give_up(self, sign: int) -> None:
        """Drop what was read of a statement, and put `sign` in its place."""
        tokens = self.tokens
        while not self.accepts(sign):
            state, value = self.states.pop(), self.values.pop()
            self.places.pop()
            if state == ACTIONS[self.states[-1]][INDENT]:  # the one after an INDENT
                tokens.kinds[tokens.closing[value]] = SKIP
        self.feed(sign)

    def feed(self, kind: int) -> None:
        """Take a token that is not in the text."""
        self.states.append(self.read(kind, of_text=False))
        self.values.append(None)
        self.places.append(self.tokens.starts[self.index])

    def accepts(self, kind: int) -> bool:
        """Could `kind` come next?"""
        states = self.states[:]
        while True:
            action = ACTIONS[states[-1]][kind]
            if action >= 0:
                return action > 0
            made, length, _, _ = RULES[-action]
            if length:
                del states[-length:]
            states.append(GOTOS[states[-1] * NONTERMINALS + made])


def parse(source: Source, limits: Limits = DEFAULTS) -> tuple[Module, list[Problem]]:
    """A whole file: what could be read of it, and everything that is wrong with its syntax."""
    with uncollected():
        tokens = lexer.tokenize(source, limits)
        parser = Parser(tokens, "start")
        result = parser.run()
        doc, parts = result if result is not None else ("", ())
        parts = parser.limited(parts)
        return Module(source, doc, parts, tokens.comments), in_order(parser.problems)


def parse_expression(
    source: Source, start: int = 0, end: int | None = None
) -> tuple[Expr | None, list[Problem]]:
    """A lone expression, such as a field of a string or a setting from the command line."""
    tokens = lexer.tokenize_expression(source, start, len(source.text) if end is None else end)
    parser = Parser(tokens, "expression")
    value: Expr | None = parser.run()
    if value is not None and not parser.limited((value,)):
        value = None
    return value, in_order(parser.problems)


def in_order(problems: list[Problem]) -> list[Problem]:
    """By their place, and no more than a person will read."""
    found = sorted(problems, key=lambda problem: problem.span.start if problem.span else 0)
    if len(found) >= MAX_PROBLEMS:
        note = f"reading stopped here, after {MAX_PROBLEMS} problems; there may be more"
        last = found[MAX_PROBLEMS - 1]
        found[MAX_PROBLEMS - 1 :] = [replace(last, notes=(*last.notes, note))]
    return found
