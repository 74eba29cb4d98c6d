"""Lines of a constructor that compute from numbers what a `param` or `buffer` begins as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.forward import Forward
from nnspec.compiler.layout import Call, Expr
from nnspec.compiler.run_time import RunTimeNames
from nnspec.graph import OpNode

if TYPE_CHECKING:
    from nnspec.compiler.modules import ConstructorNames
    from nnspec.dims import Size
    from nnspec.graph import Computed


class MakingNames(RunTimeNames):
    """In `__init__` a name is an argument, and there is no tensor yet whose device counts."""

    def __init__(self, names: ConstructorNames) -> None:
        super().__init__([*names.words.values(), *names.named.kept.values()])
        self.arguments = names

    def symbol(self, name: str) -> str:
        return self.arguments.symbol(name)

    def size(self, size: Size) -> Size | str:
        return self.arguments.size(size)

    def number(self, name: str) -> float | None:
        return self.arguments.number(name)

    @property
    def device(self) -> str:
        return ""


def parts(
    made: Computed, plan: ClassPlan, names: ConstructorNames, indent: int
) -> tuple[list[str], Expr]:
    """The lines that compute it, so far to the right, and the tensor."""
    own = ClassPlan("", "beginning", made.graph(), plan.values)
    own.fixed, own.arguments = plan.fixed, plan.arguments
    forward = Forward(own, None)
    forward.names = MakingNames(names)
    forward.live = dict.fromkeys(names.words.values(), 0)
    lines, tensor = forward.parts(indent=indent)
    if any(isinstance(node, OpNode) and node.operator.name == "expand" for node in made.nodes):
        # its values would lie in one place, and could not be loaded
        tensor = Call(".contiguous", receiver=tensor, depth=tensor.depth + 1)
    return lines, tensor
