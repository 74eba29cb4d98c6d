"""What would fit: numbers that divide sizes, that count copies, or that a dtype can hold; dimensions."""

from __future__ import annotations

import math

from nnspec.dims import Dim, render
from nnspec.operators.binding import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nnspec.dims import Size
    from nnspec.operators.definition import Use
    from nnspec.tensors import TensorType


#: an operator makes this many layers at most, each with parameters of its own
MOST_COPIES = 10_000
#: divisors of larger numbers are not looked for
MOST = 10**10


def divisors(*sizes: Size) -> str:
    """`1, 2, 4, … do`: the numbers that divide all of these sizes; nothing where one is a symbol."""
    common = 0
    for size in sizes:
        if not isinstance(size, int):
            return ""
        common = math.gcd(common, size)
    if common > MOST:
        return ""
    small = [n for n in range(1, math.isqrt(common) + 1) if common % n == 0]
    found = [*small, *(common // n for n in reversed(small) if n * n != common)]
    shown = [str(n) for n in found]
    listed = ", ".join(shown if len(shown) < 13 else [*shown[:11], "…", shown[-1]])
    return f"{listed} do" if len(shown) > 1 else f"only {listed} does"


#: dtype -> the least and the largest number. PyTorch takes -1 to -255 for u8 and counts back from 256, which
#: nobody means
RANGES: dict[str, tuple[float, float]] = {
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    "u8": (0, 255),
    "f16": (-65504.0, 65504.0),
    "bf16": (-(2 - 2**-7) * 2.0**127, (2 - 2**-7) * 2.0**127),
    "f32": (-(2 - 2**-23) * 2.0**127, (2 - 2**-23) * 2.0**127),
}


def fits(use: Use, dtype: str | None, setting: str, number: Any) -> None:
    """A number must lie in the dtype's range; inf and nan are numbers of every floating-point dtype."""
    name = dtype or "f32"
    if name not in RANGES:
        return
    least, most = RANGES[name]
    message = f"{number} does not fit into {name}, which holds {least} to {most}"
    if isinstance(number, Dim):
        if isinstance(least, int) and isinstance(most, int):
            use.at_least(number, least, message, code="NN206", argument=setting)
            use.at_least(most, number, message, code="NN206", argument=setting)
        return
    endless = number != number or number in (math.inf, -math.inf)
    if not least <= number <= most and not (endless and name[0] in "fb"):
        use.fail(message, code="NN206", argument=setting)


def fits_padding(use: Use) -> None:
    """What is added must lie in the input's dtype; PyTorch's padding takes it as a floating-point number, and
    of 2**63 - 1, which is none, makes -2**63."""
    value = use["value"]
    if isinstance(value, (int, float)) and abs(value) <= 2**64 and float(value).is_integer():
        value = int(float(value))
    fits(use, use.x.dtype, "value", value)


def named_twice(use: Use, setting: str, dim: Size) -> NoReturn:
    """Refuse a list of dimensions that has one twice, perhaps counted from both ends."""
    use.fail(
        f"{setting}={use.shown(setting)} names dimension {render(dim)} twice; each stands there once",
        code="NN303",
        argument=setting,
    )


def no_dimension(x: TensorType, dim: Any) -> str:
    """That a tensor lacks a dimension, and which it has."""
    shown = render(dim) if isinstance(dim, Dim) else dim
    there = f"they are {-x.rank} to {x.rank - 1}" if x.rank else "there are none"
    return f"{x} has no dimension {shown}: {there}"


def places(use: Use, setting: str) -> list[int]:
    """The dimensions that a setting names, each once, counted from the front."""
    value, rank = use[setting], max(use.x.rank, 1)
    found: list[int] = []
    for dim in value if isinstance(value, tuple) else (value,):
        if isinstance(dim, bool) or not isinstance(dim, int) or not -rank <= dim < rank:
            use.fail(no_dimension(use.x, dim), code="NN303", argument=setting)
        if dim % rank in found:
            named_twice(use, setting, dim)
        found.append(dim % rank)
    return found


def no_place(x: TensorType, dim: int, index: Size) -> str:
    """That a dimension lacks a place, and which it has."""
    size = x.shape[dim]
    there = f"{render(-size)} to {render(size - 1)}"
    return f"dimension {dim} of {x} has no place {render(index)}: they are {there}"


def copies(use: Use, setting: str) -> None:
    """Refuse a number of layers that makes none, which PyTorch can build and not call, or too many."""
    count = use[setting]
    if count < 1:
        message = f"{setting} must be at least 1, not {count}"
        use.fail(message, code="NN206", argument=setting)
    if count > MOST_COPIES:
        message = f"{setting} is {count:,}; an operator makes at most {MOST_COPIES:,} layers"
        use.fail(message, code="NN402", argument=setting)


def one_for_each(use: Use, index: int, of: str, length: Size) -> None:
    """Refuse an optional tensor that is not one number for each of so many, in the dtype of the first."""
    given = use.tensor(index)
    if given is None:
        return
    name = use.operator.tensors[index].name
    wanted = f"{use.x.with_shape((length,))}"
    message = f"`{name}` is one number for each {of}, {wanted}, not {given}"
    if given.rank != 1:
        use.fail(message, code="NN303", argument=name)
    if given.dtype != use.x.dtype:
        use.fail(message, code="NN304", argument=name)
    use.equal(given.shape[0], length, message, code="NN301", argument=name)


def size_at(use: Use, setting: str, axis: int) -> Size:
    """What a list of sizes holds at a place; refused where that is no size."""
    size: Size = use[setting][axis]
    if isinstance(size, bool) or not isinstance(size, (int, Dim)):
        message = f"{setting} holds sizes, not {'none' if size is None else size}"
        use.fail(message, code="NN206", argument=setting)
    return size


def stretched(
    use: Use, given: TensorType, to: TensorType, what: str = "", argument: str = ""
) -> None:
    """Refuse a tensor that broadcasting does not make one of that shape, from the last dimension on: each of
    its sizes is 1 or the other's."""
    shown = f"{what} {given}".lstrip()
    if given.rank > to.rank:
        message = f"{shown} is not stretched to {to}: it has more dimensions"
        use.fail(message, code="NN303", argument=argument)
    for size, wanted in zip(reversed(given.shape), reversed(to.shape), strict=False):
        if size != 1:
            message = f"{shown} is not stretched to {to}: {render(size)} is neither 1 nor {render(wanted)}"
            use.equal(size, wanted, message, code="NN301", argument=argument)


def whole_numbers(use: Use, setting: str) -> list[Size]:
    """The items of a list of sizes."""
    for item in use[setting]:
        if isinstance(item, bool) or not isinstance(item, (int, Dim)):
            use.fail(
                f"`{setting}` holds integers, not {show(item)}", code="NN206", argument=setting
            )
    return list(use[setting])
