"""Text to tokens: one regular expression, indentation, continuation lines, brackets, comments.

Tokens are three parallel lists of numbers (kind, start, end), which is what the parser's loop wants.
A line end has no width and sits at the end of the last token before it, and so do the dedents that
follow: a statement's span then ends where its text ends.

What is wrong with the text itself is reported here; a token `BAD` at its place tells the parser to give
up on the statement without a word of its own.
"""

from __future__ import annotations

import re

from nnspec.diagnostics import Label, Problem
from nnspec.source import Source, Span
from nnspec.syntax import characters
from nnspec.syntax.table import HARD_WORDS, LITERALS, PATTERNS, SOFT_WORDS, TERMINALS

MAX_BRACKETS = 200
MAX_INDENTS = 100
MAX_LINE = 100_000
MAX_FILE = 8 * 1024 * 1024

END = TERMINALS.index("$END")
NAME = TERMINALS.index("NAME")
NUMBER = TERMINALS.index("NUMBER")
STRING = TERMINALS.index("STRING")
NEWLINE = TERMINALS.index("_NL")
INDENT = TERMINALS.index("_INDENT")
DEDENT = TERMINALS.index("_DEDENT")
BAD = len(TERMINALS)  # a place that is reported already
SKIP = BAD + 1  # a dedent whose indent was given up

_FROM, _IMPORT, _AS = SOFT_WORDS["from"], SOFT_WORDS["import"], SOFT_WORDS["as"]
_TRAIN, _ON = SOFT_WORDS["train"], SOFT_WORDS["on"]
_OPENERS = {word: kind for word, kind in SOFT_WORDS.items() if kind not in (_IMPORT, _AS, _ON)}
_JOINERS = {"import", "as", "on"}

_brackets = "()[]"
_signs = sorted(set(LITERALS) - set(_brackets), key=len, reverse=True)
_TOKEN = re.compile(
    r"[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)"  # 1: a word
    r"|(&&|\|\||:=|(?:\*\*|//|[-+*/%@])=|===|!==|<>|=>|\|>)"  # 2: signs of other languages
    rf"|({PATTERNS['NUMBER']})"  # 3
    rf"|({'|'.join(re.escape(sign) for sign in _signs)})"  # 4: signs
    r"|([(\[])|([)\]])"  # 5, 6: brackets
    rf"|({PATTERNS['_NL']})"  # 7: line ends, with the blank lines and comment lines after them
    rf"|({PATTERNS['STRING']})"  # 8
    r"|(#[^\n]*)"  # 9
    r"|(\.?[0-9][A-Za-z0-9_]*)"  # 10: a number that runs into a word
    r"""|(\"{3}|'{3}|["'])"""  # 11: a string without an end
    r"|(\Z)|\r(?=\n)|((?s:.)))"  # 12: the end; 13: anything else
)
_WORD, _FOREIGN, _NUMBER, _SIGN, _OPEN, _CLOSE, _LINE, _STRING, _COMMENT, _RUN_ON, _QUOTE = range(1, 12)
_END, _OTHER = 12, 13
_COMMENTS = re.compile(r"#[^\n]*")
_FOLLOWS = re.compile(PATTERNS["WORD_FOLLOWS"])
# A line that cannot stand inside brackets, so that a bracket before it was never closed.
_STATEMENT = re.compile(
    rf"(?:return|assert|elif)\b|else[ \t]*:|(?:{'|'.join(_OPENERS)}){PATTERNS['WORD_FOLLOWS']}"
)
# A line that could be an argument, but looks like a statement where it is not indented further.
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*[ \t]*=(?!=)")
_CLOSING = {"(": ")", "[": "]"}


class Tokens:
    """All tokens of a text."""

    __slots__ = (
        "closing",
        "comments",
        "ends",
        "kinds",
        "lines",
        "longest",
        "problems",
        "source",
        "starts",
    )

    def __init__(self, source: Source, lines: bool = True) -> None:
        self.source = source
        self.lines = lines  # False for a lone expression, where line ends do not count
        self.kinds: list[int] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.closing: dict[int, int] = {}  # index of an INDENT -> index of its DEDENT
        self.comments: dict[int, str] = {}
        self.problems: list[Problem] = []
        self.longest = 0  # tokens in the longest statement

    def add(self, kind: int, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)

    def report(self, code: str, message: str, start: int, end: int, **more: object) -> None:
        self.problems.append(
            Problem(code, message, Span(self.source, start, end), **more)  # type: ignore[arg-type]
        )


