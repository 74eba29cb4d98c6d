"""What a syntax error was most likely meant to be, in the user's words.

`explain` looks at the token that does not fit, the tokens around it and what could have come instead.
Each function below knows one kind of slip and returns None where it is not that one; the first that
knows what to say is heard.
"""

from __future__ import annotations

from nnspec.diagnostics import Problem, nearest
from nnspec.source import Span
from nnspec.syntax.table import HARD_WORDS, LITERALS, SOFT_WORDS, TERMINALS
from nnspec.syntax.tokens import DEDENT, END, HEADERS, INDENT, NAME, NEWLINE, NUMBER, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from nnspec.syntax.parser import Parser

    Rule: TypeAlias = Callable[["Slip"], "Problem | None"]

DEFINITIONS = {
    SOFT_WORDS[word] for word in ("model", "block", "fn", "extern", "data", "train", "from")
}
BODY_WORDS = {SOFT_WORDS[word] for word in ("input", "layer", "param", "buffer")} | {
    HARD_WORDS[word] for word in ("if", "for", "return", "assert")
}
SHAPED = {SOFT_WORDS[word] for word in ("input", "param", "buffer")}
VALUE_ENDS = {NAME, NUMBER, STRING, LITERALS[")"], LITERALS["]"], LITERALS["..."]} | {
    HARD_WORDS[word] for word in ("true", "false", "none")
}
VALUE_STARTS = {NAME, NUMBER, STRING} | {HARD_WORDS[word] for word in ("true", "false", "none")}
HARD = set(HARD_WORDS.values())

# First words that other languages have, and what to write here.
FOREIGN_STATEMENTS = {
    "def": "a function on numbers is `fn name(…) = …`; a part of a network is `block Name(…):`",
    "class": "a part of a network is `block Name(…):`, a whole one `model Name(…):`",
    "function": "a function on numbers is `fn name(…) = …`",
    "module": "a part of a network is `block Name(…):`",
    "network": "a whole network is `model Name(…):`",
    "import": 'names are taken with `from "file.nn" import A` or `from zoo.resnet import A`',
    "while": "loops run over known values: `for i in range(n):`",
    "let": "a name is bound without a word before it: `x = …`",
    "var": "a name is bound without a word before it: `x = …`",
    "const": "a name is bound without a word before it: `x = …`",
    "output": "outputs are given by `return`: `return logits: [N, classes]`",
    "outputs": "outputs are given by `return`: `return logits: [N, classes]`",
    "elseif": "write `elif`",
    "elsif": "write `elif`",
    "raise": 'what must hold is stated with `assert condition, "why"`',
    "with": "there is no `with` in a spec",
    "try": "there is no `try` in a spec",
}


class Slip:
    """A place where the parser stopped."""

    def __init__(self, parser: Parser, index: int) -> None:
        tokens = parser.tokens
        self.tokens = tokens
        self.index = index
        self.kind = tokens.kinds[index]
        self.first = tokens.first_of_statement(index)
        self.opener = tokens.kinds[self.first]
        self.before = tokens.kinds[index - 1] if index > self.first else -1
        self.expected = {kind for kind in range(len(TERMINALS)) if parser.accepts(kind)}

    def text(self, index: int) -> str:
        return self.tokens.source.text[self.tokens.starts[index] : self.tokens.ends[index]]

    def span(self, index: int) -> Span:
        return Span(self.tokens.source, self.tokens.starts[index], self.tokens.ends[index])

    def expects(self, sign: str) -> bool:
        return (LITERALS.get(sign) or HARD_WORDS.get(sign)) in self.expected

    def is_sign(self, kind: int, *signs: str) -> bool:
        return any(kind == LITERALS.get(sign, HARD_WORDS.get(sign)) for sign in signs)

    def problem(
        self, message: str, help: str = "", at: int | None = None, code: str = "NN101"
    ) -> Problem:
        return Problem(code, message, self.span(self.index if at is None else at), help=help)

    def inside_brackets(self) -> bool:
        depth = 0
        for kind in self.tokens.kinds[self.first : self.index]:
            depth += self.is_sign(kind, "(", "[") - self.is_sign(kind, ")", "]")
        return depth > 0

    def found(self) -> str:
        text = self.text(self.index)
        if self.kind == NEWLINE:
            return "the end of the line"
        if self.kind == END:
            return "the end" if not self.tokens.lines else "the end of the file"
        if self.kind == NUMBER:
            return f"the number `{short(text)}`"
        if self.kind == STRING:
            return "a string"
        if self.kind == NAME:
            return f"the name `{short(text)}`"
        return f"the word `{text}`" if text.isalpha() else f"`{text}`"


