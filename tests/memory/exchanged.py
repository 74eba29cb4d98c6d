"""What a process of several holds with ddp, as PyTorch's allocator reports it to its profiler, against what
nnspec foretells.

`python -m tests.memory.exchanged` prints the table, for real tensors: the buckets of DistributedDataParallel
are made in C++, where PyTorch's memory trackers do not look. The group is this process alone, which holds
what one of many does. docs/clusters.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import distributed
from torch.profiler import ProfilerActivity, profile, record_function

from nnspec.analysis.devices import Wanted, forecast
from nnspec.checking import check_text
from nnspec.compiler.spec import compile_model, program_of
from nnspec.source import Source
from nnspec.training.parallel.processes import Processes
from nnspec.training.parallel.strategies import DataParallel

from .deep import found
from .judge import inputs_of, own_number, row, summed

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

    number = own_number(sizes)
    ours = forecast(graph, None, number, Wanted(2, "ddp", 2, 0, False))
    made = compile_model(program_of(source), name)
    inputs = inputs_of(graph, number)
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
                loss = summed(called(*given))
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
        source, name = found(target)
        ours, theirs = peaks(source, name, sizes)
        row(name, sizes, ours, theirs)


if __name__ == "__main__":
    main()
