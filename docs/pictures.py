"""Pictures for the reference pages, drawn from the definitions: what each output sees, as rows of cells.

`#` is a value that takes part, `.` one that does not, `0` padding. How many outputs there are comes from
the operator's own rule, so a picture that does not fit its rule fails to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable

from nnspec.operators import lookup
from nnspec.testing.examples import Refused, example, run_nnspec


def outputs(text: str) -> tuple[int, ...]:
    """The shape of the result of an example."""
    name = text.split(" -> ")[1].partition("(")[0]
    operator = lookup(name)
    assert operator is not None
    found = run_nnspec(example(operator, text))
    assert not isinstance(found, Refused), found
    return tuple(int(str(size)) for size in found[1][0].shape)


def windows(
    name: str, first: str, length: int, kernel: int, stride: int, padding: int, dilation: int
) -> str:
    """A row for each output: the inputs in its window."""
    more = f", stride={stride}, padding={padding}" + (
        f", dilation={dilation}" if dilation > 1 else ""
    )
    call = f"{name}({first}{kernel}{more})"
    count = outputs(f"[1, 1, {length}] -> {call}")[2]
    lines = [call, "", "input    " + " ".join("0" * padding + "x" * length + "0" * padding)]
    for place in range(count):
        seen = {place * stride + step * dilation for step in range(kernel)}
        assert max(seen) < length + 2 * padding
        cells = " ".join("#" if at in seen else "." for at in range(length + 2 * padding))
        lines.append(f"output {place} {cells}")
    return "\n".join(lines)


def spread(name: str, length: int, kernel: int, stride: int, padding: int) -> str:
    """A row for each input: the outputs that it is spread over; what falls on padding is cut off."""
    call = f"{name}(1, {kernel}, stride={stride}, padding={padding})"
    count = outputs(f"[1, 1, {length}] -> {call}")[2]
    assert (length - 1) * stride + kernel == count + 2 * padding
    lines = [call, "", "output   " + " ".join("-" * padding + "y" * count + "-" * padding)]
    for place in range(length):
        met = {place * stride + step for step in range(kernel)}
        cells = " ".join("#" if at in met else "." for at in range(count + 2 * padding))
        lines.append(f"input  {place} {cells}")
    return "\n".join(lines)


def columns() -> str:
    """unfold and fold: windows of an image of 3 x 4 with a kernel of 2; how often each place is met."""
    shape = outputs("[1, 1, 3, 4] -> unfold(2)")
    lines = ["unfold(2) of an image of 3 x 4: its windows become columns", ""]
    places = [(row, column) for row in range(2) for column in range(3)]
    assert shape == (1, 4, len(places))
    for top in range(2):
        for row in range(3):
            line = []
            for left in range(3):
                cells = [
                    "#" if row in (top, top + 1) and column in (left, left + 1) else "."
                    for column in range(4)
                ]
                line.append(" ".join(cells))
            lines.append("    ".join(line))
        lines.append("    ".join(f"window {top * 3 + left}" for left in range(3)))
    lines.append("\nfold puts the columns back, and adds where windows overlap:\n")
    for row in range(3):
        met = [sum(row in (t, t + 1) and c in (le, le + 1) for t, le in places) for c in range(4)]
        lines.append(" ".join(map(str, met)))
    return "\n".join(lines)


def shuffle() -> str:
    """pixel_shuffle: four channels of 2 x 2 become one of 4 x 4."""
    assert outputs("[1, 4, 2, 2] -> pixel_shuffle(2)") == (1, 1, 4, 4)
    lines = ["pixel_shuffle(2): channels a, b, c, d of 2 x 2 become one of 4 x 4", ""]
    for row in range(2):
        before = "   ".join(" ".join(f"{c}{row * 2 + at}" for at in range(2)) for c in "abcd")
        lines.append(before)
    lines.append("")
    for row in range(4):
        cells = [f"{'abcd'[(row % 2) * 2 + at % 2]}{row // 2 * 2 + at // 2}" for at in range(4)]
        lines.append(" ".join(cells))
    return "\n".join(lines)


def attention() -> str:
    """Which keys a query may look at."""
    shape = outputs(
        "([1, 1, 4, 8], [1, 1, 4, 8], [1, 1, 4, 6]) -> scaled_dot_product_attention(is_causal=true)"
    )
    assert shape == (1, 1, 4, 6)
    lines = [
        "q [L, E] @ k.T [E, S]  ->  scores [L, S]  -> softmax over S -> @ v [S, V]  ->  [L, V]",
        "",
        "is_causal=true, L = S = 4: what each query may look at",
        "",
        "key       " + " ".join(map(str, range(4))),
    ]
    lines += [
        f"query {q}   " + " ".join("#" if k <= q else "." for k in range(4)) for q in range(4)
    ]
    return "\n".join(lines)


def _conv() -> str:
    plain = windows("conv1d", "1, ", 6, 3, 1, 1, 1)
    return f"{plain}\n\n{windows('conv1d', '1, ', 7, 3, 2, 0, 2)}"


PICTURES: dict[str, Callable[[], str]] = {
    **{f"conv{rank}d": _conv for rank in (1, 2, 3)},
    **{
        f"conv_transpose{rank}d": lambda: spread("conv_transpose1d", 3, 3, 2, 1)
        for rank in (1, 2, 3)
    },
    **{
        f"{kind}_pool{rank}d": lambda: windows("max_pool1d", "", 6, 2, 2, 0, 1)
        for rank in (1, 2, 3)
        for kind in ("max", "avg")
    },
    "unfold": columns,
    "fold": columns,
    "pixel_shuffle": shuffle,
    "pixel_unshuffle": shuffle,
    "scaled_dot_product_attention": attention,
}
