"""A training step's peak as PyTorch's memory tracker sees it, against what nnspec foretells."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker

from nnspec.analysis.devices import Wanted, forecast
from nnspec.checking import check_text
from nnspec.compiler.spec import compile_model, program_of
from nnspec.dims import substitute
from nnspec.source import Source

if TYPE_CHECKING:
    from nnspec.dims import Size
    from nnspec.graph import Graph

TORCH = {"f32": torch.float32, "i64": torch.int64}


def source_of(target: str) -> Source:
    """Of a file, or of `zoo:name`."""
    from nnspec.targets import find

    return find(target).read()


def peaks(
    source: Source, name: str, sizes: Mapping[str, int], real: bool = False, half: bool = False
) -> tuple[int, int]:
    """Foretold and measured bytes of a step with adamw, whose loss is the sum of the outputs.

    `real`: on real tensors, where PyTorch's fake ones do not know the way; `half`: under autocast to bf16.
    """
    report = check_text(source, name)
    model = report.models[name]

    number = own_number(sizes)
    ours = forecast(model.graph, None, number, Wanted(1, "ddp", 2, 0, False, half))
    made = compile_model(program_of(source), name)
    return ours.total, measured(made, inputs_of(model.graph, number), real, half)


def own_number(sizes: Mapping[str, int]) -> Callable[[Size], int]:
    """What a size is where its symbols are these numbers."""

    def number(size: Size) -> int:
        fixed = size if isinstance(size, int) else substitute(size, dict(sizes))
        assert isinstance(fixed, int), fixed
        return fixed

    return number


def inputs_of(
    graph: Graph, number: Callable[[Size], int]
) -> list[tuple[torch.dtype, tuple[int, ...]]]:
    """Dtype and shape of each input of a model."""
    return [(TORCH[v.type.dtype], tuple(map(number, v.type.shape))) for v in graph.inputs]


def summed(result: object) -> torch.Tensor:
    """A loss: the sum of all outputs."""
    values = (result,) if isinstance(result, torch.Tensor) else result
    return sum(value.sum() for value in values)  # type: ignore[attr-defined,no-any-return]


def row(name: str, sizes: Mapping[str, int], ours: int, theirs: int) -> None:
    """Print a line of a table: foretold and measured."""
    shown = ", ".join(f"{k}={v}" for k, v in sizes.items())
    print(
        f"| {name} | {shown} | {ours / 2**20:,.0f} MiB | {theirs / 2**20:,.0f} MiB | "
        f"{100 * (ours / theirs - 1):+.1f}% |",
        flush=True,
    )


def measured(
    made: type,
    inputs: list[tuple[torch.dtype, tuple[int, ...]]],
    real: bool = False,
    half: bool = False,
) -> int:
    """Bytes at the peak of the second step: the optimizer has its state from the first."""
    warnings.simplefilter("ignore")
    with nullcontext() if real else FakeTensorMode(allow_non_fake_inputs=True):
        model = made().train()
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        given = [torch.zeros(shape, dtype=dtype) for dtype, shape in inputs]
        tracker = MemTracker()
        tracker.track_external(model, optimizer, *given)
        with tracker:
            for step in range(2):
                optimizer.zero_grad()
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    loss = summed(model(*given))
                loss.backward()
                del loss
                optimizer.step()
                if step == 0:
                    tracker.reset_mod_stats()
    (found,) = tracker.get_tracker_snapshot("peak").values()
    return int(found["Total"])
