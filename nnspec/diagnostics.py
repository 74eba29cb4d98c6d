"""A problem is a small value: what is wrong, where, where the other side came from, the way out.

Raise `Failure(Problem(...))` to give up on a value; the elaborator catches it at the statement, records
the problem and goes on with a poisoned value, so that nothing that merely follows is reported.
`codes.py` defines every code; `report/problems.py` draws problems.
"""

from __future__ import annotations

from nnspec.records import Record
from nnspec.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    #: words, or the function that makes them where they are seldom read
    Text: TypeAlias = str | Callable[[], str]


class Label(Record):
    """A second place that a problem speaks of, in its own words."""

    span: Span
    text: str


class Problem(Record):
    """One diagnostic. `code` is a key of `nnspec.codes.CODES`, which also gives its severity."""

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""

    @property
    def severity(self) -> str:
        from nnspec.codes import CODES

        return CODES[self.code].severity


class Failure(Exception):
    """A problem on its way to the place that records it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Mismatch(Exception):
    """A rule (of an operator, a transform, ...) refuses its input; it does not know the place.

    Whoever applied the rule knows the node and turns this into a `Failure`.
    `argument` names the setting or tensor at fault, so that the place can be narrowed to it, and
    `within` the stretch of a string's characters, from and up to. `sizes` are those in conflict.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        argument: str = "",
        within: tuple[int, int] | None = None,
        notes: tuple[str, ...] = (),
        help: str = "",
        sizes: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(message)
        self.sizes = sizes
        self.code = code
        self.message = message
        self.argument = argument
        self.within = within
        self.notes = notes
        self.help = help


def nearest(word: str, known: object) -> str | None:
    """The known word that `word` was most likely meant to be, or None."""
    from difflib import get_close_matches

    names = sorted(str(name) for name in known)  # type: ignore[attr-defined]
    folded = {name.lower().replace("_", ""): name for name in names}
    exact = folded.get(word.lower().replace("_", ""))
    if exact is not None:
        return exact
    for close in get_close_matches(word, names, n=3, cutoff=0.6):
        if len(word) > 4 or _one_letter_off(word, close):
            return close if len(close) <= 1.5 * len(word) else None
    return None


def _one_letter_off(word: str, other: str) -> bool:
    """Of a short word little is left where two letters differ: `mlp` is not meant for `mul`."""
    if len(word) == len(other):
        different = [n for n in range(len(word)) if word[n] != other[n]]
        swapped = len(different) == 2 and sorted(word) == sorted(other)
        return len(different) <= 1 or swapped
    short, long = sorted((word, other), key=len)
    return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))


class SpecError(ValueError):
    """A spec has errors; `problems` are all of them, the text shows them with their places."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.span}: {p.code}: {p.message}" for p in problems))
