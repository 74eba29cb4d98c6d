"""Dimensions moved and parts looked at: movedim, rot90, narrow, diagonal, view, broadcast_to."""

from __future__ import annotations

from nnspec.dims import compare, minimum, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import places
from nnspec.operators.repeating import Expand
from nnspec.operators.shape import Reshape
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.operators.definition import Use


class Movedim(Operator):
    """Dimensions moved to other places, the others keep their order: [N, H, W, C] -> movedim(-1, 1)
    -> [N, C, H, W]."""

    name = "movedim"
    family = "shape"
    is_view = True
    settings = (
        Setting("source", "int|list", doc="the dimensions that are moved"),
        Setting("destination", "int|list", doc="where each of them goes"),
    )
    accepts = ("[2, 3, 4] -> movedim(-1, 1)", "[2, 3, 4] -> movedim([0, 1], [2, 0])")
    rejects = ("[2, 3, 4] -> movedim(0, 3)", "[2, 3, 4] -> movedim([0, 1], [2, 2])")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (use.x.with_shape([use.x.shape[dim] for dim in self.order(use)]),)

    def order(self, use: Use) -> list[int]:
        """For each place the dimension that goes there."""
        sources, targets = places(use, "source"), places(use, "destination")
        alike = isinstance(use["source"], tuple) == isinstance(use["destination"], tuple)
        if len(sources) != len(targets) or not alike:
            use.fail(
                f"source and destination are two numbers, or two lists of one length, not "
                f"{use.shown('source')} and {use.shown('destination')}",
                code="NN206",
                argument="destination",
            )
        if not use.x.rank:
            return []
        moved = dict(zip(targets, sources, strict=True))
        others = iter(dim for dim in range(use.x.rank) if dim not in sources)
        return [moved[place] if place in moved else next(others) for place in range(use.x.rank)]

    def function(self, use: Use) -> CallCode:
        return CallCode(".movedim", (Ref(0), use["source"], use["destination"]))


class Rot90(Operator):
    """Turned by k * 90 degrees in the plane of two dimensions, from the first towards the second."""

    name = "rot90"
    family = "shape"
    settings = (
        Setting("k", "int", 1, doc="how often; negative: the other way round"),
        Setting("dims", "list", (0, 1), doc="the two dimensions"),
    )
    accepts = ("[2, 3] -> rot90", "[2, 3, 4] -> rot90(2, [1, 2])", "[2, 3, 4] -> rot90(-1, [0, 2])")
    rejects = ("[2, 3] -> rot90(1, [0, 2])", "[2] -> rot90")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if len(use["dims"]) != 2:
            use.fail(
                f"`rot90` turns the plane of two dimensions, not of {len(use['dims'])}",
                code="NN206",
                argument="dims",
            )
        first, second = places(use, "dims")
        shape = list(use.x.shape)
        if use["k"] % 2:
            shape[first], shape[second] = shape[second], shape[first]
        return (use.x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        return CallCode("torch.rot90", (Ref(0), use["k"], tuple(use["dims"])))


class Narrow(Operator):
    """`length` values of a dimension, from `start` on: x[:, start : start + length]."""

    name = "narrow"
    family = "shape"
    is_view = True
    settings = (
        Setting("dim", "int", doc="along which dimension"),
        Setting("start", "size", doc="the first that is kept; negative: counted from the end"),
        Setting("length", "size", doc="how many are kept"),
    )
    accepts = ("[2, 5] -> narrow(1, 1, 3)", "[4, 5] -> narrow(0, -2, 2)")
    rejects = (
        "[2, 5] -> narrow(1, 3, 3)",
        "[2, 5] -> narrow(2, 0, 1)",
        "[2, 5] -> narrow(1, -6, 1)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dim = use.dim("dim", use.x.rank)
        size, start, length = use.x.shape[dim], use["start"], use["length"]
        use.at_least(
            length,
            1,
            lambda: f"length must be at least 1, not {render(length)}",
            code="NN206",
            argument="length",
        )
        reached = f"dimension {dim}, whose size is {render(size)}"
        if compare("<", start, 0):
            use.at_least(
                size,
                -start,
                lambda: f"start {render(start)} lies before {reached}",
                argument="start",
            )
            start = size + start
        else:
            use.at_least(
                start, 0, lambda: f"start {render(start)} lies before {reached}", argument="start"
            )
        end = start + length
        use.at_least(
            size,
            end,
            lambda: f"{render(length)} values from {render(start)} on reach over {reached}",
            argument="length",
        )
        return (use.x.with_shape((*use.x.shape[:dim], length, *use.x.shape[dim + 1 :])),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".narrow", (Ref(0), use["dim"], use["start"], use["length"]))


class Diagonal(Operator):
    """The diagonals of the planes of two dimensions, as the last dimension: [n, n] -> [n]."""

    name = "diagonal"
    family = "shape"
    is_view = True
    settings = (
        Setting("offset", "int", 0, doc="which; 0 is the main one, 1 the next above it"),
        Setting("dim1", "int", 0, doc="the rows"),
        Setting("dim2", "int", 1, doc="the columns"),
    )
    accepts = ("[3, 4] -> diagonal", "[2, 4, 4] -> diagonal(1, -2, -1)", "[3, 4] -> diagonal(-2)")
    rejects = ("[3] -> diagonal", "[3, 4] -> diagonal(0, 1, 1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        rank = use.x.rank
        first, second = use.dim("dim1", rank), use.dim("dim2", rank)
        if first == second:
            use.fail(
                f"a plane has two dimensions: dim1 and dim2 are both {first}",
                code="NN303",
                argument="dim2",
            )
        offset, shape = use["offset"], use.x.shape
        rows, columns = shape[first] + min(offset, 0), shape[second] - max(offset, 0)
        message = f"diagonal {offset} of {use.x} lies outside of it"
        use.at_least(rows, 1, message, argument="offset")
        use.at_least(columns, 1, message, argument="offset")
        rest = [size for dim, size in enumerate(shape) if dim not in (first, second)]
        return (use.x.with_shape([*rest, minimum(rows, columns)]),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".diagonal", (Ref(0),), use.changed())


class View(Reshape):
    """`reshape`, under the name that it has where PyTorch need not copy."""

    name = "view"
    accepts = ("[2, 12] -> view(2, 3, -1)",)
    rejects = ("[2, 12] -> view(5, -1)", "[2, 12] -> view(-1, -1)")


class BroadcastTo(Expand):
    """Sizes of 1 stretched, and new dimensions in front, to a whole shape."""

    name = "broadcast_to"
    accepts = ("[1, 3] -> broadcast_to([4, 3])", "[3] -> broadcast_to(2, 3)")
    rejects = ("[2, 3] -> broadcast_to([4, 3])", "[2, 3] -> broadcast_to([3])")
