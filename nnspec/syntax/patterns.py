"""The regular expressions of the lexer, compiled ahead of time.

Compiling them costs a tenth of what a whole check may take, and importing `re` a tenth more. So
`generate.py` writes down, in `compiled.py`, what `re` makes of them, as it does with the grammar. Python
keeps no promise about that form from one version to the next, but numbers it: under another number than the
one written down, `re` compiles them here.
"""

from __future__ import annotations

from nnspec.syntax.table import LITERALS, PATTERNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern


def token() -> str:
    """One token, or the white space and the comments between two; the group says which."""
    signs = sorted(set(LITERALS) - set("()[]"), key=len, reverse=True)
    return (
        r"[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)"  # 1: a word
        # a `//` before two words in a row, and `/*`, begin comments elsewhere
        r"|(//(?=[ \t]*[A-Za-z_']+[ \t]+(?!(?:if|else|for|in|and|or|not|at)\b)[A-Za-z_])|/\*"
        r"|&&|\|\||:=|(?:\*\*|//|[-+*/%@])=|===|!==|<>|=>|\|>)"  # 2: signs of other languages
        rf"|({PATTERNS['NUMBER']})"  # 3
        rf"|({'|'.join(map(_escaped, signs))})"  # 4: signs
        r"|([(\[])|([)\]])"  # 5, 6: brackets
        rf"|({PATTERNS['_NL']})"  # 7: line ends, with the blank lines and comment lines after them
        rf"|({PATTERNS['STRING']})"  # 8
        r"|(#[^\n]*)"  # 9
        r"|(\.?[0-9][A-Za-z0-9_]*)"  # 10: a number that runs into a word
        r"""|(\"{3}|'{3}|["'])"""  # 11: a string without an end
        r"|(\Z)|\r(?=\n)|((?s:.)))"  # 12: the end; 13: anything else
    )


def _escaped(sign: str) -> str:
    return "".join(f"\\{character}" for character in sign)


def follows() -> str:
    """What must follow a word that is a keyword only in its own place."""
    return PATTERNS["WORD_FOLLOWS"]


TEXTS = {"TOKEN": token, "FOLLOWS": follows}


def ready(name: str) -> Pattern[str]:
    """The pattern of this name."""
    from nnspec.syntax.compiled import CODES, MAGIC

    try:
        import _sre  # type: ignore[import-not-found]  # a part of CPython
    except ImportError:
        _sre = None
    if getattr(_sre, "MAGIC", None) != MAGIC:
        import re

        return re.compile(TEXTS[name]())
    flags, groups, code = CODES[name]
    made: Pattern[str] = _sre.compile(
        TEXTS[name](), flags, list(code), groups, {}, (None,) * (groups + 1)
    )
    return made
