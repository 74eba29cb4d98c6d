"""`nnspec zoo` lists the specs that come along; `nnspec zoo NAME` shows one."""

from __future__ import annotations

import click

from nnspec.cli.output import style, write
from nnspec.report.columns import pad, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.report.model import ModelReport

#: sizes for the figures of the list: what most papers count at; a nearest one where a model takes it not
USUAL = {"N": 1, "H": 224, "W": 224}
OTHERS = 16
COLUMNS = 100


@click.command(name="zoo")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def command(names: Sequence[str]) -> int:
    """List the specs that come along, with parameters and MACs; or show those that are named.

    NAME is a family (`resnet`) or one of its models (`resnet50`).
    """
    if names:
        from nnspec.cli.checks import check

        return check([f"zoo:{name.removeprefix('zoo:')}" for name in names])
    from nnspec.checking import check_target
    from nnspec.targets import find, read_text, zoo

    looks = style()
    for name, file, _ in zoo():
        write(
            f"{looks.paint(name, 'title')}  {shorten(about(read_text(file)), COLUMNS - len(name) - 2)}\n"
        )
        models = check_target(find(f"zoo:{name}")).models
        longest = max(map(len, models), default=0)
        for each, model in models.items():
            params, macs, shapes = figures(model)
            line = f"{params:>9} parameters  {macs:>8} MACs for {shapes}"
            write(f"  {pad(each, longest)}  {looks.paint(line, 'aside')}\n")
    write("\nnnspec zoo NAME shows one; nnspec check, compile and train take it as zoo:NAME.\n")
    return 0


def about(text: str) -> str:
    """The first sentences of a spec's docstring, in one line."""
    if not text.startswith('"""'):
        return ""
    paragraph = text[3 : text.index('"""', 3)].strip().split("\n\n")[0]
    return " ".join(paragraph.split())


def figures(model: ModelReport) -> tuple[str, str, str]:
    """Parameters, MACs, and the shapes of usual inputs that these are for: `25.6 M`, `4.09 G`, …"""
    from nnspec.report.units import short

    sizes = {name: USUAL.get(name, OTHERS) for name in model.all_symbols}
    if not model.admits(sizes):
        sizes = next(iter(model.nearest(sizes)), sizes)
    at = model.at(sizes)
    shapes = ", ".join(f"[{', '.join(map(str, given.shape))}]" for given in at.inputs.values())
    macs = short(at.macs) if isinstance(at.macs, int) else str(at.macs)
    params = short(at.params.total) if isinstance(at.params.total, int) else at.params.total
    return params, macs, shapes
