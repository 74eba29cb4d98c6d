"""`nnspec check TARGET…`"""

from __future__ import annotations

import click

from nnspec.cli.output import complain, style, write
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.report.model import Report

FORMATS = ("text", "json", "sarif", "github")


@click.command(name="check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--sizes", metavar="H=224,W=224", help="Numbers in place of symbols.")
@click.option(
    "--format", "format_name", type=click.Choice(FORMATS), default="text", show_default=True
)
@click.option(
    "--depth", type=click.IntRange(1, 1000), help="Levels of the tree to show; the totals stay."
)
def command(targets: Sequence[str], sizes: str | None, format_name: str, depth: int | None) -> int:
    """Find the errors of specs; show layers, shapes, parameters, MACs, memory.

    TARGET is a file, file.nn:Name for one model in it, or zoo:resnet50 for one that comes along.
    """
    from nnspec.checking import check_target, fix_sizes
    from nnspec.settings import BadSetting, parse_sizes

    try:
        numbers = parse_sizes(sizes) if sizes else {}
    except BadSetting as error:
        raise click.UsageError(str(error)) from None
    reports: list[tuple[str, Report]] = []
    unreadable = False
    for words in targets:
        try:
            report = check_target(find(words))
        except Unreadable as error:
            complain(str(error))
            unreadable = True
            continue
        if numbers and report.ok:
            try:
                report = fix_sizes(report, numbers)
            except ValueError as error:
                raise click.UsageError(str(error)) from None
        reports.append((words, report))
    show(reports, format_name, depth)
    if unreadable:
        return 2
    return 0 if all(report.ok for _, report in reports) else 1


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

            parts.append(draw(report, words, looks, depth) or f"{words}: no errors, and no model\n")
        for part in filter(None, parts):
            write(part if first else "\n" + part)
            first = False
