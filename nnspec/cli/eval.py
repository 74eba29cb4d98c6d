"""`nnspec eval RUN [--split val]`"""

from __future__ import annotations

import click

from nnspec.cli.clicked import takes
from nnspec.cli.options import ALLOW_EXTERN


@click.command(name="eval")
@click.argument("run", metavar="RUN")
@click.option(
    "--split", default="val", show_default=True, help="The part of the data to measure on."
)
@click.option(
    "--device",
    metavar="cpu|cuda|...",
    help="Where to compute; without it the fastest that is there.",
)
@takes(ALLOW_EXTERN)
def command(run: str, split: str, device: str | None, allow_extern: bool) -> int:
    """Measure a trained model: the metrics, per class, and the confusion matrix."""
    from nnspec.cli import calls

    return calls.evaluate(run, split, device, allow_extern)
