"""Types for the inputs of a block as its patterns allow them, where no tensors say them."""

from __future__ import annotations

from nnspec.elaborate import patterns
from nnspec.elaborate.parameters import inputs_of
from nnspec.elaborate.scope import Scope
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nnspec.dims import Size
    from nnspec.elaborate.body import Body


class Inputs:
    """The types of a body's inputs, each asked for when its line is reached: the names that stand before it
    are bound then.

    `free` gives the size of a dimension that the pattern leaves open: of input `number` the dimension `dim`
    of `rank`, with its name in the pattern or "". `rest` is how many dimensions `...` covers, of an input
    with so many others, and `dtypes` those of inputs whose pattern does not say one.
    """

    def __init__(
        self,
        body: Body,
        definition: tree.BlockDef,
        free: Callable[[int, int, int, str], Size],
        rest: Callable[[int, int], int],
        dtypes: Sequence[str] = (),
    ) -> None:
        self.body = body
        count = len(inputs_of(definition)) + bool(patterns.list_input(definition))
        self.shapes = patterns.for_inputs(definition, count)
        self.free = free
        self.rest = rest
        self.dtypes = dtypes

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, number: int) -> TensorType:
        dtype, items = patterns.split(self.shapes[number])
        written = sum(not patterns.is_rest(item) for item in items)
        covered = self.rest(number, written) if written < len(items) else 0
        rank = written + covered
        sizes: list[Size] = []
        body = self.body
        outer, body.scope = body.scope, Scope(body.scope)  # the match binds the names for good
        try:
            for item in items:
                if patterns.is_rest(item):
                    for _ in range(covered):
                        sizes.append(self.free(number, len(sizes), rank, ""))
                elif isinstance(item, tree.Name) and item.id == "_":
                    sizes.append(self.free(number, len(sizes), rank, ""))
                else:
                    if isinstance(item, tree.Name) and body.scope.find(item.id) is None:
                        body.scope.bind(item.id, self.free(number, len(sizes), rank, item.id))
                    sizes.append(patterns.size(body, item))
        finally:
            body.scope = outer
        dtype = dtype or (self.dtypes[number] if self.dtypes else "f32")
        return TensorType(dtype, tuple(sizes))
