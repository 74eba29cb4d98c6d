"""`nnspec compile TARGET [-o model.py]`"""

from __future__ import annotations

import click

from nnspec.cli.clicked import takes
from nnspec.cli.options import LIMIT
from nnspec.cli.output import complain, write
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.limits import Limits


@click.command(name="compile")
@click.argument("target", metavar="TARGET")
@click.option("-o", "--output", metavar="FILE", help="Where to write; standard output without it.")
@click.option(
    "--stubs", is_flag=True, help="Write a .pyi beside the spec, for editors and type checkers."
)
@takes(LIMIT)
def command(target: str, output: str | None, stubs: bool, limits: Limits) -> int:
    """Write a model as PyTorch source that runs without nnspec."""
    from nnspec.cli.calls import compile_source

    try:
        found = find(target)
        if stubs and output is None and found.file != "-" and not target.startswith("zoo:"):
            output = f"{found.file.removesuffix('.nn')}.pyi"
        text = compile_source(found, limits, stubs)
    except Unreadable as error:
        complain(str(error))
        return 2
    if text is None:
        return 1
    if output is None or output == "-":
        write(text)
        return 0
    try:
        with open(output, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        complain(f"{output}: cannot be written: {(error.strerror or str(error)).lower()}")
        return 2
    return 0
