"""`nnspec zoo`"""

from __future__ import annotations

import click

from nnspec.cli.output import style, write
from nnspec.report.columns import pad


@click.command(name="zoo")
def command() -> int:
    """List the specs that come along. Each can be checked: nnspec check zoo:NAME."""
    import re

    from nnspec.targets import read_text, zoo

    looks = style()
    every = list(zoo())
    width = max((len(name) for name, _, _ in every), default=0)
    for name, file, models in every:
        doc = re.match(r'\s*"""(.*?)(?:"""|\n)', read_text(file), re.DOTALL)
        write(f"{looks.paint(pad(name, width), 'title')}  {doc[1].strip() if doc else ''}\n")
        presets = [model for model in models if model != name]
        if len(models) > 1 or presets:
            write(f"{' ' * width}  {looks.paint(', '.join(models), 'aside')}\n")
    write("\nnnspec check zoo:NAME shows one.\n")
    return 0