class Lexer:
    """One pass over a text."""

    def __init__(self, source: Source, start: int, end: int, lines: bool) -> None:
        self.text = source.text
        self.tokens = Tokens(source, lines)
        self.position = start
        self.stop = end
        self.lines = lines
        self.first = 0  # the index of the statement's first token
        self.brackets: list[int] = []  # token indexes of the open ones
        self.indents: list[tuple[int, int]] = [(0, -1)]  # width, and the INDENT's index
        # A line in brackets that looks like a statement: its offset, the tokens before it, `quiet` then.
        self.suspect: tuple[int, int, bool] | None = None
        self.eager = False  # a bracket was left open: from now on believe the looks
        self.quiet = False  # the statement's brackets are reported already
        self.tab_seen = False

    def run(self) -> Tokens:
        tokens = self.tokens
        kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
        text, stop, brackets = self.text, self.stop, self.brackets
        match = _TOKEN.match
        find_word = HARD_WORDS.get
        self.begin()
        while True:
            found = match(text, self.position, stop)
            assert found is not None
            group = found.lastindex
            if group is None:  # the `\r` of a line end
                self.position = found.end()
                continue
            start, end = found.span(group)
            self.position = end
            if group == _WORD:
                word = found[1]
                kind = find_word(word, NAME)
                if word in SOFT_WORDS:
                    kind = self.soft(word, end)
                kinds.append(kind)
                starts.append(start)
                ends.append(end)
            elif group == _SIGN:
                kinds.append(LITERALS[found[4]])
                starts.append(start)
                ends.append(end)
            elif group == _NUMBER:
                kinds.append(NUMBER)
                starts.append(start)
                ends.append(end)
            elif group == _OPEN:
                brackets.append(len(kinds))
                tokens.add(LITERALS[found[5]], start, end)
                if len(brackets) > MAX_BRACKETS:
                    self.too_deep(start, end)
                    break
            elif group == _CLOSE:
                self.close(found[6], start, end)
            elif group == _LINE:
                self.line(start, end)
                if len(self.indents) > MAX_INDENTS:
                    tokens.add(BAD, end, end)
                    break
            elif group == _STRING:
                tokens.add(STRING, start, end)
            elif group == _COMMENT:
                tokens.comments[start] = found[9].rstrip()
            elif group == _END:
                if not brackets or not self.never_closed(end):
                    break
            else:
                self.wrong(group, start, end)
        self.finish()
        return tokens

    def begin(self) -> None:
        """The first line has no line end before it."""
        if not self.lines:
            return
        text = self.text
        if text.startswith("\ufeff", self.position):
            self.position += 1
        start = self.position
        while text.startswith((" ", "\t"), self.position):
            self.position += 1
        if self.position > start and not text.startswith(("#", "\n", "\r"), self.position):
            self.indentation(start, self.position)

    def finish(self) -> None:
        tokens = self.tokens
        if tokens.kinds and self.lines:
            self.end_line()
            while len(self.indents) > 1:
                self.dedent()
        tokens.longest = max(tokens.longest, len(tokens.kinds) - self.first)
        tokens.add(END, self.stop, self.stop)

    # -- words ------------------------------------------------------------------------------------

    def soft(self, word: str, end: int) -> int:
        """The kind of a word that is a keyword only in its own place."""
        kinds, first = self.tokens.kinds, self.first
        here = len(kinds)
        kind = NAME
        if here == first:
            kind = _OPENERS.get(word, NAME)
        elif word in _JOINERS:
            before = kinds[-1]
            opener = kinds[first]
            if (
                (word == "on" and opener == _TRAIN and here == first + 2)
                or (word == "as" and opener == _FROM and before == NAME)
                or (word == "import" and opener == _FROM and before in (NAME, STRING))
            ):
                kind = SOFT_WORDS[word]
        return kind if kind != NAME and _FOLLOWS.match(self.text, end) else NAME

    # -- lines ------------------------------------------------------------------------------------

    def line(self, start: int, end: int) -> None:
        """A line end, together with all the blank lines and comment lines after it."""
        tokens, text = self.tokens, self.text
        if text.find("#", start, end) >= 0:
            for comment in _COMMENTS.finditer(text, start, end):
                tokens.comments[comment.start()] = comment[0].rstrip()
        if not self.lines or end == self.stop:
            return
        line_start = text.rfind("\n", start, end) + 1
        if self.brackets:
            self.line_in_brackets(start, line_start, end)
            return
        if text.startswith("->", end):
            return
        if tokens.kinds:
            self.end_line()
        width = end - line_start
        if width != self.indents[-1][0] or text.find("\t", line_start, end) >= 0:
            self.indentation(line_start, end)

    def end_line(self) -> None:
        tokens = self.tokens
        tokens.longest = max(tokens.longest, len(tokens.kinds) - self.first)
        at = tokens.ends[-1]
        tokens.add(NEWLINE, at, at)
        self.first = len(tokens.kinds)
        self.suspect = None
        self.quiet = False

    def indentation(self, line_start: int, end: int) -> None:
        tokens, indents = self.tokens, self.indents
        width = end - line_start
        tab = self.text.find("\t", line_start, end)
        if tab >= 0:
            width = len(self.text[line_start:end].expandtabs(4))
            if not self.tab_seen:
                self.tab_seen = True
                tokens.report(
                    "NN102",
                    "a tab in the indentation",
                    tab,
                    tab + 1,
                    help="indent with spaces, four for each level",
                )
        if width > indents[-1][0]:
            indents.append((width, len(tokens.kinds)))
            tokens.add(INDENT, end, end)
            self.first = len(tokens.kinds)
            if len(indents) > MAX_INDENTS:
                tokens.report(
                    "NN107",
                    f"this line is nested more than {MAX_INDENTS - 1} levels deep",
                    line_start,
                    end,
                    help="move inner parts into blocks of their own",
                )
            return
        above = indents[-1][0]
        while width < indents[-1][0]:
            self.dedent()
        self.first = len(tokens.kinds)
        if width != indents[-1][0]:
            if not self.tab_seen:
                tokens.report(
                    "NN103",
                    f"this line is indented by {width}, which fits no line before it",
                    line_start,
                    end,
                    help=f"indent it by {indents[-1][0]} or by {above}",
                )
            indents.append((width, -1))

    def dedent(self) -> None:
        tokens = self.tokens
        opener = self.indents.pop()[1]
        if opener >= 0:
            tokens.closing[opener] = len(tokens.kinds)
            at = tokens.ends[-1]
            tokens.add(DEDENT, at, at)

    # -- brackets ---------------------------------------------------------------------------------

    def line_in_brackets(self, start: int, line_start: int, end: int) -> None:
        """Line ends do not count in brackets, unless the brackets were forgotten."""
        if _STATEMENT.match(self.text, end):
            self.never_closed(start)
        elif (
            end - line_start <= self.indents[-1][0]
            and (self.eager or self.suspect is None)
            and _ASSIGNMENT.match(self.text, end)
        ):
            if self.eager:
                self.never_closed(start)
            else:
                self.suspect = (start, len(self.tokens.kinds), self.quiet)

    def never_closed(self, at: int) -> bool:
        """Report the open bracket and end its statement; True where lexing goes on."""
        tokens = self.tokens
        resume, length = at, len(tokens.kinds)
        if self.suspect is not None:
            resume, length, self.quiet = self.suspect
            self.eager = True
        opener = max(index for index in self.brackets if index < length)
        start, end = tokens.starts[opener], tokens.ends[opener]
        for numbers in (tokens.kinds, tokens.starts, tokens.ends):
            del numbers[length:]
        tokens.problems = [
            problem for problem in tokens.problems if problem.span and problem.span.start < resume
        ]
        if not self.quiet:
            tokens.report(
                "NN104",
                f"this `{self.text[start:end]}` is never closed",
                start,
                end,
                label="opened here",
                help=f"add the missing `{_CLOSING[self.text[start:end]]}`",
            )
        self.suspect = None
        self.brackets.clear()
        last = tokens.ends[-1]
        tokens.add(BAD, last, last)
        self.quiet = True
        self.position = resume
        return resume < self.stop

    def close(self, sign: str, start: int, end: int) -> None:
        tokens = self.tokens
        if not self.brackets:
            if not self.quiet:
                tokens.report(
                    "NN104",
                    f"this `{sign}` closes nothing",
                    start,
                    end,
                    help="remove it, or add the bracket that it should close",
                )
            self.quiet = True
            tokens.add(BAD, start, end)
            return
        opener = self.brackets[-1]
        opening = self.text[tokens.starts[opener] : tokens.ends[opener]]
        if _CLOSING[opening] == sign:
            self.brackets.pop()
            tokens.add(LITERALS[sign], start, end)
        elif self.suspect is not None:
            self.never_closed(start)
        else:
            if not self.quiet:
                place = Span(tokens.source, tokens.starts[opener], tokens.ends[opener])
                tokens.report(
                    "NN104",
                    f"`{sign}` does not close `{opening}`",
                    start,
                    end,
                    label=f"`{_CLOSING[opening]}` is needed here",
                    labels=(Label(place, "opened here"),),
                )
            self.quiet = True
            self.brackets.pop()
            tokens.add(BAD, start, end)

    def too_deep(self, start: int, end: int) -> None:
        tokens = self.tokens
        tokens.report(
            "NN107",
            f"more than {MAX_BRACKETS} brackets are open here",
            start,
            end,
            help="give inner parts names of their own",
        )
        tokens.add(BAD, start, end)

    # -- what does not belong -----------------------------------------------------------------------

    def wrong(self, group: int, start: int, end: int) -> None:
        tokens, text = self.tokens, self.text
        if group == _QUOTE:
            end = self.unterminated(text[start:end], start)
        elif group == _FOREIGN:
            message, help = characters.FOREIGN[text[start:end]]
            tokens.report("NN101", message, start, end, help=help)
        elif group == _RUN_ON:
            tokens.report(
                "NN101",
                f"`{text[start:end]}` is neither a number nor a name",
                start,
                end,
                help="a name begins with a letter or `_`; a product is written with `*`",
            )
        else:
            message, help = characters.explain(text[start])
            tokens.report("NN106", message, start, end, help=help)
        tokens.add(BAD, start, end)

    def unterminated(self, quote: str, start: int) -> int:
        """A string without an end: it ends with its line (or, in three quotes, with the file)."""
        text = self.text
        if len(quote) == 3:
            end = self.stop
        else:
            end = text.find("\n", start, self.stop)
            end = self.stop if end < 0 else end
            for sign in text[start:end]:  # the brackets it swallowed
                if sign in ")]" and self.brackets:
                    opener = self.brackets[-1]
                    if _CLOSING[text[self.tokens.starts[opener]]] == sign:
                        self.brackets.pop()
        self.tokens.report(
            "NN105",
            "this string has no end",
            start,
            start + len(quote),
            label=f"{quote} opens it",
            help=f"close it with {quote}"
            + ("" if len(quote) == 3 else '; a text over several lines stands in """three quotes"""'),
        )
        self.quiet = True
        self.position = end
        return end


def tokenize(source: Source) -> Tokens:
    """The tokens of a whole file."""
    text = source.text
    if len(text) > MAX_FILE:
        tokens = Tokens(source)
        tokens.report(
            "NN110",
            f"this file has {len(text):,} characters; the limit is {MAX_FILE:,}",
            0,
            0,
            help="split it, and import its parts with `from`",
        )
    elif len(text) > MAX_LINE and (line := _long_line(source)):
        start, end = line
        tokens = Tokens(source)
        tokens.report(
            "NN109",
            f"this line has {end - start:,} characters; the limit is {MAX_LINE:,}",
            start,
            start + 1,
        )
    else:
        return Lexer(source, 0, len(text), lines=True).run()
    tokens.add(END, 0, 0)
    return tokens


def tokenize_expression(source: Source, start: int, end: int) -> Tokens:
    """The tokens of a lone expression: a setting on the command line, a field of a string."""
    return Lexer(source, start, end, lines=False).run()


def _long_line(source: Source) -> tuple[int, int] | None:
    starts = source.line_starts
    for start, end in zip(starts, [*starts[1:], len(source.text) + 1], strict=True):
        if end - start - 1 > MAX_LINE:
            return start, end - 1
    return None