def explain(parser: Parser, index: int) -> Problem:
    """The problem for a token that does not fit."""
    slip = Slip(parser, index)
    for rule in RULES:
        problem = rule(slip)
        if problem is not None:
            return problem
    return slip.problem(f"expected {wanted(slip)}, found {slip.found()}")


def short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def wanted(slip: Slip) -> str:
    """What could have come instead, as a person would say it."""
    words: list[str] = []
    if NUMBER in slip.expected:
        words.append("a value")
    elif NAME in slip.expected:
        words.append("a name")
    if slip.expects("+") and NUMBER not in slip.expected:
        words.append("an operator")
        signs = (":", ",", ")", "]") if slip.opener in HEADERS else ("=", ",", ")", "]")
    else:
        signs = (":", "=", ",", ")", "]", "in", "else")
    if NUMBER not in slip.expected:
        for sign in signs:
            if slip.expects(sign):
                words.append(f"`{sign}`")
        for word in ("import", "on"):
            if SOFT_WORDS[word] in slip.expected:
                words.append(f"`{word}`")
        if NEWLINE in slip.expected:
            words.append("the end of the line")
    if not words:
        return "something else here"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


# -- lines and bodies ----------------------------------------------------------------------------------


def unexpected_indent(slip: Slip) -> Problem | None:
    if slip.kind != INDENT:
        return None
    tokens = slip.tokens
    end = tokens.starts[slip.index]
    start = tokens.source.text.rfind("\n", 0, end) + 1
    return Problem(
        "NN103",
        "this line is indented, but the line before it opens no body",
        Span(tokens.source, start, end),
        help="a body follows a line that ends with `:`, a value one that ends with `=`",
    )


def nothing_after_equals(slip: Slip) -> Problem | None:
    if INDENT not in slip.expected:
        return None
    place = slip.index - 1
    while slip.tokens.kinds[place] in (NEWLINE, DEDENT):
        place -= 1
    return slip.problem(
        "nothing follows this `=`",
        "write the value after it, or on the next lines, indented",
        at=place,
    )


def second_line_of_value(slip: Slip) -> Problem | None:
    if DEDENT not in slip.expected or slip.expected - {DEDENT}:
        return None
    return slip.problem(
        "this line belongs to nothing: after `=` stands one expression",
        "a body of several statements follows `:`; a pipeline goes on with `->`",
    )


def else_without_if(slip: Slip) -> Problem | None:
    if slip.index != slip.first or not slip.is_sign(slip.kind, "else", "elif"):
        return None
    word = slip.text(slip.index)
    return slip.problem(
        f"this `{word}` has no `if`", "it stands right after the body of its `if`, indented like it"
    )


def wrong_place(slip: Slip) -> Problem | None:
    if slip.index != slip.first:
        return None
    word = slip.text(slip.index)
    top, body = SOFT_WORDS["model"] in slip.expected, HARD_WORDS["return"] in slip.expected
    if slip.kind in DEFINITIONS and not top:
        return slip.problem(
            f"`{word}` stands at the top level of a file, not in a body",
            "give this line no indentation",
        )
    if slip.kind in BODY_WORDS and not body:
        if top:
            return slip.problem(
                f"`{word}` stands in the body of a block or model, not at the top level of a file",
                "indent it under its block or model",
            )
        return slip.problem(
            f"`{word}` stands in the body of a block or model, not in a data or train part",
            "a data or train part holds settings: `name = value`",
        )
    if slip.is_sign(slip.kind, "->"):
        return slip.problem("there is nothing before this `->`")
    return None


