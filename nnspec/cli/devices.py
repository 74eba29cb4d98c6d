"""`nnspec check TARGET --devices 8 --memory 80GB --strategy fsdp`: whether training fits."""

from __future__ import annotations

import os

from nnspec.analysis.devices import Forecast, Wanted, forecast
from nnspec.checking import check_target, read
from nnspec.cli.checks import show
from nnspec.cli.output import complain, style, write
from nnspec.dims import substitute
from nnspec.report.columns import pad
from nnspec.report.model import ModelReport
from nnspec.report.units import in_bytes
from nnspec.settings import BadSetting
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.dims import Size
    from nnspec.elaborate.program import Program
    from nnspec.limits import Limits
    from nnspec.recipe.plan import TrainPlan

#: the largest batch that is tried
LARGEST = 2**24


def show_devices(
    targets: Sequence[str],
    sizes: Mapping[str, int],
    devices: int,
    memory: int | None,
    strategy: str | None,
    batch_size: int | None,
    precision: str | None,
    limits: Limits,
) -> int:
    """What each device holds, model by model; the exit status: 1 where something does not fit. BadSetting
    where a size is missing."""
    status, first = 0, True
    for words in targets:
        try:
            target = find(words)
            source = target.read()
            report = check_target(target, limits)
        except Unreadable as error:
            complain(str(error))
            status = 2
            continue
        if not report.ok:
            show([(words, report)], "text", None)
            status = max(status, 1)
            continue
        program = read(source, limits)[0]
        for name, model in report.models.items():
            job = Training(program, name, model, os.path.dirname(target.file) or ".")
            job.settle(sizes, devices, strategy, batch_size, precision)
            write(("" if first else "\n") + job.told(memory))
            first = False
            if memory is not None and job.forecast().total > memory:
                status = max(status, 1)
    return status


class Training:
    """A model and how it is trained: as its train part says, or by what training takes by itself."""

    def __init__(self, program: Program, name: str, model: ModelReport, root: str) -> None:
        self.name, self.model, self.graph = name, model, model.graph
        self.plan: TrainPlan | None = None
        self.sizes: dict[str, int] = {}
        if any(part.model.id == name for part in program.trains):
            from nnspec.elaborate.training import train_plans

            for plan, graph, _, own in train_plans(program, name, {}, root) or ():
                if plan.model == name:
                    self.plan, self.graph, self.sizes = plan, graph, own

    def settle(
        self,
        sizes: Mapping[str, int],
        devices: int,
        strategy: str | None,
        batch_size: int | None,
        precision: str | None,
    ) -> None:
        """Take the words of the command line. BadSetting where a size is missing."""
        from nnspec.recipe.plan import SETTINGS

        defaults = {setting.name: setting.default for setting in SETTINGS}
        settings = self.plan.settings if self.plan else defaults
        self.devices = devices
        self.strategy: str = strategy or settings["strategy"]
        self.precision: str = precision or settings["precision"]
        batch = self.model.batch
        said = (
            settings["batch_size"] if settings["batch_size"] != "auto" else defaults["batch_size"]
        )
        self.batch: int = batch_size or sizes.get(batch or "", 0) or said
        own = {**self.sizes, **{k: v for k, v in sizes.items() if k in self.model.all_symbols}}
        missing = [s for s in self.model.all_symbols if s not in own and s != batch]
        if missing:
            given = ",".join(f"{symbol}=224" for symbol in missing)
            raise BadSetting(f"{self.name} has open sizes: give them as --sizes {given}")
        self.sizes = own

    def forecast(
        self, batch: int | None = None, devices: int | None = None, strategy: str | None = None
    ) -> Forecast:
        """What a device holds, with other settings where they are given."""
        devices = devices or self.devices
        share = -(-(batch or self.batch) // devices)
        sizes = {**self.sizes, **({self.model.batch: share} if self.model.batch else {})}

        def number(size: Size) -> int:
            fixed = size if isinstance(size, int) else substitute(size, sizes)
            assert isinstance(fixed, int), fixed
            return fixed

        if self.plan is None:
            copies, averages, scratch = 2, 0, False
        else:
            optimizer = self.plan.optimizer
            copies = optimizer.definition.kept(optimizer.settings)
            averages = int(self.plan.average is not None)
            scratch = not optimizer.definition.fuses(self.plan.settings["fused"])
        half = self.precision in ("bf16", "fp16")
        wanted = Wanted(devices, strategy or self.strategy, copies, averages, scratch, half)
        return forecast(self.graph, self.plan.loss if self.plan else None, number, wanted)

    # -- words ----------------------------------------------------------------------------------------

    def told(self, memory: int | None) -> str:
        """The parts of what a device holds, and whether it fits."""
        found, looks = self.forecast(), style()
        optimizer = str(self.plan.optimizer) if self.plan else "adamw"
        many = self.devices > 1
        share = -(-self.batch // self.devices)
        head = f"{self.name} in training: {optimizer}, batches of {self.batch}"
        if self.precision != "float32":
            head += f", {self.precision}"
        if many:
            head += f" on {self.devices} devices, {share} on each; strategy {self.strategy}"
        lines = [looks.paint(head, "title"), ""]
        parts = [*found.parts, ("at most" if not many else "at most, on each device", found.total)]
        width = max(len(name) for name, _ in parts)
        lines += [f"  {pad(name, width)}  {in_bytes(size):>10}" for name, size in parts]
        moment = "in the update of the weights" if found.in_update else "in forward and backward"
        lines[-1] += f"  {moment}"
        if memory is not None:
            lines += ["", *self._fits(found, memory)]
        return "\n".join(lines) + "\n"

    def _fits(self, found: Forecast, memory: int) -> list[str]:
        if found.total <= memory:
            left = f"it fits into {in_bytes(memory)}: {in_bytes(memory - found.total)} are left"
            largest = self._largest_batch(memory)
            return [left + (f"; batches of up to {largest:,} fit" if largest else "")]
        lines = [f"it does not fit into {in_bytes(memory)}"]
        largest = self._largest_batch(memory)
        if largest:
            times = -(-self.batch // largest)
            lines.append(f"  batch_size={largest}, with accumulate={times} for the same steps")
        if self.precision in ("float32", "tf32"):
            lower, self.precision = self.precision, "bf16"
            if self.forecast().total <= memory:
                lines.append("  precision=bf16")
            self.precision = lower
        if self.devices > 1 and self.strategy == "ddp":
            if self.forecast(strategy="fsdp").total <= memory:
                lines.append("  strategy=fsdp")
        for devices in (2 * self.devices, 4 * self.devices, 8 * self.devices, 64 * self.devices):
            if self.forecast(devices=devices, strategy="fsdp").total <= memory:
                lines.append(f"  {devices} devices with strategy=fsdp")
                break
        return lines if len(lines) > 1 else [*lines, "  no smaller batch and no more devices help"]

    def _largest_batch(self, memory: int) -> int:
        """The largest batch, a multiple of the devices, that fits; 0 where none does."""
        if self.model.batch is None:
            return 0
        low, high = 0, 1
        while high * self.devices <= LARGEST and self._fit(high, memory):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._fit(middle, memory) else (low, middle)
        return low * self.devices

    def _fit(self, share: int, memory: int) -> bool:
        return self.forecast(share * self.devices).total <= memory
