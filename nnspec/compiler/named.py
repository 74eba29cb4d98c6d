"""Sizes that the spec has a name for, `wide = planes * width // 64`, as variables of the generated code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from nnspec.compiler.formals import at
from nnspec.compiler.names import RESERVED, fresh
from nnspec.dims import Dim

if TYPE_CHECKING:
    from nnspec.compiler.classes import ClassPlan
    from nnspec.dims import Size


class Named:
    """Which sizes become variables: those in `kept`. `repeated` tells which should, once all is written."""

    def __init__(
        self, plan: ClassPlan, taken: Iterable[str], kept: Container[Size] = frozenset()
    ) -> None:
        self._kept = kept
        self._words: dict[Size, str] = {}
        self._asked: Counter[Size] = Counter()
        held = {*taken, *RESERVED}
        for name, given in plan.graph.named:
            size = at(given, plan.fixed)
            if _is_computed(size) and size not in self._words:
                self._words[size] = word = fresh(name, held)
                held.add(word)

    def word(self, size: Size) -> str | None:
        """The variable for a size, where it has one."""
        if size not in self._words:
            return None
        self._asked[size] += 1
        return self._words[size] if size in self._kept else None

    @property
    def kept(self) -> dict[Size, str]:
        """The sizes that are variables, in the order of the spec."""
        return {size: word for size, word in self._words.items() if size in self._kept}

    @property
    def repeated(self) -> set[Size]:
        """The sizes that are written more than once."""
        return {size for size, count in self._asked.items() if count > 1}


def _is_computed(size: Size) -> bool:
    """Whether there is something to compute: it is no number, and no symbol alone."""
    if not isinstance(size, Dim):
        return False
    ((monomial, coefficient), *more) = size.terms
    alone = len(monomial) == 1 and monomial[0].kind == "symbol" and coefficient == 1
    return bool(more) or not alone
