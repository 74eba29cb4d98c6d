"""What a process of several holds with fsdp, as PyTorch's tracker for FSDP2 sees it, against what nnspec
foretells.

`python -m tests.memory.divided 2` prints the table for two processes, of which this one stands for all: the
group is PyTorch's fake one, nothing is sent. docs/clusters.md has the table.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import distributed
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.fsdp2_mem_tracker import FSDPMemTracker
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.testing._internal.distributed.fake_pg import FakeStore

from nnspec.analysis.devices import Wanted, forecast
from nnspec.checking import check_text
from nnspec.compiler.spec import compile_model, program_of
from nnspec.source import Source
from nnspec.training.parallel.strategies import units

from .deep import found
from .judge import inputs_of, own_number, row, summed

MODELS = [
    ("zoo:resnet50", {"N": 8, "H": 224, "W": 224}),
    ("zoo:vit_b_16", {"N": 8}),
    ("LLAMA", {"N": 4, "T": 128}),
]


def peaks(source: Source, name: str, sizes: Mapping[str, int], processes: int) -> tuple[int, int]:
    """Foretold and measured bytes of a process in forward and backward, once adamw has its state; `sizes`
    are those of its own samples."""
    graph = check_text(source, name).models[name].graph

    number = own_number(sizes)
    ours = forecast(graph, None, number, Wanted(processes, "fsdp", 2, 0, False))
    made = compile_model(program_of(source), name)
    inputs = inputs_of(graph, number)
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=processes)
    try:
        return ours.total, measured(made, inputs, processes)
    finally:
        distributed.destroy_process_group()


def measured(made: type, inputs: list[tuple[torch.dtype, tuple[int, ...]]], processes: int) -> int:
    warnings.simplefilter("ignore")
    mesh = init_device_mesh("cpu", (processes,))
    with FakeTensorMode(allow_non_fake_inputs=True):
        model = made().train()
        for unit in units(model):
            fully_shard(unit, mesh=mesh)
        fully_shard(model, mesh=mesh)
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        given = [torch.zeros(shape, dtype=dtype) for dtype, shape in inputs]
        tracker: Any = FSDPMemTracker(model, optimizer)
        tracker.track_inputs(tuple(given))

        def forward_and_backward() -> None:
            summed(model(*given)).backward()

        with tracker:
            forward_and_backward()
            optimizer.step()
            optimizer.zero_grad()
            # the peak so far is that of the fused step, of which the tracker counts each wrapper as a tensor
            tracker.reset_mod_stats()
            for device in list(tracker._curr_mem_snap):
                tracker._peak_mem[device] = 0
            forward_and_backward()
    found = {d.type: part for d, part in tracker.get_tracker_snapshot("peak").items()}
    return int(found["cpu"]["Total"])


def main() -> None:
    processes = int(sys.argv[1])
    for target, sizes in MODELS:
        source, name = found(target)
        ours, theirs = peaks(source, name, sizes, processes)
        row(name, sizes, ours, theirs)


if __name__ == "__main__":
    main()
