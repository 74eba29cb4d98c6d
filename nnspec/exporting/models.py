"""The model that a command means: one that was trained, by its run folder, or one of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnspec.checking import check_text
from nnspec.compiler.spec import Spec, program_of
from nnspec.compiler.variants import Open, graph_of
from nnspec.diagnostics import SpecError
from nnspec.exporting.formats import WRITERS, Written
from nnspec.graph import Graph
from nnspec.report.model import ModelReport, NotAdmitted
from nnspec.targets import find
from nnspec.training.errors import RunError
from nnspec.training.start import restore


class Found:
    """A module with its weights, its graph, and where the weights come from."""

    def __init__(self, module: nn.Module, graph: Graph, weights: str) -> None:
        self.module, self.graph, self.weights = module, graph, weights


class Result(Written):
    """What was written, where, and of which model."""

    def __init__(self, file: Path, found: Found, report: ModelReport, written: Written) -> None:
        super().__init__(written.remark, written.narrower)
        self.file, self.weights, self.report = file, found.weights, report


def export(
    source: str, form: str, output: str | None, sizes: Mapping[str, int], allow_extern: bool = False
) -> Result:
    """Write the model of a run folder or of a target (`net.nn:Net`, `zoo:resnet50`) to a file.

    RunError where that cannot be done, SpecError where the spec has errors, Unreadable where there is
    none, NoSuchSize where the model has none of these names.
    """
    found = model_of(source, allow_extern)
    try:
        report = ModelReport(found.graph).at(sizes)
    except NotAdmitted as error:
        raise SpecError([error.problem]) from None
    file = Path(output or f"{found.graph.name}.{form}")
    if not file.parent.is_dir():
        raise RunError(f"{file}: there is no folder {file.parent}")
    return Result(file, found, report, WRITERS[form](found.module, found.graph, sizes, file))


def model_of(source: str, allow_extern: bool) -> Found:
    """The model of a run folder with its best weights; else of a target, with fresh ones."""
    if source.startswith("zoo:") or ".nn" in Path(source).name:
        return _fresh(source, allow_extern)
    run, job = restore(source, "cpu", allow_extern)
    module, _ = job.build()
    module.load_state_dict(job.weights(run))
    return Found(module, graph_of(module), f"the best weights of {run.folder}")


def _fresh(target: str, allow_extern: bool) -> Found:
    found = find(target)
    source = found.read()
    report = check_text(source, found.name)
    if not report.ok:
        raise SpecError([p for p in report.diagnostics if p.severity == "error"])
    spec = Spec(program_of(source), allow_extern)
    names = [found.name] if found.name else [*report.models]
    if len(names) != 1:
        listed = ", ".join(names) or "none"
        raise RunError(f"{target} has several models: {listed}", f"name one: {target}:{names[-1]}")
    made: Any = spec.model(names[0])
    if isinstance(made, Open):
        raise RunError(f"`{names[0]}` has parameters without a default", "name a preset of it")
    torch.manual_seed(0)
    module: nn.Module = made()
    return Found(module, graph_of(module), "fresh weights")
