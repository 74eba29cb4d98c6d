"""Where output goes: colour or not, how wide, and what happens when nobody reads it any more."""

from __future__ import annotations

import os
import sys
from errno import ENOSPC

from nnspec.report.style import Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

#: for a terminal or file that has no letters but ASCII
_ASCII = str.maketrans(
    {"…": "...", "×": "x", "—": "-", "–": "-", "−": "-", "→": "->", "│": "|", "├": "|", "└": "`",
     "─": "-",
     "━": "=", "╸": "-", "≥": ">=", "≤": "<="}
)  # fmt: skip


def in_colour(stream: TextIO) -> bool:
    """NO_COLOR, unless it is empty, wins over FORCE_COLOR; else a terminal decides."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO) -> int | None:
    """The width of the terminal; None where there is none to fit into."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and 0 < int(told) < 10_000:
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # no terminal; a stream without a file
        return None


def style() -> Style:
    """How to draw on standard output."""
    return Style(in_colour(sys.stdout), columns(sys.stdout))


def write(text: str) -> None:
    """To standard output, in whatever letters it has."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(text: str) -> None:
    """A message about how the command was used, to standard error."""
    encoding = sys.stderr.encoding or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    sys.stderr.write(f"nnspec: {text}\n")


def _leave_the_rest() -> None:
    """Python would complain when it flushes what is left at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guarded(run: Callable[[], int]) -> int:
    """Run a command; a reader that went away and Ctrl-C end it quietly, a full disk with a message."""
    try:
        return run()
    except BrokenPipeError:
        _leave_the_rest()
        return 141
    except OSError as error:
        if error.errno != ENOSPC or error.filename is not None:
            raise
        _leave_the_rest()
        complain(f"the output cannot be written: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
