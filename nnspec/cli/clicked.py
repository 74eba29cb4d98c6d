"""Options that are plain data, as click takes them."""

from __future__ import annotations

import click

from nnspec.cli.words import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def takes(*options: Option) -> Callable[[CommandT], CommandT]:
    """A decorator that gives a command these options, in this order."""

    def give(function: CommandT) -> CommandT:
        for option in reversed(options):
            function = _option(option)(function)
        return function

    return give


def _option(option: Option) -> Callable[[CommandT], CommandT]:
    kind: Any = None
    if option.choices:
        kind = click.Choice(option.choices)
    elif option.least is not None:
        kind = click.IntRange(option.least, option.most)

    def read(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
        try:
            return option.value(given)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    return click.option(
        option.name,
        option.key,
        help=option.help,
        metavar=option.metavar,
        type=kind,
        is_flag=option.flag,
        multiple=option.many,
        default=None if option.reads else option.default,
        show_default=option.shows_default,
        callback=read if option.reads else None,
    )
