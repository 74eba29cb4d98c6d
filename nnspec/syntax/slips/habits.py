"""Habits from other languages."""

from __future__ import annotations

from nnspec.diagnostics import Problem, nearest
from nnspec.syntax.slips.slip import BODY_WORDS, DEFINITIONS, HARD, VALUE_ENDS, Slip
from nnspec.syntax.slips.words import BODIES, FOLLOWERS, INFIX, STATEMENTS
from nnspec.syntax.table import HARD_WORDS, SOFT_WORDS
from nnspec.syntax.tokens import END, NAME, NEWLINE, NUMBER, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.tokens import Tokens

OPENING_WORDS = {
    word for word, kind in (SOFT_WORDS | HARD_WORDS).items() if kind in BODY_WORDS | DEFINITIONS
}
LIBRARIES = ("torch", "torchvision", "numpy", "tensorflow", "keras", "jax", "flax",
    "einops", "timm", "functools", "typing", "math", "collections", "dataclasses", "lightning",
    "pytorch_lightning", "transformers",
)  # fmt: skip
#: what is said of an import of theirs
NO_IMPORT = "delete this line: operators such as `conv2d` are there without an import"
#: methods of a module
_METHODS = {
    "forward": "delete this line: the lines of `forward` are those of the model's body, and its arguments "
    "are `input` lines: `input x: [N, 3, H, W]`",
    "__init__": "delete this line: parameters stand in the first line, `model Net(classes: int = 10):`, and "
    "a layer where it is used: `x = x -> conv1: conv2d(64, 3)`",
}  # fmt: skip
_METHODS |= dict.fromkeys(("__call__", "call"), _METHODS["forward"])
_METHODS["setup"] = _METHODS["__init__"]
#: words that are statements of other languages also where a bracket follows: `print(x)`
_CALLED = set(STATEMENTS) - {
    "output", "outputs", "module", "network", "function", "func", "proc", "let", "var", "const",
}  # fmt: skip


def opens_foreign_body(tokens: Tokens, first: int) -> bool:
    """Does a statement open a body in which all is another language's? Then it is left unread."""
    if tokens.kinds[first] == NAME:
        return tokens.text(first) in BODIES
    return is_script(tokens, first)


def is_script(tokens: Tokens, first: int) -> bool:
    """Is it the loop of a training, or what a script does when it is run?"""
    line_end = tokens.kinds.index(NEWLINE, first)
    end = tokens.closing.get(line_end + 1)
    if end is None or tokens.text(first) not in ("for", "if"):
        return False
    text = tokens.source.text[tokens.starts[first] : tokens.starts[end]]
    return any(sign in text for sign in (".backward(", ".zero_grad(", "__name__"))


def goes_on(tokens: Tokens, first: int) -> bool:
    """Is this the `except` of a `try` that is told already?"""
    return tokens.kinds[first] == NAME and tokens.text(first) in FOLLOWERS


def foreign_statement(slip: Slip) -> Problem | None:
    if slip.opener != NAME or not slip.tokens.lines or slip.index == slip.first:
        return None
    word = slip.text(slip.first)
    after = slip.tokens.kinds[slip.first + 1]
    if word in STATEMENTS:
        plain = after in HARD | {NAME, STRING, NUMBER, NEWLINE, END} or slip.is_sign(after, ":")
        if plain or (word in _CALLED and slip.is_sign(after, "(", "{", "-")):
            return slip.problem(
                f"`{word}` is no word of this language", _help(slip, word), at=slip.first
            )
    if slip.index == slip.first + 1 and slip.kind in (NAME, STRING):
        close = nearest(word, OPENING_WORDS)
        if close is not None and close != word:
            return slip.problem(
                f"`{word}` is no word of this language", f"did you mean `{close}`?", at=slip.first
            )
    return None


def _help(slip: Slip, word: str) -> str:
    if word == "import" and slip.text(slip.first + 1) in LIBRARIES:
        return NO_IMPORT
    if word == "def" and slip.text(slip.first + 1) in _METHODS:
        return _METHODS[slip.text(slip.first + 1)]
    return STATEMENTS[word]


def decorator(slip: Slip) -> Problem | None:
    if slip.index == slip.first and slip.is_sign(slip.kind, "@"):
        return slip.problem("there are no decorators", "delete this line")
    return None


