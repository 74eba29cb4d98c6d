"""What operators say of their code (`ModuleCode`, `CallCode`, ...) as text of the generated source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from nnspec.compiler.layout import Bracket, Piece, flat
from nnspec.dims import Dim, render
from nnspec.operators.definition import CallCode, IndexCode, InfixCode, ModuleCode, Ref

#: renders a size: the names in it are those of the place where the code stands
Sizes = Callable[[Dim], str]


def source(size: Dim) -> str:
    """A size as source code has it: `4 * C`, where the report has `4*C`."""
    return _TIMES.sub(" * ", render(size))


_TIMES = re.compile(r"(?<=[\w)])\*(?=[\w(])")


def literal(value: Any, sizes: Sizes = source) -> str:
    """A number, size, string, truth value, None, or a tuple or list of them."""
    if isinstance(value, Dim):
        return sizes(value)
    if isinstance(value, tuple):
        inside = ", ".join(literal(item, sizes) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item, sizes) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def module_piece(code: ModuleCode, sizes: Sizes = source) -> Piece:
    """`nn.Conv2d(3, 64, 7, stride=2)`."""
    items: list[Piece] = [literal(argument, sizes) for argument in code.args]
    items += [f"{name}={literal(value, sizes)}" for name, value in code.kwargs.items()]
    return Bracket(f"{code.constructor}(", items)


#: how tightly Python's operators bind; what binds less tightly gets parentheses
_TIGHT = {"**": 6, "@": 5, "*": 5, "/": 5, "//": 5, "%": 5, "+": 4, "-": 4}
_SIMPLE = re.compile(r"-?[\w.]+")
ATOM = 9
COMPARISON = 1


class Text:
    """An expression of the forward pass: how tightly it binds, and how many calls lie in each other."""

    __slots__ = ("depth", "piece", "tight")

    def __init__(self, piece: Piece, tight: int = ATOM, depth: int = 0) -> None:
        self.piece = piece
        self.tight = tight
        self.depth = depth

    def inside(self, least: int) -> str:
        """The text, in parentheses where it binds less tightly than `least`."""
        text = flat(self.piece)
        return text if self.tight >= least else f"({text})"


def expression(
    code: CallCode | InfixCode | IndexCode, tensors: Sequence[Text], sizes: Sizes = source
) -> Text:
    """The code with its tensors put in."""
    if isinstance(code, InfixCode):
        tight = _TIGHT.get(code.op, COMPARISON)

        def side(value: Any, right: bool) -> str:
            stricter = right if code.op != "**" else not right
            if isinstance(value, Ref):
                return tensors[value.index].inside(tight + stricter)
            text = literal(value, sizes)
            return (
                f"({text})" if (isinstance(value, Dim) and " " in text) or text[0] == "-" else text
            )

        left, right = side(code.left, False), side(code.right, True)
        # a formatter joins simple operands of a power: x**2
        space = (
            "" if code.op == "**" and _SIMPLE.fullmatch(left) and _SIMPLE.fullmatch(right) else " "
        )
        depth = max((t.depth for t in tensors), default=0)
        return Text(f"{left}{space}{code.op}{space}{right}", tight, depth)
    if isinstance(code, IndexCode):
        inside = ", ".join(_index_item(item, sizes) for item in code.items)
        return Text(f"{tensors[0].inside(ATOM)}[{inside}]", ATOM, tensors[0].depth)
    arguments = list(code.args)
    head = f"{code.function}("
    if code.function.startswith("."):
        head = f"{tensors[arguments.pop(0).index].inside(ATOM)}{head}"
    items = [_argument(value, tensors, sizes) for value in arguments]
    items += [_named(name, value, tensors, sizes) for name, value in code.kwargs.items()]
    return Text(Bracket(head, items), ATOM, 1 + max((t.depth for t in tensors), default=0))


def _argument(value: Any, tensors: Sequence[Text], sizes: Sizes) -> Piece:
    if isinstance(value, Ref):
        return tensors[value.index].piece
    if isinstance(value, list) and any(isinstance(item, Ref) for item in value):
        return Bracket("[", [_argument(item, tensors, sizes) for item in value], "]")
    return literal(value, sizes)


def _named(name: str, value: Any, tensors: Sequence[Text], sizes: Sizes) -> Piece:
    piece = _argument(value, tensors, sizes)
    if isinstance(piece, Bracket):
        return Bracket(f"{name}={piece.head}", piece.items, piece.closed, piece.comma)
    return f"{name}={piece}"


def _index_item(item: Any, sizes: Sizes) -> str:
    if item is ...:
        return "..."
    if not isinstance(item, slice):
        return literal(item, sizes)
    parts = ["" if end is None else literal(end, sizes) for end in (item.start, item.stop)]
    wide = any(" " in part for part in parts)
    text = (" : " if wide else ":").join(parts).strip()
    return text if item.step is None else f"{text}:{literal(item.step, sizes)}"
