"""Data: loaded, divided into splits, preprocessed.

Where it fits, a split lies whole on the device, one tensor for each field (`Resident`): steps that are not
random run once, before training, and a batch is a gather of rows with the random steps on top. Images and
arrays of which there are too many stay in their files (`streams.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from nnspec.diagnostics import Mismatch
from nnspec.recipe.definition import Bound, Field
from nnspec.recipe.plan import AS_PUBLISHED, DataPlan
from nnspec.recipe.sources.base import Rows, Unreadable
from nnspec.training.errors import RunError
from nnspec.training.parallel.share import WHOLE, Share, joined, one_after_another

Batch = dict[str, Tensor]
Step = Callable[[Tensor], Tensor]
#: what is read one by one: image files, or what the source reads itself
OneByOne = list[str] | Rows

#: samples that a step of preprocessing handles at a time
CHUNK = 4096
#: the largest data set that is held on a processor, in bytes; on a GPU a quarter of its memory
RESIDENT = 4 * 2**30


class Split(Protocol):
    """The samples of one split, preprocessed; `batches` gives them in pieces."""

    bytes: int

    def __len__(self) -> int: ...

    def batches(
        self, size: int, order: Tensor | None = None, done: int = 0, share: Share = WHOLE
    ) -> Iterator[Batch]:
        """The samples in order, `size` at a time, without the first `done` batches; the last one may be
        smaller. Of each batch a process gets its `share`."""
        ...


class Resident:
    """A split that lies on the device."""

    def __init__(self, fields: Batch, random_steps: dict[str, list[Step]]) -> None:
        self.fields = fields
        self.random_steps = random_steps
        self.bytes = sum(rows.numel() * rows.element_size() for rows in fields.values())

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def batches(
        self, size: int, order: Tensor | None = None, done: int = 0, share: Share = WHOLE
    ) -> Iterator[Batch]:
        """As in `Split`. With an order each field is gathered once, so that a batch is a view."""
        fields = self.fields
        parts = list(share.parts(len(self), size, done))
        if order is not None:
            chosen = joined(order, parts)
            fields = {name: rows[chosen.to(rows.device)] for name, rows in fields.items()}
            parts = one_after_another(parts)
        for start, stop in parts:
            yield {name: self._augmented(name, rows[start:stop]) for name, rows in fields.items()}

    def _augmented(self, name: str, rows: Tensor) -> Tensor:
        for step in self.random_steps.get(name, ()):
            rows = step(rows)
        return rows


class Data:
    """The splits of a data part, and the files that were left out of them."""

    def __init__(self, splits: dict[str, Split], unreadable: list[str]) -> None:
        self.splits, self.unreadable = splits, unreadable


def load(
    plan: DataPlan,
    root: str,
    device: torch.device,
    workers: int | None = None,
    processes: int = 1,
    resident: bool | None = None,
) -> Data:
    """The splits of a data part, for one of the `processes` of this machine. RunError where the data is not
    as it should be.

    `resident`: whether images lie on the device; else where they fit.
    """
    source, settings = plan.source.definition, plan.source.settings
    try:
        samples = source.load(settings, root)
        parts = source.parts(settings, root)
    except Mismatch as missing:
        raise RunError(missing.message, missing.help) from None
    labels = next(
        (samples[n] for n, f in plan.raw.items() if f.classes is not None and not f.shape), None
    )
    count = len(next(iter(samples.values())))
    rows = (
        divide(count, plan.split, labels, plan.seed)
        if parts is None
        else _divide_published(count, parts, plan.split, labels, plan.seed)
    )
    one_by_one = not all(isinstance(values, Tensor) for values in samples.values())
    if resident is False and not one_by_one:
        raise RunError(
            f"`{source.name}` is held in memory: it has no files to read batch by batch",
            "leave `resident` out",
        )
    if one_by_one and not (
        _fits(plan, samples, device, processes) if resident is None else resident
    ):
        from nnspec.training.streams import streamed

        return streamed(plan, samples, rows, device, workers)
    unreadable: list[str] = []
    held: Batch = {}
    for name, values in samples.items():
        if isinstance(values, Tensor):
            held[name] = values
            continue
        held[name], bad = _read_all(values, plan.raw[name], plan.unreadable == "skip")
        if bad:
            unreadable += bad.values()
            rows = _without(rows, list(bad))
    splits: dict[str, Split] = {}
    for name, chosen in rows.items():
        fields, random_steps = {}, {}
        for field, values in held.items():
            steps = plan.transforms[field][name]
            fields[field], random_steps[field] = preprocess(values[chosen], steps, device)
        splits[name] = Resident(fields, random_steps)
    return Data(splits, unreadable)


def _fits(
    plan: DataPlan,
    samples: dict[str, Tensor | OneByOne],
    device: torch.device,
    processes: int,
) -> bool:
    """Whether what a data set has one by one, as the model gets it, has room on the device."""
    read = {name: values for name, values in samples.items() if not isinstance(values, Tensor)}
    most = RESIDENT // processes
    if device.type == "cuda":
        most = torch.cuda.get_device_properties(device).total_memory // 4
    # as numbers of four bytes, in the size that they have after their pipeline
    sizes = [
        4 * len(values) * torch.Size(plan.fields[name].shape).numel()
        for name, values in read.items()
    ]
    return sum(sizes) <= most


def read_one(values: OneByOne, number: int, field: Field) -> Tensor:
    """One sample of what is read one by one. RunError that names it where it cannot be read."""
    if isinstance(values, list):
        from nnspec.training.images import read_image  # brings PIL, which other data does not need

        channels, height, width = field.shape
        return read_image(values[number], channels, (height, width))
    try:
        return values[number]
    except Unreadable as error:
        raise RunError(str(error)) from None


def _read_all(values: OneByOne, field: Field, skip: bool) -> tuple[Tensor, dict[int, str]]:
    """The samples as the field has them, and of those that cannot be read the number, and what is wrong.

    RunError that names the first of these, unless they are skipped.
    """
    dtype = {"u8": torch.uint8, "i64": torch.int64, "bool": torch.bool}.get(
        field.dtype, torch.float32
    )
    found = torch.zeros(len(values), *field.shape, dtype=dtype)
    bad: dict[int, str] = {}
    for number in range(len(values)):
        try:
            found[number] = read_one(values, number, field)
        except RunError as error:
            if not skip:
                error.help = (
                    error.help or 'mend or remove it, or let the data part say unreadable = "skip"'
                )
                raise
            bad[number] = error.message
    return found, bad


def _without(rows: dict[str, Tensor], bad: list[int]) -> dict[str, Tensor]:
    left = {name: chosen[~torch.isin(chosen, torch.tensor(bad))] for name, chosen in rows.items()}
    for name, chosen in left.items():
        if not len(chosen):
            raise RunError(f"no sample of `{name}` could be read")
    return left


def _divide_published(
    count: int,
    parts: dict[str, slice],
    split: dict[str, float],
    labels: Tensor | None,
    seed: int,
) -> dict[str, Tensor]:
    """The splits of a data set that comes as `train` and `test`. Without shares `val` is its test part;
    with shares its train part is divided, and a `test` is its test part, whole."""
    every = torch.arange(count)
    train, test = every[parts["train"]], every[parts["test"]]
    if split == AS_PUBLISHED:
        return {"train": train, "val": test}
    shares = {name: value for name, value in split.items() if name != "test"}
    if all(value <= 1 for value in shares.values()):
        whole = sum(shares.values())
        shares = {name: value / whole for name, value in shares.items()}
    own = labels[train] if labels is not None else None
    rows = {name: train[chosen] for name, chosen in divide(len(train), shares, own, seed).items()}
    return {**rows, "test": test} if "test" in split else rows


def divide(
    count: int, split: dict[str, float], labels: Tensor | None, seed: int
) -> dict[str, Tensor]:
    """Row numbers of each split: seeded, disjoint, and with the classes in equal shares.

    Values above 1 are counts of samples, others shares of them.
    """
    counted = any(value > 1 for value in split.values())
    if counted and sum(split.values()) > count:
        raise RunError(f"the splits ask for {sum(split.values()):g} of {count} samples")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=generator)
    if labels is not None:
        # each sample's place within its class, as a share: sorting by it spreads the classes evenly
        share = torch.empty(count, dtype=torch.float64)
        for number in labels.unique():
            own = (labels[order] == number).nonzero().squeeze(1)
            share[own] = (torch.arange(len(own), dtype=torch.float64) + 0.5) / len(own)
        order = order[share.argsort(stable=True)]
    rows, start = {}, 0.0
    for name, value in split.items():
        end = start + (value if counted else value * count)
        rows[name] = order[round(start) : round(end)]
        start = end
        if len(rows[name]) == 0:
            raise RunError(f"there is no sample in `{name}`: {count} samples, {value:g} of them")
    return rows


def preprocess(
    values: Tensor, steps: list[Bound], device: torch.device
) -> tuple[Tensor, list[Step]]:
    """The values after every step up to the first random one, and the steps from there on."""
    split_at = next((i for i, s in enumerate(steps) if s.definition.is_random), len(steps))
    fixed = [step.definition.build(step.settings) for step in steps[:split_at]]
    later = [step.definition.build(step.settings) for step in steps[split_at:]]
    values = values.to(device)
    chunks = [apply(chunk, fixed) for chunk in values.split(CHUNK)]
    return torch.cat(chunks), later


def apply(rows: Tensor, steps: list[Step]) -> Tensor:
    """Bytes as numbers from 0 to 1, and then each step."""
    if rows.dtype == torch.uint8:
        rows = rows.float() / 255
    for step in steps:
        rows = step(rows)
    return rows
