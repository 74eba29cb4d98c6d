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
@click.option(
    "--top", default=3, show_default=True, type=click.IntRange(1), help="How many classes to tell."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "json"]), default="text",
    help="How to write them; text without it.",
)  # fmt: skip
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write them; .csv and .json say how; FOLDER/: pictures and masks, as PNG; .npz: masks.",
)
@click.option("--onnx", metavar="FILE", help="Compute with this exported file instead of PyTorch.")
@allow_extern_option
def command(
    run: str,
    inputs: Sequence[str],
    device: str | None,
    top: int,
    form: str,
    output: str | None,
    onnx: str | None,
    allow_extern: bool,
) -> int:
    """Use a trained model: the class of each sample and how probable it is, or the numbers it foretells.
    Where it gives a class for each place, the share of the places that each class has.

    INPUT is an image, a folder of images, a .csv with the columns that were trained on, or an array:
    .npy, .npz. A model of several inputs takes an .npz with an array for each, or NAME=INPUT for each.

    \b
    nnspec predict runs/DigitsCNN/2026-01-31_12-00-00 scans/ --top 1 -o digits.csv
    """
    from nnspec.cli import calls

    if output is not None and form == "text" and output.endswith((".csv", ".json")):
        form = output.rpartition(".")[2]
    return calls.predict(run, inputs, device, allow_extern, onnx, top, form, output)
