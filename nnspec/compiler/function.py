"""A graph of tensors as a plain function: the loss of a train part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnspec.compiler.emit import emit_function
from nnspec.compiler.load import load_source
from nnspec.graph import Graph


def compile_function(graph: Graph, name: str) -> Callable[..., Any]:
    """The function of this name; its arguments are the graph's inputs."""
    function: Callable[..., Any] = getattr(load_source(emit_function(graph, name), name), name)
    return function
