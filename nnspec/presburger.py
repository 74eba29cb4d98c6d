"""Linear conditions over several symbols, decided by islpy's Presburger sets, imported only here.

islpy works with a budget of operations: `Undecided` where a question takes more.
"""

from __future__ import annotations

from math import prod

from nnspec.cases import conditional_atom
from nnspec.conditions import against
from nnspec.dims import assume, negated, only_atom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nnspec.conditions import Condition
    from nnspec.dims import Size

#: operations of islpy for one question
MOST_OPERATIONS = 20_000
#: and where conditions hang on the sides of a few others, which make it the longer
MOST_WITH_SIDES = 200_000
MOST_HANGING = 10
#: parts that a set is joined from; islpy counts no operations while it makes them
MOST_PARTS = 1_024
#: characters of one question
MOST_TEXT = 20_000


class Undecided(Exception):
    """The question takes too long to be answered."""


def empty(conditions: Sequence[Condition]) -> bool:
    """Whether no sizes satisfy all of the conditions. Undecided where that is not found out."""
    if prod(map(_parts, conditions)) > MOST_PARTS:
        raise Undecided
    import islpy

    context, symbols, parts = _question(conditions, ())
    try:
        text = f"{{ [{', '.join(symbols.values())}] : {' and '.join(parts)} }}"
        return bool(_set(text, context).is_empty())
    except islpy.Error as error:
        raise Undecided from error


def nearest(
    conditions: Sequence[Condition], wanted: Mapping[str, int], by_sum: bool = False
) -> dict[str, int] | None:
    """The sizes that satisfy all of the conditions, each as near as can be to the one that is wanted, and of
    these the nearest in sum, or at once those (`by_sum`); the least of them. None where there are none.
    Undecided where that is not found out."""
    if prod(map(_parts, conditions)) > MOST_PARTS:
        raise Undecided
    import islpy

    context, symbols, parts = _question(conditions, wanted)
    # of several numbers the least first ones: the farthest distance, and the sum of all
    far = [f"e{number}" for number in range(len(wanted))]
    for distance, (name, size) in zip(far, wanted.items(), strict=True):
        own = symbols[name]
        parts += [
            f"{distance} >= {own} - {size}",
            f"{distance} >= {size} - {own}",
            f"r >= {distance}",
        ]
    parts.append(f"d = {' + '.join(far)}")
    order = ["d", "r", *symbols.values()] if by_sum else ["r", "d", *symbols.values()]
    try:
        text = f"{{ [{', '.join(order)}] : exists ({', '.join(far)} : {' and '.join(parts)}) }}"
        found = _set(text, context).lexmin()
        if found.is_empty():
            return None
        point = found.sample_point()
        kind = islpy.dim_type.set
        sizes = {
            name: point.get_coordinate_val(kind, number).to_python()
            for number, name in enumerate(symbols, start=2)
        }
    except islpy.Error as error:
        raise Undecided from error
    return {name: sizes[name] for name in wanted}


def _question(
    conditions: Sequence[Condition], others: Iterable[str]
) -> tuple[Any, dict[str, str], list[str]]:
    """A context for some conditions, the names of their symbols and the others there, and what they say."""
    import islpy

    names = {*others, *(name for condition in conditions for name in condition.symbols)}
    # islpy has words of its own, such as `floor`: symbols are called v0, v1, … there
    symbols = {name: f"v{number}" for number, name in enumerate(sorted(names))}
    parts = [f"{name} >= 1" for name in symbols.values()]
    parts += [_condition(condition.op, condition.size, symbols) for condition in conditions]
    if sum(map(len, parts)) > MOST_TEXT:
        raise Undecided
    context = islpy.Context()
    hanging = sum(conditional_atom(condition.size) is not None for condition in conditions)
    sides = 0 < hanging <= MOST_HANGING
    context.set_max_operations(MOST_WITH_SIDES if sides else MOST_OPERATIONS)
    return context, symbols, parts


def _parts(condition: Condition) -> int:
    """How many sets a condition is the union of."""
    atom = only_atom(condition.size)
    if condition.op == ">=" and atom is not None and atom.kind == "max":
        return len(atom.args)
    return 2 if condition.op == "!=" else 1


def follows(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether sizes that satisfy the others satisfy the condition too."""
    return empty([*others, against(condition)])


def _set(text: str, context: Any) -> Any:
    import islpy

    return islpy.Set.read_from_str(context, text)


def _condition(op: str, size: Size, symbols: dict[str, str]) -> str:
    """`size op 0` in islpy's words; a size that depends on a condition is either of two."""
    atom = conditional_atom(size, ("if",))
    if atom is None:
        return f"{_words(size, symbols)} {'=' if op == '==' else op} 0"
    given = atom.args[0]
    sides = (
        f"{_condition('>=', condition, symbols)} and "
        f"{_condition(op, assume(size, given, holds), symbols)}"
        for condition, holds in ((given, True), (negated(given), False))
    )
    text = " or ".join(f"({side})" for side in sides)
    if len(text) > MOST_TEXT:
        raise Undecided
    return f"({text})"


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
