"""The limit on how deep expressions may nest, so that whoever walks the tree may do it recursively.

`a + a + a + …` nests as deep as it is long; so do `x.a.a.a`, `f()()()`, `- - - x`, `2 ** 2 ** 2`.
Only a file with a long statement can hold such a chain, and only then is this asked.
"""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.syntax.tree import Expr, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    TreeT = TypeVar("TreeT", bound=Tree)


def limited(parts: tuple[TreeT, ...], limit: int, problems: list[Problem]) -> tuple[TreeT, ...]:
    """The parts that stay within the limit; a problem for each of the others."""
    kept = []
    for part in parts:
        deep = too_deep(part, limit)
        if deep is None:
            kept.append(part)
        else:
            problems.append(
                Problem(
                    "NN107",
                    f"this expression nests more than {limit} levels deep",
                    deep.span,
                    help="give inner parts names of their own",
                )
            )
    return tuple(kept)


def too_deep(root: Tree, limit: int) -> Expr | None:
    """The outermost expression that nests deeper than the limit."""
    work: list[tuple[object, int, Expr | None]] = [(root, 0, None)]
    while work:
        node, level, outermost = work.pop()
        if isinstance(node, Tree):
            if isinstance(node, Expr):
                level += 1
                outermost = outermost or node
                if level > limit:
                    return outermost
            for field in node._fields:
                work.append((getattr(node, field), level, outermost))
        elif isinstance(node, tuple):
            work.extend((item, level, outermost) for item in node)
    return None
