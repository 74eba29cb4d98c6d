"""What a spec may ask for: the limits that can be raised, their defaults, and how.

Checking always ends, and soon, whatever a file holds. A limit is far above what real models need, and
each error that names one says how to raise it. Others are fixed, because what lies beyond them is no
spec or cannot be computed with: they stand where they are used, and in the language reference.
"""

from __future__ import annotations

from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: what each limit counts; the words go on with a message
MEANINGS = {
    "layers": "layers, operations and rounds of loops, less what is a copy",
    "copies": "copies in one `n * layer`",
    "steps": "steps to compute numbers and lists",
    "depth": "blocks in each other, and files that import each other in a row",
    "items": "items of a list or range, characters of a computed string",
    "digits": "digits of a computed number",
    "files": "imported files",
    "characters": "characters of one file",
}
#: as far as each can be raised: beyond, Python itself gives up
HIGHEST = {
    "layers": 10**9,
    "copies": 10**12,
    "steps": 10**12,
    "depth": 1_000,
    "items": 10**8,
    "digits": 1_000,
    "files": 10**6,
    "characters": 64 * 2**20,
}


class Limits(Record):
    """The limits of one check; `Limits(layers=200_000)` raises one of them."""

    layers: int = 100_000
    copies: int = 10_000_000
    steps: int = 4_000_000
    depth: int = 64
    items: int = 1_000_000
    digits: int = 30
    files: int = 1_000
    characters: int = 8 * 2**20

    def way_out(self, name: str) -> str:
        """How to raise a limit, for the help of the error that names it."""
        now, most = getattr(self, name), HIGHEST[name]
        if now >= most:
            return f"the limit `{name}` cannot be raised further"
        return f"`--limit {name}={min(2 * now, most)}` raises this limit"


DEFAULTS = Limits()


class BadLimit(ValueError):
    """A limit that does not exist, or a value that it cannot have; the text is fit to be shown."""


def parse_limits(words: Iterable[str]) -> Limits:
    """`layers=200_000`, `depth=100`, … as limits; BadLimit where they are none."""
    given: dict[str, int] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if name not in MEANINGS:
            raise BadLimit(_unknown(name))
        digits = value.strip().replace("_", "")
        if not equals or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise BadLimit(f"a limit is a whole number: {name}={2 * getattr(DEFAULTS, name)}")
        given[name] = int(digits)
    return checked(Limits(**given))


def checked(limits: Limits) -> Limits:
    """The limits, where each is one that can be kept; BadLimit otherwise."""
    for name, most in HIGHEST.items():
        value = getattr(limits, name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise BadLimit(f"the limit `{name}` is a number from 1 to {most:,}, not {value}")
    return limits


def _unknown(name: str) -> str:
    from nnspec.diagnostics import nearest

    close = nearest(name, MEANINGS)
    hint = f"did you mean `{close}`?" if close else f"the limits are {', '.join(MEANINGS)}"
    return f"there is no limit `{name}`; {hint}"
