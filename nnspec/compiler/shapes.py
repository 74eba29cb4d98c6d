"""The shapes that a class's docstring shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.formals import at
from nnspec.graph import Graph

if TYPE_CHECKING:
    from nnspec.compiler.classes import ClassPlan


def shapes(graph: Graph, plan: ClassPlan) -> str:
    """`image: [N, 3, H, W] -> logits: [N, 10]`, for the docstring."""
    words = {a.symbol: a.name for a in plan.arguments if not a.parameter}

    def shown(name: str, kind: Any) -> str:
        sizes = [at(size, plan.fixed) for size in kind.shape]
        renamed = [_renamed(size, words) for size in sizes]
        dtype = "" if kind.dtype == "f32" else kind.dtype
        return f"{name}: {dtype}[{', '.join(renamed)}]"

    inputs = ", ".join(shown(value.name or "x", value.type) for value in graph.inputs)
    outputs = ", ".join(shown(name, value.type) for name, value in graph.outputs)
    return f"{inputs} -> {outputs}"


def _renamed(size: Any, words: dict[str, str]) -> str:
    class Shown(code.Names):
        def symbol(self, name: str) -> str:
            return words.get(name, name)

    return code.size(size, Shown()).flat
