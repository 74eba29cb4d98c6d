"""The padding layers that repeat the input: reflection_pad, replication_pad and circular_pad, in one, two
and three dimensions. (`pad` is the function of them all.)"""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.conv import AXES
from nnspec.operators.definition import REQUIRED, CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class PadLayer(Operator):
    """What they share: `padding` is one number for all sides, or [left, right, top, bottom, …] from
    the last dimension on. Negative numbers cut off."""

    family = "padding"
    fresh = True
    rank: ClassVar[int]
    torch_name: ClassVar[str]
    mode: ClassVar[str]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        self.check(use)
        shape = list(use.x.shape)
        for axis in range(self.rank):
            dim = use.x.rank - 1 - axis
            name = AXES[self.rank][self.rank - 1 - axis]
            before, after = self.amounts(use)[2 * axis : 2 * axis + 2]
            for amount in (before, after):
                self.enough(use, name, shape[dim], amount)
            shape[dim] = use.positive_output(shape[dim] + before + after, name, argument="padding")
        return (use.x.with_shape(shape),)

    def check(self, use: Use) -> None:
        """Dimensions and dtype that the mode takes."""
        use.rank(self.rank + 2, meaning=f"[batch, channels, {', '.join(AXES[self.rank])}]")
        if not is_float(use.x.dtype):
            use.fail(f"`{self.name}` works on floating-point tensors, not {use.x}", code="NN304")

    def amounts(self, use: Use) -> tuple[Size, ...]:
        """Two for each axis, the last axis first."""
        return use.tuple("padding", 2 * self.rank)

    def enough(self, use: Use, name: str, size: Size, amount: Size) -> None:
        """What the mode needs of the size to add that much."""

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode(f"nn.{self.torch_name}", (use["padding"],))

    def function(self, use: Use) -> CallCode:
        return CallCode("F.pad", (Ref(0), self.amounts(use)), {"mode": self.mode})

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        amounts = self.amounts(use)
        lines = []
        for axis, name in enumerate(AXES[self.rank]):
            before, after = amounts[2 * (self.rank - 1 - axis) :][:2]
            dim = axis - self.rank
            lines.append(
                f"{name}: {render(before)} + {render(use.x.shape[dim])} + {render(after)} = "
                f"{render(outputs[0].shape[dim])}"
            )
        return lines


class Reflection(PadLayer):
    """The values next to the edge, mirrored; the edge itself is not repeated."""

    saves = ("inputs",)

    mode = "reflect"

    def enough(self, use: Use, name: str, size: Size, amount: Size) -> None:
        most = size - 1
        use.at_least(
            most,
            amount,
            f"reflection can add at most {render(most)} to {name} {render(size)}, not "
            f"{render(amount)}",
            argument="padding",
        )


class Replication(PadLayer):
    """The value at the edge again and again."""

    saves = ("inputs",)

    mode = "replicate"


class Circular(PadLayer):
    """The values of the other end, as if it were a ring."""

    mode = "circular"

    def enough(self, use: Use, name: str, size: Size, amount: Size) -> None:
        use.at_least(
            size,
            amount,
            f"circular padding can add at most {render(size)} to {name} {render(size)}, not "
            f"{render(amount)}",
            argument="padding",
        )


def sides(rank: int) -> tuple[Setting, ...]:
    names = ("left", "right", "top", "bottom", "front", "back")[: 2 * rank]
    doc = f"one number for all sides, or [{', '.join(names)}]"
    return (Setting("padding", "size", REQUIRED, 2 * rank, doc=doc),)


class ReflectionPad1d(Reflection):
    """Mirrored values added at the edges of sequences: [N, C, L]."""

    name = "reflection_pad1d"
    rank, torch_name, settings = 1, "ReflectionPad1d", sides(1)
    accepts = ("[2, 3, 5] -> reflection_pad1d(1)", "[2, 3, 5] -> reflection_pad1d([1, 2])")
    rejects = ("[2, 3, 5] -> reflection_pad1d(6)",)


