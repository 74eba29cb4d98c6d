"""From a spec and the words of the command line to a run: what `train`, `eval` and `predict` share."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cached_property
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnspec.compiler.function import compile_function
from nnspec.compiler.spec import Spec
from nnspec.elaborate.program import Program
from nnspec.elaborate.training import train_plans
from nnspec.graph import Graph
from nnspec.recipe.definition import Bound
from nnspec.recipe.plan import OF_ONE_PART, TrainPlan
from nnspec.source import Source
from nnspec.training import light
from nnspec.training.alternating import Alternating, weights_of
from nnspec.training.data import Data, load
from nnspec.training.errors import RunError, is_out_of_memory
from nnspec.training.groups import freeze
from nnspec.training.loop import Trainer
from nnspec.training.parallel.processes import Processes
from nnspec.training.parallel.whole import Whole
from nnspec.training.run import Onlooker, Run, Settings
from nnspec.training.step import Loss
from nnspec.training.weights import begin_with

#: what PyTorch takes by itself: OMP_NUM_THREADS, or the number of cores
EVERY = torch.get_num_threads()
#: multiply-accumulates that are done in the time which one more thread costs a step: each operation waits
#: until all threads have begun and ended. On 2 cores steps of 15 million are a third faster with both. Those
#: of 4 million are by a twentieth, which is not worth the other core: where others use it, threads wait long
A_THREADS_COST = 3_000_000
#: multiply-accumulates of a batch without gradients from which a larger one is no faster, and the most
#: samples in one
A_BATCHS_WORTH, AT_ONCE = 20_000_000_000, 256


class Part:
    """One of the train parts that are trained together: its plan, the settings of its model."""

    def __init__(
        self, plan: TrainPlan, graph: Graph, model_settings: dict[str, Any], macs: int
    ) -> None:
        self.plan, self.graph = plan, graph
        self.model_settings, self.macs = model_settings, macs


class Job:
    """A train part made ready: plan, device, data, model, loss; and the parts that share models with it."""

    def __init__(
        self,
        program: Program,
        parts: list[Part],
        lead: Part,
        root: str,
        threads: int | None = None,
        allow_extern: bool = False,
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        self.program, self.parts, self.lead = program, parts, lead
        self.plan, self.model_settings = lead.plan, lead.model_settings
        plan = lead.plan
        self.root = root
        self.allow_extern = allow_extern
        self.device = choose_device(plan.settings["device"], self.processes)
        #: the processor threads of a step: as the settings say, as the run began, or by the model's size.
        #: The order of sums depends on it: a run goes on bit for bit only with the number it began with.
        self.threads: int = (
            plan.settings["threads"] or threads or self._worthwhile(sum(p.macs for p in parts))
        )
        #: what was found while the run was made ready, to be shown
        self.notes: list[str] = []

    def _worthwhile(self, macs: int) -> int:
        batch: int | str = self.plan.settings["batch_size"]
        work: int = macs * (batch if isinstance(batch, int) else 1) // self.processes.size
        if self.device.type != "cpu":
            return EVERY
        return threads_for(work, EVERY)

    def at_once(self, part: Part) -> int:
        """The samples that go through a model together where no gradients are kept: as many as in training,
        for which there is room; more where they are small."""
        trained: int = part.plan.settings["batch_size"]
        return max(trained, min(AT_ONCE, A_BATCHS_WORTH // max(1, part.macs)))

    @property
    def is_open(self) -> bool:
        """Whether a setting is left to be found by trying."""
        rates = [part.plan.optimizer.settings["lr"] for part in self.parts]
        return self.plan.settings["batch_size"] == "auto" or "find" in rates

    def choices(self, model: nn.Module) -> list[str]:
        """What was chosen that the settings leave open, and why; each can be set."""
        settings, found = self.plan.settings, []
        if settings["device"] is None:
            found.append(f"device={self.device}: the fastest that is there")
        if settings["threads"] is None and self.device.type == "cpu":
            why = "all that there are" if self.threads == EVERY else "a step is worth no more"
            found.append(f"threads={self.threads}: {why}")
        if settings["channels_last"] is None and self.channels_last(model):
            found.append("channels_last=true: the model has conv2d")
        size = sum(split.bytes for split in self.data.splits.values())
        if settings["resident"] is None:
            found.append(
                f"resident=true: the data lies on {self.device}, preprocessed: {size / 1e6:.1f} MB"
                if size
                else "resident=false: the samples are read one by one; they do not fit into memory"
            )
        optimizer = self.plan.optimizer.definition
        divided = self.processes.divide(settings["strategy"])
        if settings["fused"] is None and optimizer.fuses(None, divided):
            found.append(f"fused=true: {optimizer.name} changes all weights in one pass")
        return found

    def build(self) -> tuple[nn.Module, Loss]:
        """The model with fresh weights, drawn under the seed, and the loss."""
        self.seed()
        return self._made(self.lead)

    def seed(self) -> None:
        """All that is drawn from here on is drawn under the seed."""
        random.seed(self.plan.settings["seed"])
        torch.manual_seed(self.plan.settings["seed"])

    def _made(self, part: Part) -> tuple[nn.Module, Loss]:
        made = self.spec.model(part.plan.model)
        try:
            model: nn.Module = made(**part.model_settings)
            if self.channels_last(model):
                model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            model = model.to(self.device)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise RunError(
                f"there is not enough memory on {self.device} for the weights of `{part.plan.model}`",
                "`nnspec check` tells how many bytes they are; a smaller model, or strategy=fsdp",
            ) from None
        return model, compile_function(part.plan.loss, "loss")

    def weights(self, run: Run, which: str = "best") -> dict[str, torch.Tensor]:
        """The weights of the model in a checkpoint."""
        found = run.weights(which)
        return weights_of(found, self.plan.model) if len(self.parts) > 1 else found

    def channels_last(self, model: nn.Module) -> bool:
        """Whether images lie with their channels together: what convolutions are fastest with."""
        wanted = self.plan.settings["channels_last"]
        if wanted is not None or self.processes.divide(self.plan.settings["strategy"]):
            return bool(wanted)  # what is divided lies row by row
        return any(isinstance(m, nn.Conv2d) for m in model.modules())

    @cached_property
    def spec(self) -> Spec:
        """The models, each compiled when it is first asked for."""
        return Spec(self.program, self.allow_extern)

    @property
    def model_class(self) -> Any:
        """The compiled class. SpecError where an extern in it is not allowed, or not there."""
        return self.spec.model(self.plan.model)

    @cached_property
    def data(self) -> Data:
        """The data, loaded and preprocessed."""
        plan = self.plan.data
        processes = self.processes
        with processes.first_here():
            workers, resident = self.plan.settings["workers"], self.plan.settings["resident"]
            found = load(plan, plan.root, self.device, workers, processes.local_size, resident)
        if found.unreadable:
            count, first = len(found.unreadable), found.unreadable[0]
            self.notes.append(f"{count} unreadable sample{'s' * (count > 1)} left out: {first}")
        return found

    def trainer(self, run: Run, begins: bool = False) -> Trainer:
        """A fresh model and all that trains it; with the weights that the settings name if it `begins`."""
        settings = self.plan.settings
        torch.set_num_threads(self.threads)
        if self.device.type == "cuda":
            tf32 = "high" if settings["precision"] != "float32" else "highest"
            torch.set_float32_matmul_precision(tf32)
            torch.backends.cudnn.allow_tf32 = tf32 == "high"
        light.determine(settings["deterministic"])
        if settings["compile"]:
            self.notes.append("the first step waits until it is compiled")
        else:
            light.optimizers_alone()
        self.seed()
        kind = Trainer if len(self.parts) == 1 else Alternating
        made = {
            part.plan.model: self._trainer(
                part, run, begins, kind if part is self.lead else Trainer
            )
            for part in self.parts
        }
        lead = made[self.plan.model]
        if isinstance(lead, Alternating):
            lead.follow([one for one in made.values() if one is not lead], list(made))
        return lead

    def _trainer(self, part: Part, run: Run, begins: bool, kind: type[Trainer]) -> Trainer:
        model, loss = self._made(part)
        settings = part.plan.settings
        if begins and settings["weights"] is not None:
            file = str(Path(self.plan.data.root or self.root) / settings["weights"])
            self.notes += begin_with(model, file, part.plan.model)
        frozen = freeze(model, settings["freeze"])
        if frozen:
            self.notes.append(f"{frozen:,} parameters are frozen")
        processes = self.processes
        if processes.size == 1:
            strategy = Whole(processes, self.device)
        else:
            from nnspec.training.parallel import strategies

            together = len(self.parts) > 1
            strategy = strategies.strategy_of(
                part.plan, part.graph, processes, self.device, together
            )
            if part is self.lead:
                self.notes.append(strategies.told(settings, processes))
            model = strategies.prepared(model, settings, self.data.splits, strategy)
        splits, at_once = self.data.splits, self.at_once(part)
        return kind(part.plan, model, loss, splits, run, strategy, at_once)


def threads_for(work: int, most: int) -> int:
    """The threads with which a step of so many multiply-accumulates is done first, up to `most`.

    With n it takes work/n + n * cost: an n-th pays where n * (n - 1) * cost is no more than the work.
    """
    return min(most, (1 + isqrt(1 + 4 * work // A_THREADS_COST)) // 2)


def choose_device(wanted: str | None, processes: Processes) -> torch.device:
    """The device of this name, or the best there is; of several processes each has a GPU of its own. RunError
    where it is not there."""
    if processes.size > 1 and wanted in (None, "cuda") and torch.cuda.is_available():
        return processes.own_gpu()
    if wanted is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ValueError, NotImplementedError):
        have = ["cpu"]
        have += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
        have += ["mps"] if torch.backends.mps.is_available() else []
        raise RunError(f"there is no device `{wanted}`", f"there is {', '.join(have)}") from None
    return device


def restore(
    folder: str,
    device: str | None = None,
    allow_extern: bool = False,
    words: Mapping[str, Any] | None = None,
    processes: Processes | None = None,
) -> tuple[Run, Job]:
    """A run folder and its job, made again from the spec and the settings in it; `words` take the place of
    those."""
    run = (Run if processes is None or processes.leads else Onlooker).open(folder)
    settings = run.settings
    overrides: Mapping[str, Any] = {**settings.overrides, **(words or {})}
    if device is not None:
        overrides = {**overrides, "device": device}
    from nnspec.diagnostics import SpecError

    try:
        job = prepare(
            Source(run.spec, str(run.folder / "spec.nn")),
            settings.model,
            overrides,
            settings.root,
            settings.resolved.get("threads"),
            run.imports,
            allow_extern,
            processes,
        )
    except SpecError as error:
        raise RunError(f"the spec of {folder} has errors:\n{error}") from None
    return run, job


def prepare(
    source: Source,
    model: str,
    overrides: Mapping[str, Any],
    root: str,
    threads: int | None = None,
    imports: Mapping[str, str] | None = None,
    allow_extern: bool = False,
    processes: Processes | None = None,
) -> Job:
    """Check a spec, and resolve its train part. Raises SpecError with every problem.

    `imports` are the texts of the files it imports, where a run has kept them.
    """
    from nnspec.analysis.macs import macs
    from nnspec.diagnostics import SpecError
    from nnspec.dims import evaluate, symbols
    from nnspec.syntax.parser import parse

    module, problems = parse(source)
    program = Program(module, imports)
    found = train_plans(program, model, overrides, root) if not problems else None
    if found is None or program.problems:
        raise SpecError([*problems, *program.problems])
    parts = []
    for plan, graph, model_settings, sizes in found:
        total = macs(graph)[id(graph)]
        numbers = {name: sizes.get(name, 1) for name in symbols(total)}
        parts.append(Part(plan, graph, model_settings, evaluate(total, numbers)))
    lead = next((part for part in parts if part.plan.model == model), parts[0])
    return Job(program, parts, lead, root, threads, allow_extern, processes)


def settings_of(job: Job, overrides: Mapping[str, Any]) -> Settings:
    """What settings.json holds."""
    plan = job.plan
    return Settings(
        model=plan.model,
        train=0,
        overrides=dict(overrides),
        root=str(Path(job.root).absolute()),
        source_name=job.program.module.source.name,
        resolved={
            "data": plan.data.name,
            "source": str(plan.data.source),
            "split": plan.data.split,
            "metrics": [str(m.metric) for m in plan.metrics],
            **{k: v for k, v in plan.settings.items() if k not in OF_ONE_PART},
            "device": str(job.device),
            "threads": job.threads,
            "processes": job.processes.size,
            **(
                _of_part(job.lead)
                if len(job.parts) == 1
                else {part.plan.model: _of_part(part) for part in job.parts}
            ),
        },
    )


def _of_part(part: Part) -> dict[str, Any]:
    """The settings that each train part has of its own."""
    plan = part.plan
    return {
        "model": {k: v for k, v in part.model_settings.items() if _plain(v)},
        "optimizer": _of_bound(plan.optimizer),
        "scheduler": _of_bound(plan.scheduler),
        "average": str(plan.average) if plan.average else None,
        "groups": [{"pattern": group.pattern, **group.settings} for group in plan.groups],
        "mix": [str(way) for way in plan.mix.ways] if plan.mix else None,
        **{name: plan.settings[name] for name in OF_ONE_PART},
    }


def _of_bound(bound: Bound) -> dict[str, Any]:
    """A name with its settings; what it is made of as it is written."""
    values = {
        s.name: [str(one) for one in bound.settings[s.name]]
        if s.kind == "recipes"
        else bound.settings[s.name]
        for s in bound.definition.settings
    }
    return {"name": bound.definition.name, **values}


def _plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, (int, float, str, bool))
