"""What a command works on: `lenet.nn`, `resnet.nn:resnet50`, `zoo:resnet50`, `-` for standard
input.

`find` reads the words, `Target.read` the file. What goes wrong there is the user's command, not
the spec: `Unreadable`, whose text is fit to be shown.
"""

from __future__ import annotations

import os

from nnspec.records import Record
from nnspec.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: more is no spec: a larger file is refused before it is read
MOST_BYTES = 64 * 2**20


class Unreadable(OSError):
    """A target that is not there or cannot be read."""


class Target(Record):
    """A file, and the model in it that is meant ("" for all). `shown` is the file as the user
    wrote it.
    """

    file: str
    name: str
    shown: str

    def read(self) -> Source:
        """The text of the file."""
        # what comes through standard input is in the folder of whoever typed it
        return Source(read_text(self.file), self.shown, self.file)


def find(words: str) -> Target:
    """The target that the words name. A zoo name is looked up; a file need not exist yet."""
    if words == "-":
        return Target("-", "", "<stdin>")
    if words.startswith("zoo:"):
        return _find_in_zoo(words[4:])
    file, _, name = words.rpartition(":")
    # `C:` is a drive; a file whose own name has a colon in it is taken as it is
    if len(file) < 2 or not name.isidentifier() or os.path.exists(words):
        return Target(words, "", words)
    return Target(file, name, file)


def read_text(file: str) -> str:
    """The text of a file, with every way to fail said in words."""
    if file == "-":
        import sys

        return _decode(sys.stdin.buffer.read(MOST_BYTES + 1), "<stdin>")
    try:
        if _is_pipe(file):
            return _decode(_from_pipe(file), file)
        with open(file, "rb") as stream:
            return _decode(stream.read(MOST_BYTES + 1), file)
    except Unreadable:
        raise
    except FileNotFoundError:
        raise Unreadable(_missing(file)) from None
    except IsADirectoryError:
        raise Unreadable(_folder(file)) from None
    except PermissionError:
        raise Unreadable(
            _folder(file) if os.path.isdir(file) else f"{file}: no permission to read it"
        ) from None
    except (OSError, ValueError) as error:  # a name too long, a NUL in it, a device that fails
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{file!r}: cannot be read: {reason.lower()}") from None


def _is_pipe(file: str) -> bool:
    from stat import S_ISFIFO

    return S_ISFIFO(os.stat(file).st_mode)


def _from_pipe(file: str) -> bytes:
    """What comes out of a named pipe, such as `<(…)` of a shell; one that nobody writes to would
    keep us waiting for ever.
    """
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as stream:
        first = stream.read(1)
        if first == b"":
            raise Unreadable(f"{file}: a pipe that nothing is written to")
        os.set_blocking(stream.fileno(), True)
        found = [first or b""]  # None: nothing yet
        left = MOST_BYTES + 1
        while left > 0 and (data := stream.read(min(left, 2**20))):
            found.append(data)
            left -= len(data)
        return b"".join(found)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{file}: larger than {MOST_BYTES // 2**20} MiB, which no spec is")
    data = data.removeprefix(b"\xef\xbb\xbf")  # the mark that some editors put first
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"{file}: not UTF-8 text: byte 0x{data[error.start]:02x} in line {line} "
            f"(offset {error.start})"
        ) from None


def _missing(file: str) -> str:
    from nnspec.diagnostics import nearest

    folder, name = os.path.split(file)
    if folder and not os.path.isdir(folder):
        return f"{file}: there is no folder {folder}"
    specs = _specs(folder or ".")
    close = nearest(name, specs) or nearest(name + ".nn", specs)
    hint = f"; did you mean {os.path.join(folder, close)}?" if close else ""
    return f"{file}: no such file{hint}"


def _folder(folder: str) -> str:
    specs = _specs(folder)
    hint = f"; name a file in it: {os.path.join(folder, specs[0])}" if specs else ""
    return f"{folder}: a folder, not a spec{hint}"


def _specs(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".nn"))
    except OSError:
        return []


# -- the zoo ---------------------------------------------------------------------------------------


def zoo_folder() -> str:
    """Where the specs that come along lie: inside the installed package, or beside it in a
    checkout.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    inside = os.path.join(package, "zoo")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "specs")


def zoo() -> Iterator[tuple[str, str, list[str]]]:
    """Name, file and the models of each spec that comes along."""
    import re

    folder = zoo_folder()
    for name in _specs(folder):
        file = os.path.join(folder, name)
        yield name[:-3], file, re.findall(r"^model\s+(\w+)", read_text(file), re.MULTILINE)


def _find_in_zoo(words: str) -> Target:
    spec, _, model = words.partition(":")
    every = list(zoo())
    for name, file, models in every:
        if name == spec and (not model or model in models):
            return Target(file, model, shorter(file))
    for name, file, models in every:
        if not model and spec in models:
            return Target(file, spec, shorter(file))
        if model.isidentifier() and name == spec and _has_block(file, model):
            return Target(file, model, shorter(file))
    from nnspec.diagnostics import nearest

    names = {name for name, _, _ in every}.union(*(models for _, _, models in every))
    close = nearest(model or spec, names)
    hint = f"; did you mean zoo:{close}?" if close else "; `nnspec zoo` lists them"
    raise Unreadable(f"zoo:{words}: no such spec{hint}")


def _has_block(file: str, name: str) -> bool:
    import re

    return re.search(rf"^block\s+{name}\b", read_text(file), re.MULTILINE) is not None


def shorter(file: str) -> str:
    """The file as seen from here, where that is shorter."""
    try:
        return min(os.path.relpath(file), file, key=len)
    except ValueError:  # another drive
        return file
