"""Externs in generated code: a subclass of the Python class, which is held to what the spec declares.

Its parameters are compared when it is made, the shapes and kinds of its results at each call. The
class is imported where the generated module runs: `permit` is asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan, steps
from nnspec.compiler.layout import Call, Text, lay
from nnspec.compiler.names import usable
from nnspec.diagnostics import Problem, SpecError
from nnspec.dims import Dim, symbol
from nnspec.elaborate.externs import Extern
from nnspec.graph import OpNode
from nnspec.operators.definition import REQUIRED
from nnspec.tensors import TensorType, torch_name

_ANNOTATIONS = {"int": "int", "size": "int", "float": "float", "bool": "bool", "str": "str"}


class _AsTheyAre(code.Names):
    """The names of the declaration."""

    def symbol(self, name: str) -> str:
        return usable(name)


def externs_of(plans: Iterable[ClassPlan]) -> list[Extern]:
    """The externs that some classes use, in order of first use."""
    found: dict[str, Extern] = {}
    for plan in plans:
        for node in steps(plan.graph):
            if isinstance(node, OpNode) and isinstance(node.operator, Extern):
                found.setdefault(node.operator.name, node.operator)
    return list(found.values())


def imports(externs: Sequence[Extern]) -> list[str]:
    """The lines that import their packages."""
    return [f"import {name}" for name in sorted({extern.package for extern in externs})]


def class_lines(extern: Extern) -> list[str]:
    """The class that holds an extern to its declaration."""
    settings = {
        s.name: symbol(s.name) if s.kind in ("int", "size") else s.default for s in extern.settings
    }
    told = extern.declared(settings)
    inputs = [(usable(name), kind) for name, kind in told.inputs]
    shown = ", ".join(f"{name}: {kind}" for name, kind in inputs)
    results = ", ".join(map(str, told.results))
    head = [
        f"class {extern.name}({extern.package}.{extern.attribute}):",
        f'    """{extern.package}.{extern.attribute}, held to what the spec declares of it.',
        "",
        f"    {shown} -> {results}",
        '    """',
        "",
    ]
    made = [*told.made_with, *(s.name for s in extern.settings)]
    arguments = [("", Text("self")), *(("", Text(f"{name}: int")) for name in told.made_with)]
    for setting in extern.settings:
        kind = _ANNOTATIONS.get(setting.kind, "object")
        default = "" if setting.default is REQUIRED else f" = {_written(setting.default)}"
        arguments.append(("", Text(f"{usable(setting.name)}: {kind}{default}")))
    if any(s.default is REQUIRED for s in extern.settings):
        arguments = [*arguments[:1], ("", Text("*")), *arguments[1:]]
    given = tuple((f"{name}=", Text(usable(name))) for name in made)
    shapes = tuple((f'"{name}": ', Text(_shape(p.shape))) for name, p in told.params.items())
    constructor = [
        *lay(Call("def __init__", tuple(arguments)), 4, "", " -> None:"),
        *lay(Call("super().__init__", given), 8),
        *lay(Call("", shapes, "{}"), 8, "declared: dict[str, tuple[int, ...]] = "),
        "        tensors = [*self.named_parameters(), *self.named_buffers()]",
        "        found = {name: tuple(tensor.shape) for name, tensor in tensors}",
        "        if found != declared:",
        "            raise TypeError(",
        f'                f"{extern.name} is declared with {{declared}}, and made with {{found}}"',
        "            )",
        "",
    ]
    taken = [("", Text("self")), *(("", Text(f"{name}: Tensor")) for name, _ in inputs)]
    several = ", ".join("Tensor" for _ in told.results)
    annotation = "Tensor" if len(told.results) == 1 else f"tuple[{several}]"
    forward = [
        *lay(Call("def forward", tuple(taken)), 4, "", f" -> {annotation}:"),
        *_read(inputs, told.results),
        f"        found = super().forward({', '.join(name for name, _ in inputs)})",
        *_held(extern, told.results),
        "        return found",
    ]
    return [*head, *constructor, *forward]


def _read(inputs: Sequence[tuple[str, TensorType]], results: Sequence[TensorType]) -> list[str]:
    """The sizes of the inputs that the results' shapes speak of."""
    wanted = {
        name
        for kind in results
        for size in kind.shape
        if isinstance(size, Dim)
        for name in size.symbols
    }
    lines = []
    for name, kind in inputs:
        names = [str(size) if str(size) in wanted else "_" for size in kind.shape]
        wanted -= set(names)
        if any(each != "_" for each in names):
            lines.append(f"        {', '.join(names)}{',' * (len(names) == 1)} = {name}.shape")
    return lines


def _held(extern: Extern, results: Sequence[TensorType]) -> list[str]:
    """The comparison of the results with their declaration."""
    one = len(results) == 1
    lines = (
        [] if one else [f"        if not isinstance(found, tuple) or len(found) != {len(results)}:"]
    )
    if not one:
        lines.append(f'            raise TypeError("{extern.name} returns {len(results)} tensors")')
    for number, kind in enumerate(results):
        value = "found" if one else f"found[{number}]"
        shape = _shape(kind.shape)
        floats = kind.dtype.startswith("f")  # of which autocast may choose another
        dtype = (
            f"not {value}.is_floating_point()"
            if floats
            else f"{value}.dtype != torch.{torch_name(kind.dtype)}"
        )
        lines += [
            f"        if {value}.shape != {shape} or {dtype}:",
            "            raise TypeError(",
            f'                f"{extern.name} is declared to return {kind}, here {{{shape}}}: "',
            f'                f"it returned {{tuple({value}.shape)}} of {{{value}.dtype}}"',
            "            )",
        ]
    return lines


def _shape(shape: Sequence[Any]) -> str:
    sizes = [code.size(size, _AsTheyAre()).flat for size in shape]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def _written(value: Any) -> str:
    return code.value(value, code.Names()).flat


def permit(externs: Sequence[Extern], allowed: bool) -> None:
    """Import the classes of externs where that is allowed. SpecError NN218 where it is not, or where
    one is not to be had."""
    problems = [
        problem
        for extern in externs
        if (problem := _usable(extern) if allowed else _refused(extern)) is not None
    ]
    if problems:
        raise SpecError(problems)


def _refused(extern: Extern) -> Problem:
    return Problem(
        "NN218",
        f"`{extern.name}` would import {extern.package}, which runs code that is no spec",
        extern.definition.target.span,
        help="if you trust it: `nnspec.load(…, allow_extern=True)`, `nnspec train … --allow-extern`",
    )


def _usable(extern: Extern) -> Problem | None:
    from importlib import import_module

    from torch import nn

    place = extern.definition.target.span
    try:
        found = getattr(import_module(extern.package), extern.attribute)
    except ImportError as error:
        return Problem("NN218", f"{extern.package} cannot be imported: {error}", place)
    except AttributeError:
        return Problem("NN218", f"{extern.package} has no `{extern.attribute}`", place)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        return Problem(
            "NN218",
            f"{extern.package}.{extern.attribute} is no class of torch.nn.Module",
            place,
        )
    return None
