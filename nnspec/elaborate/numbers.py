"""Arithmetic on numbers and sizes while checking, with limits: a spec cannot hang the checker."""

from __future__ import annotations

import math

from nnspec.diagnostics import Mismatch
from nnspec.dims import Dim, SizeLimit, compare, maximum, minimum
from nnspec.limits import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.limits import Limits


def arithmetic(op: str, a: Any, b: Any, limits: Limits = DEFAULTS) -> Any:
    """`a op b` for numbers, sizes, strings and lists; Mismatch NN210, NN403 or NN402."""
    if isinstance(a, list) or isinstance(b, list):
        return _lists(op, a, b, limits)
    if isinstance(a, str) and isinstance(b, str) and op == "+":
        if len(a) + len(b) > limits.items:
            message = f"this string would have more than {limits.items:,} characters"
            raise Mismatch("NN402", message, help=limits.way_out("items"))
        return a + b
    if not _number(a) or not _number(b):
        raise Mismatch("NN210", f"`{op}` does not work on {_name(a)} and {_name(b)}")
    size = next((value for value in (a, b) if isinstance(value, Dim)), None)
    if size is not None and (isinstance(a, float) or isinstance(b, float)):
        raise Mismatch(
            "NN210",
            f"`{op}` of the size {size} and a fraction is not a size",
            help="sizes are whole: `2 * H // 3` in place of `H * 0.67`",
        )
    try:
        result = _numeric(op, a, b, limits.digits)
    except ZeroDivisionError:
        raise Mismatch("NN210", "division by zero") from None
    except _TooLarge:
        result = 10**limits.digits + 1
    except (SizeLimit, OverflowError):
        raise Mismatch("NN403", f"`{op}` makes a number that is too big") from None
    if isinstance(result, complex):
        raise Mismatch("NN210", "the power of a negative number to a fraction is not real")
    if (
        isinstance(result, int)
        and result.bit_length()
        > 3 * limits.digits  # rarely: only then the power is worth its while
        and abs(result) > 10**limits.digits
    ):
        message = f"`{op}` makes a number of more than {limits.digits} digits"
        raise Mismatch("NN403", message, help=limits.way_out("digits"))
    return result


class _TooLarge(Exception):
    """A power that is not even computed."""


def _numeric(op: str, a: Any, b: Any, digits: int) -> Any:
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op == "*":
        return a * b
    if op == "//":
        return a // b
    if op == "%":
        return a % b
    if op == "/":
        if isinstance(a, Dim) or isinstance(b, Dim):
            raise Mismatch(
                "NN210",
                "`/` gives a fraction, which a size is not",
                help="use `//`, the whole part",
            )
        return a / b
    if op == "**":
        if isinstance(b, Dim):
            raise Mismatch("NN308", f"an exponent must be known, and {b} is any size")
        if isinstance(a, Dim) and b < 0:
            raise Mismatch("NN210", f"{a} to the power of {b} is a fraction, which a size is not")
        small = isinstance(a, float) or isinstance(b, float) or isinstance(a, Dim)
        if not small and abs(a) > 1 and b * math.log10(abs(a)) > digits + 1:
            raise _TooLarge
        return a**b
    raise Mismatch("NN210", f"`{op}` does not work on numbers")


def _lists(op: str, a: Any, b: Any, limits: Limits) -> Any:
    longest = limits.items
    if op == "+" and isinstance(a, list) and isinstance(b, list):
        result = a + b if len(a) + len(b) <= longest else None
    elif op == "*" and isinstance(a, int) and isinstance(b, list):
        result = b * a if a * len(b) <= longest else None
    elif op == "*" and isinstance(b, int) and isinstance(a, list):
        result = a * b if b * len(a) <= longest else None
    else:
        raise Mismatch("NN210", f"`{op}` does not work on {_name(a)} and {_name(b)}")
    if result is None:
        message = f"this list would have more than {longest:,} items"
        raise Mismatch("NN402", message, help=limits.way_out("items"))
    return result


