"""`key=value` words of the command line: `epochs=3 optimizer.lr=1e-2 model.classes=100`.

Values are the language's literals; a word that is none of them is a string without quotes. `parse`
reads the words and refuses a name that the caller does not know; `parse_sizes` reads
`H=224,W=224`.
"""

from __future__ import annotations

import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

    #: what a literal can be: a number, a string, true, false, none, a list or keyed list (a dict)
    Literal = Any

#: an integer of more digits is refused (Python itself takes ever longer to read one)
MOST_DIGITS = 18

# patterns, which `re` compiles when they are first used: a check without settings has no use for them
_TOKEN = r"""(?x)\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>[\[\],:])
      | (?P<word>[^\s\[\],:"']+)
    )"""
_INTEGER = r"[+-]?\d+(?:_\d+)*"
_FLOAT = r"[+-]?(?:\d+(?:_\d+)*)?\.?\d+(?:_\d+)*\.?(?:[eE][+-]?\d+)?"
_KEY = r"[A-Za-z_]\w*(?:\.\w+)*"
_CONSTANTS = {
    "true": True,
    "false": False,
    "none": None,
    "True": True,
    "False": False,
    "None": None,
}
_ESCAPES = {"n": "\n", "t": "\t"}


class BadSetting(ValueError):
    """A word that cannot be taken; its text is fit to be shown."""


def parse(words: Iterable[str], known: Iterable[str] | None = None) -> dict[str, Any]:
    """`["epochs=3", "optimizer.lr=1e-2"]` -> `{"epochs": 3, "optimizer.lr": 0.01}`.

    `known` are the names that are settings here, dotted; None takes any name.
    """
    names = None if known is None else sorted(known)
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        key = key.strip()
        if not equals:
            raise BadSetting(f"`{word}` is no setting: write it as name=value")
        if not re.fullmatch(_KEY, key):
            raise BadSetting(f"`{key}` is no name of a setting (in `{word}`)")
        if names is not None and key not in names:
            raise BadSetting(_unknown(key, names))
        if key in found:
            raise BadSetting(f"`{key}` is given twice")
        found[key] = parse_value(text, word)
    return found


def _unknown(key: str, names: Sequence[str]) -> str:
    from nnspec.diagnostics import nearest

    close = nearest(key, names)
    if close is None:  # `lr` for `optimizer.lr`
        close = next((name for name in names if name.rpartition(".")[2] == key), None)
    if close is not None:
        return f"there is no setting `{key}`; did you mean `{close}`?"
    return f"there is no setting `{key}`; there are: {', '.join(names)}"


def parse_sizes(text: str) -> dict[str, int]:
    """`H=224,W=224` -> `{"H": 224, "W": 224}`."""
    found: dict[str, int] = {}
    for word in text.replace(",", " ").split():
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier() or not re.fullmatch(_INTEGER, value):
            raise BadSetting(f"`{word}` is no size: write sizes as H=224,W=224")
        if name in found:
            raise BadSetting(f"`{name}` is given twice")
        size = _integer(value)
        if size < 1:
            raise BadSetting(f"a size is at least 1: `{word}`")
        found[name] = size
    return found


def parse_value(text: str, whole: str = "") -> Any:
    """One literal; what is none is a string as it stands."""
    tokens = _tokens(text)
    if not tokens or (tokens[0][1] != "[" and len(tokens) != 1):
        return text.strip()
    reader = _Reader(tokens, whole or text)
    value = reader.value()
    if reader.at < len(tokens):
        reader.fail()
    return value


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Kind and text of each token, or None where the text is not made of them."""
    text = text.strip()
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = re.compile(_TOKEN).match(text, at)
        if match is None:
            return None
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        at = match.end()
    return found


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise BadSetting(f"the number {text[:12]}… has {len(text)} digits, more than {MOST_DIGITS}")
    return int(text)


class _Reader:
    """Reads a literal off the tokens."""

    __slots__ = ("at", "depth", "tokens", "whole")

    def __init__(self, tokens: list[tuple[str, str]], whole: str) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.whole = whole

    def fail(self) -> NoReturn:
        raise BadSetting(f"cannot read the value in `{self.whole}`")

    def take(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False

    def value(self) -> Any:
        if self.at >= len(self.tokens):
            self.fail()
        if self.take("["):
            return self.items()
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "sign":
            self.fail()
        return _string(text) if kind == "string" else _word(text)

    def items(self) -> Any:
        self.depth += 1
        if self.depth > 20:
            raise BadSetting("the lists lie too deep in each other")
        plain: list[Any] = []
        keyed: dict[str, Any] = {}
        while not self.take("]"):
            value = self.value()
            if self.take(":"):
                if not isinstance(value, str):
                    self.fail()
                keyed[value] = self.value()
            else:
                plain.append(value)
            if not self.take(",") and (
                self.at >= len(self.tokens) or self.tokens[self.at][1] != "]"
            ):
                self.fail()
        if plain and keyed:
            self.fail()
        self.depth -= 1
        return keyed or plain


def _word(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if re.fullmatch(_INTEGER, text):
        return _integer(text)
    if re.fullmatch(_FLOAT, text) and math.isfinite(float(text)):
        return float(text)
    return text


def _string(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
