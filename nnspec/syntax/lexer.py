"""Text to tokens: one regular expression, continuation lines, comments, words that open statements.

`brackets.py` and `indentation.py` keep what is open; `tokens.py` says what comes out.
"""

from __future__ import annotations

from nnspec.limits import DEFAULTS
from nnspec.source import Source
from nnspec.syntax.brackets import Brackets
from nnspec.syntax.indentation import Indentation
from nnspec.syntax.lines import again, remember
from nnspec.syntax.patterns import FOLLOWS, TOKEN
from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS
from nnspec.syntax.tokens import BAD, END, NAME, NEWLINE, NUMBER, STRING, Enough, Tokens

MAX_LINE = 100_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.limits import Limits

_FROM, _TRAIN = SOFT_WORDS["from"], SOFT_WORDS["train"]
_ASSERT = HARD_WORDS["assert"]
_JOINERS = {"import", "as", "on", "at"}

_WORD, _FOREIGN, _NUMBER, _SIGN, _OPEN, _CLOSE, _LINE, _STRING = range(1, 9)
_COMMENT, _RUN_ON, _QUOTE, _END = range(9, 13)
_COMMENT_SIGNS = ("//", "/*", "-- ")


class Lexer:
    """One pass over a text."""

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        lines: bool,
        ends: dict[int, int] | None = None,
    ) -> None:
        self.text = source.text
        self.tokens = Tokens(source, lines)
        self.brackets = Brackets(self.tokens)
        self.indentation = Indentation(self.tokens)
        self.position = start
        self.stop = end
        self.first = 0  # the index of the statement's first token
        self.began = -1  # the offset of the line that is read, where it is not known from before
        self.told = 0  # the problems before it
        self.ends = ends or {}  # where a string begins that has no end -> where it most likely ends
        self.braces = 0  # those told of and not closed
        self.wide = 0  # up to here, signs of other keyboards are told

    def run(self) -> Tokens:
        tokens = self.tokens
        try:
            if tokens.lines:
                self.begin()
            self.read()
        except Enough:
            pass  # what is wrong is in the tokens, and so is all that was read
        if tokens.kinds and tokens.lines:
            self.end_line()
            self.indentation.close()
        tokens.longest = max(tokens.longest, len(tokens.kinds) - self.first)
        tokens.add(END, self.stop, self.stop)
        return tokens

    def read(self) -> None:
        tokens, brackets = self.tokens, self.brackets
        kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
        text, stop = self.text, self.stop
        find_word = HARD_WORDS.get
        while True:
            for found in TOKEN.finditer(text, self.position, stop):
                group = found.lastindex
                if group is None:  # the `\r` of a line end
                    continue
                start, end = found.span(group)
                resume: int | None = None
                if group == _WORD:
                    word = found[1]
                    kind = self.soft(word, end) if word in SOFT_WORDS else find_word(word, NAME)
                    kinds.append(kind)
                    starts.append(start)
                    ends.append(end)
                    continue
                if group == _SIGN:
                    kinds.append(LITERALS[found[4]])
                    starts.append(start)
                    ends.append(end)
                    continue
                if group == _NUMBER:
                    kinds.append(NUMBER)
                    starts.append(start)
                    ends.append(end)
                    continue
                self.position = end
                if group == _OPEN:
                    resume = brackets.opening(found[5], start, end)
                elif group == _CLOSE:
                    resume = brackets.closing(found[6], start, end)
                elif group == _LINE:
                    resume = self.line(start, end)
                elif group == _STRING:
                    if start in self.ends:
                        self.ends_earlier(start)
                    else:
                        tokens.add(STRING, start, end)
                elif group == _COMMENT:
                    tokens.comments[start] = found[9].rstrip()
                elif group != _END:
                    self.wrong(group, start, end)
                elif brackets.open:
                    resume = brackets.never_closed(end)
                else:
                    return
                if resume is not None:
                    self.position = resume
                if self.position != end:
                    break  # and read on elsewhere

    def begin(self) -> None:
        """The first line has no line end before it."""
        text = self.text
        if text.startswith("\ufeff", self.position):
            self.position += 1
        start = self.position
        while text.startswith((" ", "\t"), self.position):
            self.position += 1
        blank = text.startswith(("#", "\n", "\r"), self.position) or self.position == self.stop
        if self.position > start and not blank:
            self.indentation.line(start, self.position)
        if text.startswith(_COMMENT_SIGNS, self.position):
            self.position = self.foreign_comment(self.position)

    def soft(self, word: str, end: int) -> int:
        """The kind of a word that is a keyword only in its own place."""
        kinds, first = self.tokens.kinds, self.first
        here = len(kinds)
        if here == first:
            taken = word not in _JOINERS
        elif word == "on":
            taken = kinds[first] == _TRAIN and here == first + 2
        elif word == "at":
            taken = kinds[first] == _ASSERT
        elif word == "as":
            taken = kinds[first] == _FROM and kinds[-1] == NAME
        else:
            taken = word == "import" and kinds[first] == _FROM and kinds[-1] in (NAME, STRING)
        return SOFT_WORDS[word] if taken and FOLLOWS.match(self.text, end) else NAME

    def line(self, start: int, end: int) -> int | None:
        """A line end, with all the blank lines and comment lines after it; where to read on."""
        tokens, text = self.tokens, self.text
        comment = text.find("#", start, end)
        while comment >= 0:
            after = text.find("\n", comment, end)
            after = end if after < 0 else after
            tokens.comments[comment] = text[comment:after].rstrip()
            comment = text.find("#", after, end)
        if not tokens.lines or end == self.stop:
            return None
        line_start = text.rfind("\n", start, end) + 1
        level = self.indentation.levels[-1][0]
        if self.brackets.open:
            return self.brackets.line(start, end - line_start, end, level)
        if text.startswith("->", end):
            return None
        resume = None
        if text.startswith(_COMMENT_SIGNS, end):
            resume = self.foreign_comment(end)
            if not text[resume : text.find("\n", resume)].strip():
                return resume
        if tokens.kinds:
            if self.began >= 0 and len(tokens.problems) == self.told:
                remember(tokens, self.first, self.began, start)
            self.end_line()
        if end - line_start != level or text.find("\t", line_start, end) >= 0:
            self.indentation.line(line_start, end)
            self.first = len(tokens.kinds)
        self.began = -1
        if resume is None and not self.ends:
            resume = again(tokens, end)
            if resume is None:
                self.began, self.told = end, len(tokens.problems)
        return resume

    def end_line(self) -> None:
        tokens = self.tokens
        tokens.longest = max(tokens.longest, len(tokens.kinds) - self.first)
        at = tokens.ends[-1]
        tokens.add(NEWLINE, at, at)
        self.first = len(tokens.kinds)
        self.brackets.end_statement()

    def wrong(self, group: int, start: int, end: int) -> None:
        """What no token can be."""
        from nnspec.syntax import characters, unclosed  # most files never need them

        tokens = self.tokens
        written = self.text[start:end]
        if written == "//" and self.brackets.open:  # more likely a `,` is missing
            tokens.add(LITERALS["//"], start, end)
            return
        if written in ("//", "/*"):
            self.position = characters.comment(tokens, start, self.stop)
            return
        if written in characters.WIDE:
            if start >= self.wide:
                characters.report_wide(tokens, start)
                self.wide = self.text.find("\n", start) + 1 or self.stop
            self.instead(characters.WIDE[written], start, end)
            return
        if written in characters.QUOTES:
            after = characters.end_of_quoted(self.text, start, self.stop)
            if after is not None:
                characters.report_sign(tokens, start, end, self.statement(start))
                tokens.add(STRING, start, after)
                self.position = after
                return
        if group == _QUOTE:
            if len(written) == 3 and not self.ends:
                swallower = unclosed.swallower(tokens)
                if swallower is not None:
                    self.ends = dict([swallower])
                    raise Enough  # and `tokenize` begins again
            end = self.position = unclosed.end_of_string(self.text, start, written, self.stop)
            self.brackets.swallowed(self.text[start:end])
        tokens.add(BAD, start, end)
        if written == "}" and self.braces > 0:
            self.braces -= 1  # its `{` is told
            return
        self.braces += written == "{"
        if group == _QUOTE:
            unclosed.report(tokens, start, written)
        elif group == _RUN_ON:
            characters.report_number(tokens, start, end)
        else:
            characters.report_sign(tokens, start, end, self.statement(start))

    def ends_earlier(self, start: int) -> None:
        """A text that took statements with it, because its own end is missing."""
        from nnspec.syntax import unclosed

        self.position = self.ends[start]
        self.tokens.add(BAD, start, self.position)
        unclosed.report(self.tokens, start, self.text[start : start + 3])

    def statement(self, start: int) -> int:
        """The offset of the statement that a sign at `start` stands in."""
        starts = self.tokens.starts
        return starts[self.first] if self.first < len(starts) else start

    def instead(self, sign: str, start: int, end: int) -> None:
        """Read a sign as the one that it stands for."""
        resume = None
        if sign in "([":
            resume = self.brackets.opening(sign, start, end)
        elif sign in ")]":
            resume = self.brackets.closing(sign, start, end)
        else:
            self.tokens.add(LITERALS[sign], start, end)
        if resume is not None:
            self.position = resume

    def foreign_comment(self, start: int) -> int:
        """A line that is a comment in another language; where to read on."""
        from nnspec.syntax import characters

        return characters.comment(self.tokens, start, self.stop)


