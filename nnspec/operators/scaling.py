"""A size times a number with a fraction, rounded down, as PyTorch computes it: in floating-point
numbers."""

from __future__ import annotations

from math import floor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.operators.definition import Use

#: of the fraction that a decimal stands for: 0.3 is 3 / 10
_LARGEST_DENOMINATOR = 10_000


def scaled(use: Use, size: Size, factor: float, argument: str) -> Size:
    """`floor(size * factor)`; refuses a symbolic size where no fraction gives PyTorch's result."""
    if isinstance(size, int):
        return floor(size * factor)
    if float(factor).is_integer():
        return size * int(factor)
    fraction = exact(factor)
    if fraction is None:
        use.fail(
            f"a symbolic size times {factor} is rounded differently from size to size",
            code="NN308",
            argument=argument,
            help="use a factor such as 0.5, 1.5 or 0.3, or give the size itself",
        )
    over, under = fraction
    return size * over // under


def exact(factor: float) -> tuple[int, int] | None:
    """`p, q` so that PyTorch's `floor(n * factor)` is `n * p // q` for every size n below 2 ** 36.

    The factor is p / q with a relative error e, and the product is rounded to the nearest number.
    Where n * p / q is no integer it is at least 1 / q away from the next one, more than both errors
    make. Where it is one, m: with e >= 0 the product is at least m, and is not rounded below it;
    with -2 ** -54 <= e < 0 it is at most half as far below m as the number before m (or as far, and
    then rounded to the even one, m).
    """
    from fractions import Fraction

    true = Fraction(factor)
    near = true.limit_denominator(_LARGEST_DENOMINATOR)
    if near == 0 or near.numerator >= 2**16 or float(near) != factor:
        return None
    if (true - near) / near < -Fraction(1, 2**54):
        return None
    return near.numerator, near.denominator
