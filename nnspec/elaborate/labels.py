"""Labels, and the paths that layers get in the state dict."""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import LabelName
from nnspec.syntax.fields import fields
from nnspec.syntax.tree import String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nnspec.source import Span
    from nnspec.syntax.tree import Expr, LabelPath


def evaluate_label(label: LabelPath, evaluate: Callable[[Expr], Any]) -> LabelName:
    """`layers[i]` -> ("layers", "0"); `"layer{i + 1}"` -> ("layer1",)."""
    path: list[str] = []
    for part in label.parts:
        if isinstance(part, str):
            path.append(part)
            continue
        if isinstance(part, String):
            path.extend(_interpolate(part, evaluate).split("."))
        else:
            index = evaluate(part)
            if not isinstance(index, (int, str)) or isinstance(index, bool):
                fail("NN202", "an index in a label is an integer or a string", part.span)
            path.append(str(index))
    for name in path:
        if name.isalnum():  # as most are
            continue
        if not name or not all(c.isalnum() or c in "_-" for c in name):
            fail(
                "NN202",
                f'"{name}" cannot be part of a label',
                label.span,
                help="letters, digits, `_` and `-`, joined by dots",
            )
    return LabelName(tuple(path), label.span)


def _interpolate(string: String, evaluate: Callable[[Expr], Any]) -> str:
    """The text of a string with each `{expression}` in it replaced by its value."""
    pieces, problems = fields(string)
    if problems:
        raise Failure(problems[0])
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        value = evaluate(piece)
        if not isinstance(value, (int, str)):
            fail("NN202", "a field of a label is an integer or a string", piece.span)
        text += str(value)
    return text


class Paths:
    """The names taken in one body or composed layer."""

    __slots__ = ("containers", "counts", "taken")

    def __init__(self) -> None:
        self.taken: dict[tuple[str, ...], Span] = {}
        self.containers: dict[tuple[str, ...], Span] = {}
        self.counts: dict[str, int] = {}

    def take(self, path: tuple[str, ...], span: Span) -> None:
        """Reserve a path; NN201 if it is another layer's, lies inside one, or holds some."""
        other = self.taken.get(path) or self.containers.get(path)
        for end in range(1, len(path)):
            other = other or self.taken.get(path[:end])
        if other is not None:
            fail(
                "NN201",
                f"two layers are named `{'.'.join(path)}`",
                span,
                label="the second",
                labels=(Label(other, "the first"),),
                help=f"number them, `{path[-1]}[0]` and `{path[-1]}[1]`; "
                "to use the same weights twice declare it once: "
                f"`layer {path[-1]} = …`",
            )
        self.taken[path] = span
        for end in range(1, len(path)):
            self.containers.setdefault(path[:end], span)

    def count(self, name: str, copies: int = 1) -> int:
        """The number of the next unlabelled layer of this name, from 1; `copies` are reserved."""
        number = self.counts.get(name, 0) + 1
        self.counts[name] = number + copies - 1
        return number

    def release(self, path: tuple[str, ...]) -> None:
        """Give a path back: the next use of a declared layer takes it again."""
        self.taken.pop(path, None)
