"""A compiled module as `torch.export` sees it: with its sizes left open where that is possible."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram, export

from nnspec.compiler.names import usable
from nnspec.dims import comparison, evaluate, symbols
from nnspec.exporting.dynamic import admitted, of_inputs
from nnspec.graph import Graph, OpNode, around
from nnspec.nearest import nearest_sizes
from nnspec.tensors import torch_name
from nnspec.training.errors import RunError
from nnspec.words import joined

#: sizes for the inputs that the model is followed with: small, and each another
FIRST, STEP = 40, 8


def _oblivious(on: bool) -> Any:
    """Sizes of 1 are as any others for `torch.export` within."""
    from torch.fx.experimental import _config

    return _config.patch(backed_size_oblivious=on)  # type: ignore[attr-defined]


@contextmanager
def _plain_results(module: nn.Module, graph: Graph) -> Iterator[None]:
    """Several outputs as a dictionary: a program that is stored cannot bring the class of ours along."""
    if len(graph.outputs) == 1:
        yield
        return
    forward = module.forward
    names = [name for name, _ in graph.outputs]

    @wraps(forward)
    def named(*inputs: Tensor) -> dict[str, Tensor]:
        return dict(zip(names, forward(*inputs), strict=True))

    module.forward = named
    try:
        yield
    finally:
        del module.forward


class Exported:
    """The program; inputs of two sizes, the first being those that it was followed with; and, where it
    does not take all sizes that the spec admits, which ones it takes."""

    def __init__(
        self, program: ExportedProgram, inputs: list[dict[str, Tensor]], narrower: str
    ) -> None:
        self.program, self.inputs, self.narrower = program, inputs, narrower


def exported(module: nn.Module, graph: Graph, fixed: Mapping[str, int]) -> Exported:
    """The program of a module in evaluation, for every size that its spec admits.

    `fixed` are sizes that are to be numbers. First all admitted sizes are tried, then those at which
    no tensor has a size of 1, which `torch.export` takes to be special. RunError where it cannot
    follow the sizes that are left open at all.
    """
    reason = "no size that it could be followed with was found"
    names = {name for value in graph.inputs for size in value.type.shape for name in symbols(size)}
    open = sorted(names - fixed.keys())
    _one_side(graph, open, fixed)
    for exact in (True, False) if open else (True,):
        sizes = sample_sizes(graph, open, fixed, exact)
        if sizes is None:
            continue
        others = sample_sizes(graph, open, fixed, exact, further=1) or sizes
        inputs = [sample_inputs(graph, sizes), sample_inputs(graph, others)]
        taken = admitted(graph, exact)
        dims = of_inputs(graph, taken, fixed)
        try:
            with _oblivious(exact), _plain_results(module, graph), _quiet():
                program = export(
                    module.eval(),
                    tuple(inputs[0].values()),
                    dynamic_shapes=dims,
                    prefer_deferred_runtime_asserts_over_guards=not exact,
                )
        except Exception as error:  # of many kinds, AssertionError among them: it cannot follow
            reason = _reason(graph, error)
        else:
            return Exported(program, inputs, "" if exact else joined(taken.requires))
    if not open:
        raise RunError(f"torch.export cannot follow `{graph.name}`: {reason}")
    fixable = [name for name in open if name != "N"] or open
    numbers = sample_sizes(graph, open, fixed, True) or dict.fromkeys(open, 1)
    raise RunError(
        f"torch.export cannot follow {' and '.join(open)} through `{graph.name}`: {reason}",
        "say which sizes are fixed: --sizes " + ",".join(f"{n}={numbers[n]}" for n in fixable),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings of its own parts that are deprecated, and tracebacks of what it then gives up."""
    log = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def _reason(graph: Graph, error: Exception) -> str:
    """Why it cannot be followed, where that is known; else the first line of the error."""
    for node in (node for body in graph.subgraphs() for node in body.nodes):
        if isinstance(node, OpNode) and node.use.settings.get("ceil_mode"):
            return f"it does not know the size after `{node.operator.name}` with `ceil_mode=true`"
    return str(error).strip().partition("\n")[0]


def _one_side(graph: Graph, open: list[str], fixed: Mapping[str, int]) -> None:
    """RunError where an `if` takes either side at the sizes that are left open: a program has one."""
    for node in (node for body in graph.subgraphs() for node in body.nodes):
        for region, _ in around(node.when):
            condition = region.condition
            free = sorted(condition.symbols - fixed.keys()) if condition is not None else []
            if condition is not None and free:
                numbers = sample_sizes(graph, open, fixed, True) or dict.fromkeys(open, 1)
                raise RunError(
                    f"a program has one side of `if {comparison(condition)}` in `{graph.name}`, and "
                    f"{' and '.join(free)} may be any",
                    "say which sizes are fixed: --sizes "
                    + ",".join(f"{name}={numbers[name]}" for name in free),
                )


def sample_sizes(
    graph: Graph, open: list[str], fixed: Mapping[str, int], exact: bool, further: int = 0
) -> dict[str, int] | None:
    """Numbers for the symbols; None where none are found."""
    wanted = {
        name: 2 + further if name == "N" else FIRST + STEP * (i + 2 * further)
        for i, name in enumerate(open)
    }
    found = nearest_sizes(admitted(graph, exact), wanted, fixed) if open else [{}]
    return {**found[0], **fixed} if found else None


def sample_inputs(graph: Graph, sizes: Mapping[str, int]) -> dict[str, Tensor]:
    """A tensor for each input: numbers from 0 to 1, whose sums have roots and logarithms, or zeros where
    they are places in a table."""
    generator = torch.Generator().manual_seed(0)
    inputs: dict[str, Tensor] = {}
    for value in graph.inputs:
        shape = [evaluate(size, sizes) for size in value.type.shape]
        dtype: Any = getattr(torch, torch_name(value.type.dtype))
        if dtype.is_floating_point:
            inputs[usable(value.name)] = torch.rand(shape, generator=generator).to(dtype)
        else:
            inputs[usable(value.name)] = torch.zeros(shape, dtype=dtype)
    return inputs
