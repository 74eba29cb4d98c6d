"""Sizes written shorter under what is known of their symbols: `2 * (H // 2)` is `H` where H is even.

Where every size of H is first, first + step, first + 2 * step, …, H is put as first + step * (h - 1).
What becomes a polynomial in the h's by that is one in the H's, divided by a number. Bounds decide a minimum,
a maximum, a condition: `min(T, 1024)` is `T` where T <= 1024. Where `H == W`, one is put for the other; where
`H // 4 == 2 * (H // 8)`, the shorter one.
"""

from __future__ import annotations

from math import gcd, lcm

from nnspec.cases import conditional_atom
from nnspec.dims import (
    Dim,
    SizeLimit,
    floordiv,
    lower,
    maximum,
    minimum,
    negated,
    product,
    render,
    rewritten,
    substitute,
    symbol,
    total,
)
from nnspec.products import isolated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nnspec.conditions import Condition
    from nnspec.dims import Atom, Size
    from nnspec.residues import Progression


#: so many equations are tried on a size, of so many terms
MOST_EQUATIONS = 24
MOST_TERMS = 3


class Known:
    """What is known of some symbols: what the sizes of each are among, conditions on several, and all
    conditions, of which the equations are looked at."""

    def __init__(
        self,
        progressions: Mapping[str, Progression],
        together: Iterable[Condition] = (),
        every: Iterable[Condition] = (),
    ) -> None:
        self.equations = [c.size for c in every if c.op == "=="][:MOST_EQUATIONS]
        self.steps = {
            name: (known.first, known.step)
            for name, known in progressions.items()
            if known.step != 1
        }
        self.counted: dict[str, Size] = {
            name: first + step * (symbol(name) - 1) for name, (first, step) in self.steps.items()
        }
        #: each size as what it is at least and more, and as what it is at most and less
        self.above: dict[str, Size] = {}
        self.below: dict[str, Size] = {}
        for name, known in progressions.items():
            self.above[name] = known.first + known.step * (symbol(name) - 1)
            last = self.above[name] if known.last is None else known.last + 1 - symbol(name)
            self.below[name] = last
        #: a size in terms of others
        self.same = dict(filter(None, map(isolated, together)))
        self.written: dict[Size, Size] = {}

    def write(self, size: Size) -> Size:
        """The same size, in the shortest form that was found."""
        if isinstance(size, int):
            return size
        found = self.written.get(size)
        if found is None:
            found = self.written[size] = self._shortest(size)
        return found

    def _shortest(self, size: Dim) -> Size:
        forms: list[Size] = [size]
        try:
            if size.symbols & self.same.keys():
                forms.append(substitute(size, self.same))
            forms += [self._decided(form) for form in forms if conditional_atom(form) is not None]
            for form in forms[:]:
                if isinstance(form, Dim) and form.symbols & self.counted.keys():
                    found = self._again(substitute(form, self.counted))
                    forms += [] if found is None else [self._divided(*found)]
            if len(size.terms) <= MOST_TERMS and all("//" in render(form) for form in forms):
                for zero in self.equations:
                    forms += [size - zero, size + zero]
        except SizeLimit:
            pass  # the forms before it are as right
        return min(forms, key=lambda form: len(render(form)))

    def quotient(self, size: Size) -> tuple[Size, int]:
        """A size and a number by which it is divided, without a remainder at any of the sizes:
        `(H * W, 2)` for `(H * W) // 2` where H is even."""
        size = self.write(size)
        if isinstance(size, int) or not size.symbols & self.counted.keys():
            return size, 1
        try:
            return self._again(substitute(size, self.counted)) or (size, 1)
        except SizeLimit:
            return size, 1

    def _decided(self, size: Size) -> Size:
        """The size without a minimum, a maximum or a condition that the bounds decide."""

        def rule(atom: Atom) -> Size | None:
            if atom.kind in ("symbol", "//"):
                return None
            args = [self._decided(part) for part in atom.args]
            if atom.kind == "if":
                if self._holds(args[0]):
                    return args[1]
                return args[2] if self._holds(negated(args[0])) else None
            sign = 1 if atom.kind == "min" else -1
            kept: list[Size] = []
            for part in args:
                if not any(self._holds(sign * (part - other)) for other in kept):
                    kept = [other for other in kept if not self._holds(sign * (other - part))]
                    kept.append(part)
            return (minimum if atom.kind == "min" else maximum)(*kept)

        return rewritten(size, rule)

    def _holds(self, size: Size) -> bool:
        """Whether it is at least 0 at all sizes that are within the bounds."""
        bounds = [lower(substitute(size, known)) for known in (self.above, self.below)]
        return any(bound is not None and bound >= 0 for bound in bounds)

    def _again(self, counted: Size) -> tuple[Size, int] | None:
        """A polynomial in the counts, as one in the sizes and what it is divided by; None for what is no
        polynomial in them."""
        if isinstance(counted, int):
            return counted, 1
        parts: list[tuple[Size, int]] = []  # numerator and denominator of each term
        for monomial, coefficient in counted.terms:
            numerator: Size = coefficient
            denominator = 1
            for atom in monomial:
                if atom.kind != "symbol":
                    if Dim((((atom,), 1),)).symbols & self.counted.keys():
                        return None
                    numerator = numerator * Dim((((atom,), 1),))
                    continue
                first, step = self.steps.get(atom.args, (1, 1))
                numerator = numerator * (symbol(atom.args) - (first - step))
                denominator *= step
            parts.append((numerator, denominator))
        common = lcm(*(denominator for _, denominator in parts))
        return total(numerator * (common // own) for numerator, own in parts), common

    def _divided(self, whole: Size, by: int) -> Size:
        """`whole / by`, which is an integer for all sizes."""
        if isinstance(whole, int):
            return whole // by
        shared = gcd(by, *(coefficient for _, coefficient in whole.terms))
        by //= shared
        whole = floordiv(whole, shared)
        if by == 1 or isinstance(whole, int):
            return whole // by if isinstance(whole, int) else whole
        (monomial, coefficient), *rest = whole.terms
        if len(monomial) == 1 and (not rest or (len(rest) == 1 and rest[0][0] == ())):
            # 3 * (H // 4) rather than (3 * H) // 4
            first, _ = self.steps.get(monomial[0].args, (1, 1))
            constant = rest[0][1] if rest else 0
            own = gcd(coefficient, by)
            quotient = floordiv(product([symbol(monomial[0].args)]), by // own)
            value = (coefficient * first + constant) // by
            return (
                (coefficient // own) * quotient
                + value
                - (coefficient // own) * (first // (by // own))
            )
        return floordiv(whole, by)
