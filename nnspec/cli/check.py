"""`nnspec check TARGET…`"""

from __future__ import annotations

import click

from nnspec.cli.options import limits_option, sizes_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nnspec.limits import Limits


def _bytes(_context: click.Context, _option: click.Parameter, word: str | None) -> int | None:
    from nnspec.report.units import BadUnit, of_bytes

    try:
        return of_bytes(word) if word else None
    except BadUnit as error:
        raise click.UsageError(str(error)) from None


FORMATS = ("text", "json", "sarif", "github")


@click.command(name="check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@sizes_option
@click.option(
    "--mode",
    type=click.Choice(("training", "evaluation")),
    help="The sizes of one mode alone; without it those of both.",
)
@click.option("--nearest", metavar="H=225", help="Tell the nearest sizes that a model takes.")
@click.option(
    "--format", "format_name", type=click.Choice(FORMATS), default="text", show_default=True
)
@click.option(
    "--depth", type=click.IntRange(1, 1000), help="Levels of the tree to show; the totals stay."
)
@click.option("--devices", type=click.IntRange(1), help="Foretell what each holds in training.")
@click.option(
    "--memory", metavar="80GB", callback=_bytes, help="What each device has; says whether it fits."
)
@click.option(
    "--strategy", type=click.Choice(("ddp", "fsdp")), help="Each holds the model, or a part of it."
)
@click.option(
    "--batch-size", type=click.IntRange(1), help="Samples of a batch, of all devices together."
)
@click.option(
    "--precision",
    type=click.Choice(("float32", "tf32", "bf16", "fp16")),
    help="Of the computation in training.",
)
@limits_option
@click.option("--strict", is_flag=True, help="Exit with 1 where there are warnings, too.")
def command(
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
    """Find the errors of specs; show layers, shapes, parameters, MACs, memory.

    With --devices, --memory or --strategy: what training needs on each device, and whether it fits.

    TARGET is a file, file.nn:Name for one model in it, or zoo:resnet50 for one that comes along.
    """
    from nnspec.cli.checks import check
    from nnspec.settings import BadSetting, parse_sizes

    training = None if mode is None else mode == "training"
    try:
        if nearest:
            from nnspec.cli.nearest import show_nearest

            return show_nearest(targets, parse_sizes(nearest), sizes or {}, limits, training)
        if devices or memory or strategy or batch_size or precision:
            from nnspec.cli.devices import show_devices

            return show_devices(
                targets, sizes or {}, devices or 1, memory, strategy, batch_size, precision, limits
            )
        return check(targets, sizes, format_name, depth, strict, limits, training)
    except BadSetting as error:
        raise click.UsageError(str(error)) from None
