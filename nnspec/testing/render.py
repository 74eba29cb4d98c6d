"""An operator's generated code as text, and that text run by PyTorch.

A renderer of its own, so that the operators are held against PyTorch without the compiler.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from nnspec.operators.definition import (
    CallCode,
    Factory,
    IndexCode,
    InfixCode,
    InTraining,
    ModuleCode,
    Ref,
    SameDevice,
)

SPACE = {"inf": float("inf"), "nan": float("nan"), "torch": torch, "nn": nn, "F": F}


#: a dotted name that is called: `mylab.layers.Gate(`
_CALLED = re.compile(r"(?<![\w.'\"])([A-Za-z_][\w.]*)\.\w+\(")


def space(source: str) -> dict[str, Any]:
    """The names of a code that are no tensors: PyTorch's modules, and the packages that it calls."""
    found: dict[str, Any] = dict(SPACE)
    for home in _CALLED.findall(source):
        root = home.partition(".")[0]
        if root not in found and root != "module" and not re.fullmatch(r"x\d+", root):
            import_module(home)
            found[root] = import_module(root)
    return found


def value(item: Any) -> str:
    """A value as Python source."""
    if isinstance(item, Ref):
        return f"x{item.index}"
    if isinstance(item, (CallCode, InfixCode, ModuleCode)):
        return f"({text(item)})" if isinstance(item, InfixCode) else text(item)
    if isinstance(item, list):
        return "[" + ", ".join(map(value, item)) + "]"
    if isinstance(item, tuple):
        return "(" + "".join(f"{value(one)}, " for one in item) + ")"
    if isinstance(item, str) and item.startswith("torch."):
        return item
    if item is Ellipsis:
        return "..."
    if isinstance(item, InTraining):
        return value(item.value)
    if isinstance(item, Factory):
        return f"lambda: {text(item.made)}"
    if isinstance(item, SameDevice):
        return "'cpu'"
    return repr(item)


def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return ", ".join([*map(value, args), *(f"{name}={value(v)}" for name, v in kwargs.items())])


def text(code: ModuleCode | CallCode | InfixCode | IndexCode) -> str:
    """The code over `x0, x1, ...`; of a module, its constructor, and in a second line how `module` is
    called where that is not simply with its tensors."""
    if isinstance(code, ModuleCode):
        made = f"{code.constructor}({arguments(code.args, code.kwargs)})"
        if code.call is None and not code.call_kwargs:
            return made
        return f"{made}\nmodule({arguments(code.call or (), code.call_kwargs)})"
    if isinstance(code, InfixCode):
        sides = [
            f"({s!r})" if isinstance(s, (int, float)) else value(s) for s in (code.left, code.right)
        ]
        return f" {code.op} ".join(sides)
    if isinstance(code, IndexCode):
        items = [
            ":".join("" if part is None else str(part) for part in (i.start, i.stop, i.step))
            if isinstance(i, slice)
            else value(i)
            for i in code.items
        ]
        return f"x0[{', '.join(items)}]" if items else "x0[()]"
    if code.function.startswith("."):
        first, *rest = code.args
        return f"{value(first)}{code.function}({arguments(tuple(rest), code.kwargs)})"
    return f"{code.function}({arguments(code.args, code.kwargs)})"


def names(tensors: list[torch.Tensor | None]) -> dict[str, Any]:
    return {f"x{number}": tensor for number, tensor in enumerate(tensors)}