class ReflectionPad2d(Reflection):
    """Mirrored values added at the edges of images: [N, C, H, W]."""

    name = "reflection_pad2d"
    rank, torch_name, settings = 2, "ReflectionPad2d", sides(2)
    accepts = (
        "[2, 3, 5, 6] -> reflection_pad2d(1)",
        "[2, 3, 5, 6] -> reflection_pad2d([1, 2, 0, 1])",
    )
    rejects = ("[2, 3, 5, 6] -> reflection_pad2d(6)",)


class ReflectionPad3d(Reflection):
    """Mirrored values added at the edges of volumes: [N, C, D, H, W]."""

    name = "reflection_pad3d"
    rank, torch_name, settings = 3, "ReflectionPad3d", sides(3)
    accepts = (
        "[2, 3, 4, 5, 6] -> reflection_pad3d(1)",
        "[2, 3, 4, 5, 6] -> reflection_pad3d([1, 2, 0, 1, 1, 1])",
    )
    rejects = ("[2, 3, 4, 5, 6] -> reflection_pad3d(6)",)


class ReplicationPad1d(Replication):
    """The values at the edges repeated, for sequences: [N, C, L]."""

    name = "replication_pad1d"
    rank, torch_name, settings = 1, "ReplicationPad1d", sides(1)
    accepts = ("[2, 3, 5] -> replication_pad1d(1)", "[2, 3, 5] -> replication_pad1d([1, 2])")
    rejects = ("[2, 3, 5] -> replication_pad1d(-3)",)


class ReplicationPad2d(Replication):
    """The values at the edges repeated, for images: [N, C, H, W]."""

    name = "replication_pad2d"
    rank, torch_name, settings = 2, "ReplicationPad2d", sides(2)
    accepts = (
        "[2, 3, 5, 6] -> replication_pad2d(1)",
        "[2, 3, 5, 6] -> replication_pad2d([1, 2, 0, 1])",
    )
    rejects = ("i64[2, 3] -> replication_pad2d(1)",)


class ReplicationPad3d(Replication):
    """The values at the edges repeated, for volumes: [N, C, D, H, W]."""

    name = "replication_pad3d"
    rank, torch_name, settings = 3, "ReplicationPad3d", sides(3)
    accepts = (
        "[2, 3, 4, 5, 6] -> replication_pad3d(1)",
        "[2, 3, 4, 5, 6] -> replication_pad3d([1, 2, 0, 1, 1, 1])",
    )
    rejects = ("i64[2, 3] -> replication_pad3d(1)",)


class CircularPad1d(Circular):
    """The values of the other end added, for sequences: [N, C, L]."""

    name = "circular_pad1d"
    rank, torch_name, settings = 1, "CircularPad1d", sides(1)
    accepts = ("[2, 3, 5] -> circular_pad1d(1)", "[2, 3, 5] -> circular_pad1d([1, 2])")
    rejects = ("[2, 3, 5] -> circular_pad1d(7)",)


class CircularPad2d(Circular):
    """The values of the other end added, for images: [N, C, H, W]."""

    name = "circular_pad2d"
    rank, torch_name, settings = 2, "CircularPad2d", sides(2)
    accepts = ("[2, 3, 5, 6] -> circular_pad2d(1)", "[2, 3, 5, 6] -> circular_pad2d([1, 2, 0, 1])")
    rejects = ("[2, 3, 5, 6] -> circular_pad2d(7)",)


class CircularPad3d(Circular):
    """The values of the other end added, for volumes: [N, C, D, H, W]."""

    name = "circular_pad3d"
    rank, torch_name, settings = 3, "CircularPad3d", sides(3)
    accepts = (
        "[2, 3, 4, 5, 6] -> circular_pad3d(1)",
        "[2, 3, 4, 5, 6] -> circular_pad3d([1, 2, 0, 1, 1, 1])",
    )
    rejects = ("[2, 3, 4, 5, 6] -> circular_pad3d(7)",)
