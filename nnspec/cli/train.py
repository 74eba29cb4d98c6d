"""`nnspec train TARGET [key=value …]`"""

from __future__ import annotations

import click

from nnspec.cli.clicked import takes
from nnspec.cli.options import ALLOW_EXTERN
from nnspec.cli.output import complain
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(name="train")
@click.argument("target", metavar="[TARGET]", required=False)
@click.argument("settings", metavar="[key=value ...]", nargs=-1)
@click.option("--resume", metavar="RUN", help="Go on with a run from its last epoch.")
@click.option(
    "--device", metavar="cpu|cuda|...", help="Where to train; without it the fastest that is there."
)
@takes(ALLOW_EXTERN)
def command(
    target: str | None,
    settings: Sequence[str],
    resume: str | None,
    device: str | None,
    allow_extern: bool,
) -> int:
    """Train a model as its file says, and write a run folder.

    \b
    nnspec train digits.nn epochs=3 optimizer.lr=1e-2 model.width=32
    nnspec train --resume runs/DigitsCNN/2026-01-31_12-00-00 epochs=30
    """
    from nnspec.cli import calls

    if target is None and resume is None:
        raise click.UsageError("name the spec to train, or a run to go on with: --resume RUN")
    if target is not None and resume is not None and "=" in target:
        settings = (target, *settings)
        target = None
    if target is not None and resume is not None:
        raise click.UsageError("a run is resumed as it was begun: leave the target out")
    calls.settings(settings)  # a word that is no setting is refused before PyTorch is loaded
    try:
        return calls.train(find(target) if target else None, settings, resume, device, allow_extern)
    except Unreadable as error:
        complain(str(error))
        return 2
