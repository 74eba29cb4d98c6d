"""How wide text is on a terminal, and text made safe to print: columns, tabs, control
characters.
"""

from __future__ import annotations

TAB = "    "


#: what our own pages are drawn with, one column each
_NARROW = frozenset("…→│├└─━╸≥≤−–—")


def clean(text: str) -> str:
    """The text with tabs as spaces and control characters (an escape sequence, say) made
    visible.
    """
    text = text.replace("\t", TAB)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text)


def width(text: str) -> int:
    """The number of columns that `clean(text)` takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text) + text.count("\t") * (len(TAB) - 1)
    if all(c < "\u0300" or c in _NARROW for c in text) and "\t" not in text:
        return len(text)  # the tables of Unicode cost 2 ms to load
    from unicodedata import combining, east_asian_width

    total = 0
    for character in text:
        if character == "\t":
            total += len(TAB)
        elif not combining(character):
            total += 2 if east_asian_width(character) in "WF" else 1
    return total


def pad(text: str, columns: int) -> str:
    """The text with spaces after it, up to that many columns."""
    return text + " " * (columns - width(text))


def shorten(text: str, columns: int) -> str:
    """The text, cut to that many columns with an ellipsis."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + "…"