def nameless(slip: Slip) -> Problem | None:
    """`model:` or `input in: [N]`: the words that open a statement do so before a name."""
    tokens = slip.tokens
    word = slip.text(slip.first)
    if slip.opener != NAME or word not in OPENING_WORDS or not tokens.lines:
        return None
    after = tokens.kinds[slip.first + 1]
    alone = slip.is_sign(after, ":") and slip.kind == NEWLINE
    if not (after in HARD or after == NUMBER or alone or tokens.opens_body(slip.first, slip.index)):
        return None
    found = f", and `{slip.text(slip.first + 1)}` is none" if after in HARD | {NUMBER} else ""
    example = {
        "input": "input x: [N, C]",
        "param": "param gamma: [C] = ones",
        "buffer": "buffer mean: [C]",
        "layer": "layer encoder = linear(64)",
        "train": "train Net on Digits:",
        "extern": 'extern Scan(n: int) = "package.module:Class":',
        "fn": "fn half(n) = n // 2",
    }.get(word, f"{word} Name:")
    return slip.problem(f"`{word}` is followed by a name{found}", f"write `{example}`", slip.first)


def kindless(slip: Slip) -> Problem | None:
    """`Net(width: int):` with a body: is it a model or a block?"""
    tokens = slip.tokens
    if not tokens.opens_body(slip.first, slip.index) or slip.around():
        return None
    name = slip.text(slip.first)
    return slip.problem(
        f"`model` or `block` is missing before `{name}`",
        f"write `model {name}…:`; a part of one is a `block`",
        at=slip.first,
    )


def foreign_word(slip: Slip) -> Problem | None:
    if slip.is_sign(slip.before, "else") and slip.is_sign(slip.kind, "if"):
        return slip.problem("`else if` is one word here", "write `elif`", at=slip.index - 1)
    if slip.before == NAME and slip.text(slip.index - 1) == "lambda":
        return slip.problem(
            "there are no functions without a name",
            f"define one with `fn name(x) = …`{_named_function(slip)}",
            at=slip.index - 1,
        )
    if slip.kind == NAME and slip.before in VALUE_ENDS:
        word = slip.text(slip.index)
        if word in INFIX and not (word == "then" and not slip.expects(":")):
            helped = INFIX[word]
            if word == "is" and slip.text(slip.index + 1) == "not":
                helped = "write `!=`"
            return slip.problem(f"`{word}` is no word of this language", helped)
        if slip.before == NAME and slip.text(slip.index - 1) in ("await", "new"):
            word = slip.text(slip.index - 1)
            return slip.problem(
                f"`{word}` is no word of this language", "leave it out", at=slip.index - 1
            )
    return None


def _named_function(slip: Slip) -> str:
    """The definition of `act = lambda t: t * sigmoid(t)`, where that is the whole statement."""
    tokens = slip.tokens
    end = slip.index
    while tokens.kinds[end] not in (NEWLINE, END):
        end += 1
    alone = slip.is_sign(tokens.kinds[slip.first + 1], "=") and slip.index == slip.first + 3
    text = tokens.source.text[tokens.starts[slip.index] : tokens.ends[end - 1]]
    arguments, colon, value = text.partition(":")
    if not (alone and colon) or "\n" in text or len(text) > 80:
        return ""
    name = slip.text(slip.first)
    return f", outside of the model: `fn {name}({arguments}) = {value.strip()}`"


def prefixed_string(slip: Slip) -> Problem | None:
    """`f"conv{i}"`, `r"text"`."""
    if slip.kind != STRING or slip.before != NAME:
        return None
    tokens = slip.tokens
    letter = slip.text(slip.index - 1)
    if tokens.ends[slip.index - 1] != tokens.starts[slip.index] or letter.lower() not in (
        "f", "r", "b", "u", "fr", "rf", "br", "rb",
    ):  # fmt: skip
        return None
    help = "in a label, braces hold an expression as they are" if "f" in letter.lower() else ""
    if help and slip.is_sign(slip.opener, "assert"):
        help = "a message is a plain text: `nnspec check` shows the sizes beside it"
    return slip.problem(
        f"a string has no letter before it: remove the `{letter}`", help, at=slip.index - 1
    )
