"""The regular expressions of the lexer."""

from __future__ import annotations

import re

from nnspec.syntax.table import LITERALS, PATTERNS


def _token() -> str:
    """One token, or the white space and the comments between two; the group says which."""
    signs = sorted(set(LITERALS) - set("()[]"), key=len, reverse=True)
    return (
        r"[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)"  # 1: a word
        # a `//` before two words in a row, and `/*`, begin comments elsewhere
        r"|(//(?=[ \t]*[A-Za-z_']+[ \t]+(?!(?:if|else|for|in|and|or|not|at)\b)[A-Za-z_])|/\*"
        r"|&&|\|\||:=|(?:\*\*|//|[-+*/%@])=|===|!==|<>|=>|\|>)"  # 2: signs of other languages
        rf"|({PATTERNS['NUMBER']})"  # 3
        rf"|({'|'.join(map(re.escape, signs))})"  # 4: signs
        r"|([(\[])|([)\]])"  # 5, 6: brackets
        rf"|({PATTERNS['_NL']})"  # 7: line ends, with the blank lines and comment lines after them
        rf"|({PATTERNS['STRING']})"  # 8
        r"|(#[^\n]*)"  # 9
        r"|(\.?[0-9][A-Za-z0-9_]*)"  # 10: a number that runs into a word
        r"""|(\"{3}|'{3}|["'])"""  # 11: a string without an end
        r"|(\Z)|\r(?=\n)|((?s:.)))"  # 12: the end; 13: anything else
    )


TOKEN = re.compile(_token())
#: what must follow a word that is a keyword only in its own place
FOLLOWS = re.compile(PATTERNS["WORD_FOLLOWS"])
