"""A graph without layers, as a function: the loss of a train part."""

from __future__ import annotations

from typing import Any

from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.emit import assemble, function_lines
from nnspec.compiler.load import load_source
from nnspec.graph import Graph


def function_source(graph: Graph, name: str) -> str:
    """The source of a module with the function `name`."""
    plan = ClassPlan(name, "function", graph, {})
    return assemble("", [function_lines(plan, name)])


def compile_function(graph: Graph, name: str) -> Any:
    """The function; its tensors are given by name, as the graph's inputs are called."""
    return getattr(load_source(function_source(graph, name), name), name)
