"""Equal layers in a row as a loop: `*[Block(256) for _ in range(3)]`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnspec.compiler.layout import Call, Expr, Loop, Text

#: fewer equal layers with names of their own than this are written out
FEWEST = 3

_NUMBERED = re.compile(r"(.*?)(\d+)")

Layer = tuple[str, Expr]
Argument = tuple[str, Expr]


def counted(layers: list[Layer]) -> Iterator[Argument]:
    """The arguments of `nn.Sequential` for layers whose names are their numbers."""
    for run in _runs(layers):
        if len(run) > 1:
            yield "*", Loop(run[0][1], f"for _ in range({len(run)})", "[]")
        else:
            yield "", run[0][1]


def named(layers: list[Layer]) -> Iterator[Argument]:
    """The items of an `OrderedDict`."""
    for run in _runs(layers, named=True):
        if len(run) < FEWEST:
            yield from (("", _pair(f'"{name}"', made)) for name, made in run)
            continue
        stem, first = numbered_name(run[0][0])
        numbers = (
            f"range({first + len(run)})" if not first else f"range({first}, {first + len(run)})"
        )
        loop = Loop(_pair(f'f"{stem}{{i}}"', run[0][1]), f"for i in {numbers}", "[]")
        yield "" if len(run) == len(layers) else "*", loop


def _pair(name: str, made: Expr) -> Call:
    return Call("", (("", Text(name)), ("", made)))


def _runs(layers: list[Layer], named: bool = False) -> Iterator[list[Layer]]:
    """Neighbours that are made alike and, where they have names, are numbered in a row."""
    run: list[Layer] = []
    for layer in layers:
        if run and not (_alike(run[-1], layer) and (not named or _follows(run[-1][0], layer[0]))):
            yield run
            run = []
        run.append(layer)
    if run:
        yield run


def _alike(one: Layer, other: Layer) -> bool:
    return one[1].flat == other[1].flat


def _follows(name: str, next_name: str) -> bool:
    stem, number = numbered_name(name)
    return bool(stem) and numbered_name(next_name) == (stem, number + 1)


def numbered_name(name: str) -> tuple[str, int]:
    """`layer12` -> ("layer", 12); ("", -1) for a name without a number, or with a leading zero."""
    found = _NUMBERED.fullmatch(name)
    if found is None or str(int(found[2])) != found[2]:
        return "", -1
    return found[1], int(found[2])
