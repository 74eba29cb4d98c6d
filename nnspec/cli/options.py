"""Options that several commands have."""

from __future__ import annotations

import click

allow_extern_option = click.option(
    "--allow-extern",
    is_flag=True,
    help="Let the spec's externs import their Python classes, which runs their code.",
)
