"""Conditions with products of sizes: brought into the simplest form, and decided where one unknown can
be isolated.

`T == H * W` says what T is: it is put in everywhere. `H * W == 196` leaves the divisors of 196 for H, and
`(H // 2) * (W // 2) == 6` those of 6 for each factor.
What that does not lead to a linear condition, or one on a single symbol, may still have sizes that are
found by trying; then it has some. Otherwise it is not known whether it has.
"""

from __future__ import annotations

from itertools import product
from math import gcd

from nnspec.cases import cases
from nnspec.conditions import Condition
from nnspec.dims import Dim, compare, evaluate, exact_div, lower, relation, substitute, symbol
from nnspec.residues import EMPTY, solve_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nnspec.dims import Monomial, Size
    from nnspec.residues import Alone

#: so many unknowns are isolated one after the other
MOST_ISOLATED = 8
#: so many divisors are looked at, and of so large a number
MOST_DIVISORS = 64
LARGEST_DIVIDED = 10**8
#: so many sizes are tried
MOST_TRIED = 2_000
MOST_TRIED_OF_ONE = 40


def linear(size: Size) -> bool:
    """No products of sizes, and divisions by numbers only: within Presburger arithmetic."""
    if isinstance(size, int):
        return True
    for monomial, _ in size.terms:
        if len(monomial) > 1:
            return False
        for atom in monomial:
            if atom.kind == "//" and not isinstance(atom.args[1], int):
                return False
            if atom.kind != "symbol" and not all(linear(part) for part in atom.args):
                return False
    return True


def simplest(condition: Condition) -> Condition:
    """The condition without factors that decide nothing: `3*H*W == 6*W` is `H == 2`."""
    op, size = condition.op, condition.size
    if not isinstance(size, Dim) or all(len(monomial) < 2 for monomial, _ in size.terms):
        return condition
    constant = dict(size.terms).get((), 0)
    shared = gcd(*(coefficient for monomial, coefficient in size.terms if monomial))
    if shared > 1 and (constant % shared == 0 or op == ">="):
        rest = exact_div(size - constant, shared)
        assert rest is not None
        size = rest + constant // shared
    if not constant and isinstance(size, Dim):
        common = [atom for atom in size.terms[0][0] if atom.kind == "symbol"]
        for monomial, _ in size.terms[1:]:
            left = list(monomial)
            common = [a for a in common if a in left and (left.remove(a) or True)]  # type: ignore[func-returns-value]
        for atom in common:  # a symbol is at least 1
            divided = exact_div(size, symbol(atom.args))
            assert divided is not None
            size = divided
    return condition if size == condition.size else Condition(op, size, relation(op, size))


def isolated(condition: Condition) -> tuple[str, Size] | None:
    """`(T, H * W)` for `T == H * W`: what a symbol must be, where the condition says it."""
    if condition.op != "==" or not isinstance(condition.size, Dim):
        return None
    for monomial, coefficient in condition.size.terms:
        if len(monomial) == 1 and monomial[0].kind == "symbol" and abs(coefficient) == 1:
            name = monomial[0].args
            other = symbol(name) - coefficient * condition.size
            if name not in (other.symbols if isinstance(other, Dim) else ()):
                return name, other
    return None


def empty(conditions: Iterable[Condition], depth: int = 0) -> bool | None:
    """Whether no sizes satisfy all of the conditions; None where that is not found out."""
    plain = cases((condition.op, condition.size) for condition in conditions)
    if plain is None or depth > MOST_ISOLATED:
        return None
    return _all(_empty([Condition(op, size, "") for op, size in case], depth) for case in plain)


def _alone(conditions: Iterable[Condition]) -> dict[str, list[Condition]]:
    """Those that speak of one symbol only, of each."""
    alone: dict[str, list[Condition]] = {}
    for condition in conditions:
        if len(condition.symbols) == 1:
            alone.setdefault(next(iter(condition.symbols)), []).append(condition)
    return alone


def _all(answers: Iterable[bool | None]) -> bool | None:
    """Whether all are true; the first that is false says that they are not, and the others are not asked."""
    known = True
    for answer in answers:
        if answer is False:
            return False
        known = known and answer is not None
    return True if known else None


def _empty(given: Sequence[Condition], depth: int) -> bool | None:
    conditions = [simplest(condition) for condition in given]
    known = [compare(condition.op, condition.size, 0) for condition in conditions]
    if False in known:
        return True
    conditions = [c for c, truth in zip(conditions, known, strict=True) if truth is None]
    hard = [condition for condition in conditions if not linear(condition.size)]
    if not hard:
        return _linearly(conditions)
    alone = _alone(conditions)
    sets = {name: solve_one(name, own) for name, own in alone.items()}
    if EMPTY in sets.values() or _out_of_bounds(hard, sets):
        return True
    if all(len(c.symbols) == 1 and sets[next(iter(c.symbols))] is not None for c in hard):
        return _with_only(conditions, hard)
    for condition in sorted(conditions, key=lambda c: linear(c.size)):
        found = isolated(condition)
        if found is not None:
            rest = [other for other in conditions if other is not condition]
            return empty([*_put(rest, *found), Condition(">=", found[1] - 1, "")], depth + 1)
    for condition in hard:
        choices = _choices(condition)
        if choices is not None:
            name, values = choices
            return _all(empty(_put(conditions, name, value), depth + 1) for value in values)
        factors = _factors(condition)
        if factors:
            rest = [other for other in conditions if other is not condition]
            return _all(empty([*rest, *pair], depth + 1) for pair in factors)
    return False if _some(conditions, alone) else None


