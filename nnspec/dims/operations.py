"""What makes atoms: division, the least and the greatest, and sizes that depend on a condition.

Remainders are held as floor divisions, `a % m = a - m * (a // m)`, multiples are pulled out of a
division, and nested divisions are joined where there is one of them:
`(x // a + b) // c = (x + a * b) // (a * c)` for positive a, c
(Graham, Knuth & Patashnik, Concrete Mathematics, 2nd ed., section 3.2).
"""

from __future__ import annotations

from math import gcd

from nnspec.dims.bounds import compare, lower, upper
from nnspec.dims.form import (
    MOST_AMONG,
    Dim,
    SizeLimit,
    exact_div,
    from_atom,
    from_terms,
    only_atom,
    order_of,
    terms_of,
    total,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nnspec.dims.form import Atom, Monomial, Size


def floordiv(a: Size, b: Size) -> Size:
    """`a // b`, rounded down as in Python. ZeroDivisionError where b is 0."""
    if isinstance(b, int):
        if isinstance(a, int):
            return a // b
        return _divide(a, b) if b > 0 else _divide_checked(-a, -b)
    if a == 0:
        return 0
    exact = exact_div(a, b)
    if exact is not None:
        return exact
    a, b = _lowest_terms(a, b)
    if isinstance(b, int):
        return floordiv(a, b)
    quotient = from_atom("//", (a, b))
    low = lower(quotient)
    return quotient if low is None or low != upper(quotient) else low  # -1 // H is -1


def _divide_checked(a: Size, b: int) -> Size:
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return floordiv(a, b)


def _divide(a: Dim, b: int) -> Size:
    if b == 1:
        return a
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in a.terms:
        quotient, remainder = divmod(coefficient, b)
        if quotient:
            whole[monomial] = quotient
        if remainder:
            rest[monomial] = remainder
    out, left = from_terms(whole), from_terms(rest)
    if isinstance(left, int):
        return out + left // b
    constant = rest.get((), 0)
    others = [(monomial, coefficient) for monomial, coefficient in rest.items() if monomial]
    divisions = [monomial for monomial, coefficient in others if _joins(monomial, coefficient)]
    if len(divisions) == 1:
        ((inner,),) = divisions
        numerator, denominator = inner.args
        beside = left - from_terms({(inner,): 1})
        return out + floordiv(numerator + beside * denominator, denominator * b)
    common = b
    for _, coefficient in others:
        common = gcd(common, coefficient)
    if common > 1:
        reduced = {monomial: coefficient // common for monomial, coefficient in others}
        if constant // common:
            reduced[()] = constant // common
        return out + floordiv(from_terms(reduced), b // common)
    low, high = lower(left), upper(left)
    if low is not None and high is not None and low // b == high // b:
        return out + low // b
    if 2 * left.terms[0][1] > b:
        # of (3 * x) // 4 and x - (x + 3) // 4 the second is the normal form: the smaller factor
        less = {monomial: b - coefficient for monomial, coefficient in others}
        less[()] = b - 1 - constant
        return (
            out + from_terms(dict.fromkeys(less.keys() - {()}, 1)) - floordiv(from_terms(less), b)
        )
    return out + from_atom("//", (left, b))


def _joins(monomial: Monomial, coefficient: int) -> bool:
    """Whether the term is a division by a number, taken once."""
    return (
        coefficient == 1
        and len(monomial) == 1
        and monomial[0].kind == "//"
        and isinstance(monomial[0].args[1], int)
    )


def _lowest_terms(a: Size, b: Size) -> tuple[Size, Size]:
    """Two sizes without their common factors, which a floor division does not see."""
    terms = [*terms_of(a), *terms_of(b)]
    common = gcd(*(coefficient for _, coefficient in terms))
    shared = [atom for atom in terms[0][0] if atom.kind == "symbol"]
    for monomial, _ in terms[1:]:
        left = list(monomial)
        kept = []
        for atom in shared:
            if atom in left:
                left.remove(atom)
                kept.append(atom)
        shared = kept
    factor = Dim(((tuple(shared), common),)) if shared else common
    if factor == 1:
        return a, b
    reduced = exact_div(a, factor), exact_div(b, factor)
    assert reduced[0] is not None and reduced[1] is not None
    return reduced[0], reduced[1]


def mod(a: Size, b: Size) -> Size:
    """`a % b`, with the sign of b as in Python."""
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    return a - b * floordiv(a, b)


def ceildiv(a: Size, b: Size) -> Size:
    """`a / b`, rounded up."""
    if isinstance(b, int) and b > 0:
        return floordiv(a + (b - 1), b)
    return -floordiv(-a, b)


def undivided(size: Size, divides: Callable[[Size, Size], bool]) -> Size:
    """The size with `k * (a // k)` written as `a` where k is known to divide a."""
    total: Size = 0
    for monomial, coefficient in terms_of(size):
        term: Size = from_terms({monomial: coefficient})
        for at, atom in enumerate(monomial):
            if atom.kind != "//":
                continue
            a, k = atom.args
            rest = exact_div(from_terms({monomial[:at] + monomial[at + 1 :]: coefficient}), k)
            if rest is not None and divides(k, a):
                term = undivided(a * rest, divides)
                break
        total = total + term
    return total


def minimum(*sizes: Size) -> Size:
    """The least of some sizes."""
    return _extreme("min", sizes)


def maximum(*sizes: Size) -> Size:
    """The greatest of some sizes."""
    return _extreme("max", sizes)


def _extreme(kind: str, sizes: tuple[Size, ...]) -> Size:
    if not sizes:
        raise ValueError(f"{kind} of nothing")
    kept: list[Size] = []
    beats = "<=" if kind == "min" else ">="
    for size in dict.fromkeys(_flat(kind, sizes)):
        if any(compare(beats, other, size) for other in kept):
            continue
        kept = [other for other in kept if not compare(beats, size, other)]
        kept.append(size)
        if len(kept) > MOST_AMONG:  # each is compared with each
            raise SizeLimit("a size of too many parts")
    if len(kept) == 1:
        return kept[0]
    return from_atom(kind, tuple(sorted(kept, key=order_of)))


def _flat(kind: str, sizes: tuple[Size, ...]) -> list[Size]:
    found: list[Size] = []
    for size in sizes:
        atom = only_atom(size)
        found.extend(atom.args if atom is not None and atom.kind == kind else (size,))
    return found


def conditional(condition: Size, then: Size, otherwise: Size) -> Size:
    """`then` where the condition is at least 0, else `otherwise`."""
    known = compare(">=", condition, 0)
    if known is not None:
        return then if known else otherwise
    then, otherwise = assume(then, condition, True), assume(otherwise, condition, False)
    return then if then == otherwise else from_atom("if", (condition, then, otherwise))


def holds(op: str, a: Size, b: Size) -> Size:
    """A size that is at least 0 where `a op b`, and below it elsewhere. `op` as in `compare`."""
    if op in ("==", "!="):
        equal = minimum(a - b, b - a)
        return equal if op == "==" else negated(equal)
    if op in ("<", "<="):
        a, b = b, a
    return a - b - (op in ("<", ">"))


def negated(condition: Size) -> Size:
    """A size that is at least 0 where the condition is below it."""
    atom = only_atom(condition)
    if atom is not None and atom.kind in ("min", "max"):
        join = maximum if atom.kind == "min" else minimum
        return join(*map(negated, atom.args))
    return -condition - 1


def assume(size: Size, condition: Size, holds: bool) -> Size:
    """The size where a condition is known: at least 0, or below."""
    if condition not in _conditions(size):
        return size  # to make it again would take twice as long with each `if` around it

    def known(atom: Atom) -> Size | None:
        if atom.kind != "if" or atom.args[0] != condition:
            return None
        return assume(atom.args[1 if holds else 2], condition, holds)

    return rewritten(size, known)


def _conditions(size: Size) -> frozenset[Size]:
    """What the sides of the `if`s in a size hang on."""
    found: frozenset[Size] = frozenset()
    for monomial, _ in terms_of(size):
        for atom in monomial:
            if atom.kind != "symbol":
                if atom.conditions is None:
                    own = frozenset(atom.args[:1]) if atom.kind == "if" else frozenset()
                    atom.conditions = own.union(*map(_conditions, atom.args))
                found |= atom.conditions
    return found


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """The size with other sizes in place of some symbols."""
    if isinstance(size, int) or not size.symbols & values.keys():
        return size
    return rewritten(size, lambda atom: values.get(atom.args) if atom.kind == "symbol" else None)


def rewritten(size: Size, rule: Callable[[Atom], Size | None]) -> Size:
    """The size with what the rule gives in place of its atoms; those it gives None for are made
    again of their own rewritten parts."""
    if isinstance(size, int):
        return size
    parts: list[Size] = []
    for monomial, coefficient in size.terms:
        kept: list[Atom] = []
        others: list[Size] = []
        for atom in monomial:
            other = rule(atom)
            if other is not None:
                others.append(other)
            elif atom.kind == "symbol":
                kept.append(atom)
            else:
                others.append(_MAKERS[atom.kind](*(rewritten(arg, rule) for arg in atom.args)))
        part = from_terms({tuple(kept): coefficient})
        for other in others:
            part = part * other
        parts.append(part)
    return total(parts)


_MAKERS: dict[str, Callable[..., Size]] = {
    "//": floordiv, "min": minimum, "max": maximum, "if": conditional
}  # fmt: skip
