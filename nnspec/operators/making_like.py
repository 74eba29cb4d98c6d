"""Tensors made after others: zeros_like, ones_like, full_like, rand_like, randn_like, one_hot, meshgrid."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import fits
from nnspec.operators.making_drawn import drawn
from nnspec.tensors import TensorType, torch_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

_DTYPE = Setting("dtype", "dtype|none", None, doc="the input's by default")


class Like(Operator):
    """What they share: the input's shape and device, and its dtype if no other is wanted."""

    family = "maker"
    tensors = (Tensor("input", doc="whose shape it has"),)
    settings: ClassVar[tuple[Setting, ...]] = (_DTYPE,)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType(use["dtype"] or use.x.dtype, use.x.shape),)

    def code(self, use: Use, *args: Any) -> CallCode:
        dtype = use["dtype"]
        kwargs = {} if dtype is None else {"dtype": f"torch.{torch_name(dtype)}"}
        return CallCode(f"torch.{self.name}", (Ref(0), *args), kwargs)

    def function(self, use: Use) -> CallCode:
        return self.code(use)


class ZerosLike(Like):
    """Zeros in the shape of a tensor."""

    name = "zeros_like"
    accepts = ("[2, 3] -> zeros_like", '[2, 3] -> zeros_like("i64")')


class OnesLike(Like):
    """Ones in the shape of a tensor."""

    name = "ones_like"
    accepts = ("[2, 3] -> ones_like", 'i64[2, 3] -> ones_like(dtype="f32")')


class FullLike(Like):
    """One number in the shape of a tensor."""

    name = "full_like"
    settings = (Setting("fill_value", "float|bool", doc="the number"), _DTYPE)
    accepts = ("[2, 3] -> full_like(0.5)", 'i64[2, 3] -> full_like(2, dtype="f32")')
    rejects = ("i8[2, 3] -> full_like(2048)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        (made,) = super().infer(use)
        fits(use, made.dtype, "fill_value", use["fill_value"])
        return (made,)

    def function(self, use: Use) -> CallCode:
        return self.code(use, use["fill_value"])


class RandLike(Like):
    """Numbers drawn evenly between 0 and 1, each time anew, in the shape of a tensor."""

    name = "rand_like"
    accepts = ("[2, 3] -> rand_like", 'i64[2, 3] -> rand_like(dtype="f32")')
    rejects = ("i64[2, 3] -> rand_like",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        drawn(use, use["dtype"] or use.x.dtype)
        return super().infer(use)


class RandnLike(RandLike):
    """Numbers drawn from the normal distribution, each time anew, in the shape of a tensor."""

    name = "randn_like"
    accepts = ("[2, 3] -> randn_like", 'i64[2, 3] -> randn_like(dtype="f64")')
    rejects = ("bool[2, 3] -> randn_like",)


class OneHot(Operator):
    """A row of zeros with a one for each class number: i64[...] -> i64[..., num_classes]."""

    name = "one_hot"
    family = "maker"
    tensors = (Tensor("input", doc="class numbers, from 0 to num_classes less 1"),)
    settings = (Setting("num_classes", "size", doc="how many classes there are"),)
    accepts = ("i64[2, 3] -> one_hot(5)", "i64[] -> one_hot(2)")
    rejects = ("[2, 3] -> one_hot(5)", "i64[2] -> one_hot(0)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.dtype != "i64":
            use.fail(f"class numbers are i64[…], not {use.x}", code="NN304")
        classes = use["num_classes"]
        use.at_least(
            classes,
            1,
            lambda: f"num_classes must be at least 1, not {render(classes)}",
            code="NN206",
            argument="num_classes",
            help="how many there are cannot depend on the values: PyTorch's -1 counts them",
        )
        return (use.x.with_shape((*use.x.shape, classes)),)

    def function(self, use: Use) -> CallCode:
        return CallCode("F.one_hot", (Ref(0), use["num_classes"]))


class Meshgrid(Operator):
    """The coordinates of a grid, from those of its axes: [n], [m] -> twice [n, m]."""

    name = "meshgrid"
    family = "maker"
    makes_parts = True
    tensors = (Tensor("tensors", many=True, doc="the coordinates of each axis"),)
    settings = (
        Setting(
            "indexing",
            "str",
            "ij",
            choices=("ij", "xy"),
            doc='"xy": the first two dimensions exchanged, as in images',
        ),
    )
    accepts = (
        "([3], [4]) -> meshgrid",
        '([3], [4], [2]) -> meshgrid(indexing="xy")',
        "[3] -> meshgrid",
    )
    rejects = ("([3, 2], [4]) -> meshgrid", "([3], i64[4]) -> meshgrid")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        sizes: list[Size] = []
        for number, axis in enumerate(use.inputs, 1):
            assert axis is not None
            if axis.rank > 1:
                use.fail(
                    f"`meshgrid` takes the coordinates of each axis, [n]; number {number} is {axis}",
                    code="NN303",
                )
            if axis.dtype != use.x.dtype:
                use.fail(
                    f"the axes of `meshgrid` have one dtype: {use.x.dtype}, number {number} is {axis}",
                    code="NN304",
                )
            sizes.extend(axis.shape or (1,))
        if use["indexing"] == "xy" and len(sizes) > 1:
            sizes[0], sizes[1] = sizes[1], sizes[0]
        return (use.x.with_shape(sizes),) * len(sizes)

    def function(self, use: Use) -> CallCode:
        axes = tuple(Ref(number) for number in range(len(use.inputs)))
        return CallCode("torch.meshgrid", axes, {"indexing": use["indexing"]})
