"""pad: values added at the ends of dimensions, or cut off."""

from __future__ import annotations

from nnspec.dims import Dim, compare, render
from nnspec.operators.definition import CallCode, Operator, Ref, Setting
from nnspec.operators.fitting import fits_padding, whole_numbers
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.operators.definition import Use


class Pad(Operator):
    """Values added at the ends: `pad` holds two numbers for each dimension, from the last one on,
    as in torch.nn.functional.pad. Negative numbers cut off."""

    name = "pad"
    family = "resizing"
    settings = (
        Setting("pad", "list", doc="[left, right, top, bottom, …]"),
        Setting(
            "mode",
            "str",
            "constant",
            choices=("constant", "reflect", "replicate", "circular"),
            doc="what is added",
        ),
        Setting(
            "value", "float|none", None, doc="what is added in the mode constant; 0 by default"
        ),
    )
    accepts = ("[2, 3, 4, 4] -> pad([1, 2])", '[2, 3, 4, 4] -> pad([1, 1, 1, 1], mode="reflect")')
    rejects = (
        "[2, 3] -> pad([1])",
        '[2, 3, 4, 4] -> pad([4, 0, 0, 0], mode="reflect")',
        '[2, 3, 4, 4] -> pad([2, -3, 0, 0], mode="circular")',
        "u8[2, 3] -> pad([1, 0], value=-0.5)",
        "i64[2, 3] -> pad([1, 0], value=18446744073709551616)",
    )

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        amounts, mode, x = whole_numbers(use, "pad"), use["mode"], use.x
        if len(amounts) % 2 or len(amounts) > 2 * x.rank:
            use.fail(
                f"pad has two numbers for each dimension, at most {2 * x.rank} for {x}; "
                f"here are {len(amounts)}",
                code="NN205",
                argument="pad",
            )
        for amount in amounts:
            if isinstance(amount, bool) or not isinstance(amount, (int, Dim)):
                use.fail(f"pad is made of integers, not {amount}", code="NN206", argument="pad")
        axes = len(amounts) // 2
        if use["value"] is not None and any(compare("<=", n, 0) is not True for n in amounts):
            fits_padding(use)
        if mode != "constant":
            if use["value"]:
                use.fail(f'mode "{mode}" takes no value to add', code="NN206", argument="value")
            if not is_float(x.dtype):
                use.fail(f'mode "{mode}" works on floating-point tensors, not {x}', code="NN304")
            if axes not in (1, 2, 3) or x.rank != axes + 2:
                use.fail(
                    f'mode "{mode}" pads the last {x.rank - 2} dimensions of {x}, with '
                    f"{2 * (x.rank - 2)} numbers, not {len(amounts)}"
                    if 3 <= x.rank <= 5
                    else f'mode "{mode}" pads tensors [N, C, …] of 3 to 5 dimensions, not {x}',
                    code="NN303",
                    argument="pad",
                )
        shape = list(x.shape)
        for axis in range(axes):
            left, right = amounts[2 * axis], amounts[2 * axis + 1]
            dim = x.rank - 1 - axis
            size = shape[dim]
            if mode == "circular":  # what is added is a copy of what is left
                for added, other in ((left, right), (right, left)):
                    if compare(">=", other, 0) is not True:
                        use.at_least(
                            size + other,
                            added,
                            f'mode "circular" can add at most the {render(size + other)} values that '
                            f"are left of {render(size)}, not {render(added)}",
                            argument="pad",
                        )
            if mode in ("reflect", "circular"):
                most = size - 1 if mode == "reflect" else size
                for amount in (left, right):
                    use.at_least(
                        most,
                        amount,
                        f'mode "{mode}" can add at most {render(most)} to a size of {render(size)}, '
                        f"not {render(amount)}",
                        argument="pad",
                    )
            if mode == "constant":
                for amount in (left, right):
                    cut = f"{render(amount)} cuts off more than dimension {dim} has: {render(size)}"
                    use.at_least(size + amount, 0, cut, argument="pad")
            shape[dim] = use.positive_output(
                size + left + right, f"dimension {dim}", argument="pad"
            )
        return (x.with_shape(shape),)

    def function(self, use: Use) -> CallCode:
        kwargs: dict[str, Any] = {} if use["mode"] == "constant" else {"mode": use["mode"]}
        if use["value"] is not None:
            kwargs["value"] = use["value"]
        return CallCode("F.pad", (Ref(0), use["pad"]), kwargs)

    def saved(self, use: Use) -> tuple[str | int, ...]:
        return () if use["mode"] in ("constant", "circular") else ("inputs",)
