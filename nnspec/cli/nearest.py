"""`nnspec check TARGET… --nearest H=225`: the nearest sizes that each model takes."""

from __future__ import annotations

from nnspec.cli.checks import read, show
from nnspec.cli.output import write
from nnspec.nearest import in_words
from nnspec.words import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.limits import Limits
    from nnspec.report.model import ModelReport


def show_nearest(
    targets: Sequence[str],
    wanted: Mapping[str, int],
    fixed: Mapping[str, int],
    limits: Limits,
    training: bool | None = None,
) -> int:
    """A line for each model; the exit status. BadSetting where no model has a size of that name."""
    reports = read(targets, {**wanted, **fixed}, limits)
    status = 0 if len(reports) == len(targets) else 2
    for words, report in reports:
        if not report.ok:
            show([(words, report)], "text", None)
            status = max(status, 1)
            continue
        for model in report.models.values():
            write(f"{model.name}: {_answer(model.at({}, training), wanted, fixed)}\n")
    return status


def _answer(model: ModelReport, wanted: Mapping[str, int], fixed: Mapping[str, int]) -> str:
    own = {name: size for name, size in wanted.items() if name in model.all_symbols}
    if not own:
        return "has none of these sizes"
    others = {name: size for name, size in fixed.items() if name in model.all_symbols}
    if model.admitted.refused_by(others):
        return f"does not take {in_words([others])}: it needs {joined(model.requires)}"
    answers = model.at(others).nearest(own)
    asked = in_words([own])
    if not answers:
        return f"does not take {asked}; no size near it was found"
    if answers == [own]:
        return f"takes {asked}"
    return f"does not take {asked}; the nearest that it takes: {in_words(answers)}"
