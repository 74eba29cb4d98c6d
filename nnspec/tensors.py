"""What is known of a tensor while checking: its dtype and its shape, whose sizes may be symbols."""

from __future__ import annotations

from nnspec.diagnostics import Mismatch
from nnspec.dims import compare, product, render
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.dims import Size

#: dtype -> bytes of one element. The names are the language's; `torch_name` gives PyTorch's.
DTYPES = {
    "f64": 8, "f32": 4, "f16": 2, "bf16": 2, "i64": 8, "i32": 4, "i16": 2, "i8": 1, "u8": 1,
    "bool": 1, "c64": 8, "c128": 16,
}  # fmt: skip

_TORCH_NAMES = {
    "f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16", "i64": "int64",
    "i32": "int32", "i16": "int16", "i8": "int8", "u8": "uint8", "bool": "bool",
    "c64": "complex64", "c128": "complex128",
}  # fmt: skip

#: PyTorch's order of categories: bool < integers < floats < complex.
_CATEGORY = {"bool": 0, "u8": 1, "i8": 1, "i16": 1, "i32": 1, "i64": 1, "c64": 3, "c128": 3}
_RANK = ["bool", "u8", "i8", "i16", "i32", "i64", "bf16", "f16", "f32", "f64", "c64", "c128"]


def torch_name(dtype: str) -> str:
    """PyTorch's name: `"f32"` -> `"float32"`."""
    return _TORCH_NAMES[dtype]


def is_float(dtype: str) -> bool:
    return dtype in ("f64", "f32", "f16", "bf16")


def promote(a: str, b: str) -> str:
    """The dtype of `a + b` for two tensors, as `torch.promote_types` gives it."""
    if a == b:
        return a
    if {a, b} == {"f16", "bf16"}:
        return "f32"
    if {a, b} == {"u8", "i8"}:
        return "i16"
    if "c64" in (a, b) and "f64" in (a, b):
        return "c128"
    return max(a, b, key=_RANK.index)


def promote_scalar(dtype: str, scalar: object) -> str:
    """The dtype of a tensor with a Python number: the number's kind counts, not its size."""
    kind = 0 if isinstance(scalar, bool) else 2 if isinstance(scalar, float) else 1
    if kind <= _CATEGORY.get(dtype, 2):
        return dtype
    return "f32" if kind == 2 else "i64"


class TensorType(Record):
    """`f32[N, 3, H, W]`."""

    dtype: str
    shape: tuple[Size, ...]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, TensorType)
            and self.dtype == other.dtype
            and self.shape == other.shape
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def numel(self) -> Size:
        """The number of elements."""
        return product(self.shape)

    @property
    def bytes(self) -> Size:
        """What its elements take."""
        return self.numel * DTYPES[self.dtype]

    def with_shape(self, shape: Sequence[Size]) -> TensorType:
        return TensorType(self.dtype, tuple(shape))

    def __str__(self) -> str:
        return (
            show_shape(self.shape) if self.dtype == "f32" else self.dtype + show_shape(self.shape)
        )


def show_shape(shape: Sequence[Size]) -> str:
    """`[N, 64, H // 2]`."""
    return "[" + ", ".join(render(size) for size in shape) + "]"


def broadcast(
    a: Sequence[Size], b: Sequence[Size], equal: object = None, whole: str = ""
) -> tuple[Size, ...]:
    """The shape of `a + b` by PyTorch's broadcasting.

    `equal(x, y, dim)` is called for two sizes whose equality depends on symbols. A size that may or may
    not be 1 is taken to be the other side's equal: that is what a model with a symbol there means.
    Raises Mismatch NN301 where two sizes differ for certain: of the shapes, or of the dimensions in front of
    what is `whole`.
    """
    given = a, b
    if len(a) < len(b):
        a = (1,) * (len(b) - len(a)) + tuple(a)
    else:
        b = (1,) * (len(a) - len(b)) + tuple(b)
    out: list[Size] = []
    for dim, (x, y) in enumerate(zip(a, b, strict=True)):
        if x == y or y == 1:
            out.append(x)
        elif x == 1:
            out.append(y)
        elif compare("==", x, y) is False:
            if len(given[0]) != len(given[1]):
                dim -= len(a)  # they share the last one
            raise Mismatch(
                "NN301",
                f"{whole}{show_shape(given[0])} and {show_shape(given[1])} do not fit: "
                f"dimension {dim} is {render(x)} on one side and {render(y)} on the other",
                notes=(f"broadcasting stretches a size of 1, never {render(x)} to {render(y)}",),
                sizes=(x, y),
            )
        else:
            if equal is not None:
                equal(x, y, dim)  # type: ignore[operator]
            out.append(x if isinstance(x, int) else y)
    return tuple(out)
