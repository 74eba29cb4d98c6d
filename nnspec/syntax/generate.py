"""Make `table.py` from the grammar: `python -m nnspec.syntax.generate` (needs Lark).

Lark compiles `grammars/nnspec.lark` to an LALR table; this writes the table down as plain literals,
so that parsing needs no Lark and starts in a millisecond. States and rules are numbered in an order
that depends on the grammar alone, so that the same grammar always gives the same file.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import lark
from lark.indenter import Indenter

GRAMMAR = Path(__file__).resolve().parents[2] / "grammars" / "nnspec.lark"
TABLE = Path(__file__).resolve().parent / "table.py"
STARTS = ("start", "expression")
SHIFT = "Shift"


class NewlineIndenter(Indenter):  # type: ignore[misc]  # Lark hides its type
    """Python's indentation, for Lark's own parse."""

    NL_type = "_NL"
    OPEN_PAREN_types: ClassVar = ["LPAR", "LSQB"]
    CLOSE_PAREN_types: ClassVar = ["RPAR", "RSQB"]
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 4


def load() -> lark.Lark:
    """The grammar in Lark, ready to parse text that ends with a newline."""
    return lark.Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        postlex=NewlineIndenter(),
        start=list(STARTS),
        maybe_placeholders=True,
    )


def recipe(rule: Any) -> tuple[int, ...]:
    """Which children of a production its method gets; -1 stands for an optional one left out."""
    children: list[int] = []
    place = 0
    for missing in rule.options.empty_indices or (False,) * len(rule.expansion):
        if missing:
            children.append(-1)
            continue
        symbol = rule.expansion[place]
        if not (symbol.is_term and symbol.filter_out):
            children.append(place)
        place += 1
    return tuple(children)


def action_name(rule: Any, children: tuple[int, ...]) -> str:
    """The builder's method for a production; "" where its one child passes through."""
    if rule.alias:
        return str(rule.alias)
    name = str(rule.origin.name)
    if name.startswith("__"):  # made by Lark for a repetition
        again = children and rule.expansion[children[0]].name == name
        return "repeat_more" if again else "repeat_first"
    if rule.options.expand1 and len(children) == 1:
        return ""
    return name


def renumber(table: Any) -> dict[int, int]:
    """State numbers by a breadth-first walk over sorted symbols."""
    order: dict[int, int] = {}
    queue = deque(table.start_states[start] for start in STARTS)
    while queue:
        state = queue.popleft()
        if state in order:
            continue
        order[state] = len(order)
        for _symbol, (kind, target) in sorted(
            table.states[state].items(), key=lambda item: item[0]
        ):
            if str(kind) == SHIFT:
                queue.append(target)
    return order


def generate() -> str:
    """The text of `table.py`."""
    parser = load()
    table = parser.parser.parser._parse_table
    numbers = renumber(table)
    rules = sorted(
        parser.rules, key=lambda rule: (rule.origin.name, str(rule.expansion), str(rule.alias))
    )
    rule_numbers = {rule: number for number, rule in enumerate(rules, start=1)}
    origins = sorted({rule.origin.name for rule in rules})
    symbols = {symbol for row in table.states.values() for symbol in row}
    terminals = sorted(symbols - set(origins))

    actions: list[tuple[int, ...]] = []
    gotos: dict[int, int] = {}
    for state in sorted(numbers, key=lambda state: numbers[state]):
        row = [0] * len(terminals)
        for symbol, (kind, target) in table.states[state].items():
            if symbol in origins:
                gotos[numbers[state] * len(origins) + origins.index(symbol)] = numbers[target]
            elif str(kind) == SHIFT:
                row[terminals.index(symbol)] = numbers[target]
            else:
                row[terminals.index(symbol)] = -rule_numbers[target]
        actions.append(tuple(row))

    for state in table.end_states.values():  # Lark accepts here; a shift of the end says the same
        actions[numbers[state]] = tuple(
            numbers[state] if terminal == "$END" else action
            for terminal, action in zip(terminals, actions[numbers[state]], strict=True)
        )

    written_rules = []
    for rule in rules:
        children = recipe(rule)
        written_rules.append(
            (
                origins.index(rule.origin.name),
                len(rule.expansion),
                action_name(rule, children),
                children,
            )
        )

    literals: dict[str, int] = {}
    hard: dict[str, int] = {}
    soft: dict[str, int] = {}
    patterns: dict[str, str] = {}
    for terminal in parser.terminals:
        if terminal.name not in terminals:
            continue
        number = terminals.index(terminal.name)
        pattern = terminal.pattern.value
        if terminal.pattern.type == "str":
            literals[pattern] = number
        elif pattern.endswith(r"\b"):
            hard[pattern[:-2]] = number
        elif "(?=" in pattern and pattern.partition("(?=")[0].isalpha():
            soft[pattern.partition("(?=")[0]] = number
            patterns["WORD_FOLLOWS"] = "(?=" + pattern.partition("(?=")[2]
        else:
            patterns[terminal.name] = terminal.pattern.to_regexp()

    lines = [
        '"""Made by `python -m nnspec.syntax.generate` from the grammar; do not edit by hand."""',
        "",
        *literal("TERMINALS", "tuple[str, ...]", terminals, "()"),
        *literal("LITERALS", "dict[str, int]", literals, "{}"),
        *literal("HARD_WORDS", "dict[str, int]", hard, "{}"),
        *literal("SOFT_WORDS", "dict[str, int]", soft, "{}"),
        *literal("PATTERNS", "dict[str, str]", patterns, "{}"),
        "",
        "# (what it makes, its length, the builder's method, the children it gets)",
        *literal("RULES", "tuple[tuple[int, int, str, tuple[int, ...]], ...]", written_rules, "()"),
        "",
        f"NONTERMINALS = {len(origins)}",
        f"STARTS = { ({start: numbers[table.start_states[start]] for start in STARTS})!r}",
        "",
        "# by state and terminal: n > 0 shifts to state n, n < 0 reduces by rule -n, 0 is an error;",
        "# 16 bits each, the low ones first, as one text: 27,000 numbers take long to be made",
        *hexadecimal("ACTIONS", [action for row in actions for action in row]),
        "",
        "# by state * NONTERMINALS + nonterminal",
        *literal("GOTOS", "dict[int, int]", dict(sorted(gotos.items())), "{}"),
    ]
    return "\n".join(lines) + "\n"


def hexadecimal(name: str, numbers: list[int]) -> list[str]:
    """Numbers of 16 bits as a text of hexadecimal digits, in lines of 96."""
    digits = struct.pack(f"<{len(numbers)}h", *numbers).hex()
    lines = [f"'{digits[at : at + 96]}'" for at in range(0, len(digits), 96)]
    return [f"{name}: str = (", *lines, ")"]


def literal(name: str, kind: str, value: Any, brackets: str) -> list[str]:
    """A literal, filled to lines."""
    items = (
        [f"{key!r}: {item!r}" for key, item in value.items()]
        if isinstance(value, dict)
        else [
            repr(item).replace(" ", "") if isinstance(item, tuple) else repr(item) for item in value
        ]
    )
    return [f"{name}: {kind} = {brackets[0]}", *filled(items), brackets[1]]


def filled(items: Iterable[str]) -> list[str]:
    """The items with commas, in lines of at most 100 characters where that is possible."""
    lines: list[str] = []
    line = ""
    for item in items:
        if line and len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item + ","
    return [*lines, line] if line else lines


if __name__ == "__main__":
    TABLE.write_text(generate(), encoding="utf-8")
