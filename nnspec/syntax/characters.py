"""Words for signs and characters that do not belong in a spec."""

from __future__ import annotations

import re

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
        f"{sign}=": (f"`{sign}=` is not a sign of this language", "")
        for sign in ("+", "-", "*", "/", "%", "@", "**", "//")
    },
}

_HELP = {
    "!": "write `not x` for the opposite of `x`, and `!=` for unequal",
    "&": "write `and`",
    "|": "one of two conditions is `or`; the arrow is `->`",
    "^": "a power is written `**`",
    "~": "write `not`",
    ";": "each statement has a line of its own",
    "\\": "a line goes on inside brackets, or where the next one begins with `->`",
    "{": "a list with keys is written `[train: 0.8, val: 0.2]`",
    "}": "a body ends where its indentation does",
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
    "。": "delete it: a statement ends with its line",
}

# Signs of a keyboard that is set to Chinese or Japanese -> those that they stand for.
WIDE = {chr(ord(sign) + 0xFEE0): sign for sign in "()[],:=+-*/%<>.@"} | {
    "、": ",", "【": "[", "】": "]", "〔": "[", "〕": "]",
}  # fmt: skip
_DOUBLE, _SINGLE = '“”„‟«»「」＂"', "‘’‚‛『』＇'"
# Quotes that are not straight -> what may end a text that they begin.
QUOTES = dict.fromkeys(_DOUBLE[:-1], _DOUBLE) | dict.fromkeys(_SINGLE[:-1], _SINGLE)
_STRINGS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_AUGMENTED = [sign for sign in FOREIGN if sign[:-1] in ("+", "-", "*", "/", "%", "@", "**", "//")]
# What a value is more than one by, outside of brackets; of that, what binds weaker than a `+`.
_TWO = re.compile(r"[-+*/%@<>=]| (?:if|or|and|in) ")
_WEAK = re.compile(r"->|[<>=]| (?:if|or|and|in) ")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^][]*\]")
# A longer value is not written again.
_LONG = 60
_HEADERS = ("model", "block", "fn", "extern")


def report_sign(tokens: Tokens, start: int, end: int, statement: int) -> None:
    """A sign that does not belong; of each statement the first one is told."""
    last = tokens.problems[-1].span if tokens.problems else None
    if last is not None and last.start >= statement:
        return
    text = tokens.source.text
    sign = text[start:end]
    if sign in FOREIGN:
        code, (message, help) = "NN101", FOREIGN[sign]
        if sign in _AUGMENTED:
            help = f"bind the name again: `{_bound_again(text, statement, start, end)}`"
    else:
        code, (message, help) = "NN106", explain(sign)
        first = text[statement:start].split(" ", 1)[0]
        if sign == ";" and first == "for":
            help = "loops run over known values: `for i in range(n):`"
        elif sign == "。" and text[start - 1 : start].isdigit() and text[end : end + 1].isdigit():
            help = "write `.`"
        elif sign == "|" and first in _HEADERS:
            help = "a parameter has one type; `none` is allowed where it is the default"
        elif (
            sign == "{"
            and text[end : text.find("\n", end)].split("#")[0].strip() == ""
            and _opens(first)
        ):
            help = "a body is indented under a line that ends with `:`"
        elif text.startswith("```", start):
            code, message, help = "NN106", "a spec holds no Markdown", "delete this line"
    tokens.report(code, message, start, end, help=help)


def _bound_again(text: str, statement: int, start: int, end: int) -> str:
    """`x = x + y` of `x += y`; what is more than one value in parentheses where the sign binds stronger."""
    name, sign = text[statement:start].strip(), text[start : end - 1]
    line = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    value = _before_comment(line).strip()
    outside = value
    while _BRACKETED.search(outside):
        outside = _BRACKETED.sub("", outside)
    if not name.isidentifier():
        return f"x = x {sign} …"
    if not value or len(value) > _LONG or "(" in outside or "[" in outside:
        value = "…"
    elif _WEAK.search(outside) or (sign != "+" and _TWO.search(outside)):
        value = f"({value})"
    return f"{name} = {name} {sign} {value}"


def _before_comment(line: str) -> str:
    """A line without the comment at its end; a `#` may stand in a text."""
    bare = _STRINGS.sub(lambda found: "_" * len(found[0]), line)
    return line[: bare.index("#")] if "#" in bare else line


def _opens(word: str) -> bool:
    return word in (*_HEADERS, "if", "elif", "else", "for", "data", "train", "while")


def report_wide(tokens: Tokens, start: int) -> None:
    """A sign of another keyboard, with all others of its line."""
    text = tokens.source.text
    line = text[start : max(text.find("\n", start), start + 1)]
    found = dict.fromkeys(sign for sign in _STRINGS.sub("", line) if sign in WIDE)
    *most, last = (f"`{WIDE[sign]}`" for sign in found)
    wanted = f"{', '.join(most)} and {last}" if most else last
    help = f"write {wanted}" + (", the signs of an English keyboard" if most else "")
    tokens.report("NN106", f"`{text[start]}` does not belong here", start, start + 1, help=help)


def end_of_quoted(text: str, start: int, stop: int) -> int | None:
    """The end of a text in quotes that are not straight, on its line."""
    for at in range(start + 1, stop):
        if text[at] in QUOTES[text[start]]:
            return at + 1
        if text[at] == "\n":
            break
    return None


def comment(tokens: Tokens, start: int, stop: int) -> int:
    """Report a comment of another language; where it ends."""
    text = tokens.source.text
    tokens.report("NN101", "a comment begins with `#`", start, start + 2, help="write `# …`")
    line = text.find("\n", start, stop)
    line = stop if line < 0 else line
    if text.startswith("/*", start):
        end = text.find("*/", start + 2, stop)
        return line if end < 0 else end + 2
    return line


def report_number(tokens: Tokens, start: int, end: int) -> None:
    """A number that runs into a word."""
    written = tokens.source.text[start:end]
    help = "a name begins with a letter or `_`"
    pair = re.fullmatch(r"(\d+)[xX](\d+)", written)
    product = re.fullmatch(r"(\d+)([A-Za-df-z]\w*)", written)
    if written[:2].lower() in ("0x", "0b", "0o"):
        try:
            help = f"numbers are decimal: write `{int(written, 0)}`"
        except ValueError:
            help = "numbers are decimal"
    elif pair is not None:
        help = (
            f"write `[{pair[1]}, {pair[2]}]` for two sizes, `{pair[1]} * {pair[2]}` for a product"
        )
    elif product is not None:
        help += f"; a product is `{product[1]} * {product[2]}`"
    message = f"`{written}` is neither a number nor a name"
    tokens.report("NN101", message, start, end, help=help)


def explain(character: str) -> tuple[str, str]:
    """What to say of a character that no token can begin with, and the help."""
    if character.isprintable():
        name = f"`{character}`"
    else:
        name = f"the invisible character U+{ord(character):04X}"
    help = _HELP.get(character, "")
    if not help and 0xFF01 <= ord(character) <= 0xFF5E:
        plain = chr(ord(character) - 0xFEE0)
        help = f"write `{plain}`" if plain.isalnum() else _HELP.get(plain, f"write `{plain}`")
    if not help and character.isalpha():
        help = "names are made of the letters a to z and A to Z, digits and `_`"
    elif not help and not character.isprintable():
        help = "delete it; it often comes from copied text"
    return f"{name} does not belong here", help
