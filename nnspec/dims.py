"""Symbolic integers in one normal form.

A size is an `int` or a `Dim`; a Dim is never constant, for arithmetic gives an int as soon as the
value is one. The normal form is a polynomial with integer coefficients over atoms: symbols, floor
divisions, minima, maxima, and sizes that depend on a condition. Equal normal forms are equal for every
value of the symbols, which are integers of at least 1. Remainders are held as floor divisions,
`a % m = a - m * (a // m)`, multiples are pulled out of a division, and nested divisions are joined where
there is one of them:
`(x // a + b) // c = (x + a * b) // (a * c)` for positive a, c
(Graham, Knuth & Patashnik, Concrete Mathematics, 2nd ed., section 3.2).
"""

from __future__ import annotations

import re
from math import gcd
from operator import add, mul, sub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, NoReturn, TypeAlias, Union

    Size: TypeAlias = Union[int, "Dim"]  # noqa: UP007  (`int | "Dim"` is no type)
    Monomial = tuple["Atom", ...]
    Bounds = tuple[int | None, int | None]  # never below, never above; None: not known

#: numbers beyond this, or more terms than that, are no size of anything
LARGEST = 10**30
MOST_TERMS = 1_000
MOST_FACTORS = 64
#: divisions, minima and maxima in each other, and the symbols and operations of one of them
MOST_NESTED = 40
MOST_PARTS = 5_000


class Undecided(TypeError):
    """A symbol where only a number will do."""


class SizeLimit(ValueError):
    """A size that is too big to be computed with."""


class Atom:
    """A symbol, or `a // b`, `min(...)`, `max(...)` of sizes, or "if": the second size where the first
    is at least 0, else the third. `args` is the name or the sizes.

    `depth` and `parts` are how deep it nests and how much is in it, written out.
    """

    __slots__ = ("_hash", "args", "depth", "kind", "order", "parts")

    def __init__(self, kind: str, args: Any) -> None:
        self.kind = kind
        self.args = args
        self._hash = hash((kind, args))
        self.depth, self.parts = 0, 1
        if kind != "symbol":
            inner = [atom for arg in args for monomial, _ in _terms(arg) for atom in monomial]
            self.depth += 1 + max((atom.depth for atom in inner), default=0)
            self.parts += sum(atom.parts for atom in inner)
            if self.depth > MOST_NESTED or self.parts > MOST_PARTS:
                raise SizeLimit("a size of too many parts")
        shown = args if kind == "symbol" else ",".join(render(a) for a in args)
        self.order = (kind != "symbol", kind, shown)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Atom) and self.kind == other.kind and self.args == other.args