def comparison(op: str, a: Any, b: Any) -> bool | None:
    """`a op b`; None where it depends on symbols."""
    if op in ("in", "not in"):
        if not isinstance(b, (list, str)):
            raise Mismatch("NN210", f"`{op}` needs a list on its right, not {_name(b)}")
        if isinstance(b, str) and not isinstance(a, str):
            raise Mismatch("NN210", f"`{op}` seeks a string in a string, not {_name(a)}")
        if isinstance(b, list) and any(isinstance(value, Dim) for value in (a, *b)):
            same = [comparison("==", a, item) for item in b]
            found = True if True in same else None if None in same else False
            return found if found is None else found == (op == "in")
        return (a in b) == (op == "in")
    if isinstance(a, Dim) or isinstance(b, Dim):
        if isinstance(a, float) and a.is_integer():
            a = int(a)
        if isinstance(b, float) and b.is_integer():
            b = int(b)
        if isinstance(a, (int, Dim)) and isinstance(b, (int, Dim)):
            return compare(op, a, b)
        if op in ("==", "!="):
            return op == "!="
        if _number(a) and _number(b):
            return None
    if op == "==":
        return bool(a == b)
    if op == "!=":
        return bool(a != b)
    if not (_number(a) and _number(b)) and not (isinstance(a, str) and isinstance(b, str)):
        raise Mismatch("NN210", f"`{op}` does not compare {_name(a)} and {_name(b)}")
    if op == "<":
        return bool(a < b)
    if op == "<=":
        return bool(a <= b)
    if op == ">":
        return bool(a > b)
    return bool(a >= b)


def negative(value: Any) -> Any:
    if not _number(value):
        raise Mismatch("NN210", f"`-` does not work on {_name(value)}")
    return -value


def _number(value: object) -> bool:
    return isinstance(value, (int, float, Dim))


def _name(value: object) -> str:
    from nnspec.elaborate.values import describe

    return describe(value)


def _numbers(values: tuple[Any, ...]) -> list[Any]:
    items = (
        list(values[0])
        if len(values) == 1 and isinstance(values[0], (list, tuple))
        else list(values)
    )
    for item in items:
        if not _number(item):
            raise Mismatch("NN210", f"a number is needed here, not {_name(item)}")
    if not items:
        raise Mismatch("NN210", "there is nothing to choose from")
    return items


def _least(*values: Any) -> Any:
    items = _numbers(values)
    return minimum(*items) if any(isinstance(v, Dim) for v in items) else min(items)


def _greatest(*values: Any) -> Any:
    items = _numbers(values)
    return maximum(*items) if any(isinstance(v, Dim) for v in items) else max(items)


def _sum(values: list[Any]) -> Any:
    total: Any = 0
    for value in values:
        total = arithmetic("+", total, value)
    return total


def counted(limits: Limits, *bounds: int) -> list[int]:
    """`range(…)`, the one function whose result may be far longer than what it is given."""
    numbers = range(*bounds)
    if numbers[limits.items :]:
        message = f"a range may have {limits.items:,} items"
        raise Mismatch("NN402", message, help=limits.way_out("items"))
    return list(numbers)


def _whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A rounding that leaves sizes alone: they are whole."""
    return lambda value: value if isinstance(value, Dim) else function(value)


def _round(value: Any, digits: int | None = None) -> Any:
    return value if isinstance(value, Dim) else round(value, digits)


#: the functions of the language on numbers and lists
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _least,
    "max": _greatest,
    "abs": abs,
    "round": _round,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "int": _whole(int),
    "float": float,
    "len": len,
    "sum": _sum,
    "range": counted,
    "enumerate": lambda items, start=0: [[i, v] for i, v in enumerate(items, start)],
    "zip": lambda *lists: [list(items) for items in zip(*lists, strict=False)],
    "reversed": lambda items: list(items)[::-1],
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
}
