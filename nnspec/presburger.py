"""Linear conditions over several symbols, decided by islpy's Presburger sets, imported only here.

islpy works with a budget of operations: `Undecided` where a question takes more.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nnspec.conditions import Condition
    from nnspec.dims import Size

#: operations of islpy for one question
MOST_OPERATIONS = 20_000


class Undecided(Exception):
    """The question takes too long to be answered."""


def empty(conditions: Sequence[Condition]) -> bool:
    """Whether no sizes satisfy all of the conditions. Undecided where that is not found out."""
    import islpy

    names = sorted({name for condition in conditions for name in condition.symbols})
    # islpy has words of its own, such as `floor`: symbols are called v0, v1, … there
    symbols = {name: f"v{number}" for number, name in enumerate(names)}
    parts = [f"{name} >= 1" for name in symbols.values()]
    for condition in conditions:
        op = {"==": "=", ">=": ">=", "!=": "!="}[condition.op]
        parts.append(f"{_words(condition.size, symbols)} {op} 0")
    context = islpy.Context()
    context.set_max_operations(MOST_OPERATIONS)
    try:
        text = f"{{ [{', '.join(symbols.values())}] : {' and '.join(parts)} }}"
        return bool(_set(text, context).is_empty())
    except islpy.Error as error:
        raise Undecided from error


def follows(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether sizes that satisfy the others satisfy the condition too."""
    made = type(condition)
    if condition.op == ">=":
        against = [made(">=", -condition.size - 1, "")]
    else:
        against = [made("==" if condition.op == "!=" else "!=", condition.size, "")]
    return empty([*others, *against])


def _set(text: str, context: Any) -> Any:
    import islpy

    return islpy.Set.read_from_str(context, text)


def _words(size: Size, symbols: dict[str, str]) -> str:
    """The size in islpy's words."""
    if isinstance(size, int):
        return str(size)
    text = "0"
    for monomial, coefficient in size.terms:
        text += f" {'-' if coefficient < 0 else '+'} {abs(coefficient)}"
        if not monomial:
            continue
        (atom,) = monomial
        if atom.kind == "symbol":
            inner = symbols[atom.args]
        elif atom.kind == "//":
            inner = f"floor(({_words(atom.args[0], symbols)})/{atom.args[1]})"
        else:
            inner = f"{atom.kind}({', '.join(_words(part, symbols) for part in atom.args)})"
        text += f"*{inner}"
    return text