def linearly(conditions: Iterable[Condition]) -> list[list[Condition]] | None:
    """Linear conditions that are a choice of the same: of `(H // 2) * (W // 2) == 6` those of each pair of
    factors. None where that is no way to have them."""
    found: list[list[Condition]] = [[]]
    for condition in map(simplest, conditions):
        plain = [[condition]] if linear(condition.size) else _factors(condition)
        found = [[*before, *more] for before in found for more in plain]
        if not found or len(found) > MOST_DIVISORS:
            return None
    every = [condition for case in found for condition in case]
    return found if all(linear(condition.size) for condition in every) else None


def _out_of_bounds(hard: Iterable[Condition], sets: Mapping[str, Alone | None]) -> bool:
    """Whether a condition fails wherever each symbol is at least the first that it may be."""
    counted: dict[str, Size] = {}
    for name, found in sets.items():
        if found is not None:
            among = found.sizes.progression()
            counted[name] = among.first + among.step * (symbol(name) - 1)
    return any(compare(c.op, substitute(c.size, counted), 0) is False for c in hard)


def _put(conditions: Iterable[Condition], name: str, size: Size) -> list[Condition]:
    return [Condition(c.op, substitute(c.size, {name: size}), "") for c in conditions]


def _linearly(conditions: Sequence[Condition]) -> bool | None:
    alone = _alone(conditions)
    if sum(map(len, alone.values())) == len(conditions):  # each is of one symbol: without islpy
        sets = [solve_one(name, own) for name, own in alone.items()]
        if None not in sets:
            return EMPTY in sets
    from nnspec import presburger

    try:
        return presburger.empty(conditions) if conditions else False
    except presburger.Undecided:
        return None


def _with_only(conditions: Sequence[Condition], hard: Sequence[Condition]) -> bool | None:
    """Where products are of one symbol each: decided by itself where nothing else speaks of it."""
    names = {name for condition in hard for name in condition.symbols}
    others = [c for c in conditions if len(c.symbols) > 1]
    if not any(names & condition.symbols for condition in others):
        return _linearly(others)
    alone = {
        name: [c for c in conditions if c.symbols == {name}]
        for c in conditions
        for name in c.symbols
    }
    return False if _some(conditions, alone) else None


def _choices(condition: Condition) -> tuple[str, Sequence[int]] | None:
    """What one symbol can be: a divisor of 196 in `H * W == 196`, at most 20 in `H * W <= 20`."""
    terms = dict(condition.size.terms) if isinstance(condition.size, Dim) else {}
    constant = terms.pop((), 0)
    for monomial, coefficient in terms.items():
        names = [atom.args for atom in monomial if atom.kind == "symbol"]
        if not names or len(names) < len(monomial):
            continue
        most = constant // -coefficient
        if condition.op == "==" and len(terms) == 1 and constant % coefficient == 0:
            divisors = _divisors(most)
            return (names[0], divisors) if divisors else None
        falls = all(c < 0 and _whole(m) for m, c in terms.items())
        if condition.op == ">=" and falls and 0 < most <= MOST_DIVISORS:
            return names[0], range(1, most + 1)
    return None


def _factors(condition: Condition) -> list[list[Condition]]:
    """What the factors of a product can be: `H // 2 == 3` and `W // 2 == 2` is one way of the four for
    `(H // 2) * (W // 2) == 6`. Empty where it is no such condition."""
    terms = dict(condition.size.terms) if isinstance(condition.size, Dim) else {}
    constant = terms.pop((), 0)
    if condition.op != "==" or len(terms) != 1:
        return []
    ((monomial, coefficient),) = terms.items()
    first, rest = monomial[:1], monomial[1:]
    if not rest or constant % coefficient or not _whole(first):
        return []
    most = constant // -coefficient
    return [
        [
            Condition("==", Dim(((first, 1),)) - divisor, ""),
            Condition("==", Dim(((rest, 1),)) - most // divisor, ""),
        ]
        for divisor in _divisors(most)
    ]


def _whole(monomial: Monomial) -> bool:
    """Whether a product of sizes is never below 0."""
    least = lower(Dim(((monomial, 1),)))
    return least is not None and least >= 0


def _divisors(number: int) -> list[int]:
    """The divisors; none where they are too many, or the number too large."""
    if not 0 < number <= LARGEST_DIVIDED:
        return []
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    found = sorted({*small, *(number // d for d in small)})
    return found if len(found) <= MOST_DIVISORS else []


def _some(conditions: Sequence[Condition], alone: dict[str, list[Condition]]) -> bool:
    """Whether sizes were found that satisfy all."""
    names = sorted(frozenset().union(*(condition.symbols for condition in conditions)))
    each = max(2, min(MOST_TRIED_OF_ONE, int(MOST_TRIED ** (1 / len(names)))))
    choices = [list(_first(name, alone.get(name, ()), each)) for name in names]
    for number, values in enumerate(product(*choices)):
        if number > MOST_TRIED:
            break
        point = dict(zip(names, values, strict=True))
        if all(c.kept(evaluate(c.size, point)) for c in conditions):
            return True
    return False


def _first(name: str, conditions: Sequence[Condition], count: int) -> Iterator[int]:
    """The first sizes that satisfy what speaks of this symbol only."""
    found = solve_one(name, conditions)
    if found is None:
        yield from range(1, count + 1)
        return
    among = found.sizes.progression()
    for number in range(1 if among.step == 0 else count):
        size = among.first + number * among.step
        if among.last is None or size <= among.last:
            yield size
