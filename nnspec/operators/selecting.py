"""Values chosen by place or by a mask: where, masked_fill, tril, triu."""

from __future__ import annotations

from nnspec.operators.arithmetic import meet
from nnspec.operators.definition import CallCode, Operator, Ref, Setting, Tensor
from nnspec.operators.fitting import fits
from nnspec.tensors import TensorType, broadcast, is_float, show_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use


def together(use: Use, *types: TensorType | None) -> tuple[Size, ...]:
    """The shape that some tensors have by broadcasting."""
    shape: tuple[Size, ...] = ()
    for kind in types:
        if kind is None:
            continue
        before, after = shape, kind.shape

        def equal(x: Size, y: Size, dim: int, a: object = before, b: object = after) -> None:
            message = f"{show_shape(a)} and {show_shape(b)} must agree in dimension {dim}"  # type: ignore[arg-type]
            use.equal(x, y, message, code="NN301")

        shape = broadcast(before, after, equal)
    return shape


class Where(Operator):
    """The first where the condition is true, the second elsewhere."""

    name = "where"
    saves = ("condition",)
    family = "selection"
    tensors = (
        Tensor("condition", doc="bool"),
        Tensor("input", scalar=True),
        Tensor("other", scalar=True),
    )
    accepts = (
        "(bool[2, 3], [2, 3], [3]) -> where",
        "(bool[2, 3], [2, 3]) -> where(other=0.0)",
        "(bool[3], i64[2, 3]) -> where(other=-1)",
    )
    rejects = (
        "([2, 3], [2, 3], [3]) -> where",
        "(bool[2, 3], [2, 4], [3]) -> where",
        "(bool[3], i8[3]) -> where(other=2048)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        condition, a, b = use.inputs
        assert condition is not None
        if condition.dtype != "bool":
            use.fail(
                f"the condition of `where` is bool, not {condition}",
                code="NN304",
                help="a comparison makes it: `x > 0`",
            )
        if a is None and b is None:
            kinds = [type(use[name]) for name in ("input", "other")]
            dtype = "f32" if float in kinds else "i64" if int in kinds else "bool"
        else:
            dtype = meet(a, b, use.settings)
            for side, name in ((a, "input"), (b, "other")):
                if side is None and dtype not in ("f16", "bf16"):  # these take what becomes inf
                    fits(use, dtype, name, use[name])
        return (TensorType(dtype, together(use, condition, a, b)),)

    def function(self, use: Use) -> CallCode:
        sides = [
            use[name] if use.inputs[number] is None else Ref(number)
            for number, name in ((1, "input"), (2, "other"))
        ]
        return CallCode("torch.where", (Ref(0), *sides))


class MaskedFill(Operator):
    """A number where the mask is true: masked_fill(scores, mask, float("-inf"))."""

    name = "masked_fill"
    saves = ("mask",)
    family = "selection"
    tensors = (Tensor("input"), Tensor("mask", doc="bool"))
    settings = (Setting("value", "float|bool", doc="the number"),)
    accepts = ("([2, 3], bool[2, 3]) -> masked_fill(0.5)", "([2, 3], bool[3]) -> masked_fill(-1)")
    rejects = (
        "([2, 3], [2, 3]) -> masked_fill(0.0)",
        "([2, 3], bool[2]) -> masked_fill(0.0)",
        "(f16[3], bool[3]) -> masked_fill(-1e9)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        _, mask = use.inputs
        assert mask is not None
        if mask.dtype != "bool":
            use.fail(f"the mask of `masked_fill` is bool, not {mask}", code="NN304")
        value, dtype = use["value"], use.x.dtype
        if isinstance(value, float) and not (is_float(dtype) or dtype[0] == "c"):
            use.fail(f"{value} does not fit into {use.x}", code="NN304", argument="value")
        if dtype == "bool" and not isinstance(value, bool):
            use.fail(
                f"{use.x} is filled with true or false, not {use.shown('value')}",
                code="NN304",
                argument="value",
            )
        fits(use, dtype, "value", value)
        return (use.x.with_shape(together(use, use.x, mask)),)

    def function(self, use: Use) -> CallCode:
        return CallCode(".masked_fill", (Ref(0), Ref(1), use["value"]))


class Triangle(Operator):
    """What tril and triu share."""

    family = "selection"
    settings = (Setting("diagonal", "int", 0, doc="the last diagonal kept; 0 is the main one"),)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        if use.x.rank < 2:
            use.fail(
                f"`{self.name}` takes a tensor of at least 2 dimensions, not {use.x}", code="NN303"
            )
        return (use.x,)

    def function(self, use: Use) -> CallCode:
        diagonal = (use["diagonal"],) if use["diagonal"] else ()
        return CallCode(f"torch.{self.name}", (Ref(0), *diagonal))


class Tril(Triangle):
    """The lower triangle of the last two dimensions, zeros above it."""

    name = "tril"
    accepts = ("[3, 4] -> tril", "bool[2, 3, 3] -> tril(-1)")
    rejects = ("[3] -> tril",)


class Triu(Triangle):
    """The upper triangle of the last two dimensions, zeros below it."""

    name = "triu"
    accepts = ("[3, 4] -> triu", "bool[2, 3, 3] -> triu(diagonal=1)")
    rejects = ("[3] -> triu",)
