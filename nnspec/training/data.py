"""Data: loaded, split, preprocessed.

The whole data set lies on the device as one tensor for each field. Steps that are not random run once,
before training; a batch is a gather of rows, with the random steps on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from nnspec.diagnostics import Mismatch
from nnspec.recipe.definition import Bound, Field
from nnspec.recipe.plan import AS_PUBLISHED, DataPlan
from nnspec.training.errors import RunError
from nnspec.training.images import read_image

Batch = dict[str, Tensor]
Step = Callable[[Tensor], Tensor]

#: samples that a step of preprocessing handles at a time
CHUNK = 4096


class Split:
    """The samples of one split, preprocessed; `batches` gives them in pieces."""

    def __init__(self, fields: Batch, random_steps: dict[str, list[Step]]) -> None:
        self.fields = fields
        self.random_steps = random_steps

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    @property
    def bytes(self) -> int:
        """What the samples take on the device."""
        return sum(rows.numel() * rows.element_size() for rows in self.fields.values())

    def batches(self, size: int, order: Tensor | None = None, done: int = 0) -> Iterator[Batch]:
        """The samples in order, `size` at a time, without the first `done` batches; the last one may be
        smaller. With an order each field is gathered once, so that a batch is a view.
        """
        fields = self.fields
        if order is not None:
            fields = {name: rows[order.to(rows.device)] for name, rows in fields.items()}
        for start in range(done * size, len(self), size):
            yield {
                name: self._augmented(name, rows[start : start + size])
                for name, rows in fields.items()
            }

    def _augmented(self, name: str, rows: Tensor) -> Tensor:
        for step in self.random_steps.get(name, ()):
            rows = step(rows)
        return rows


def load(plan: DataPlan, root: str, device: torch.device) -> dict[str, Split]:
    """The splits of a data part. RunError where the data is not as it should be."""
    source, settings = plan.source.definition, plan.source.settings
    try:
        loaded = source.load(settings, root)
        parts = source.parts(settings, root)
    except Mismatch as missing:
        raise RunError(missing.message, missing.help) from None
    samples = {
        name: _read_files(rows, plan.raw[name]) if isinstance(rows, list) else rows
        for name, rows in loaded.items()
    }
    labels = next((samples[n] for n, f in plan.raw.items() if f.classes is not None), None)
    count = len(next(iter(samples.values())))
    if parts is None:
        rows = divide(count, plan.split, labels, plan.seed)
    else:
        rows = _divide_published(count, parts, plan.split, labels, plan.seed)
    splits = {}
    for name, chosen in rows.items():
        fields, random_steps = {}, {}
        for field, values in samples.items():
            steps = plan.transforms[field][name]
            fields[field], random_steps[field] = preprocess(values[chosen], steps, device)
        splits[name] = Split(fields, random_steps)
    return splits


def _read_files(files: list[str], field: Field) -> Tensor:
    """Images as the field has them: u8[samples, C, H, W]."""
    channels, height, width = field.shape
    return torch.stack([read_image(file, channels, (height, width)) for file in files])


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
    is_bytes = values.dtype == torch.uint8
    chunks = []
    for chunk in values.split(CHUNK):
        if is_bytes:
            chunk = chunk.float() / 255
        for step in fixed:
            chunk = step(chunk)
        chunks.append(chunk)
    return torch.cat(chunks), later
