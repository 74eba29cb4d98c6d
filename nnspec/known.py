"""Sizes written shorter under what is known of their symbols: `2 * (H // 2)` is `H` where H is even.

Where every size of H is first, first + step, first + 2 * step, …, H is put as first + step * (h - 1).
What becomes a polynomial in the h's by that is one in the H's, divided by a number.
"""

from __future__ import annotations

from math import gcd, lcm

from nnspec.dims import Dim, SizeLimit, floordiv, product, render, substitute, symbol, total

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.dims import Size
    from nnspec.residues import Progression


class Known:
    """What is known of some symbols."""

    def __init__(self, progressions: Mapping[str, Progression]) -> None:
        self.steps = {
            name: (known.first, known.step)
            for name, known in progressions.items()
            if known.step != 1
        }
        self.counted: dict[str, Size] = {
            name: first + step * (symbol(name) - 1) for name, (first, step) in self.steps.items()
        }
        self.written: dict[Size, Size] = {}

    def write(self, size: Size) -> Size:
        """The same size, in the shortest form that was found."""
        if isinstance(size, int) or not size.symbols & self.counted.keys():
            return size
        found = self.written.get(size)
        if found is None:
            try:
                other = self._again(substitute(size, self.counted))
            except SizeLimit:
                other = None
            shorter = other is not None and len(render(other)) < len(render(size))
            found = self.written[size] = other if shorter and other is not None else size
        return found

    def _again(self, counted: Size) -> Size | None:
        """A polynomial in the counts, in the sizes; None for what is no polynomial in them."""
        if isinstance(counted, int):
            return counted
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
        whole = total(numerator * (common // own) for numerator, own in parts)
        return self._divided(whole, common)

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
