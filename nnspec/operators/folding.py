"""Windows as columns and back: unfold and fold; and unflatten: one dimension as several."""

from __future__ import annotations

from nnspec.dims import Dim, exact_div, product, render
from nnspec.operators.definition import REQUIRED, CallCode, ModuleCode, Operator, Ref, Setting
from nnspec.tensors import TensorType, is_float, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Use


class Windows(Operator):
    """What both share: sliding windows over an image."""

    family = "folding"

    def blocks(self, use: Use, sizes: tuple[Size, ...]) -> Size:
        """How many windows an image of these sizes has."""
        values = {}
        for name in ("kernel_size", "dilation", "padding", "stride"):
            values[name] = use.tuple(name, 2)
            least = 0 if name == "padding" else 1
            if any(value < least for value in values[name]):
                use.fail(
                    f"{name} must be at least {least}, not {use.shown(name)}",
                    code="NN206",
                    argument=name,
                )
        count: Size = 1
        for axis, name in enumerate(("height", "width")):
            kernel, dilation, padding, stride = (v[axis] for v in values.values())
            reach = dilation * (kernel - 1) + 1
            padded = sizes[axis] + 2 * padding
            use.at_least(
                padded,
                reach,
                f"a window that reaches over {reach} does not fit into {name} {render(padded)}",
                argument="kernel_size",
            )
            count = count * ((padded - reach) // stride + 1)
        return count

    def window(self, use: Use) -> int:
        high, wide = use.tuple("kernel_size", 2)
        return int(high * wide)

    def code(self, use: Use) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments and those by name, as PyTorch takes them."""
        plain = tuple(use[s.name] for s in self.settings if s.default is REQUIRED)
        return plain, use.changed(len(plain))


_WINDOW = (
    Setting("kernel_size", "int", REQUIRED, 2, doc="size of the window"),
    Setting("dilation", "int", 1, 2, doc="distance between the values of a window"),
    Setting("padding", "int", 0, 2, doc="zeros added on each side"),
    Setting("stride", "int", 1, 2, doc="step from one window to the next"),
)


class Unfold(Windows):
    """Each window of an image as a column: [N, C, H, W] -> [N, C * kernel * kernel, windows]."""

    name = "unfold"
    settings = _WINDOW
    accepts = ("[2, 3, 6, 7] -> unfold(3)", "[2, 3, 6, 7] -> unfold([2, 3], padding=1, stride=2)")
    rejects = ("[2, 3, 2, 7] -> unfold(3)", "[2, 3] -> unfold(1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(4, meaning="[batch, channels, height, width]")
        if not is_float(use.x.dtype) and use.x.dtype != "bool":
            use.fail(
                f"`unfold` works on floating-point and bool tensors, not {use.x}", code="NN304"
            )
        batch, channels, *sizes = use.x.shape
        count = self.blocks(use, tuple(sizes))
        return (use.x.with_shape((batch, channels * self.window(use), count)),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Unfold", *self.code(use))

    def function(self, use: Use) -> CallCode:
        plain, named = self.code(use)
        return CallCode("F.unfold", (Ref(0), *plain), named)


class Fold(Windows):
    """Columns summed into the image that they are windows of: [N, C * kernel * kernel, windows] ->
    [N, C, *output_size]."""

    name = "fold"
    settings = (Setting("output_size", "size", REQUIRED, 2, doc="size of the image"), *_WINDOW)
    accepts = ("[2, 27, 20] -> fold([6, 7], 3)", "[2, 12, 9] -> fold(6, 2, stride=2)")
    rejects = ("[2, 27, 20] -> fold([6, 8], 3)", "[2, 26, 20] -> fold([6, 7], 3)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        use.rank(3, meaning="[batch, channels * window, windows]")
        if not is_float(use.x.dtype) and use.x.dtype != "bool":
            use.fail(f"`fold` works on floating-point and bool tensors, not {use.x}", code="NN304")
        batch, rows, columns = use.x.shape
        sizes = use.tuple("output_size", 2)
        for size in sizes:
            why = f"output_size is at least 1, not {use.shown('output_size')}"
            use.at_least(size, 1, why, code="NN206", argument="output_size")
        count = self.blocks(use, sizes)
        window = self.window(use)
        use.divisible(
            rows,
            window,
            f"a window of {window} values must divide the {render(rows)} values of a column",
            argument="kernel_size",
        )
        use.equal(
            columns,
            count,
            f"an image of {show_shape(sizes)} has {render(count)} windows here, not {render(columns)}",
            code="NN301",
            argument="output_size",
        )
        return (use.x.with_shape((batch, rows // window, *sizes)),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Fold", *self.code(use))

    def function(self, use: Use) -> CallCode:
        plain, named = self.code(use)
        return CallCode("F.fold", (Ref(0), *plain), named)


class Unflatten(Operator):
    """A dimension becomes several: [N, 12] -> unflatten(1, [3, 4]) -> [N, 3, 4]; one of them may be
    -1 and follows from the others."""

    name = "unflatten"
    family = "shape"
    is_view = True
    settings = (
        Setting("dim", "int", doc="the dimension that is split"),
        Setting("unflattened_size", "list", doc="what it becomes"),
    )
    accepts = ("[2, 12] -> unflatten(1, [3, 4])", "[2, 12, 5] -> unflatten(-2, [2, -1, 3])")
    rejects = ("[2, 12] -> unflatten(1, [5, 4])", "[2, 12] -> unflatten(2, [3, 4])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        x, sizes = use.x, use["unflattened_size"]
        if not sizes or any(
            not isinstance(size, (int, Dim)) or isinstance(size, bool) for size in sizes
        ):
            use.fail(
                f"unflattened_size is a list of at least one size, not {use.shown('unflattened_size')}",
                code="NN205",
                argument="unflattened_size",
            )
        dim = use.dim("dim", x.rank)
        have = x.shape[dim]
        free = [at for at, size in enumerate(sizes) if size == -1]
        known = product([size for size in sizes if size != -1])
        for size in sizes:
            if size != -1:
                use.at_least(
                    size,
                    1,
                    f"a size must be at least 1, or -1, not {render(size)}",
                    code="NN206",
                    argument="unflattened_size",
                )
        message = f"{show_shape(sizes)} does not make {render(have)}, the size of dimension {dim}"
        if len(free) > 1:
            use.fail(
                f"only one size may be -1, not {len(free)}: {show_shape(sizes)}",
                code="NN206",
                argument="unflattened_size",
            )
        if free:
            use.divisible(have, known, message, argument="unflattened_size")
            whole = exact_div(have, known)
            rest = have // known if whole is None else whole
            sizes = (*sizes[: free[0]], rest, *sizes[free[0] + 1 :])
        else:
            use.equal(have, known, message, argument="unflattened_size")
        return (x.with_shape((*x.shape[:dim], *sizes, *x.shape[dim + 1 :])),)

    def module(self, use: Use) -> ModuleCode:
        return ModuleCode("nn.Unflatten", (use["dim"], tuple(use["unflattened_size"])))

    def function(self, use: Use) -> CallCode:
        return CallCode(".unflatten", (Ref(0), use["dim"], tuple(use["unflattened_size"])))