def inline_body(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.before, ":") and slip.expected == {NEWLINE}:
        return slip.problem(
            "the body stands on lines of its own",
            "begin a new line after the `:`, and indent it by four spaces",
        )
    return None


# -- habits from other languages -------------------------------------------------------------------------


def foreign_statement(slip: Slip) -> Problem | None:
    if slip.opener != NAME or slip.index != slip.first + 1 or slip.inside_brackets():
        return None
    word = slip.text(slip.first)
    if word in FOREIGN_STATEMENTS:
        return slip.problem(
            f"`{word}` is no word of this language", FOREIGN_STATEMENTS[word], at=slip.first
        )
    if slip.kind in (NAME, STRING):
        close = nearest(word, SOFT_WORDS.keys() | HARD_WORDS.keys())
        if close is not None and close != word:
            return slip.problem(
                f"`{word}` is no word of this language", f"did you mean `{close}`?", at=slip.first
            )
    return None


def nameless(slip: Slip) -> Problem | None:
    """`model:`, `model (x):`, `input in: [N]`: the words that open a statement do so before a name."""
    tokens = slip.tokens
    word = slip.text(slip.first)
    if slip.opener != NAME or word not in SOFT_WORDS or slip.index > slip.first + 2:
        return None
    after = tokens.kinds[slip.first + 1]
    if not (
        after in HARD or after == NUMBER or (slip.is_sign(after, ":") and slip.kind == NEWLINE)
    ):
        return None
    found = f", and `{slip.text(slip.first + 1)}` is none" if after in HARD | {NUMBER} else ""
    return slip.problem(f"`{word}` is followed by a name{found}", at=slip.first)


def foreign_word(slip: Slip) -> Problem | None:
    if slip.before == NAME and slip.text(slip.index - 1) == "lambda":
        return slip.problem(
            "there are no functions without a name",
            "define one with `fn name(x) = …`",
            at=slip.index - 1,
        )
    if slip.kind == NAME and slip.text(slip.index) == "is" and slip.before in VALUE_ENDS:
        return slip.problem("`is` is no word of this language", "write `==`")
    if slip.is_sign(slip.before, "else") and slip.is_sign(slip.kind, "if"):
        return slip.problem("`else if` is one word here", "write `elif`", at=slip.index - 1)
    return None


# -- statements ----------------------------------------------------------------------------------------


def unused_value(slip: Slip) -> Problem | None:
    plain = slip.opener not in BODY_WORDS | DEFINITIONS | HEADERS
    if slip.kind != NEWLINE or not slip.expects("=") or not plain:
        return None
    tokens = slip.tokens
    whole = Span(tokens.source, tokens.starts[slip.first], tokens.ends[slip.index - 1])
    if slip.opener == STRING and slip.index == slip.first + 1:
        return Problem(
            "NN101",
            "a text alone documents a file or a body, and stands first in it",
            whole,
            help="write a comment, with `#`",
        )
    if whole.text == "pass":
        return Problem("NN101", "`pass` is no word of this language", whole)
    help = "bind it to a name, `x = …`, or return it, `return …`"
    if slip.is_sign(tokens.kinds[slip.first + 1], "=="):
        help = "a name is bound with one `=`"
    return Problem("NN101", "this value is not used", whole, help=help)


def missing_shape(slip: Slip) -> Problem | None:
    if slip.opener not in SHAPED or slip.index != slip.first + 2:
        return None
    written = f"{slip.text(slip.first)} {slip.text(slip.first + 1)}"
    return slip.problem(
        f"expected a shape after `{written}`, found {slip.found()}", f"write `{written}: [N, C]`"
    )


