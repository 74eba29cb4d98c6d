"""`nnspec plot RUN… [-o curves.svg]`"""

from __future__ import annotations

import os

import click

from nnspec.cli.output import write
from nnspec.targets import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(name="plot")
@click.argument("paths", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE",
    help="Where to write it: .svg, .png or .pdf; curves.svg in the run folder without it.",
)  # fmt: skip
def command(paths: Sequence[str], output: str | None) -> int:
    """Draw loss and metrics over the epochs; of several runs in one picture.

    \b
    nnspec plot runs/DigitsCNN -o digits.png
    """
    from nnspec.runs.curves import plot
    from nnspec.runs.log import find_runs

    try:
        found = find_runs(paths)
        folder = found[0].folder if len(found) == 1 else "."
        file = output or os.path.join(folder, "curves.svg")
        plot(found, file)
    except Unreadable as error:
        raise click.ClickException(str(error)) from None
    write(f"{file}: {len(found)} run{'s' * (len(found) > 1)}\n")
    return 0
