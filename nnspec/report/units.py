"""Numbers for people: `25,557,032`, `4.09 G`, `97.5 MiB`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fractions import Fraction


def counted(number: int | Fraction) -> str:
    """`25,557,032`; of a fraction four digits, or the integer next to it: `0.125`."""
    if number.denominator == 1 or number >= 1000:
        return f"{round(number):,}"
    return f"{float(number):.4g}"


def short(number: int | Fraction) -> str:
    """With commas while it is short, then in thousands of thousands: `416,520`, `118 M`, `4.09
    G`.
    """
    if number < 10_000_000:
        return counted(number)
    for factor, letter in ((10**18, "E"), (10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M")):
        if number >= factor:
            return f"{_three_digits(number / factor)} {letter}"
    return counted(number)


def in_bytes(number: int | Fraction) -> str:
    """`97.5 MiB`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if number >= 1024**power:
            return f"{_three_digits(number / 1024**power)} {unit}"
    return "1 byte" if number == 1 else f"{counted(number)} bytes"


class BadUnit(ValueError):
    """A word that is no number of bytes; its text is fit to be shown."""


def of_bytes(word: str) -> int:
    """`80GB`, `24 GiB`, `512MB` -> bytes; a GPU of 80 GB has 80 * 1000 ** 3. Raises BadUnit."""
    text = word.strip().upper()
    digits = text.rstrip("BIKMGT ")
    unit = text[len(digits) :].strip()
    factors = {f"{k}{end}": base**n for n, k in enumerate(("", "K", "M", "G", "T"))
               for end, base in (("B", 1000), ("IB", 1024))}  # fmt: skip
    try:
        number = float(digits)
    except ValueError:
        number = -1.0
    if not (0 < number < 10**9) or unit not in factors:
        raise BadUnit(f"`{word}` is no memory: write it as 80GB or 24GiB")
    return int(number * factors[unit])


def _three_digits(number: float | Fraction) -> str:
    number = float(number)
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"
