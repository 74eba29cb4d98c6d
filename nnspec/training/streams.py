"""Splits that do not fit into memory: samples are read from their files by worker processes, batch by batch.

The workers only read; every step of the pipeline runs on the device, on whole batches. What is drawn at
random is drawn by the main process, so that the number of workers changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nnspec.recipe.definition import Field
from nnspec.recipe.plan import DataPlan
from nnspec.training.data import Batch, Data, OneByOne, Split, Step, apply, read_one
from nnspec.training.errors import RunError
from nnspec.training.parallel.share import WHOLE, Share

#: what a dataset gives for a sample: its values by field, or the error of the file that cannot be read
Sample = dict[str, Tensor] | RunError


class Files(Dataset[Sample]):
    """The samples of a data set that are read one by one: images in files, rows of mapped tables."""

    def __init__(self, samples: dict[str, Tensor | OneByOne], raw: dict[str, Field]) -> None:
        self.samples, self.raw = samples, raw

    def __getitem__(self, number: int) -> Sample:
        found: dict[str, Tensor] = {}
        for name, values in self.samples.items():
            if not isinstance(values, Tensor):
                try:
                    found[name] = read_one(values, number, self.raw[name])
                except RunError as error:
                    return error
            else:
                found[name] = values[number]
        return found


class _Order:
    """The batches of an epoch, as lists of row numbers; a loader with lasting workers asks it anew."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class Streamed:
    """A split that is read while it is used."""

    bytes = 0

    def __init__(
        self,
        files: Files,
        rows: Tensor,
        steps: dict[str, list[Step]],
        device: torch.device,
        workers: int,
        unreadable: list[str] | None,
    ) -> None:
        """`unreadable` takes the names of files that are skipped; None: the first of them is an error."""
        self.rows, self.steps, self.device, self.unreadable = rows, steps, device, unreadable
        self.order = _Order()
        self.loader: DataLoader[Sample] = DataLoader(
            files,
            batch_sampler=self.order,
            num_workers=workers,
            collate_fn=list,
            pin_memory=device.type == "cuda",
            persistent_workers=workers > 0,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def batches(
        self, size: int, order: Tensor | None = None, done: int = 0, share: Share = WHOLE
    ) -> Iterator[Batch]:
        rows = (self.rows if order is None else self.rows[order.cpu()]).tolist()
        self.order.batches = [rows[a:b] for a, b in share.parts(len(rows), size, done)]
        try:
            for samples in self.loader:
                batch = self._batch(samples)
                if batch:
                    yield batch
                elif share.of > 1:
                    raise RunError(
                        "no file of a process's share of a batch can be read, and the others wait for it",
                        "mend or remove them: " + ", ".join((self.unreadable or [])[-3:]),
                    )
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise RunError(
                f"a process that reads the data died: {str(error).splitlines()[0]}",
                "most often memory ran out: fewer `workers`, or a smaller batch; what was saved is kept",
            ) from None

    def _batch(self, samples: list[Sample]) -> Batch:
        """The samples on the device, without those that could not be read."""
        good: list[dict[str, Tensor]] = []
        for sample in samples:
            if not isinstance(sample, RunError):
                good.append(sample)
            elif self.unreadable is None:
                raise sample
            elif sample.message not in self.unreadable:
                self.unreadable.append(sample.message)
        if not good:
            return {}
        batch = {
            name: torch.stack([one[name] for one in good]).to(self.device, non_blocking=True)
            for name in good[0]
        }
        return {name: apply(rows, self.steps[name]) for name, rows in batch.items()}


def streamed(
    plan: DataPlan,
    samples: dict[str, Tensor | OneByOne],
    rows: dict[str, Tensor],
    device: torch.device,
    workers: int | None,
) -> Data:
    """The splits of a data part whose images stay in their files."""
    if workers is None:
        workers = max(1, min(8, (os.cpu_count() or 1) - 1))
    files = Files(samples, plan.raw)
    unreadable: list[str] = []
    splits: dict[str, Split] = {}
    for name, chosen in rows.items():
        steps = {
            field: [step.definition.build(step.settings) for step in plan.transforms[field][name]]
            for field in samples
        }
        skipped = unreadable if plan.unreadable == "skip" else None
        splits[name] = Streamed(files, chosen, steps, device, workers, skipped)
    return Data(splits, unreadable)
