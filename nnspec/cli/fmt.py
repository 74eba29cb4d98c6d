"""`nnspec fmt FILE…`"""

from __future__ import annotations

import os

import click

from nnspec.cli.output import complain, style, write
from nnspec.targets import Unreadable, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@click.command(name="fmt")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: Sequence[str], check: bool, diff: bool) -> int:
    """Bring specs into the one layout.

    FILE is a file, a folder for every spec below it, or - for standard input, whose layout goes to
    standard output.
    """
    status = 0
    for file in _every(files):
        try:
            status = max(status, _one(file, check, diff))
        except Unreadable as error:
            complain(str(error))
            status = 2
    return status


def _every(files: Sequence[str]) -> Iterator[str]:
    """The files, with the specs below a folder in its place."""
    for file in files:
        if not os.path.isdir(file):
            yield file
            continue
        for folder, folders, names in os.walk(file):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (
                os.path.join(folder, name) for name in sorted(names) if name.endswith(".nn")
            )


def _one(file: str, check: bool, diff: bool) -> int:
    from nnspec.format import formatted

    target = find(file)
    source = target.read()
    text, problems = formatted(source)
    if problems:
        from nnspec.report.problems import draw_all

        write(draw_all(problems, style().colour))
        return 1
    if diff and text != source.text:
        write(_difference(source.text, text, target.shown))
    if target.file == "-" and not (check or diff):
        write(text)
        return 0
    if text == source.text:
        return 0
    if check or diff:
        if check:
            complain(f"{target.shown} is not in the layout of nnspec fmt")
        return 1 if check else 0
    _replace(target.file, text)
    return 0


def _difference(before: str, after: str, name: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        before.splitlines(), after.splitlines(), name, f"{name} (formatted)", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _replace(file: str, text: str) -> None:
    """Write a file whole: to a neighbour with the same permissions first, then renamed."""
    file = os.path.realpath(file)
    neighbour = f"{file}.{os.getpid()}.new"
    try:
        with open(neighbour, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(neighbour, os.stat(file).st_mode & 0o7777)
        os.replace(neighbour, file)
    except OSError as error:
        if os.path.exists(neighbour):
            os.unlink(neighbour)
        reason = (error.strerror or str(error)).lower()
        raise Unreadable(f"{file}: cannot be written: {reason}") from None
