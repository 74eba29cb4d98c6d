"""What a process of several holds with ddp, as PyTorch's allocator reports it to its profiler, against what
nnspec foretells.

`python -m tests.memory.exchanged` prints the table, for real tensors: the buckets of DistributedDataParallel
are made in C++, where PyTorch's memory trackers do not look. The group is this process alone, which holds
what one of many does. docs/clusters.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import distributed
from torch.profiler import ProfilerActivity, profile, record_function

from nnspec.analysis.devices import Wanted, forecast
from nnspec.checking import check_text
from nnspec.compiler.spec import compile_model, program_of
from nnspec.dims import substitute
from nnspec.source import Source
from nnspec.training.parallel.processes import Processes
from nnspec.training.parallel.strategies import DataParallel

from .deep import SMALL
from .judge import TORCH, source_of

if TYPE_CHECKING:
    from nnspec.dims import Size

MODELS = [
    ("zoo:resnet18", {"N": 8, "H": 64, "W": 64}),
    ("zoo:vit_b_16", {"N": 2}),
    ("LLAMA", {"N": 4, "T": 128}),
]
MARK = "the step that counts"


def peaks(source: Source, name: str, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Foretold and measured bytes of a process in a step with adamw, once that has its state; `sizes` are
    those of its own samples."""
    graph = check_text(source, name).models[name].graph

    def number(size: Size) -> int:
        fixed = size if isinstance(size, int) else substitute(size, dict(sizes))
        assert isinstance(fixed, int), fixed
        return fixed

    ours = forecast(graph, None, number, Wanted(2, "ddp", 2, 0, False))
    made = compile_model(program_of(source), name)
    inputs = [
        (TORCH[v.type.dtype], tuple(number(size) for size in v.type.shape)) for v in graph.inputs
    ]
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        return ours.total, measured(made, inputs)
    finally:
        distributed.destroy_process_group()


def measured(made: type, inputs: list[tuple[torch.dtype, tuple[int, ...]]]) -> int:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        model = made().train()
        called = DataParallel(Processes(size=2), torch.device("cpu")).called(model)
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        given = [torch.zeros(shape, dtype=dtype) for dtype, shape in inputs]
        for step in range(3):  # the buckets are dealt anew after the first
            with record_function(MARK if step == 2 else "another"):
                optimizer.zero_grad()
                result = called(*given)
                values = (result,) if isinstance(result, torch.Tensor) else result
                loss = sum(value.sum() for value in values)
                del result, values
                loss.backward()
                del loss
                optimizer.step()
    assert seen.profiler is not None
    events = seen.profiler.kineto_results.events()
    (counts,) = (one for one in events if one.name() == MARK)
    held = most = 0
    memory = [one for one in events if one.name() == "[memory]"]
    for one in sorted(memory, key=lambda event: event.start_ns()):
        held += one.nbytes()
        if counts.start_ns() <= one.start_ns() <= counts.start_ns() + counts.duration_ns():
            most = max(most, held)
    return most


def main() -> None:
    for target, sizes in MODELS:
        if target == "LLAMA":
            text = source_of("zoo:llama3_8b").text
            source = Source(f"{text}\nmodel llama_small = {SMALL}\n", "llama.nn")
            name = "llama_small"
        else:
            source, name = source_of(target), target.rpartition(":")[2]
        ours, theirs = peaks(source, name, sizes)
        shown = ", ".join(f"{k}={v}" for k, v in sizes.items())
        print(
            f"| {name} | {shown} | {ours / 2**20:,.0f} MiB | {theirs / 2**20:,.0f} MiB | "
            f"{100 * (ours / theirs - 1):+.1f}% |",
            flush=True,
        )


if __name__ == "__main__":
    main()
