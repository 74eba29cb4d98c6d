"""The command line: `main` takes the words and gives the exit status.

Exit status: 0 all is well; 1 the spec has errors; 2 the command was used wrongly, or a file is
missing or unreadable; 130 interrupted.
"""

from __future__ import annotations

import gc
import sys

from nnspec.collector import uncollected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    from nnspec.cli.output import guarded

    if arguments is not None:
        return guarded(lambda: _run(list(arguments)))
    status = guarded(lambda: _run(sys.argv[1:]))
    gc.freeze()  # the process ends here: nothing is worth a last look for garbage
    return status


def _run(words: list[str]) -> int:
    wrong = ""
    if words[:1] == ["check"]:
        # what people and editors run all day: click's import, which costs as much as the checking, is
        # needed only to help and to tell what is wrong
        from nnspec.cli.options import CHECK
        from nnspec.cli.words import read

        given = read(words[1:], CHECK)
        if given is not None:
            with uncollected():  # there is no garbage in what is imported
                from nnspec.cli.checks import run
                from nnspec.settings import BadSetting

                try:
                    return run(**given)
                except BadSetting as error:
                    wrong = str(error)
    import click

    from nnspec.cli.commands import commands, context_of

    try:
        if wrong:
            raise click.UsageError(wrong, context_of("check"))
        status = commands.main(args=words, prog_name="nnspec", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return 2
    return status if isinstance(status, int) else 0
