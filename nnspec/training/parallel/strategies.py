"""How a model is shared by several processes: whole in each (DDP), or each a part of it (FSDP2)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from nnspec.compiler.load import HOME
from nnspec.graph import Graph
from nnspec.recipe.plan import UNIT_SHARE, TrainPlan
from nnspec.training.data import Split
from nnspec.training.errors import RunError
from nnspec.training.parallel.processes import Processes
from nnspec.training.parallel.shards import write_shards
from nnspec.training.parallel.unused import always_learns
from nnspec.training.parallel.whole import Whole
from nnspec.training.run import SHARDS


class DataParallel(Whole):
    """Each process holds the whole model; gradients are summed while the backward pass goes on."""

    def called(self, model: nn.Module) -> nn.Module:
        with warnings.catch_warnings():  # newer ones call it `forward_sync_buffers`
            warnings.filterwarnings("ignore", "`broadcast_buffers`", FutureWarning)
            return DistributedDataParallel(
                model,
                device_ids=[self.device] if self.device.type == "cuda" else None,
                broadcast_buffers=False,  # they are averaged where they are used
                find_unused_parameters=not self.always_learns,
                gradient_as_bucket_view=True,
            )

    @contextmanager
    def gathers(self, called: nn.Module, last: bool) -> Iterator[None]:
        assert isinstance(called, DistributedDataParallel)
        with nullcontext() if last else called.no_sync():
            yield


class Averaged(Whole):
    """Each process holds the whole model; gradients are averaged after the backward pass. For models that go
    through each other's losses: DDP sees only the backward pass of its own call of its own model."""

    def spread(self, model: nn.Module) -> None:
        for value in model.state_dict().values():
            dist.broadcast(value, 0)

    @contextmanager
    def gathers(self, called: nn.Module, last: bool) -> Iterator[None]:
        yield
        if not last:
            return
        trained = [p for p in called.parameters() if p.requires_grad]
        for parameter, used in zip(trained, self._used(trained), strict=True):
            if used and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [p.grad for p in trained if p.grad is not None]
        every = self.processes.total(torch.cat([g.flatten() for g in gradients]))
        every /= self.processes.size
        for gradient, mean in zip(
            gradients, every.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))

    def _used(self, trained: list[nn.Parameter]) -> list[bool]:
        """Whether each weight has a gradient, in any process."""
        own = [p.grad is not None for p in trained]
        return own if self.always_learns else self.processes.any(*own)


class FullySharded(Whole):
    """Each process holds a part of each weight, of its gradient and of the optimizer's state; the weights of
    a unit come together while it computes (Rajbhandari et al. 2020, ZeRO-3; Zhao et al. 2023, FSDP)."""

    divides = True

    def spread(self, model: nn.Module) -> None:
        for name, parameter in model.named_parameters():
            if parameter.ndim == 0:
                raise RunError(
                    f"`{name}` is one number, which cannot be divided",
                    "strategy=ddp, or give it a size of 1 in the spec",
                )
        mesh = init_device_mesh(self.device.type, (self.processes.size,))
        for unit in units(model):
            fully_shard(unit, mesh=mesh)
        fully_shard(model, mesh=mesh)

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name, value in model.state_dict().items():
            whole = value.full_tensor() if isinstance(value, DTensor) else value
            if self.processes.leads:
                found[name] = whole.cpu()
        return found

    def held_as(self, value: Tensor, held: Any) -> Tensor:
        if isinstance(held, DTensor) and not isinstance(value, DTensor):
            value = value.to(held.device)
            return distribute_tensor(value, held.device_mesh, held.placements, src_data_rank=None)
        return value

    def divided(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: value for name, value in tensors.items() if isinstance(value, DTensor)}

    def write(self, folder: Path, tensors: dict[str, Tensor]) -> None:
        self.processes.wait()  # the first one makes the folder
        write_shards(folder / SHARDS, tensors)


STRATEGIES: dict[str, type[Whole]] = {"ddp": DataParallel, "fsdp": FullySharded}


def strategy_of(
    plan: TrainPlan, graph: Graph, processes: Processes, device: torch.device, together: bool
) -> Whole:
    """The strategy of a train part for the model of this graph, of several processes; `together`: with
    others that share it. RunError where it cannot train so."""
    name = plan.settings["strategy"]
    optimizer = plan.optimizer.definition
    if optimizer.evaluates:
        raise RunError(
            f"`{optimizer.name}` computes the loss several times in a step, and trains in one process",
            "start it without torchrun, or take another optimizer",
        )
    if name == "fsdp" and not optimizer.divides:
        raise RunError(
            f"PyTorch's `{optimizer.name}` does not work on divided weights",
            "strategy=ddp, or another optimizer such as adamw",
        )
    if name == "fsdp" and together:
        raise RunError(
            "models that go through each other's losses are not divided",
            "strategy=ddp: each process holds them whole",
        )
    if plan.settings["batch_size"] < processes.size:
        raise RunError(
            f"a batch of {plan.settings['batch_size']} cannot be divided among {processes.size} processes",
            f"batch_size={processes.size} or more: it counts the samples of all processes together",
        )
    learns = always_learns(graph, plan.loss)
    return (Averaged if together else STRATEGIES[name])(processes, device, learns)


def prepared(
    model: nn.Module,
    settings: Mapping[str, Any],
    splits: Mapping[str, Split],
    strategy: Whole,
) -> nn.Module:
    """A model for several processes. RunError where there is not a sample for each."""
    processes, device = strategy.processes, strategy.device
    for name, split in splits.items():
        if len(split) < processes.size:
            raise RunError(
                f"`{name}` has {len(split)} samples for {processes.size} processes",
                "start fewer of them: torchrun --nproc-per-node",
            )
    if settings["sync_batch_norm"]:
        if device.type != "cuda":
            raise RunError(
                f"sync_batch_norm=true needs GPUs: PyTorch has no such batch norm on {device.type}",
                "without it the batch norms of a process see its own share of a batch",
            )
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return model


def told(settings: Mapping[str, Any], processes: Processes) -> str:
    """What several processes do, in a line."""
    size, batch = processes.size, settings["batch_size"]
    how = "each holds a part of the model" if settings["strategy"] == "fsdp" else "each the model"
    return (
        f"{size} processes, strategy={settings['strategy']}: {how}, and computes "
        f"{'' if batch % size == 0 else 'about '}{batch // size} of the {batch} samples of a batch"
    )


def units(model: nn.Module) -> list[nn.Module]:
    """The blocks of the spec whose weights come together as one, inner ones first: those with a share of the
    model's weights that is worth a message, and no weight that another part has, too."""
    least = sum(p.numel() for p in model.parameters()) / UNIT_SHARE
    holders: dict[int, int] = {}
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            holders[id(parameter)] = holders.get(id(parameter), 0) + 1
    found: list[nn.Module] = []
    taken: set[int] = set()
    for module in reversed(list(model.modules())):  # callees come before those that hold them
        if module is model or not type(module).__module__.startswith(f"{HOME}."):
            continue
        own = {id(p): p.numel() for p in module.parameters() if id(p) not in taken}
        if sum(own.values()) >= least and all(holders[number] == 1 for number in own):
            found.append(module)
            taken |= own.keys()
    return found