class Dim:
    """A size that depends on symbols. Immutable; `==` compares normal forms."""

    __slots__ = ("_hash", "_symbols", "terms")

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self._hash = hash(terms)
        self._symbols: frozenset[str] | None = None

    @property
    def symbols(self) -> frozenset[str]:
        """The names that it depends on."""
        if self._symbols is None:
            found: set[str] = set()
            for monomial, _ in self.terms:
                for atom in monomial:
                    if atom.kind == "symbol":
                        found.add(atom.args)
                    else:
                        for size in atom.args:
                            found |= symbols(size)
            self._symbols = frozenset(found)
        return self._symbols

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Dim) and self._hash == other._hash and self.terms == other.terms

    def __bool__(self) -> NoReturn:
        raise Undecided("whether a symbolic size holds is not known here: use dims.compare")

    def __lt__(self, other: object) -> NoReturn:
        raise Undecided("symbolic sizes have no order of their own: use dims.compare")

    __le__ = __gt__ = __ge__ = __lt__

    def __add__(self, other: Size) -> Size:
        if not isinstance(other, (int, Dim)):
            return NotImplemented
        found = dict(self.terms)
        for monomial, coefficient in _terms(other):
            _put(found, monomial, coefficient)
        return _make(found)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim(tuple((monomial, -coefficient) for monomial, coefficient in self.terms))

    def __sub__(self, other: Size) -> Size:
        return self + (-other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rsub__(self, other: Size) -> Size:
        return (-self) + other

    def __mul__(self, other: Size) -> Size:
        if not isinstance(other, (int, Dim)):
            return NotImplemented
        if isinstance(other, int):
            return _scaled(self, other)
        found: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                product = left + right
                if len(product) > MOST_FACTORS:
                    raise SizeLimit("a product of too many factors")
                _put(
                    found, tuple(sorted(product, key=_order)) if left and right else product, a * b
                )
        return _make(found)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Size:
        if not isinstance(exponent, int) or exponent < 0:
            return NotImplemented
        if exponent > MOST_FACTORS:
            raise SizeLimit("a power with too large an exponent")
        result: Size = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __floordiv__(self, other: Size) -> Size:
        return floordiv(self, other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rfloordiv__(self, other: Size) -> Size:
        return floordiv(other, self)

    def __mod__(self, other: Size) -> Size:
        return mod(self, other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rmod__(self, other: Size) -> Size:
        return mod(other, self)

    def __str__(self) -> str:
        return render(self)

    def __repr__(self) -> str:
        return f"Dim({render(self)})"


def _order(atom: Atom) -> tuple[bool, str, str]:
    return atom.order


def _terms(size: Size) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(size, Dim):
        return size.terms
    return (((), size),) if size else ()


def _put(found: dict[Monomial, int], monomial: Monomial, coefficient: int) -> None:
    total = found.get(monomial, 0) + coefficient
    if not -LARGEST <= total <= LARGEST or len(found) > MOST_TERMS:
        raise SizeLimit("a size that is too big")
    if total:
        found[monomial] = total
    else:
        found.pop(monomial, None)


def _make(found: dict[Monomial, int]) -> Size:
    if not found:
        return 0
    if len(found) == 1 and () in found:
        return found[()]
    if len(found) == 1:
        return Dim(tuple(found.items()))
    return Dim(tuple(sorted(found.items(), key=_term_order)))


def _scaled(size: Dim, factor: int) -> Size:
    if factor == 0:
        return 0
    terms = tuple([(monomial, coefficient * factor) for monomial, coefficient in size.terms])
    if not all(-LARGEST <= coefficient <= LARGEST for _, coefficient in terms):
        raise SizeLimit("a size that is too big")
    return Dim(terms)


def _term_order(term: tuple[Monomial, int]) -> tuple[int, list[tuple[bool, str, str]]]:
    return -len(term[0]), [atom.order for atom in term[0]]


def _atom(kind: str, args: Any) -> Dim:
    return Dim((((Atom(kind, args),), 1),))


# -- making sizes ------------------------------------------------------------------------------------


def symbol(name: str) -> Dim:
    """The size of this name: any integer of at least 1."""
    return _atom("symbol", name)


def symbols(size: Size) -> frozenset[str]:
    """The names that a size depends on."""
    return size.symbols if isinstance(size, Dim) else frozenset()


def product(sizes: Iterable[Size]) -> Size:
    """The sizes multiplied; 1 without any."""
    number = 1
    symbolic: Size = 1
    for size in sizes:
        if isinstance(size, int):
            number *= size
        else:
            symbolic = size if symbolic == 1 else symbolic * size
    return number if isinstance(symbolic, int) and symbolic == 1 else symbolic * number


def total(sizes: Iterable[Size]) -> Size:
    """The sum of the sizes."""
    number = 0
    found: dict[Monomial, int] = {}
    for size in sizes:
        if isinstance(size, int):
            number += size
        else:
            for monomial, coefficient in size.terms:
                _put(found, monomial, coefficient)
    return _make(found) + number


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
    return floordiv(a, b) if isinstance(b, int) else _atom("//", (a, b))


def _lowest_terms(a: Size, b: Size) -> tuple[Size, Size]:
    """Two sizes without their common factors, which a floor division does not see."""
    terms = [*_terms(a), *_terms(b)]
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


def undivided(size: Size, divides: Callable[[Size, Size], bool]) -> Size:
    """The size with `k * (a // k)` written as `a` where k is known to divide a."""
    total: Size = 0
    for monomial, coefficient in _terms(size):
        term: Size = _make({monomial: coefficient})
        for at, atom in enumerate(monomial):
            if atom.kind != "//":
                continue
            a, k = atom.args
            rest = exact_div(_make({monomial[:at] + monomial[at + 1 :]: coefficient}), k)
            if rest is not None and divides(k, a):
                term = undivided(a * rest, divides)
                break
        total = total + term
    return total


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
    out, left = _make(whole), _make(rest)
    if isinstance(left, int):
        return out + left // b
    constant = rest.get((), 0)
    others = [(monomial, coefficient) for monomial, coefficient in rest.items() if monomial]
    divisions = [monomial for monomial, coefficient in others if _joins(monomial, coefficient)]
    if len(divisions) == 1:
        ((inner,),) = divisions
        numerator, denominator = inner.args
        beside = left - _make({(inner,): 1})
        return out + floordiv(numerator + beside * denominator, denominator * b)
    common = b
    for _, coefficient in others:
        common = gcd(common, coefficient)
    if common > 1:
        reduced = {monomial: coefficient // common for monomial, coefficient in others}
        if constant // common:
            reduced[()] = constant // common
        return out + floordiv(_make(reduced), b // common)
    low, high = lower(left), upper(left)
    if low is not None and high is not None and low // b == high // b:
        return out + low // b
    if 2 * left.terms[0][1] > b:
        # of (3 * x) // 4 and x - (x + 3) // 4 the second is the normal form: the smaller factor
        less = {monomial: b - coefficient for monomial, coefficient in others}
        less[()] = b - 1 - constant
        return out + _make(dict.fromkeys(less.keys() - {()}, 1)) - floordiv(_make(less), b)
    return out + _atom("//", (left, b))


def complement(size: Dim) -> Dim:
    """The same size with `-((x + 3) // 4)` put as `(3 * x) // 4 - x`, which is no normal form, but may
    be shorter, and have bounds."""
    found: dict[Monomial, int] = {}
    changed = False
    for monomial, coefficient in size.terms:
        atom = monomial[0] if len(monomial) == 1 and monomial[0].kind == "//" else None
        numerator, divisor = atom.args if atom is not None else (0, 0)
        if coefficient > 0 or not isinstance(numerator, Dim) or not isinstance(divisor, int):
            _put(found, monomial, coefficient)
            continue
        terms = dict(numerator.terms)
        constant = terms.pop((), 0)
        for part in terms:
            _put(found, part, coefficient)
        more = {part: divisor - own for part, own in terms.items()}
        more[()] = divisor - 1 - constant
        _put(
            found,
            (Atom("//", (_make({k: v for k, v in more.items() if v}), divisor)),),
            -coefficient,
        )
        changed = True
    made = _make(found)
    return made if changed and isinstance(made, Dim) else size


def _joins(monomial: Monomial, coefficient: int) -> bool:
    """Whether the term is a division by a number, taken once."""
    return (
        coefficient == 1
        and len(monomial) == 1
        and monomial[0].kind == "//"
        and isinstance(monomial[0].args[1], int)
    )


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


def exact_div(a: Size, b: Size) -> Size | None:
    """`a / b` where b divides a identically, as in `4 * C / C`; else None."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b if b and a % b == 0 else None
    if a == b:
        return 1
    divisor = _terms(b)
    if len(divisor) != 1:
        return None
    factors, factor = divisor[0]
    found: dict[Monomial, int] = {}
    for monomial, coefficient in _terms(a):
        if coefficient % factor:
            return None
        left = list(monomial)
        for atom in factors:
            if atom not in left:
                return None
            left.remove(atom)
        found[tuple(left)] = coefficient // factor
    return _make(found)


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
    if len(kept) == 1:
        return kept[0]
    return _atom(kind, tuple(sorted(kept, key=render)))


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
    return then if then == otherwise else _atom("if", (condition, then, otherwise))


def only_atom(size: Size) -> Atom | None:
    """What a size is that is one atom, taken once."""
    if isinstance(size, Dim) and len(size.terms) == 1 and size.terms[0][1] == 1:
        monomial = size.terms[0][0]
        return monomial[0] if len(monomial) == 1 else None
    return None


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

    def known(atom: Atom) -> Size | None:
        if atom.kind != "if" or atom.args[0] != condition:
            return None
        return assume(atom.args[1 if holds else 2], condition, holds)

    return rewritten(size, known)


# -- knowing sizes -----------------------------------------------------------------------------------


def evaluate(size: Size, values: Mapping[str, int]) -> int:
    """The number that a size is for these values of its symbols. KeyError for one that is missing."""
    if isinstance(size, int):
        return size
    total = 0
    for monomial, coefficient in size.terms:
        for atom in monomial:
            coefficient *= _value(atom, values)
        total += coefficient
    return total


def _value(atom: Atom, values: Mapping[str, int]) -> int:
    if atom.kind == "symbol":
        return values[atom.args]
    if atom.kind == "if":
        return evaluate(atom.args[1 if evaluate(atom.args[0], values) >= 0 else 2], values)
    numbers = [evaluate(size, values) for size in atom.args]
    if atom.kind == "//":
        return numbers[0] // numbers[1]
    return min(numbers) if atom.kind == "min" else max(numbers)


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
        part: Size = coefficient
        for atom in monomial:
            other = rule(atom)
            if other is None:
                plain = atom.kind == "symbol"
                other = (
                    Dim((((atom,), 1),))
                    if plain
                    else _MAKERS[atom.kind](*(rewritten(arg, rule) for arg in atom.args))
                )
            part = part * other
        parts.append(part)
    return total(parts)


_MAKERS: dict[str, Callable[..., Size]] = {
    "//": floordiv, "min": minimum, "max": maximum, "if": conditional
}  # fmt: skip


def lower(size: Size) -> int | None:
    """A number that the size is never below, or None where none was found."""
    return size if isinstance(size, int) else _best_bound(size, low=True)


def upper(size: Size) -> int | None:
    """A number that the size is never above, or None where none was found."""
    return size if isinstance(size, int) else _best_bound(size, low=False)


def _best_bound(size: Dim, low: bool) -> int | None:
    found = _bound(size, low)
    if found is None:
        other = complement(size)
        found = None if other is size else _bound(other, low)
    return found


def _bound(size: Dim, low: bool) -> int | None:
    rest, found = remainders(size, shifted=True)
    total = 0
    for factor, _, modulus in found:
        assert isinstance(modulus, int)
        total += 0 if (factor > 0) == low else factor * (modulus - 1)
    for monomial, coefficient in _terms(rest):
        least, most = _product_bounds([_atom_bounds(atom) for atom in monomial])
        bound = least if (coefficient > 0) == low else most
        if bound is None:
            return None
        total += coefficient * bound
    return total


def _product_bounds(factors: Sequence[Bounds]) -> Bounds:
    """Those of a product, each of whose factors has one sign."""
    if len(factors) == 1:
        return factors[0]
    least, negative = 1, False
    most: int | None = 1
    for low, high in factors:
        if high is not None and high <= 0:
            low, high = -high, None if low is None else -low
            negative = not negative
        if low is None or low < 0:
            return None, None
        least *= low
        most = None if most is None or high is None else most * high
    return (None if most is None else -most, -least) if negative else (least, most)


def remainders(size: Dim, shifted: bool = False) -> tuple[Size, list[tuple[int, Size, Size]]]:
    """The size as a rest and a sum of remainders, each a factor, a dividend and a modulus.

    `a - m * (a // m)` is `a % m`. Only what stands there exactly is taken for one, but for a constant
    where `shifted`, which is for moduli that are numbers.
    """
    rest: Size = size
    found: list[tuple[int, Size, Size]] = []
    for monomial, coefficient in size.terms:
        if not monomial or monomial[-1].kind != "//":
            continue
        dividend, modulus = monomial[-1].args
        if isinstance(modulus, int):
            scale, symbols = modulus, ()
        elif len(modulus.terms) == 1 and not shifted:
            ((symbols, scale),) = modulus.terms
        else:
            continue
        if monomial[:-1] != symbols or coefficient % scale:
            continue
        factor = -coefficient // scale
        there = dict(_terms(rest))
        if monomial in there and all(
            _within(factor * own, there.get(part, 0))
            for part, own in _terms(dividend)
            if part or not shifted
        ):
            rest = rest - factor * (dividend - scale * _make({monomial: 1}))
            found.append((factor, dividend, modulus))
    return rest, found


def _within(part: int, whole: int) -> bool:
    """Whether the whole is the part and more of its sign."""
    return 0 < part <= whole or whole <= part < 0


def _atom_bounds(atom: Atom) -> Bounds:
    if atom.kind == "symbol":
        return 1, None
    if atom.kind == "//":
        numerator, denominator = atom.args
        low, high = lower(numerator), upper(numerator)
        if isinstance(denominator, int):
            return (
                None if low is None else low // denominator,
                None if high is None else high // denominator,
            )
        smallest = lower(denominator)
        if smallest is None or smallest < 1:
            return None, None
        return (
            None if low is None else min(low // smallest, 0),
            None if high is None else max(high // smallest, -1),
        )
    among = atom.args[1:] if atom.kind == "if" else atom.args
    lows = [lower(size) for size in among]
    highs = [upper(size) for size in among]
    known_low = [bound for bound in lows if bound is not None]
    known_high = [bound for bound in highs if bound is not None]
    every_low, every_high = len(known_low) == len(lows), len(known_high) == len(highs)
    if atom.kind == "if":
        return min(known_low) if every_low else None, max(known_high) if every_high else None
    if atom.kind == "min":
        return min(known_low) if every_low else None, min(known_high, default=None)
    return max(known_low, default=None), max(known_high) if every_high else None


def compare(op: str, a: Size, b: Size) -> bool | None:
    """Whether `a op b` holds for every value of the symbols (True), for none (False), or neither is
    known (None). `op` is one of == != < <= > >=."""
    if op == "!=":
        equal = compare("==", a, b)
        return None if equal is None else not equal
    if op in ("<", "<="):
        return compare(">" if op == "<" else ">=", b, a)
    difference = a - b
    if op == ">":
        difference = difference - 1
    low, high = lower(difference), upper(difference)
    if op == "==":
        if isinstance(difference, int):
            return difference == 0
        return False if (low is not None and low > 0) or (high is not None and high < 0) else None
    if low is not None and low >= 0:
        return True
    return False if high is not None and high < 0 else None


# -- writing sizes -------------------------------------------------------------------------------------


def render(size: Size) -> str:
    """The size as a person writes it, and as the language, Python and `parse` read it:
    `(H - 1) // 2 + 1`, `H % 16`.
    """
    if isinstance(size, int):
        return str(size)
    text, other = _written(size), complement(size)
    return text if other is size else min(text, _written(other), key=len)


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
    for monomial, coefficient in _terms(rest):
        parts.append(_make({monomial: coefficient}))
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
            text = part if sign > 0 else f"-({part})" if _OPEN.match(part) else f"-{part}"
    return text


def _parts(size: Dim) -> list[tuple[int, str]]:
    """What a size is the sum of: the sign of each, and its text."""
    rest, found = remainders(size)
    parts = [
        (factor, _remainder_text(abs(factor), dividend, modulus))
        for factor, dividend, modulus in found
    ]
    terms = dict(_terms(rest))
    constant = terms.pop((), 0)
    alone = len(terms) == 1 and not parts and not constant
    for monomial, coefficient in terms.items():
        if len(terms) == 1 and coefficient == 1 and not parts and _rounds_up(monomial):
            # (H + 1) // 2 is the count of a stride of 2, which people write (H - 1) // 2 + 1
            numerator, denominator = monomial[0].args
            parts.append((1, f"{_bracketed(numerator - denominator)} // {denominator}"))
            constant += 1
        else:
            parts.append((coefficient, _product(monomial, abs(coefficient), alone)))
    if constant:
        parts.append((constant, str(abs(constant))))
    return parts


#: a quotient or remainder that a minus would bind more tightly than
_OPEN = re.compile(r"(-?\w+|\(.*\)|\w+\(.*\)) (//|%) ")


def _remainder_text(factor: int, dividend: Size, modulus: Size) -> str:
    text = f"{_bracketed(dividend)} % {_bracketed(modulus)}"
    return text if factor == 1 else f"{factor} * ({text})"


def parse(text: str) -> Size:
    """The size that `render` wrote."""
    import ast

    return _parsed(ast.parse(text, mode="eval").body)


def _parsed(node: Any) -> Size:
    kind = type(node).__name__
    if kind == "Constant" and type(node.value) is int:
        return int(node.value)
    if kind == "Name":
        return symbol(node.id)
    if kind == "UnaryOp" and type(node.op).__name__ == "USub":
        return -_parsed(node.operand)
    if kind == "Call" and type(node.func).__name__ == "Name" and node.func.id in _CALLS:
        return _CALLS[node.func.id](*(_parsed(argument) for argument in node.args))
    if kind == "BinOp":
        operation = _OPERATIONS.get(type(node.op).__name__)
        if operation is not None:
            return operation(_parsed(node.left), _parsed(node.right))
    if kind == "IfExp":
        return conditional(_condition(node.test), _parsed(node.body), _parsed(node.orelse))
    raise ValueError("this is not the text of a size")


def _condition(node: Any) -> Size:
    """The size that is at least 0 where a comparison holds."""
    kind = type(node).__name__
    if kind == "BoolOp":
        join = minimum if type(node.op).__name__ == "And" else maximum
        return join(*map(_condition, node.values))
    if kind == "Compare" and len(node.ops) == 1:
        op = _COMPARISONS.get(type(node.ops[0]).__name__)
        if op is not None:
            return holds(op, _parsed(node.left), _parsed(node.comparators[0]))
    raise ValueError("this is not the text of a condition")


_COMPARISONS = {"Eq": "==", "NotEq": "!=", "GtE": ">=", "LtE": "<=", "Gt": ">", "Lt": "<"}


_CALLS = {"min": minimum, "max": maximum}
_OPERATIONS: dict[str, Callable[[Any, Any], Size]] = {
    "Add": add,
    "Sub": sub,
    "Mult": mul,
    "FloorDiv": floordiv,
    "Mod": mod,
    "Pow": pow,
}


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
        return f"{_bracketed(numerator)} // {_bracketed(denominator)}"
    if atom.kind == "if":
        condition, then, otherwise = atom.args
        return f"({render(then)} if {comparison(condition)} else {render(otherwise)})"
    return f"{atom.kind}({', '.join(render(size) for size in atom.args)})"


def _bracketed(size: Size) -> str:
    text = render(size)
    plain = isinstance(size, int) or (
        len(size.terms) == 1
        and size.terms[0][1] == 1
        and len(size.terms[0][0]) == 1
        and size.terms[0][0][0].kind != "//"
    )
    return text if plain else f"({text})"
