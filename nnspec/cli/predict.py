"""`nnspec predict RUN INPUT…`"""

from __future__ import annotations

import click

from nnspec.cli.options import allow_extern_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(name="predict")
@click.argument("run", metavar="RUN")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--device",
    metavar="cpu|cuda|...",
    help="Where to compute; without it the fastest that is there.",
)
@allow_extern_option
def command(run: str, inputs: Sequence[str], device: str | None, allow_extern: bool) -> int:
    """Use a trained model on files: the class of each, and how probable it is."""
    from nnspec.cli import calls

    return calls.predict(run, inputs, device, allow_extern)
