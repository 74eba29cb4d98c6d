"""Figures that depend on sizes, for people: `55,296·H·W`, `124 M·T + 18,432·T²`."""

from __future__ import annotations

from math import lcm

from nnspec.dims import Dim, render, symbols
from nnspec.known import Known
from nnspec.report.factored import factored
from nnspec.report.units import short
from nnspec.residues import ANY, Progression, period

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from nnspec.dims import Atom, Size
    from nnspec.report.model import ModelReport

    Number = Callable[[int | Fraction], str]

#: a period of the sizes beyond this is none that a person has in mind
MOST_PERIOD = 4096
#: sizes from this on are larger than any window
FAR = 2**16
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(
    model: ModelReport, size: Size, longest: int, number: Number = short
) -> tuple[str, str] | None:
    """The figure for one sample, and for which sizes: "" for all, else such as "32 divides H and W"
    (where the formula for every size is long). None where both are longer than `longest`.
    """
    size = model.known.write(model.per_sample(size))
    text = _shortest(model.known, size, number)
    if len(text) <= longest or isinstance(size, int):
        return text, ""
    even = dict(model.admitted.progressions)
    multiples: dict[int, list[str]] = {}
    for name, step in _periods(size).items():
        known = even.get(name, ANY)
        every = lcm(known.step, step)
        if step > MOST_PERIOD or not known.step or (every - known.first) % known.step:
            return None  # sizes that are multiples are not admitted
        even[name] = Progression(every, every, None)
        multiples.setdefault(step, []).append(name)
    text = _shortest(Known(even), size, number)
    where = ", ".join(f"{step} divides {' and '.join(own)}" for step, own in multiples.items())
    return (text, where) if len(text) <= longest else None


def _periods(size: Dim) -> dict[str, int]:
    """Of each symbol a number, between multiples of which the size is a polynomial, once they are so large
    that no minimum or maximum matters."""
    far = Known(dict.fromkeys(size.symbols, Progression(FAR, 1, None)))
    found = dict.fromkeys(sorted(size.symbols), 1)
    decided = far.write(size)
    for monomial, _ in decided.terms if isinstance(decided, Dim) else ():
        for atom in monomial:
            own = Dim((((atom,), 1),))
            for name in symbols(own):
                found[name] = lcm(found[name], period(own) or MOST_PERIOD + 1)
    return found


def _shortest(known: Known, size: Size, number: Number) -> str:
    """The size as it is written elsewhere, or divided: `0.5·H·W` for `(H·W // 2)`."""
    whole, by = known.quotient(size)
    text = formula(known.write(size), number)
    return text if by == 1 else min(text, formula(whole, number, by), key=len)


def formula(size: Size, number: Number = short, by: int = 1) -> str:
    """The size, divided by a number, with the signs of mathematics; `number` writes the coefficients."""
    if isinstance(size, int):
        return number(_over(size, by))
    if len(size.terms) > 1:
        content, parts = factored(size)
        if len(parts) > 1:
            content_text = [] if content == by and number is short else [number(_over(content, by))]
            return "·".join([*content_text, *(_factor(part) for part in parts)])
    text = ""
    for monomial, coefficient in size.terms:
        factors = _factors(monomial)
        if abs(coefficient) != by or not factors or number is not short:
            factors.insert(0, number(_over(abs(coefficient), by)))
        part = "·".join(factors)
        sign = "-" if coefficient < 0 else "+"
        text += f" {sign} {part}" if text else part if coefficient > 0 else f"-{part}"
    return text


def _over(number: int, by: int) -> int | Fraction:
    if number % by == 0:
        return number // by
    from fractions import Fraction  # few figures need it

    return Fraction(number, by)


def _factor(size: Dim) -> str:
    """A factor, in brackets where it is a sum."""
    if len(size.terms) > 1:
        return f"({render(size)})"
    ((monomial, coefficient),) = size.terms
    return "·".join([*([str(coefficient)] if coefficient != 1 else []), *_factors(monomial)])


def _factors(monomial: tuple[Atom, ...]) -> list[str]:
    found: list[str] = []
    for atom in dict.fromkeys(monomial):
        text = render(Dim((((atom,), 1),)))
        if atom.kind == "//":
            text = f"({text})"
        power = monomial.count(atom)
        found.append(text + (str(power).translate(_RAISED) if power > 1 else ""))
    return found
