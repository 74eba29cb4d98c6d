"""Habits from other languages."""

from __future__ import annotations

from nnspec.diagnostics import Problem, nearest
from nnspec.syntax.slips.slip import BODY_WORDS, DEFINITIONS, HARD, VALUE_ENDS, Slip
from nnspec.syntax.table import HARD_WORDS, SOFT_WORDS
from nnspec.syntax.tokens import NAME, NEWLINE, NUMBER, STRING

OPENING_WORDS = {
    word for word, kind in (SOFT_WORDS | HARD_WORDS).items() if kind in BODY_WORDS | DEFINITIONS
}
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


def foreign_statement(slip: Slip) -> Problem | None:
    if slip.opener != NAME or slip.index != slip.first + 1 or not slip.tokens.lines:
        return None
    word = slip.text(slip.first)
    if word in FOREIGN_STATEMENTS:
        return slip.problem(
            f"`{word}` is no word of this language", FOREIGN_STATEMENTS[word], at=slip.first
        )
    if slip.kind in (NAME, STRING):
        close = nearest(word, OPENING_WORDS)
        if close is not None and close != word:
            return slip.problem(
                f"`{word}` is no word of this language", f"did you mean `{close}`?", at=slip.first
            )
    return None


def nameless(slip: Slip) -> Problem | None:
    """`model:` or `input in: [N]`: the words that open a statement do so before a name."""
    tokens = slip.tokens
    word = slip.text(slip.first)
    far = slip.index > slip.first + 2
    if slip.opener != NAME or word not in OPENING_WORDS or far or not tokens.lines:
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
