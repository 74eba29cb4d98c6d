"""Tensors of numbers drawn by chance: rand, randn, randint."""

from __future__ import annotations

from nnspec.dims import render
from nnspec.operators.definition import CallCode, Setting
from nnspec.operators.fitting import fits
from nnspec.operators.making import DTYPE, Maker, Zeros
from nnspec.tensors import TensorType, is_float

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nnspec.operators.definition import Use


class Rand(Zeros):
    """Numbers drawn evenly between 0 and 1, each time anew."""

    name = "rand"
    accepts = ("rand([2, 3])", 'rand(4, dtype="f64")')
    rejects = ("rand([2, -1])", 'rand([2], "i64")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        drawn(use, use["dtype"] or "f32")
        return super().infer(use)


class Randn(Rand):
    """Numbers drawn from the normal distribution, each time anew."""

    name = "randn"
    accepts = ("randn([2, 3])", 'randn(4, dtype="f16")')
    rejects = ("randn([2, -1])", 'randn([2], "bool")')


def drawn(use: Use, dtype: str) -> None:
    """What is drawn between numbers is no whole number."""
    if not is_float(dtype) and dtype[0] != "c":
        use.fail(
            f"`{use.operator.name}` makes fractions, not {dtype}",
            code="NN304",
            argument="dtype" if use["dtype"] is not None else "",
        )


class Randint(Maker):
    """Whole numbers drawn evenly from low (or 0) up to high, without high, each time anew:
    randint(10, [2, 3]), randint(-1, 10, [2, 3])."""

    name = "randint"
    settings = (
        Setting("low", "size|none", None, doc="the least; alone it is where they stop"),
        Setting("high", "size|list|none", None, doc="where they stop, not included"),
        Setting("size", "list|none", None, doc="the shape"),
        DTYPE,
    )
    accepts = (
        "randint(10, [2, 3])",
        "randint(-2, 10, [4])",
        'randint(0, 2, [4], dtype="bool")',
        'randint(low=1, high=5, size=[2], dtype="f32")',
    )
    rejects = (
        "randint(3, 3, [2])",
        "randint(10, [2, -1])",
        'randint(300, [2], dtype="u8")',
        "randint(10)",
    )

    def given(self, use: Use) -> tuple[Any, Any, Any]:
        """low, high and the shape; what is left out in front has moved the others up."""
        low, high, size = use["low"], use["high"], use["size"]
        if isinstance(high, tuple) and size is None:
            high, size = None, high
        if high is None:
            low, high = 0, low
        return 0 if low is None else low, high, size

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        low, high, size = self.given(use)
        dtype = use["dtype"] or "i64"
        if high is None or size is None or isinstance(high, tuple):
            use.fail(
                "`randint` needs where the numbers stop, and a shape",
                code="NN204",
                help="`randint(10, [2, 3])`, or from another number than 0: `randint(-1, 10, [2, 3])`",
            )
        if dtype[0] == "c":
            use.fail(f"`randint` makes real numbers, not {dtype}", code="NN206", argument="dtype")
        use.at_least(
            high,
            low + 1,
            lambda: f"numbers from {render(low)} up to {render(high)}, without it, are none",
            code="NN206",
            argument="low" if use["high"] is None or isinstance(use["high"], tuple) else "high",
        )
        for name, number in (("low", low), ("high", high - 1)):
            if dtype == "bool":
                why = f"truth values are the numbers 0 and 1, not {render(number)}"
                use.at_least(number, 0, why, code="NN206", argument=name)
                use.at_least(1, number, why, code="NN206", argument=name)
            fits(use, dtype, name, number)
        return (TensorType(dtype, self.shape(use, "high" if use["size"] is None else "size")),)

    def function(self, use: Use) -> CallCode:
        low, high, size = self.given(use)
        return self.code(use, *(() if low == 0 else (low,)), high, tuple(size))
