"""A use as the text of a spec, and what nnspec makes of that text: its report, its compiled module.

The rules alone are held against PyTorch in `harness.py`; here everything that a user meets takes part:
the parser, the elaborator, the report, the compiler.
"""

from __future__ import annotations

import linecache
import sys
from typing import TYPE_CHECKING, Any
from zlib import crc32

from nnspec.checking import with_requirements
from nnspec.compiler.spec import Spec
from nnspec.diagnostics import Problem
from nnspec.elaborate.program import Program
from nnspec.operators.binding import show
from nnspec.report.model import Report
from nnspec.source import Source
from nnspec.syntax.parser import parse
from nnspec.tensors import TensorType

from .examples import Case, Made

if TYPE_CHECKING:
    import torch

SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floor_divide": "//", "remainder": "%", "pow": "**",
    "matmul": "@", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip


def spec(case: Case, types: tuple[TensorType | None, ...] | None = None) -> str:
    """A model that makes this use of the operator; `types` may have symbols in place of the sizes."""
    types = typed(case) if types is None else types
    inputs = declared(types) or ["    input unused: [1]"]
    return "\n".join(["model Case:", *inputs, f"    y = {expression(case)}", "    return y\n"])


def typed(case: Case) -> tuple[TensorType | None, ...]:
    """The types of a use's tensors."""
    return tuple(i and TensorType(*i) for i in case.inputs)


def declared(types: tuple[TensorType | None, ...], mark: str = "") -> list[str]:
    """The inputs of a model, a line each, named as in `expression`."""
    return [
        f"    input x{mark}{number}: {kind.dtype}{_sizes(kind)}"
        for number, kind in enumerate(types)
        if kind is not None
    ]


def _sizes(kind: TensorType) -> str:
    return f"[{', '.join(map(str, kind.shape))}]"


def expression(case: Case, mark: str = "") -> str:
    """The use as an expression, in one of the ways to write it; which one follows from the case.

    `mark` is in its names, which are no other use's then."""
    name, settings = case.operator.name, dict(case.settings)
    if name == "index":
        return f"x{mark}0[{', '.join(map(_item, settings['items']))}]"
    slots = case.operator.tensors
    first: list[str] = []
    named: list[str] = []
    for number, tensor in enumerate(case.inputs):
        slot = slots[min(number, len(slots) - 1)]
        if tensor is not None:
            kind = named if slot.optional or named else first
            kind.append(f"{slot.name}=x{mark}{number}" if kind is named else f"x{mark}{number}")
        elif slot.scalar:
            if name in SIGNS:
                first.append(f"({show(settings.pop(slot.name))})")
            else:
                named.append(f"{slot.name}={show(settings.pop(slot.name))}")
    if name in SIGNS and len(first) == 2:
        return f" {SIGNS[name]} ".join(first)
    named += [f"{n}={value(v)}" for n, v in settings.items()]
    way = crc32(str(case).encode()) % 3
    if way == 0 or not first:
        return f"{name}({', '.join([*first, *named])})"
    layer = f"{name}({', '.join(named)})" if named else name
    tensors = first[0] if len(first) == 1 else f"({', '.join(first)})"
    return f"{tensors} -> {f'layer{mark}0: ' if way == 1 else ''}{layer}"


def value(given: Any) -> str:
    """A setting as the language writes it."""
    if isinstance(given, Made):
        settings = ", ".join(f"{name}={value(v)}" for name, v in given.given.items())
        return f"{given.operator.name}({settings})"
    if isinstance(given, (list, tuple)):
        return "[" + ", ".join(map(value, given)) + "]"
    return show(given)


def _item(item: Any) -> str:
    if isinstance(item, slice):
        parts = ["" if part is None else str(part) for part in (item.start, item.stop, item.step)]
        return ":".join(parts if item.step is not None else parts[:2])
    return show(item)


class Checked:
    """What nnspec says of a spec's one model."""

    def __init__(self, text: str) -> None:
        self.text = text
        module, problems = parse(Source(text, "case.nn"))
        self.problems: list[Problem] = list(problems)
        self.unreadable = bool(problems)  # nothing but the grammar was looked at
        if not problems:
            self.program = Program(module)
            graph = self.program.graph("Case")
            self.problems = list(self.program.problems)
            if graph is not None and not self.problems:
                report = with_requirements(Report((), {"Case": graph}))
                self.problems = list(report.diagnostics)
                self.model = report.models["Case"]

    @property
    def problem_lines(self) -> list[int]:
        """The lines at which there are problems, counted from 1."""
        places = [p.span for p in self.problems if p.span is not None]
        return [place.source.position(place.start)[0] for place in places]

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of the results, with what is in the report as numbers in place of symbols."""
        fixed = self.model.fix
        return tuple(
            TensorType(v.type.dtype, tuple(map(fixed, v.type.shape)))
            for _, v in self.model.graph.outputs
        )

    def compiled(self) -> torch.nn.Module:
        """The compiled model. Its source is forgotten again: there are thousands of them."""
        made: Any = Spec(self.program).model("Case")
        module = sys.modules.pop(made.__module__, None)
        if module is not None:
            linecache.cache.pop(str(module.__file__), None)
        model: torch.nn.Module = made()
        return model
