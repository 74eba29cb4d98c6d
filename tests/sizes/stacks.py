"""Random stacks of operators that change sizes, as a spec and as PyTorch calls, side by side.

`python -m tests.sizes.stacks --cases 10000 --seed 0` compares the sizes that the checker admits with
what PyTorch does at every size of a range, on real tensors; a disagreement is printed with its spec.

Two differences are meant (docs/language.md, "Where nnspec is stricter"): PyTorch goes on with tensors
without values, and adds sizes that happen to be 1 to others.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from types import CodeType

import torch
import torch.nn.functional as F
from torch import Tensor

import nnspec

Step = Callable[[list[Tensor]], Tensor]

CHANNELS = 2
ONE_SYMBOL = [{"H": h} for h in range(1, 81)]
TWO_SYMBOLS = [{"H": h, "W": w} for h, w in product(range(1, 15), repeat=2)]


class Stack:
    """A model that is made line by line: `values[i]` of the spec is `v{i}`."""

    def __init__(self, rng: random.Random, dims: int) -> None:
        self.rng = rng
        self.dims = dims
        self.lines: list[str] = []
        self.steps: list[Step] = []
        self.channels = [CHANNELS]
        self.odd = False  # what nnspec may refuse happened while it ran

    def add(self, text: str, step: Step, channels: int) -> None:
        self.lines.append(f"    v{len(self.channels)} = {text}")
        self.steps.append(step)
        self.channels.append(channels)

    @property
    def spec(self) -> str:
        sizes = ["H", "W"][: self.dims]
        head = f"model Stack:\n    input v0: [N, {CHANNELS}, {', '.join(sizes)}]\n"
        return head + "\n".join(self.lines) + f"\n    return v{len(self.steps)}\n"

    def runs(self, sizes: dict[str, int]) -> tuple[int, ...] | None:
        """The shape that PyTorch comes to; None where it refuses. `odd` tells whether nnspec may
        refuse what PyTorch runs."""
        self.odd = False
        values = [torch.zeros(1, CHANNELS, *sizes.values())]
        for step in self.steps:
            try:
                result = step(values)
            except (RuntimeError, ValueError, IndexError):
                return None
            if result.numel() == 0:
                return None
            values.append(result)
        return tuple(values[-1].shape)

    # -- steps --------------------------------------------------------------------------------------

    def grow(self) -> None:
        kinds = [self.pool, self.pool, self.conv, self.conv, self.transposed, self.slice, self.pad]
        kinds += [
            self.adaptive,
            self.parts,
            self.reshape,
            self.reshape,
            self.interpolate,
            self.either,
        ]
        if len(self.channels) > 2:
            kinds += [self.concat, self.concat, self.residual, self.residual]
        if self.dims == 2:
            kinds += [self.turn]
        self.rng.choice(kinds)()

    def last(self) -> int:
        return len(self.channels) - 1

    def numbers(self, low: int, high: int) -> list[int]:
        return [self.rng.randint(low, high) for _ in range(self.dims)]

    def pool(self) -> None:
        at = self.last()
        kernel, stride = self.numbers(1, 4), self.numbers(1, 3)
        padding = [self.rng.randint(0, k // 2) for k in kernel]
        ceil = self.rng.random() < 0.4
        tail = f"{kernel}, stride={stride}, padding={padding}, ceil_mode={str(ceil).lower()}"
        if self.rng.random() < 0.5:
            dilation = self.numbers(1, 2)
            function = F.max_pool1d if self.dims == 1 else F.max_pool2d
            self.add(
                f"v{at} -> max_pool{self.dims}d({tail}, dilation={dilation})",
                lambda v: function(v[at], kernel, stride, padding, dilation, ceil),
                self.channels[at],
            )
            return
        average = F.avg_pool1d if self.dims == 1 else F.avg_pool2d
        self.add(
            f"v{at} -> avg_pool{self.dims}d({tail})",
            lambda v: average(v[at], kernel, stride, padding, ceil),
            self.channels[at],
        )

    def conv(self) -> None:
        at = self.last()
        kernel, stride, dilation = self.numbers(1, 5), self.numbers(1, 4), self.numbers(1, 3)
        padding = self.numbers(0, 3)
        weight = torch.zeros(CHANNELS, self.channels[at], *kernel)
        function = F.conv1d if self.dims == 1 else F.conv2d
        self.add(
            f"v{at} -> conv{self.dims}d({CHANNELS}, {kernel}, stride={stride}, "
            f"padding={padding}, dilation={dilation}, bias=false)",
            lambda v: function(v[at], weight, None, stride, padding, dilation),
            CHANNELS,
        )

    def transposed(self) -> None:
        at = self.last()
        kernel, stride = self.numbers(1, 4), self.numbers(1, 3)
        padding = self.numbers(0, 1)
        extra = [self.rng.randint(0, s - 1) for s in stride]
        weight = torch.zeros(self.channels[at], CHANNELS, *kernel)
        function = F.conv_transpose1d if self.dims == 1 else F.conv_transpose2d
        self.add(
            f"v{at} -> conv_transpose{self.dims}d({CHANNELS}, {kernel}, stride={stride}, "
            f"padding={padding}, output_padding={extra}, bias=false)",
            lambda v: function(v[at], weight, None, stride, padding, extra),
            CHANNELS,
        )

    def slice(self) -> None:
        at = self.last()
        start = self.rng.choice([None, None, 1, 2, 5, -3])
        stop = self.rng.choice([None, None, -1, -2, 7])
        step = self.rng.choice([None, 2, 3])
        text = ":".join("" if part is None else str(part) for part in (start, stop, step))
        self.add(f"v{at}[..., {text}]", lambda v: v[at][..., start:stop:step], self.channels[at])

    def pad(self) -> None:
        """By numbers, or to a multiple."""
        at = self.last()
        if self.rng.random() < 0.5:
            low, high = self.rng.randint(-2, 3), self.rng.randint(-2, 3)
            self.add(
                f"v{at} -> pad([{low}, {high}])",
                lambda v: F.pad(v[at], [low, high]),
                self.channels[at],
            )
            return
        multiple = self.rng.randint(2, 6)
        self.lines.append(f"    w{at}: [..., S{at}] = v{at}")
        self.add(
            f"w{at} -> pad([0, -S{at} % {multiple}])",
            lambda v: F.pad(v[at], [0, -v[at].shape[-1] % multiple]),
            self.channels[at],
        )

    def adaptive(self) -> None:
        if self.rng.random() < 0.6:
            return
        at = self.last()
        out = self.numbers(1, 6)
        function = F.adaptive_avg_pool1d if self.dims == 1 else F.adaptive_avg_pool2d
        self.add(
            f"v{at} -> adaptive_avg_pool{self.dims}d({out})",
            lambda v: function(v[at], out),  # type: ignore[operator]
            self.channels[at],
        )

    def parts(self) -> None:
        """One of the parts of chunk or split."""
        at = self.last()
        count = self.rng.randint(2, 3)
        take = self.rng.randrange(count)
        if self.rng.random() < 0.5:
            self.add(
                f"(v{at} -> chunk({count}, dim=-1))[{take}]",
                lambda v: self.counted(v[at].chunk(count, dim=-1), count)[take],
                self.channels[at],
            )
            return
        sizes = [self.rng.randint(1, 5) for _ in range(count)]
        self.add(
            f"(v{at} -> split({sizes}, dim=-1))[{take}]",
            lambda v: v[at].split(sizes, dim=-1)[take],
            self.channels[at],
        )

    def counted(self, parts: tuple[Tensor, ...], count: int) -> tuple[Tensor, ...]:
        """PyTorch's chunk gives fewer parts where it does not come out even."""
        self.odd |= len(parts) != count
        return parts

    def interpolate(self) -> None:
        at = self.last()
        factor = self.rng.choice([2, 0.5, 1.5, 0.3, 0.75, 2.5, 1 / 3])
        self.add(
            f"v{at} -> interpolate(scale_factor={factor})",
            lambda v: F.interpolate(v[at], scale_factor=factor),
            self.channels[at],
        )

    def either(self) -> None:
        """An `if` on sizes, with one side or two, on the input's size or the size at hand."""
        at, name = self.last(), f"v{len(self.channels)}"
        axis = self.rng.randrange(2, 2 + self.dims)
        bound, even = self.rng.randint(2, 30), self.rng.random() < 0.4
        here = self.rng.random() < 0.5
        size = f"P{at}" if here else "HW"[axis - 2]
        if here:
            shape = ", ".join(
                ["_", "_", *("_" if a != axis else size for a in range(2, 2 + self.dims))]
            )
            self.lines.append(f"    p{at}: [{shape}] = v{at}")
        sides = [self.side(at, indent="        ")]
        if self.rng.random() < 0.5:
            sides.append(self.side(at, indent="        "))
        self.lines.append(f"    {name} = v{at}")
        self.lines.append(f"    if {size} % 2 == 1:" if even else f"    if {size} >= {bound}:")
        self.lines += sides[0][0]
        if len(sides) > 1:
            self.lines += ["    else:", *sides[1][0]]

        def step(v: list[Tensor]) -> Tensor:
            length = v[at if here else 0].shape[axis]
            first = length % 2 == 1 if even else length >= bound
            if first:
                return sides[0][1](v)
            return sides[1][1](v) if len(sides) > 1 else v[at]

        self.steps.append(step)
        self.channels.append(self.channels[at])

    def side(self, at: int, indent: str) -> tuple[list[str], Step]:
        """The lines of one side, that leave as many channels as there were, and what they do."""
        kinds = [self.pool, self.slice, self.pad, self.interpolate, self.adaptive, self.parts]
        before = len(self.lines)
        while len(self.steps) == at:
            del self.lines[before:]
            self.rng.choice(kinds)()
        lines = [indent + line.strip() for line in self.lines[before:]]
        del self.lines[before:]
        self.channels.pop()
        return lines, self.steps.pop()

    def reshape(self) -> None:
        at = self.last()
        by, channels = self.rng.randint(2, 4), self.channels[at]
        if self.rng.random() < 0.5:
            self.folded(at, by, channels)
            return
        if self.dims == 1:
            self.add(
                f'v{at} -> rearrange("n c (h k) -> n c (k h)", k={by})',
                lambda v: (
                    v[at]
                    .reshape(1, channels, v[at].shape[2] // by, by)
                    .transpose(2, 3)
                    .reshape(1, channels, -1)
                ),
                channels,
            )
            return
        self.add(
            f'v{at} -> rearrange("n c (h k) w -> n c h (k w)", k={by})',
            lambda v: (
                v[at]
                .reshape(1, channels, v[at].shape[2] // by, by, v[at].shape[3])
                .reshape(1, channels, v[at].shape[2] // by, -1)
            ),
            channels,
        )

    def folded(self, at: int, by: int, channels: int) -> None:
        """The values in other rows: one size follows from the rest."""
        if self.dims == 1:
            self.add(
                f"v{at} -> reshape([N, {by * channels}, -1]) -> reshape([N, {channels}, -1])",
                lambda v: v[at].reshape(1, by * channels, -1).reshape(1, channels, -1),
                channels,
            )
            return
        self.add(
            f"v{at} -> reshape([N, {channels}, -1, {by}])",
            lambda v: v[at].reshape(1, channels, -1, by),
            channels,
        )

    def turn(self) -> None:
        at = self.last()
        self.add(f"v{at} -> transpose(2, 3)", lambda v: v[at].transpose(2, 3), self.channels[at])

    def concat(self) -> None:
        at, other = self.last(), self.rng.randrange(self.last())
        if self.rng.random() < 0.7:
            channels = self.channels[at] + self.channels[other]
            self.add(
                f"concat(v{at}, v{other}, dim=1)",
                lambda v: torch.cat([v[at], v[other]], dim=1),
                channels,
            )
        elif self.channels[at] == self.channels[other]:
            self.add(
                f"concat(v{at}, v{other}, dim=2)",
                lambda v: torch.cat([v[at], v[other]], dim=2),
                self.channels[at],
            )

    def residual(self) -> None:
        at, other = self.last(), self.rng.randrange(self.last())
        if self.channels[at] != self.channels[other]:
            return

        def add(v: list[Tensor]) -> Tensor:
            self.odd |= v[at].shape != v[other].shape
            return v[at] + v[other]

        self.add(f"v{at} + v{other}", add, self.channels[at])


def stack(seed: int, number: int) -> Stack:
    rng = random.Random(seed * 1_000_003 + number)
    made = Stack(rng, dims=1 if rng.random() < 0.75 else 2)
    for _ in range(rng.randint(2, 9)):
        made.grow()
    return made


def disagreements(made: Stack) -> Iterator[str]:
    """What the checker and PyTorch say differently of a stack."""
    report = nnspec.check_source(made.spec, "stack.nn")
    points = ONE_SYMBOL if made.dims == 1 else TWO_SYMBOLS
    truth = {tuple(point.values()): (made.runs(point), made.odd) for point in points}
    if not report.ok:
        span = report.diagnostics[0].span
        if span is not None and made.spec.splitlines()[span.line - 1].startswith("        "):
            return  # a side that no size can run is a mistake of the spec
        runs = [sizes for sizes, (shape, odd) in truth.items() if shape is not None and not odd]
        if runs:
            yield f"refused ({report.diagnostics[0].message}), but PyTorch runs it at {runs[:4]}"
        return
    model = report.models["Stack"]
    words = _compiled(model.requires)
    reasons = [
        (_compiled(need.text for need in reason.needs), _compiled(reason.requires))
        for reason in model.reasons
    ]
    for point in points:
        shape, odd = truth[tuple(point.values())]
        if shape is not None and odd and not model.admits({"N": 1, **point}):
            shape = None
        if model.admits({"N": 1, **point}) != (shape is not None):
            yield f"at {point} PyTorch says {shape}, admits says the opposite"
            return
        if _hold(words, point) != (shape is not None):
            yield f"at {point} PyTorch says {shape}, {model.requires} says the opposite"
            return
        needs = [_hold(need, point) for need, _ in reasons]
        if all(needs) != (shape is not None) or needs != [_hold(r, point) for _, r in reasons]:
            yield f"at {point} PyTorch says {shape}, the reasons say other: {model.reasons}"
            return
        if shape is not None:
            (output,) = model.outputs.values()
            named = {"N": 1, "min": min, "max": max, **point}
            shown = tuple(
                size if isinstance(size, int) else eval(size, {}, named) for size in output.shape
            )
            if shown != shape:
                yield f"at {point} the shape is {shape}, not {shown} ({output.shape})"
                return


def _compiled(texts: Iterable[str]) -> list[CodeType]:
    return [compile(text, "condition", "eval") for text in texts]


def _hold(conditions: Iterable[CodeType], point: dict[str, int]) -> bool:
    return all(eval(code, {"min": min, "max": max}, {"N": 1, **point}) for code in conditions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    wanted = parser.parse_args()
    wrong = 0
    some = 0
    for number in range(wanted.first, wanted.first + wanted.cases):
        made = stack(wanted.seed, number)
        if not made.steps:
            continue
        for said in disagreements(made):
            wrong += 1
            print(f"--- case {number}: {said}\n{made.spec}", flush=True)
        some += 1
    print(f"{some} stacks, {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
