"""`nnspec check TARGET…`"""

from __future__ import annotations

import click

from nnspec.cli.clicked import takes
from nnspec.cli.options import CHECK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@click.command(name="check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@takes(*CHECK)
def command(**given: Any) -> int:
    """Find the errors of specs; show layers, shapes, parameters, MACs, memory.

    With --devices, --memory or --strategy: what training needs on each device, and whether it fits.

    TARGET is a file, file.nn:Name for one model in it, or zoo:resnet50 for one that comes along.
    """
    from nnspec.cli.checks import run
    from nnspec.settings import BadSetting

    try:
        return run(**given)
    except BadSetting as error:
        raise click.UsageError(str(error)) from None
