"""Tensors made on the spot: arange, linspace, zeros, ones, full, eye, tensor."""

from __future__ import annotations

import math

from nnspec.dims import Dim, ceildiv, compare, render
from nnspec.operators.binding import show
from nnspec.operators.definition import CallCode, Operator, SameDevice, Setting
from nnspec.operators.fitting import fits
from nnspec.tensors import TensorType, is_float, show_shape, torch_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from nnspec.dims import Size
    from nnspec.operators.definition import Use

DTYPE = Setting("dtype", "dtype|none", None, doc='"f32", "i64", …; by default what the numbers are')
#: lists in lists, and numbers, that a tensor is written with at most
DEEPEST, MOST = 16, 100_000


class Maker(Operator):
    """What makers share: no tensors go in."""

    family = "maker"
    tensors = ()

    def code(self, use: Use, *args: Any) -> CallCode:
        kwargs: dict[str, Any] = {}
        if use["dtype"] is not None:
            kwargs["dtype"] = f"torch.{torch_name(use['dtype'])}"
        return CallCode(f"torch.{self.name}", args, {**kwargs, "device": SameDevice()})

    def shape(self, use: Use, setting: str = "size") -> tuple[Size, ...]:
        """The sizes that a list holds."""
        for size in use[setting]:
            if isinstance(size, bool) or not isinstance(size, (int, Dim)):
                why = f"a size is an integer, not {show(size)}"
                use.fail(why, code="NN206", argument=setting)
            use.at_least(
                size, 1, f"a size is at least 1, not {render(size)}", code="NN206", argument=setting
            )
        return tuple(use[setting])


class Arange(Maker):
    """The numbers from start (or 0) up to end, without end: arange(4) is 0, 1, 2, 3."""

    name = "arange"
    settings = (
        Setting("start", "size|float|none", None, doc="the first; alone it is the end"),
        Setting("end", "size|float|none", None, doc="where it stops, not included"),
        Setting("step", "size|float", 1, doc="from one to the next"),
        DTYPE,
    )
    accepts = ("arange(5)", "arange(2, 9, 3)", "arange(0, 1, 0.25)", 'arange(4, dtype="f32")')
    rejects = ("arange(5, 2)", "arange(1, 4, 0)")

    def ends(self, use: Use) -> tuple[Any, Any]:
        if use["end"] is None:
            return 0, use["start"]
        return (0 if use["start"] is None else use["start"]), use["end"]

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        start, end = self.ends(use)
        step, dtype = use.pin(use["step"]), use["dtype"]
        if end is None:
            use.fail("`arange` needs its end: `arange(4)` is 0, 1, 2, 3", code="NN204")
        if compare("==", step, 0) is not False if not isinstance(step, float) else step == 0:
            use.fail("the step of `arange` cannot be 0", code="NN206", argument="step")
        given = (start, end, step)
        if dtype in ("bool", "c64", "c128"):
            use.fail(
                f"`arange` makes integers or fractions, not {dtype}",
                code="NN206",
                argument="dtype",
            )
        if not any(isinstance(number, float) for number in given):
            if not isinstance(step, int):
                use.fail(f"the step {render(step)} must be a number", code="NN308")
            count = ceildiv(end - start, step) if step > 0 else ceildiv(start - end, -step)
        elif any(isinstance(number, Dim) for number in given):
            use.fail("fractions do not go together with a size that is not known", code="NN308")
        elif dtype is not None and not is_float(dtype):
            use.fail(f"fractions do not become {dtype}", code="NN206", argument="dtype")
        else:
            exact = (end - start) / step
            if not math.isfinite(exact):
                use.fail("`arange` goes from one finite number to another", code="NN206")
            count = math.ceil(exact)
        use.at_least(
            count,
            1,
            f"from {_shown(start)} to {_shown(end)} by {_shown(step)} there is nothing",
            argument="end",
        )
        kind = "f32" if any(isinstance(number, float) for number in given) else "i64"
        return (TensorType(dtype or kind, (count,)),)

    def function(self, use: Use) -> CallCode:
        start, end = self.ends(use)
        plain = use["step"] == 1 and not isinstance(use["step"], float)
        step = () if plain else (use["step"],)
        from_start = () if start == 0 and not step else (start,)
        return self.code(use, *from_start, end, *step)


def _shown(number: Any) -> str:
    return str(number) if isinstance(number, float) else render(number)


