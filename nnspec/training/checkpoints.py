"""A trainer's checkpoints: written whole, and taken up again."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from nnspec.training.errors import RunError
from nnspec.training.run import SHARDS
from nnspec.training.state import State, pack, unpack

if TYPE_CHECKING:
    from nnspec.training.loop import Trainer


def save(trainer: Trainer, which: str, model: nn.Module) -> None:
    """Write the weights of `model`, and all that is needed to go on, as the checkpoint `which`."""
    tensors: dict[str, Tensor] = {}
    rng = [{"cpu": own} for own in trainer.processes.of_each(torch.get_rng_state())]
    if trainer.device.type == "cuda":
        of_each = trainer.processes.of_each(torch.cuda.get_rng_state(trainer.device))
        for one, own in zip(rng, of_each, strict=True):
            one["cuda"] = own
    parts = {**trainer.state(tensors), "rng": pack(rng, "rng", tensors)}
    loss_sum, samples = trainer.sums()
    trainer.processes.average_buffers(model)
    shared = trainer.strategy.divided(tensors)
    whole = {name: value for name, value in tensors.items() if name not in shared}
    state = State(
        epoch=trainer.epoch,
        step=trainer.step,
        best=trainer.best,
        best_epoch=trainer.best_epoch,
        loss_sum=loss_sum,
        samples=samples,
        parts=parts,
    )
    weights = trainer.strategy.weights(model)
    trainer.run_folder.save(
        which, weights, whole, state, lambda folder: trainer.strategy.write(folder, shared)
    )
    trainer.saved_at = time.monotonic()


def resume(trainer: Trainer, changed: Collection[str] = ()) -> None:
    """Take up the state of `last`: weights, optimizer, schedule, random numbers, place in the epoch.

    `changed` are the settings that are not as they were.
    """
    state, tensors = trainer.run_folder.state("last")
    weights = trainer.run_folder.weights("last")
    folder = trainer.run_folder.checkpoint("last")
    if (folder / SHARDS).is_dir():
        from nnspec.training.parallel.shards import read_shards

        alone = trainer.processes.size == 1
        tensors |= read_shards(folder / SHARDS, trainer.update.held_as, alone)
    try:
        _resume_stream(trainer, unpack(state.parts.pop("rng"), tensors), state)
        trainer.take_up(weights, state.parts, tensors, changed)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        folder = trainer.run_folder.folder
        raise RunError(
            f"the checkpoint of {folder} does not fit its spec and settings: "
            f"{str(error).strip().splitlines()[-1].strip()}",
            "settings that make another model or optimizer need a new run",
        ) from error
    trainer.epoch, trainer.step = state.epoch, state.step
    trainer.best, trainer.best_epoch = state.best, state.best_epoch
    trainer.resume_sums(state.loss_sum, state.samples)


def _resume_stream(trainer: Trainer, saved: list[dict[str, Tensor]], state: State) -> None:
    """Go on with the random numbers of this process; one that was not there before begins a stream."""
    if trainer.processes.rank >= len(saved):
        trainer.processes.own_stream(trainer.plan.settings["seed"], state.epoch, state.step)
        return
    rng = saved[trainer.processes.rank]
    torch.set_rng_state(rng["cpu"].cpu())
    if "cuda" in rng and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(rng["cuda"].cpu(), trainer.device)
