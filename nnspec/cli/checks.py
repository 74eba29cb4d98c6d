"""What `nnspec check` does, once its words are read."""

from __future__ import annotations

from nnspec.checking import check_target, demand_known, fix_sizes
from nnspec.cli.output import complain, style, write
from nnspec.collector import uncollected
from nnspec.limits import DEFAULTS
from nnspec.settings import BadSetting
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nnspec.limits import Limits
    from nnspec.report.model import Report


def run(
    targets: Sequence[str],
    sizes: Mapping[str, int] | None,
    mode: str | None,
    nearest: str | None,
    format_name: str,
    depth: int | None,
    devices: int | None,
    memory: int | None,
    strategy: str | None,
    batch_size: int | None,
    precision: str | None,
    limits: Limits,
    strict: bool,
) -> int:
    """What the options ask for; the exit status. BadSetting: one does not fit the models."""
    training = None if mode is None else mode == "training"
    if nearest:
        from nnspec.cli.nearest import show_nearest
        from nnspec.settings import parse_sizes

        return show_nearest(targets, parse_sizes(nearest), sizes or {}, limits, training)
    if devices or memory or strategy or batch_size or precision:
        from nnspec.cli.devices import show_devices

        return show_devices(
            targets, sizes or {}, devices or 1, memory, strategy, batch_size, precision, limits
        )
    return check(targets, sizes, format_name, depth, strict, limits, training)


def check(
    targets: Sequence[str],
    sizes: Mapping[str, int] | None = None,
    format_name: str = "text",
    depth: int | None = None,
    strict: bool = False,
    limits: Limits = DEFAULTS,
    training: bool | None = None,
) -> int:
    """Check the targets and show the reports; the exit status. BadSetting: `sizes` do not fit.

    `strict`: a warning counts as an error does. `training`: look at training alone, or at evaluation alone.
    """
    with uncollected():
        return _check(targets, sizes or {}, format_name, depth, strict, limits, training)


def _check(
    targets: Sequence[str],
    sizes: Mapping[str, int],
    format_name: str,
    depth: int | None,
    strict: bool,
    limits: Limits,
    training: bool | None,
) -> int:
    reports = read(targets, sizes, limits)
    if sizes or training is not None:
        reports = [
            (words, fix_sizes(report, sizes, training) if report.ok else report)
            for words, report in reports
        ]
    show(reports, format_name, depth)
    if len(reports) < len(targets):
        return 2
    fine = all(report.ok and not (strict and report.diagnostics) for _, report in reports)
    return 0 if fine else 1


def read(targets: Sequence[str], sizes: Iterable[str], limits: Limits) -> list[tuple[str, Report]]:
    """The reports of the targets; one that cannot be read is told, and left out. BadSetting where no model
    of all has a size of a name that is given."""
    reports: list[tuple[str, Report]] = []
    for words in targets:
        try:
            reports.append((words, check_target(find(words), limits)))
        except Unreadable as error:
            complain(str(error))
    found = [report for _, report in reports]
    if sizes and len(found) == len(targets) and all(report.ok for report in found):
        try:
            demand_known(sizes, found)
        except ValueError as error:
            raise BadSetting(str(error)) from None
    return reports


def show(reports: Sequence[tuple[str, Report]], format_name: str, depth: int | None) -> None:
    """Write the reports in one of the formats."""
    if format_name == "text":
        _show_text(reports, depth)
        return
    # the module of a format has the format's name
    module = __import__(f"nnspec.report.{format_name}", fromlist=["draw"])
    write(module.draw(reports))


def _show_text(reports: Sequence[tuple[str, Report]], depth: int | None) -> None:
    looks = style()
    first = True
    for words, report in reports:
        parts: list[str] = []
        if report.diagnostics:
            from nnspec.report.problems import draw_all

            parts.append(draw_all(report.diagnostics, looks.colour))
        if report.ok:
            from nnspec.report.text import draw

            parts.append(
                draw(report, words, looks, depth) or f"{words}: no errors{_left_out(report)}\n"
            )
        for part in filter(None, parts):
            write(part if first else "\n" + part)
            first = False


def _left_out(report: Report) -> str:
    """Why no model is shown."""
    if not report.open:
        return ", and no model"
    name, missing = next(iter(report.open.items()))
    given = ", ".join(f"{parameter}=…" for parameter in missing)
    return (
        f"; `{name}` needs {' and '.join(missing)} before its layers can be shown\n"
        f"  a preset gives them: model {name.lower()}_1 = {name}({given})"
    )