class Zeros(Maker):
    """A tensor of zeros."""

    name = "zeros"
    settings = (Setting("size", "list", doc="its shape", spread=True), DTYPE)
    accepts = ("zeros([2, 3])", 'zeros(4, dtype="i64")')
    rejects: ClassVar[tuple[str, ...]] = ("zeros([2, -1])",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        return (TensorType(use["dtype"] or "f32", self.shape(use)),)

    def function(self, use: Use) -> CallCode:
        sizes = tuple(use["size"])
        # torch.fx follows sizes that are known only when the module runs in a tuple alone
        whole = not sizes or any(isinstance(size, Dim) for size in sizes)
        return self.code(use, *((sizes,) if whole else sizes))


class Ones(Zeros):
    """A tensor of ones."""

    name = "ones"
    accepts = ("ones([2, 3])", 'ones([4], "bool")')
    rejects = ("ones([2, -1])",)


class Eye(Maker):
    """Ones from the upper left to the lower right, zeros elsewhere: eye(n) or eye(n, m)."""

    name = "eye"
    settings = (
        Setting("n", "size", doc="rows"),
        Setting("m", "size|none", None, doc="columns; as many as rows by default"),
        DTYPE,
    )
    accepts = ("eye(3)", "eye(2, 4)", 'eye(3, dtype="bool")')
    rejects = ("eye(-1)", "eye(2, -1)")

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        columns = use["n"] if use["m"] is None else use["m"]
        for name, size in (("n", use["n"]), ("m", columns)):
            use.at_least(
                size, 1, f"a size is at least 1, not {render(size)}", code="NN206", argument=name
            )
        return (TensorType(use["dtype"] or "f32", (use["n"], columns)),)

    def function(self, use: Use) -> CallCode:
        return self.code(use, use["n"], *(() if use["m"] is None else (use["m"],)))


class Linspace(Maker):
    """`steps` numbers from start to end, both included, equally far apart."""

    name = "linspace"
    settings = (
        Setting("start", "size|float", doc="the first"),
        Setting("end", "size|float", doc="the last"),
        Setting("steps", "size", doc="how many"),
        DTYPE,
    )
    accepts = ("linspace(0, 1, 5)", "linspace(-1.0, 1, 3)", 'linspace(0, 9, 4, dtype="f64")')
    rejects = ("linspace(0, 1, -1)",)

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        steps = use["steps"]
        use.at_least(
            steps,
            1,
            lambda: f"steps must be at least 1, not {render(steps)}",
            code="NN206",
            argument="steps",
        )
        if use["dtype"] == "bool":
            use.fail("`linspace` makes numbers, not bool", code="NN304", argument="dtype")
        fits(use, use["dtype"], "start", use["start"])
        fits(use, use["dtype"], "end", use["end"])
        return (TensorType(use["dtype"] or "f32", (steps,)),)

    def function(self, use: Use) -> CallCode:
        return self.code(use, use["start"], use["end"], use["steps"])


class Full(Maker):
    """A tensor of one number."""

    name = "full"
    settings = (
        Setting("size", "list", doc="its shape"),
        Setting("fill_value", "float|bool|size", doc="the number"),
        DTYPE,
    )
    accepts = ("full([2, 3], 0.5)", "full([2], 7)", "full([2], true)")
    rejects = ("full([2, -1], 0.5)", 'full([2], 2048, dtype="i8")')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        dtype = use["dtype"] or _kind(use["fill_value"])
        fits(use, dtype, "fill_value", use["fill_value"])
        return (TensorType(dtype, self.shape(use)),)

    def function(self, use: Use) -> CallCode:
        return self.code(use, tuple(use["size"]), use["fill_value"])


class FromNumbers(Maker):
    """Numbers as a tensor: tensor([1, 2, 3]), tensor([[0.5, 1.0], [2.0, 4.0]])."""

    name = "tensor"
    settings = (Setting("data", "any", doc="a number, or lists of numbers in each other"), DTYPE)
    accepts = ("tensor([1, 2, 3])", "tensor([[0.5, 1], [2, 4]])", "tensor(2.5)", "tensor([true])")
    rejects = ("tensor([[1, 2], [3]])", 'tensor(["a"])')

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        numbers: list[Any] = []
        shape = self.measured(use, use["data"], numbers, 0)
        kinds = {_kind(number) for number in numbers}
        dtype = use["dtype"] or next(k for k in ("f32", "i64", "bool") if k in kinds)
        for number in numbers:
            if not is_float(dtype):
                fits(use, dtype, "data", number)
        return (TensorType(dtype, shape),)

    def measured(self, use: Use, data: Any, numbers: list[Any], depth: int) -> tuple[int, ...]:
        """The shape of nested lists, which must be the same everywhere; their numbers in a row."""
        if isinstance(data, (int, float, Dim)):
            numbers.append(data)
            if len(numbers) > MOST:
                use.fail(
                    f"a tensor is written with {MOST:,} numbers at most",
                    code="NN402",
                    help="`arange`, `zeros`, `ones` and `full` make larger ones; a `param` or "
                    "`buffer` holds those that are loaded",
                )
            return ()
        if not isinstance(data, (list, tuple)):
            use.fail(
                f"a tensor is made of numbers, or of lists of them, not of {show(data)}",
                code="NN206",
                argument="data",
            )
        if not data or depth == DEEPEST:
            what = "an empty list" if not data else f"{DEEPEST} lists in each other"
            use.fail(f"no tensor is made of {what}", code="NN206", argument="data")
        shapes = {self.measured(use, item, numbers, depth + 1) for item in data}
        if len(shapes) > 1:
            found = " and ".join(map(show_shape, sorted(shapes)))
            why = f"the lists of a tensor are equally long, not of shape {found}"
            use.fail(why, code="NN206", argument="data")
        return (len(data), *shapes.pop())

    def function(self, use: Use) -> CallCode:
        return self.code(use, _lists(use["data"]))


def _lists(data: Any) -> Any:
    return [_lists(item) for item in data] if isinstance(data, (list, tuple)) else data


def _kind(number: Any) -> str:
    return "bool" if isinstance(number, bool) else "f32" if isinstance(number, float) else "i64"
