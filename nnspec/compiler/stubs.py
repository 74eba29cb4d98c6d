"""`.pyi` files: what editors and type checkers know of the models of a spec that is imported."""

from __future__ import annotations

from collections.abc import Iterable

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.emit import docstring, fold, output_names, requirement
from nnspec.compiler.layout import WIDTH, Call, Text, lay
from nnspec.compiler.names import camel, fresh, usable

_TYPES = {"int": "int", "size": "int", "float": "float", "bool": "bool", "str": "str"}
_HEAD = """from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
"""


def stubs(doc: str, plans: Iterable[ClassPlan]) -> str:
    """A class for each model, with its parameters and its inputs."""
    models = [plan for plan in plans if plan.model is not None]
    several = any(len(plan.graph.outputs) > 1 for plan in models)
    head = _HEAD if several else _HEAD.replace(", NamedTuple", "")
    parts = ["\n".join(docstring(doc, 0)) + "\n"] if doc else []
    return "\n".join([*parts, head, *("\n".join(_class(plan)) + "\n" for plan in models)])


def _class(plan: ClassPlan) -> list[str]:
    assert plan.model is not None
    result = "Tensor"
    lines = []
    if len(plan.graph.outputs) > 1:
        result = f"{camel(plan.name)}Output"
        lines = [f"class {result}(NamedTuple):"]
        lines += [f"    {name}: Tensor" for name in output_names(plan)] + [""]
    shapes = [line for text in plan.shapes for line in fold(text, WIDTH - 10)]
    lines += [
        f"class {plan.name}(nn.Module):",
        *docstring(plan.doc, 4, [*shapes, *requirement(plan)]),
        "",
    ]
    own = {parameter.name for parameter in plan.model.parameters}
    made = ["self"]
    for parameter in plan.model.parameters:
        name = parameter.name
        value = plan.fixed.get(name, plan.values.get(name, plan.graph.arguments[name]))
        kind = _TYPES.get(parameter.type or type(value).__name__, "Any")
        plain = value is None or isinstance(value, (bool, int, float, str))
        default = code.value(value, code.Names()).flat if plain else "..."
        kind = f"{kind} | None" if value is None and kind != "Any" else kind
        made.append(f"{usable(parameter.name)}: {kind} = {default}")
    more = {"device": "Any = ...", "dtype": "torch.dtype | None = ..."}
    made += ["*", *(f"{name}: {kind}" for name, kind in more.items() if name not in own)]
    names: list[str] = []
    for value in plan.graph.inputs:
        names.append(fresh(value.name or "x", names))
    taken = ["self", *(f"{name}: Tensor" for name in names)]
    return [
        *lines,
        *_method("__init__", made, "None"),
        *_method("forward", taken, result),
        *_method("__call__", taken, result),
    ]


def _method(name: str, arguments: list[str], result: str) -> list[str]:
    texts = tuple(("", Text(argument)) for argument in arguments)
    return lay(Call(f"def {name}", texts), 4, "", f" -> {result}: ...")
