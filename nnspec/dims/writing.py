"""Sizes as a person writes them."""

from __future__ import annotations

from nnspec.dims.bounds import complement, remainders, upper
from nnspec.dims.form import Dim, from_terms, only_atom, terms_of, total
from nnspec.dims.operations import mod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.dims.form import Atom, Monomial, Size


def render(size: Size) -> str:
    """The size as a person writes it, and as the language, Python and `parse` read it:
    `(H - 1) // 2 + 1`, `H % 16`.
    """
    if isinstance(size, int):
        return str(size)
    if not size.text:
        text, other = _written(size), complement(size)
        size.text = text if other is size else min(text, _written(other), key=len)
    return size.text


def comparison(size: Size, text: Callable[[Size], str] | None = None) -> str:
    """`size >= 0` as a person writes it, and as `parse` reads it: `H >= 32 and W % 2 == 0`. `text`
    writes the sizes."""
    atom = only_atom(size)
    if atom is not None and atom.kind in ("min", "max"):
        parts = []
        left = list(atom.args)
        while left:
            part = left.pop(0)
            other = -part if atom.kind == "min" else -part - 2
            if other in left:  # both bounds of an equation
                left.remove(other)
                equal = atom.kind == "min"
                whole = part if equal else part + 1
                parts.append(relation("==" if equal else "!=", whole, text))
            else:
                parts.append(comparison(part, text))
        if atom.kind == "max":
            return " or ".join(parts)
        return " and ".join(f"({part})" if " or " in part else part for part in parts)
    return relation("==" if upper(size) == 0 else ">=", size, text)


_FLIPPED = {">=": "<=", "==": "==", "!=": "!="}


def relation(op: str, size: Size, text: Callable[[Size], str] | None = None) -> str:
    """`size op 0` for ==, != and >=, what is subtracted on the other side: `H == 2*W`."""
    left, right = map(text or render, _sides(size))
    plain = right.isidentifier() and not (left.isidentifier() and left < right)
    if right != "0" and (left.isdecimal() or (op != ">=" and plain)):
        return f"{right} {_FLIPPED[op]} {left}"
    return f"{left} {op} {right}"


def _sides(size: Size) -> tuple[Size, Size]:
    """What is added, and what is subtracted."""
    if isinstance(size, int):
        return max(size, 0), max(-size, 0)
    rest, found = remainders(size)
    parts = [factor * mod(dividend, modulus) for factor, dividend, modulus in found]
    signs = [factor for factor, _, _ in found]
    for monomial, coefficient in terms_of(rest):
        parts.append(from_terms({monomial: coefficient}))
        signs.append(coefficient)
    pairs = list(zip(parts, signs, strict=True))
    return (
        total(part for part, sign in pairs if sign > 0),
        total(-part for part, sign in pairs if sign < 0),
    )


def _written(size: Dim) -> str:
    text = ""
    for sign, part in sorted(_parts(size), key=lambda item: item[0] < 0):
        if text:
            text += f" {'+' if sign > 0 else '-'} {part}"
        else:
            text = part if sign > 0 else f"-({part})" if _is_open(part) else f"-{part}"
    return text


def _parts(size: Dim) -> list[tuple[int, str]]:
    """What a size is the sum of: the sign of each, and its text."""
    rest, found = remainders(size)
    parts = [
        (factor, _remainder_text(abs(factor), dividend, modulus))
        for factor, dividend, modulus in found
    ]
    terms = dict(terms_of(rest))
    constant = terms.pop((), 0)
    alone = len(terms) == 1 and not parts and not constant
    for monomial, coefficient in terms.items():
        if len(terms) == 1 and coefficient == 1 and not parts and _rounds_up(monomial):
            # (H + 1) // 2 is the count of a stride of 2, which people write (H - 1) // 2 + 1
            numerator, denominator = monomial[0].args
            parts.append((1, f"{bracketed(numerator - denominator)} // {denominator}"))
            constant += 1
        else:
            parts.append((coefficient, _product(monomial, abs(coefficient), alone)))
    if constant:
        parts.append((constant, str(abs(constant))))
    return parts


def _is_open(part: str) -> bool:
    """Whether it is a quotient or remainder, that a minus would bind more tightly than."""
    import re  # most sizes begin with what is added

    return re.match(r"(-?\w+|\(.*\)|\w+\(.*\)) (//|%) ", part) is not None


def _remainder_text(factor: int, dividend: Size, modulus: Size) -> str:
    text = f"{bracketed(dividend)} % {bracketed(modulus)}"
    return text if factor == 1 else f"{factor} * ({text})"


def _rounds_up(monomial: Monomial) -> bool:
    if len(monomial) != 1 or monomial[0].kind != "//":
        return False
    numerator, denominator = monomial[0].args
    if not isinstance(numerator, Dim) or not isinstance(denominator, int):
        return False
    return dict(numerator.terms).get((), 0) == denominator - 1


def _product(monomial: Monomial, coefficient: int, alone: bool) -> str:
    factors = [str(coefficient)] if coefficient != 1 or not monomial else []
    single = len(monomial) == 1 and not factors
    at = 0
    while at < len(monomial):
        atom = monomial[at]
        power = 1
        while at + power < len(monomial) and monomial[at + power] == atom:
            power += 1
        text = _atom_text(atom)
        if atom.kind == "//" and not (single and power == 1):
            text = f"({text})"
        factors.append(f"{text}**{power}" if power > 1 else text)
        at += power
    spaced = any("(" in factor for factor in factors)
    return (" * " if spaced else "*").join(factors)


def _atom_text(atom: Atom) -> str:
    if atom.kind == "symbol":
        return str(atom.args)
    if atom.kind == "//":
        numerator, denominator = atom.args
        return f"{bracketed(numerator)} // {bracketed(denominator)}"
    if atom.kind == "if":
        condition, then, otherwise = atom.args
        rest, inner = render(otherwise), only_atom(otherwise)
        if inner is not None and inner.kind == "if":
            rest = rest[1:-1]  # `a if p else b if q else c`, as of an elif chain
        return f"({render(then)} if {comparison(condition)} else {rest})"
    return f"{atom.kind}({', '.join(render(size) for size in atom.args)})"


def bracketed(size: Size) -> str:
    """The size, in brackets where another operator would bind a part of it."""
    text = render(size)
    plain = isinstance(size, int) or (
        len(size.terms) == 1
        and size.terms[0][1] == 1
        and len(size.terms[0][0]) == 1
        and size.terms[0][0][0].kind != "//"
    )
    return text if plain else f"({text})"
