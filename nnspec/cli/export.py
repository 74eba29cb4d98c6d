"""`nnspec export RUN|TARGET --to onnx|pt2|safetensors -o FILE`"""

from __future__ import annotations

import click

from nnspec.cli.clicked import takes
from nnspec.cli.options import ALLOW_EXTERN, SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("onnx", "pt2", "safetensors")


@click.command(name="export")
@click.argument("source", metavar="RUN|TARGET")
@click.option("--to", "form", type=click.Choice(FORMATS), help="The format; FILE's ending tells.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; NAME.FORMAT without it.")
@takes(SIZES, ALLOW_EXTERN)
def command(
    source: str,
    form: str | None,
    output: str | None,
    sizes: Mapping[str, int] | None,
    allow_extern: bool,
) -> int:
    """Hand a model on to other programs: one that was trained, or one with fresh weights.

    Sizes that the spec leaves open stay open, for all values that it admits.
    """
    from nnspec.cli import calls

    if form is None:
        form = (output or "").rpartition(".")[2]
        if form not in FORMATS:
            raise click.UsageError(f"say the format: --to {', '.join(FORMATS)}")
    return calls.export(source, form, output, sizes or {}, allow_extern)
