"""Tensors joined: concat, stack."""

from __future__ import annotations

from functools import partial

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.tensors import TensorType, promote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Joining(Operator):
    """What concat and stack share."""

    family = "joining"
    tensors = (Tensor("tensors", many=True),)

    def together(self, use: Use, dim: int | None) -> str:
        """Hold the shapes against the first one, but for `dim`; the dtype of the result."""
        first, dtype = use.x, use.x.dtype
        for number, other in enumerate(use.inputs[1:], 2):
            assert other is not None
            if other.rank != first.rank:
                use.fail(
                    f"`{self.name}` joins tensors of the same number of dimensions: "
                    f"the first is {first}, number {number} is {other}",
                    code="NN303",
                )
            for axis, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)):
                if axis != dim and a != b:
                    message = partial(self._differing, first, other, axis)
                    use.equal(a, b, message, code="NN301")
            dtype = promote(dtype, other.dtype)
        return dtype

    def _differing(self, first: TensorType, other: TensorType, axis: int) -> str:
        sizes = f"{render(first.shape[axis])} and {render(other.shape[axis])}"
        return f"`{self.name}` of {first} and {other}: dimension {axis} is {sizes}"


class Concat(Joining):
    """Tensors one after the other along `dim`: the sizes there add up, the others agree."""

    name = "concat"
    settings = (Setting("dim", "int", 0, doc="the dimension along which they are joined"),)
    accepts = ("([2, 3], [2, 4]) -> concat(dim=1)",)
    rejects = ("([2, 3], [3, 4]) -> concat(dim=1)", "([2, 3], [2]) -> concat")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank == 0:
            use.fail(
                f"`concat` joins tensors along a dimension, and {use.x} has none",
                code="NN303",
                help="`stack` makes one",
            )
        dim = use.dim("dim", use.x.rank)
        dtype = self.together(use, dim)
        joined: Size = 0
        for tensor in use.inputs:
            assert tensor is not None
            joined = joined + tensor.shape[dim]
        shape = list(use.x.shape)
        shape[dim] = joined
        return (TensorType(dtype, tuple(shape)),)

    def function(self, use: Use) -> CallCode:
        tensors = [Ref(number) for number in range(len(use.inputs))]
        return CallCode("torch.cat", (tensors,), {"dim": use["dim"]} if use["dim"] else {})

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        dim = use["dim"] % use.x.rank
        sizes = " + ".join(render(t.shape[dim]) for t in use.inputs if t is not None)
        return [f"dimension {dim}: {sizes} = {render(outputs[0].shape[dim])}"]


class Stack(Joining):
    """Tensors of one shape along a new dimension."""

    name = "stack"
    autocast = "low"
    settings = (Setting("dim", "int", 0, doc="where the new dimension goes"),)
    accepts = ("([2, 3], [2, 3]) -> stack(dim=1)",)
    rejects = ("([2, 3], [2, 4]) -> stack",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank + 1)
        dtype = self.together(use, None)
        shape = (*use.x.shape[:dim], len(use.inputs), *use.x.shape[dim:])
        return (TensorType(dtype, shape),)

    def function(self, use: Use) -> CallCode:
        tensors = [Ref(number) for number in range(len(use.inputs))]
        return CallCode("torch.stack", (tensors,), {"dim": use["dim"]} if use["dim"] else {})
