"""Indentation: from the widths of lines to INDENT and DEDENT."""

from __future__ import annotations

from nnspec.syntax.tokens import BAD, DEDENT, INDENT, Enough, Tokens

MAX_INDENTS = 100


class Indentation:
    """The levels that are open."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.levels: list[tuple[int, int]] = [(0, -1)]  # width, and the INDENT's index
        self.misfits: dict[int, int] = {}  # a width that fitted no level -> the level it stands for
        self.tab_seen = False

    def line(self, start: int, end: int) -> None:
        """A line whose indentation is the text from `start` to `end`."""
        tokens, levels = self.tokens, self.levels
        width = end - start
        tab = tokens.source.text.find("\t", start, end)
        if tab >= 0:
            width = len(tokens.source.text[start:end].expandtabs(4))
            if not self.tab_seen:
                self.tab_seen = True
                help = "indent with spaces, four for each level"
                tokens.report("NN102", "a tab in the indentation", tab, tab + 1, help=help)
        width = self.misfits.get(width, width)
        if width > levels[-1][0]:
            levels.append((width, len(tokens.kinds)))
            tokens.add(INDENT, end, end)
            if len(levels) > MAX_INDENTS:
                tokens.add(BAD, end, end)
                message = f"this line is nested more than {MAX_INDENTS - 1} levels deep"
                help = "move inner parts into blocks of their own"
                tokens.report("NN107", message, start, end, help=help)
                raise Enough
            return
        if all(width != level for level, _ in levels):
            width = self.misfit(width, start, end)
        while width < levels[-1][0]:
            self.dedent()

    def misfit(self, width: int, start: int, end: int) -> int:
        """The level of a line whose indentation fits none: the nearest, or else the deeper."""
        above = min(level for level, _ in self.levels if level > width)
        below = max(level for level, _ in self.levels if level < width)
        taken = self.misfits[width] = above if above - width <= width - below else below
        if not self.tab_seen:
            message = f"this line is indented by {width}, which fits no line before it"
            help = f"indent it by {below} or by {above}"
            self.tokens.report("NN103", message, start, end, help=help)
        return taken

    def dedent(self) -> None:
        tokens = self.tokens
        level, opener = self.levels.pop()
        self.misfits = {width: taken for width, taken in self.misfits.items() if taken != level}
        tokens.closing[opener] = len(tokens.kinds)
        at = tokens.ends[-1]
        tokens.add(DEDENT, at, at)

    def close(self) -> None:
        """The end of the text."""
        while len(self.levels) > 1:
            self.dedent()