def tokenize(source: Source, limits: Limits = DEFAULTS) -> Tokens:
    """The tokens of a whole file."""
    text = source.text
    tokens = Tokens(source)
    if len(text) > limits.characters:
        message = f"this file has {len(text):,} characters; the limit is {limits.characters:,}"
        help = f"split it, and import its parts with `from`; {limits.way_out('characters')}"
        tokens.report("NN110", message, 0, 0, help=help)
    elif len(text) > MAX_LINE and (line := _long_line(source)):
        start, length = line
        message = f"this line has {length:,} characters; the limit is {MAX_LINE:,}"
        help = "break it inside brackets, or before an arrow"
        tokens.report("NN109", message, start, start + 1, help=help)
    else:
        lexer = Lexer(source, 0, len(text), lines=True)
        tokens = lexer.run()
        if not lexer.ends:
            return tokens
        return Lexer(source, 0, len(text), lines=True, ends=lexer.ends).run()
    tokens.add(END, 0, 0)
    return tokens


def tokenize_expression(source: Source, start: int, end: int) -> Tokens:
    """The tokens of a lone expression: a setting on the command line, a field of a string."""
    return Lexer(source, start, end, lines=False).run()


def _long_line(source: Source) -> tuple[int, int] | None:
    """The start and the length of the first line that is too long."""
    starts = source.line_starts
    for start, after in zip(starts, [*starts[1:], len(source.text) + 1], strict=True):
        if after - start - 1 > MAX_LINE:
            return start, after - start - 1
    return None
