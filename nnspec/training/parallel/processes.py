"""The processes of a run: one, or as many as `torchrun` (or a cluster, by the same variables) has started."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._C._distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from nnspec.training.errors import RunError
from nnspec.training.parallel.share import Share

#: seconds that the first process waits for the others to come
PATIENCE = 300


class Processes:
    """Who takes part, seen from one of them. Where there is only one, nothing waits and nothing is sent.

    `local_rank` counts the processes of one machine, of which there are `local_size`.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        local_rank: int = 0,
        local_size: int = 1,
        store: Store | None = None,
    ) -> None:
        self.rank, self.size = rank, size
        self.local_rank, self.local_size = local_rank, local_size
        self.share = Share(rank, size)
        self._store = store

    @classmethod
    def join(cls) -> Processes:
        """The processes that were started together with this one."""
        if int(os.environ.get("WORLD_SIZE", "1")) < 2:
            return cls()
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        try:
            common, rank, size = next(iter(rendezvous("env://")))
            store = meet(common, rank, size)
            dist.init_process_group(backend, store=store, rank=rank, world_size=size)
        except (RuntimeError, ValueError) as error:
            raise RunError(
                f"the processes of the run do not find each other: {str(error).splitlines()[0]}",
                "torchrun sets what they need: torchrun --nproc-per-node=2 -m nnspec train …",
            ) from None
        local_size = int(os.environ.get("LOCAL_WORLD_SIZE", size))
        local_rank = int(os.environ.get("LOCAL_RANK", rank % local_size))
        return cls(rank, size, local_rank, local_size, store)

    @property
    def leads(self) -> bool:
        """Whether it writes the run folder and tells how training goes."""
        return self.rank == 0

    def divide(self, strategy: str) -> bool:
        """Whether each holds a part of the weights only."""
        return self.size > 1 and strategy == "fsdp"

    def own_gpu(self) -> torch.device:
        """The GPU of this process. RunError where there are fewer GPUs than processes."""
        count = torch.cuda.device_count()
        if self.local_size > count:
            raise RunError(
                f"{self.local_size} processes were started here for {count} GPU{'s' * (count > 1)}",
                f"torchrun --nproc-per-node={count}, or device=cpu",
            )
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    # -- together --------------------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """What goes wrong is told by one process, the first that meets it; the others end silently."""
        if self.size == 1:
            yield
            return
        try:
            yield
        except Exception as error:
            if not self._first_to_fail():
                raise SystemExit(1) from None
            if _is_lost(error):
                raise RunError(
                    "another process of the run ended; what was saved is kept",
                    "its own output says why, if it was not killed; `torchrun --max-restarts=3` goes on "
                    "from the last checkpoint by itself, `nnspec train --resume RUN` when you say so",
                ) from None
            raise
        dist.destroy_process_group()

    def _first_to_fail(self) -> bool:
        assert self._store is not None
        try:
            return bool(self._store.add("nnspec failed", 1) == 1)
        except RuntimeError:  # the first process held the store, and is gone
            return False

    @contextmanager
    def first_here(self) -> Iterator[None]:
        """The first process of a machine goes before its others: what it downloads is there for them."""
        if self.local_rank:
            self.wait()
        yield
        if not self.local_rank:
            self.wait()

    def wait(self) -> None:
        """Until all have come here."""
        if self.size > 1:
            self.any(False)

    # -- what all know of each ---------------------------------------------------------------------------

    def any(self, *said: bool) -> list[bool]:
        """For each of the questions, whether any process says yes."""
        if self.size == 1:
            return list(said)
        answers = torch.tensor(said, dtype=torch.int32)
        dist.all_reduce(answers, dist.ReduceOp.MAX)
        return [bool(answer) for answer in answers]

    def total(self, value: Tensor) -> Tensor:
        """The sum of a tensor over the processes."""
        if self.size > 1:
            value = value.clone()
            dist.all_reduce(value)
        return value

    def said_by_first(self, text: Callable[[], str]) -> str:
        """What the first process says."""
        said: list[str] = [text() if self.leads else ""]
        if self.size > 1:
            dist.broadcast_object_list(said)
        return said[0]

    def of_each(self, value: Tensor) -> list[Tensor]:
        """The tensor of each process; all have the same shape."""
        if self.size == 1:
            return [value]
        found = [torch.empty_like(value) for _ in range(self.size)]
        dist.all_gather(found, value)
        return found

    def average_buffers(self, model: nn.Module) -> None:
        """The running statistics of batch norms are those of a process's own samples: their mean is that of
        all. Buffers that are whole numbers count steps, and are the same everywhere."""
        if self.size > 1:
            for buffer in model.buffers():
                if buffer.is_floating_point():
                    dist.all_reduce(buffer)
                    buffer /= self.size

    # -- random numbers --------------------------------------------------------------------------------

    def own_stream(self, seed: int, epoch: int = 0, step: int = 0) -> None:
        """The first process draws what a single one would; each other has a stream of its own."""
        if self.rank:
            own = seed + (self.rank << 32) + 1_000_003 * epoch + step
            random.seed(own)
            torch.manual_seed(own)


def meet(store: Store, rank: int, size: int) -> Store:
    """A corner of a store for these processes alone.

    torchrun keeps its store when it starts the processes again, and what the earlier ones have left in it
    must not be taken for the word of these. So each one waits for an answer to a word that nobody knew
    before; the first one answers, until each has answered back.
    """
    own = uuid4().hex
    if rank:
        store.set(f"nnspec/{rank}", own)
        corner = store.get(f"nnspec/{own}").decode()
        store.set(f"nnspec/{corner}/{rank}", "here")
        return PrefixStore(corner, store)
    missing = set(range(1, size))
    until = time.monotonic() + PATIENCE
    while missing:
        if time.monotonic() > until:
            raise RuntimeError(f"{len(missing)} of {size} did not come")
        for other in sorted(missing):
            if store.check([f"nnspec/{own}/{other}"]):
                missing.remove(other)
            elif store.check([f"nnspec/{other}"]):
                store.set("nnspec/" + store.get(f"nnspec/{other}").decode(), own)
        time.sleep(0.01)
    return PrefixStore(own, store)


def restarted() -> bool:
    """Whether torchrun has started the processes again, because one of them had died."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def launch() -> str:
    """What is the same for the processes that one `torchrun` starts, and starts again: its `--rdzv-id`; else
    its own process. Empty where there is no torchrun."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    return f"{socket.gethostname()}-{os.getppid()}" if name == "none" else name


def _is_lost(error: Exception) -> bool:
    """Whether an error says that another process does not answer any more."""
    return isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError)
        and ("gloo" in str(error) or "Connection closed by peer" in str(error))
    )
