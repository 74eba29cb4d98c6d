"""Words for signs and characters that do not belong in a spec."""

from __future__ import annotations

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