def missing_end_of_header(slip: Slip) -> Problem | None:
    if slip.kind != NEWLINE:
        return None
    if slip.opener in HEADERS and slip.expects(":"):
        sign = "`:` or `=`" if slip.expects("=") else "`:`"
        return slip.problem(f"{sign} is missing at the end of this line")
    if slip.is_sign(slip.opener, "return") and slip.index == slip.first + 1:
        return slip.problem("`return` needs a value")
    return None


def wrong_equals(slip: Slip) -> Problem | None:
    if not slip.is_sign(slip.kind, "="):
        return None
    if slip.opener in HEADERS and not slip.inside_brackets():
        return slip.problem("`=` binds a name, it does not compare", "write `==`")
    if slip.inside_brackets():
        return slip.problem(
            "`=` has no meaning here",
            "equality is `==`; a key in a list is written with `:`, as in `[train: 0.8]`",
        )
    if any(slip.is_sign(kind, "=") for kind in slip.tokens.kinds[slip.first : slip.index]):
        return slip.problem("a statement has one `=`", "write two statements; equality is `==`")
    return None


# -- expressions ---------------------------------------------------------------------------------------


def hanging_sign(slip: Slip) -> Problem | None:
    if slip.kind not in (NEWLINE, END) or NUMBER not in slip.expected or slip.before < 0:
        return None
    sign = slip.text(slip.index - 1)
    if sign == "->":
        help = "a pipeline goes on where the next line begins with `->`"
    elif slip.before in LITERALS.values():
        help = "to go on with the next line, put the whole in parentheses"
    else:
        help = ""
    return slip.problem(f"nothing follows this `{short(sign)}`", help, at=slip.index - 1)


def conditional_without_else(slip: Slip) -> Problem | None:
    if not slip.expects("else") or slip.index == slip.first:
        return None
    if slip.kind in (NEWLINE, END) or slip.is_sign(slip.kind, ",", ")", "]", ":", "="):
        return slip.problem(
            f"expected `else`, found {slip.found()}",
            "a choice has both sides: `a if condition else b`",
        )
    return None


def generator(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.kind, "for") and slip.before in VALUE_ENDS:
        return slip.problem(
            "a list is made by `for` inside square brackets only",
            "write `[2 * i for i in range(n)]`",
        )
    return None


def side_by_side(slip: Slip) -> Problem | None:
    if slip.kind not in VALUE_STARTS or slip.before not in VALUE_ENDS:
        return None
    text = slip.text(slip.index)
    if slip.kind == NUMBER and text.startswith("."):
        return slip.problem(
            f"a name cannot go on with `{text}`", f"a number in a label is an index: `[{text[1:]}]`"
        )
    if slip.expects(",") and slip.inside_brackets():
        return slip.problem(f"`,` is missing before {slip.found()}")
    return None


def nothing_imported(slip: Slip) -> Problem | None:
    if slip.opener == SOFT_WORDS["from"] and slip.text(slip.index) == "import":
        return slip.problem(
            "no name follows this `import`", "write `from zoo.resnet import ResNet`"
        )
    return None


def second_label(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.kind, ":") and slip.before in VALUE_ENDS and slip.expects("->"):
        return slip.problem("a stage has one label", "put an inner pipeline in parentheses")
    return None


def reserved_word(slip: Slip) -> Problem | None:
    if slip.kind in HARD and NAME in slip.expected:
        word = slip.text(slip.index)
        what = "a value" if NUMBER in slip.expected else "a name"
        return slip.problem(
            f"expected {what}, found the word `{word}`",
            f"`{word}` belongs to the language and cannot be a name",
        )
    return None


RULES: tuple[Rule, ...] = (
    unexpected_indent,
    nothing_after_equals,
    second_line_of_value,
    else_without_if,
    wrong_place,
    inline_body,
    foreign_statement,
    nameless,
    foreign_word,
    unused_value,
    missing_shape,
    missing_end_of_header,
    wrong_equals,
    hanging_sign,
    conditional_without_else,
    generator,
    side_by_side,
    nothing_imported,
    second_label,
    reserved_word,
)
