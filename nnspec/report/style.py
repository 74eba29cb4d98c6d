"""Colours by what they stand for, so that every page of output looks alike."""

from __future__ import annotations

_COLOURS = {
    "title": "1", "doc": "2", "head": "2", "guide": "38;5;240", "name": "1", "prefix": "2",
    "aside": "2", "operator": "36", "settings": "38;5;245", "block": "1;35", "shape": "32",
    "number": "", "heat0": "38;5;110", "heat1": "38;5;179", "heat2": "38;5;203",
    "label": "38;5;245", "count": "33",
}  # fmt: skip


class Style:
    """How to draw: in colour or plain, and how wide (None: as wide as it gets)."""

    __slots__ = ("colour", "columns")

    def __init__(self, colour: bool = False, columns: int | None = None) -> None:
        self.colour = colour
        self.columns = columns

    def paint(self, text: str, style: str) -> str:
        code = _COLOURS[style]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text.strip() else text
