"""Bounds of sizes, and what they decide: `compare`.

A remainder has bounds where its parts have none, so the remainders in a size are looked for first.
"""

from __future__ import annotations

from nnspec.dims.form import Atom, Dim, add_term, from_terms, terms_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.dims.form import Monomial, Size

    Bounds = tuple[int | None, int | None]  # never below, never above; None: not known


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
    for monomial, coefficient in terms_of(rest):
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


def _atom_bounds(atom: Atom) -> Bounds:
    """Found once for each atom: one within others is asked for on every way to it, and these double with
    each operation."""
    if atom.bounds is None:
        atom.bounds = _found_bounds(atom)
    return atom.bounds


def _found_bounds(atom: Atom) -> Bounds:
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
        there = dict(terms_of(rest))
        if monomial in there and all(
            _within(factor * own, there.get(part, 0))
            for part, own in terms_of(dividend)
            if part or not shifted
        ):
            rest = rest - factor * (dividend - scale * from_terms({monomial: 1}))
            found.append((factor, dividend, modulus))
    return rest, found


def _within(part: int, whole: int) -> bool:
    """Whether the whole is the part and more of its sign."""
    return 0 < part <= whole or whole <= part < 0


def complement(size: Dim) -> Dim:
    """The same size with `-((x + 3) // 4)` put as `(3 * x) // 4 - x`, which is no normal form, but may
    be shorter, and have bounds."""
    found: dict[Monomial, int] = {}
    changed = False
    if not any(coefficient < 0 and len(monomial) == 1 for monomial, coefficient in size.terms):
        return size  # as most
    for monomial, coefficient in size.terms:
        atom = monomial[0] if len(monomial) == 1 and monomial[0].kind == "//" else None
        numerator, divisor = atom.args if atom is not None else (0, 0)
        if coefficient > 0 or not isinstance(numerator, Dim) or not isinstance(divisor, int):
            add_term(found, monomial, coefficient)
            continue
        terms = dict(numerator.terms)
        constant = terms.pop((), 0)
        for part in terms:
            add_term(found, part, coefficient)
        more = {part: divisor - own for part, own in terms.items()}
        more[()] = divisor - 1 - constant
        add_term(
            found,
            (Atom("//", (from_terms({k: v for k, v in more.items() if v}), divisor)),),
            -coefficient,
        )
        changed = True
    made = from_terms(found)
    return made if changed and isinstance(made, Dim) else size
