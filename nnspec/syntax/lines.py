"""The tokens of a line, remembered by its text.

An editor has a file read at every key, and all of its lines but one are as they were. What a line that stands
alone is read as depends on nothing outside it, but for where it begins.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.tokens import Tokens

MOST = 20_000

#: the text of a line, without what is around it -> the kinds of its tokens, where each begins, and ends
_lines: dict[str, tuple[list[int], list[int], list[int]]] = {}


def again(tokens: Tokens, start: int) -> int | None:
    """Add the tokens of the line that begins at `start`, if one of its text was read; where it ends."""
    text = tokens.source.text
    end = text.find("\n", start)
    known = _lines.get(text[start:end]) if end >= 0 else None
    if known is None:
        return None
    kinds, starts, ends = known
    tokens.kinds += kinds
    tokens.starts += [start + offset for offset in starts]
    tokens.ends += [start + offset for offset in ends]
    return end


def remember(tokens: Tokens, first: int, start: int, end: int) -> None:
    """The tokens from `first` on are all of the text from `start` to `end`, and nothing is wrong there."""
    line = tokens.source.text[start:end]
    if "\n" in line or "#" in line:
        return
    if len(_lines) >= MOST:
        _lines.clear()
    _lines[line] = (
        tokens.kinds[first:],
        [offset - start for offset in tokens.starts[first:]],
        [offset - start for offset in tokens.ends[first:]],
    )
