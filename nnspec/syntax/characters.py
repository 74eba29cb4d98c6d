"""Words for signs and characters that do not belong in a spec."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.tokens import Tokens

# Signs of other languages: what to say, and what to write in their place.
FOREIGN: dict[str, tuple[str, str]] = {
    "&&": ("`&&` is not a sign of this language", "write `and`"),
    "||": ("`||` is not a sign of this language", "write `or`"),
    ":=": ("`:=` is not a sign of this language", "write `=`; an assignment is a statement"),
    "===": ("`===` is not a sign of this language", "write `==`"),
    "!==": ("`!==` is not a sign of this language", "write `!=`"),
    "<>": ("`<>` is not a sign of this language", "write `!=`"),
    "=>": ("`=>` is not a sign of this language", "the arrow is `->`; at least is `>=`"),
    "|>": ("`|>` is not a sign of this language", "the arrow is `->`"),
    **{
        f"{sign}=": (
            f"`{sign}=` is not a sign of this language",
            f"bind the name again: `x = x {sign} …`",
        )
        for sign in ("+", "-", "*", "/", "%", "@", "**", "//")
    },
}

_HELP = {
    "!": "write `not x` for the opposite of `x`, and `!=` for unequal",
    "&": "write `and`",
    "|": "write `or`",
    "^": "a power is written `**`",
    "~": "write `not`",
    ";": "each statement has a line of its own",
    "\\": "a line goes on inside brackets, or where the next one begins with `->`",
    "{": "a list with keys is written `[train: 0.8, val: 0.2]`; blocks are made by indentation",
    "}": "a list with keys is written `[train: 0.8, val: 0.2]`; blocks are made by indentation",
    "?": "a choice is written `a if condition else b`",
    "$": "names are written plainly, without a sign",
    "`": 'a text is written in quotes: "text"',
    "→": "write `->`",
    "←": "write `=`",
    "×": "write `*`",
    "·": "write `*`",
    "÷": "write `/`",
    "−": "write `-`, the hyphen of the keyboard",
    "–": "write `-`, the hyphen of the keyboard",
    "—": "write `-`, the hyphen of the keyboard",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "“": 'write straight quotes: "text"',
    "”": 'write straight quotes: "text"',
    "„": 'write straight quotes: "text"',
    "‘": "write straight quotes: 'text'",
    "’": "write straight quotes: 'text'",
    "…": "write three dots: `...`",
    "（": "write `(`",
    "）": "write `)`",
    "，": "write `,`",
    "：": "write `:`",
}


def report_sign(tokens: Tokens, start: int, end: int, statement: int) -> None:
    """A sign that does not belong, once for each remedy in a statement: quotes come in pairs."""
    sign = tokens.source.text[start:end]
    if sign in FOREIGN:
        code, (message, help) = "NN101", FOREIGN[sign]
    else:
        code, (message, help) = "NN106", explain(sign)
    for problem in reversed(tokens.problems):
        if problem.span is None or problem.span.start < statement:
            break
        if help and problem.help == help:
            return
    tokens.report(code, message, start, end, help=help)


def report_number(tokens: Tokens, start: int, end: int) -> None:
    """A number that runs into a word."""
    message = f"`{tokens.source.text[start:end]}` is neither a number nor a name"
    help = "a name begins with a letter or `_`; a product is written with `*`"
    tokens.report("NN101", message, start, end, help=help)


def report_string(tokens: Tokens, start: int, quote: str) -> None:
    """A string without an end."""
    help = f"close it with {quote}"
    if len(quote) == 1:
        help += '; a text over several lines stands in """three quotes"""'
    label = f"{quote} opens it"
    tokens.report(
        "NN105", "this string has no end", start, start + len(quote), label=label, help=help
    )


def end_of_string(text: str, start: int, quote: str, stop: int) -> int:
    """A string without an end is taken to end with its line; in three quotes, with the file."""
    end = text.find("\n", start, stop) if len(quote) == 1 else stop
    return stop if end < 0 else end


def explain(character: str) -> tuple[str, str]:
    """What to say of a character that no token can begin with, and the help."""
    if character.isprintable():
        name = f"`{character}`"
    else:
        name = f"the invisible character U+{ord(character):04X}"
    help = _HELP.get(character, "")
    if not help and character.isalpha():
        help = "names are made of the letters a to z and A to Z, digits and `_`"
    elif not help and not character.isprintable():
        help = "delete it; it often comes from copied text"
    return f"{name} does not belong here", help
