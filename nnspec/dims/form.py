"""The normal form of a size: a polynomial with integer coefficients over atoms.

Atoms are symbols, floor divisions, minima, maxima, and sizes that depend on a condition. Adding,
subtracting and multiplying stay within the form; what makes new atoms stands in `operations.py`.
"""

from __future__ import annotations

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn, TypeAlias, Union

    Size: TypeAlias = Union[int, "Dim"]  # noqa: UP007  (`int | "Dim"` is no type)
    Monomial = tuple["Atom", ...]

#: numbers beyond this, or more terms than that, are no size of anything
LARGEST = 10**30
MOST_TERMS = 1_000
MOST_FACTORS = 64
#: divisions, minima and maxima in each other, and the symbols and operations of one of them
MOST_NESTED = 40
MOST_PARTS = 5_000
#: the sizes that one is the least or the greatest of
MOST_AMONG = 100


class Undecided(TypeError):
    """A symbol where only a number will do."""


class SizeLimit(ValueError):
    """A size that is too big to be computed with."""


class Atom:
    """A symbol, or `a // b`, `min(...)`, `max(...)` of sizes, or "if": the second size where the first
    is at least 0, else the third. `args` is the name or the sizes.

    `depth` and `parts` are how deep it nests and how much is in it, written out; `order` is its place
    among others.
    """

    __slots__ = ("_hash", "args", "bounds", "conditions", "depth", "kind", "order", "parts")

    def __init__(self, kind: str, args: Any) -> None:
        self.kind = kind
        self.args = args
        self._hash = hash((kind, args))
        self.depth, self.parts = 0, 1
        self.bounds: tuple[int | None, int | None] | None = None  # once `bounds.py` has found them
        self.conditions: frozenset[Size] | None = None  # what it hangs on, once that was asked for
        if kind != "symbol":
            inner = [atom for arg in args for monomial, _ in terms_of(arg) for atom in monomial]
            self.depth += 1 + max((atom.depth for atom in inner), default=0)
            self.parts += sum(atom.parts for atom in inner)
            if self.depth > MOST_NESTED or self.parts > MOST_PARTS:
                raise SizeLimit("a size of too many parts")
            args = tuple(map(order_of, args))
        self.order = (kind != "symbol", kind, args)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Atom) and self.kind == other.kind and self.args == other.args


class Dim:
    """A size that depends on symbols. Immutable; `==` compares normal forms."""

    __slots__ = ("_hash", "_symbols", "terms", "text")

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self._hash = hash(terms)
        self._symbols: frozenset[str] | None = None
        self.text = ""  # how `render` wrote it, once it has

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

    def __int__(self) -> int:
        raise Undecided("a symbol is no number")

    def __lt__(self, other: object) -> NoReturn:
        raise Undecided("symbolic sizes have no order of their own: use dims.compare")

    __le__ = __gt__ = __ge__ = __lt__

    def __add__(self, other: Size) -> Size:
        if isinstance(other, int):
            return _shifted(self, other)
        if not isinstance(other, Dim):
            return NotImplemented
        found = dict(self.terms)
        more = 0
        for monomial, coefficient in other.terms:
            more += monomial not in found
            add_term(found, monomial, coefficient)
        return _placed(found, more)

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
                add_term(
                    found, tuple(sorted(product, key=_order)) if left and right else product, a * b
                )
        return from_terms(found)

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
        from nnspec.dims.operations import floordiv

        return floordiv(self, other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rfloordiv__(self, other: int) -> Size:
        from nnspec.dims.operations import floordiv

        return floordiv(other, self)

    def __mod__(self, other: Size) -> Size:
        from nnspec.dims.operations import mod

        return mod(self, other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rmod__(self, other: int) -> Size:
        from nnspec.dims.operations import mod

        return mod(other, self)

    def __str__(self) -> str:
        from nnspec.dims.writing import render

        return render(self)

    def __repr__(self) -> str:
        return f"Dim({self})"


def _order(atom: Atom) -> tuple[bool, str, Any]:
    return atom.order


def _term_order(term: tuple[Monomial, int]) -> tuple[int, list[tuple[bool, str, Any]]]:
    return -len(term[0]), [atom.order for atom in term[0]]


def order_of(size: Size) -> tuple[bool, Any]:
    """What sizes are sorted by, numbers first."""
    if isinstance(size, int):
        return False, size
    return True, tuple([(*_term_order(term), term[1]) for term in size.terms])


def terms_of(size: Size) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(size, Dim):
        return size.terms
    return (((), size),) if size else ()


def add_term(found: dict[Monomial, int], monomial: Monomial, coefficient: int) -> None:
    total = found.get(monomial, 0) + coefficient
    if not -LARGEST <= total <= LARGEST or len(found) > MOST_TERMS:
        raise SizeLimit("a size that is too big")
    if total:
        found[monomial] = total
    else:
        found.pop(monomial, None)


def from_terms(found: dict[Monomial, int]) -> Size:
    if not found:
        return 0
    if len(found) == 1 and () in found:
        return found[()]
    if len(found) == 1:
        return Dim(tuple(found.items()))
    return Dim(tuple(sorted(found.items(), key=_term_order)))


def _placed(found: dict[Monomial, int], more: int) -> Size:
    """As `from_terms`, of terms in their order but for the last ones, so many."""
    terms = list(found.items())
    others = terms[len(terms) - more :]
    del terms[len(terms) - more :]
    for term in others:
        insort(terms, term, key=_term_order)
    if not terms:
        return 0
    return Dim(tuple(terms)) if terms[0][0] else terms[0][1]


def _shifted(size: Dim, number: int) -> Dim:
    """The size and a number, which is the last of the terms."""
    monomial, constant = size.terms[-1]
    others = size.terms if monomial else size.terms[:-1]
    constant = number if monomial else constant + number
    if not -LARGEST <= constant <= LARGEST:
        raise SizeLimit("a size that is too big")
    return Dim((*others, ((), constant)) if constant else others)


def _scaled(size: Dim, factor: int) -> Size:
    if factor == 0:
        return 0
    terms = tuple([(monomial, coefficient * factor) for monomial, coefficient in size.terms])
    for _, coefficient in terms:
        if not -LARGEST <= coefficient <= LARGEST:
            raise SizeLimit("a size that is too big")
    return Dim(terms)


def from_atom(kind: str, args: Any) -> Dim:
    return Dim((((Atom(kind, args),), 1),))


def symbol(name: str) -> Dim:
    """The size of this name: any integer of at least 1."""
    return from_atom("symbol", name)


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
                add_term(found, monomial, coefficient)
    return from_terms(found) + number


def exact_div(a: Size, b: Size) -> Size | None:
    """`a / b` where b divides a identically, as in `4 * C / C`; else None."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b if b and a % b == 0 else None
    if a == b:
        return 1
    divisor = terms_of(b)
    if len(divisor) != 1:
        return None
    factors, factor = divisor[0]
    found: dict[Monomial, int] = {}
    for monomial, coefficient in terms_of(a):
        if coefficient % factor:
            return None
        left = list(monomial)
        for atom in factors:
            if atom not in left:
                return None
            left.remove(atom)
        found[tuple(left)] = coefficient // factor
    return from_terms(found)


def only_atom(size: Size) -> Atom | None:
    """What a size is that is one atom, taken once."""
    if isinstance(size, Dim) and len(size.terms) == 1 and size.terms[0][1] == 1:
        monomial = size.terms[0][0]
        return monomial[0] if len(monomial) == 1 else None
    return None


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
