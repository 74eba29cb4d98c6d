"""What would fit where a number must divide sizes."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.dims import Size


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
    return f"{', '.join(shown if len(shown) < 13 else [*shown[:11], '…', shown[-1]])} do"
