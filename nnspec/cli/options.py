"""Options that several commands have."""

from __future__ import annotations

import click

from nnspec.limits import BadLimit, Limits, parse_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _limits(_context: click.Context, _option: click.Parameter, words: Sequence[str]) -> Limits:
    try:
        return parse_limits(words)
    except BadLimit as error:
        raise click.UsageError(str(error)) from None


def _sizes(
    _context: click.Context, _option: click.Parameter, words: str | None
) -> Mapping[str, int] | None:
    from nnspec.settings import BadSetting, parse_sizes

    try:
        return parse_sizes(words) if words else None
    except BadSetting as error:
        raise click.UsageError(str(error)) from None


sizes_option = click.option(
    "--sizes", metavar="H=224,W=224", callback=_sizes, help="Numbers in place of symbols."
)

limits_option = click.option(
    "--limit",
    "limits",
    metavar="NAME=N",
    multiple=True,
    callback=_limits,
    help="Raise a limit, such as layers=200000; repeatable.",
)

allow_extern_option = click.option(
    "--allow-extern",
    is_flag=True,
    help="Let the spec's externs import their Python classes, which runs their code.",
)
