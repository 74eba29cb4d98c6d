"""`nnspec runs [RUN…]`"""

from __future__ import annotations

import os

import click

from nnspec.cli.output import style, write
from nnspec.targets import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(name="runs")
@click.argument("paths", metavar="[RUN]...", nargs=-1)
@click.option("--best", is_flag=True, help="The best run first, instead of the oldest.")
def command(paths: Sequence[str], best: bool) -> int:
    """List runs: how far each came, its best epoch, what was set.

    RUN is a run folder or a folder that holds some; `runs` without one. Several run folders are compared,
    setting by setting.
    """
    from nnspec.runs.log import find_runs
    from nnspec.runs.table import blocks, comparison, lines, overview

    if not paths and not os.path.isdir("runs"):
        raise click.ClickException(
            "no folder `runs` here, to which `nnspec train` writes; `nnspec runs FOLDER` lists another"
        )
    try:
        found = find_runs(paths or ("runs",))
    except Unreadable as error:
        raise click.ClickException(str(error)) from None
    if best:
        found.sort(key=_goodness)
    each_named = len(paths) > 1 and len(found) == len(paths)
    looks = style()
    tables = blocks(comparison(found), looks.columns) if each_named else [overview(found)]
    pages = []
    for table in tables:
        head, *rows = lines(table)
        pages.append("\n".join([looks.paint(head, "aside"), *rows, ""]))
    write("\n".join(pages))
    return 0


def _goodness(run: object) -> tuple[bool, float]:
    from nnspec.runs.log import RunLog

    assert isinstance(run, RunLog)
    best = run.best()
    if best is None:
        return True, 0.0
    value = float(best[f"val_{run.monitor}"])
    return False, value if run.lower_is_better else -value
