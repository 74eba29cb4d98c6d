"""Which files a spec may import: those below its own folder, and the specs that come along.

What an import names becomes a `Place`, whose text `read` gives. An import that names something else
is `Refused`: the name is read before anything is opened, and links are followed to where they lead.
"""

from __future__ import annotations

import os
import posixpath
import re

from nnspec.diagnostics import nearest
from nnspec.records import replace
from nnspec.source import Place, Source
from nnspec.targets import Unreadable, read_text, shorter, zoo, zoo_folder

ENDING = ".nn"
#: a nearest name is sought among this many files of a folder
MOST_NAMES = 1000
#: `https://...`, `C:\...`
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|~/")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Refused(Exception):
    """An import that cannot be: `code` of `codes.py`, the message, the way out."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


def settled(place: Place) -> Place:
    """The place with its folder's real path, so that equal places are equal."""
    try:
        return replace(place, folder=os.path.realpath(place.folder or os.curdir))
    except OSError as error:  # the current folder is gone
        reason = (error.strerror or str(error)).lower()
        raise Refused("NN601", f"the folder of this spec cannot be read: {reason}") from None


def label(place: Place) -> str:
    """A file in a chain of imports."""
    return place.path or "this text"


def read(place: Place) -> Source:
    """The text at a place."""
    file = os.path.join(place.folder, *place.path.split("/"))
    shown = os.path.join(place.shown, *place.path.split("/"))
    try:
        return Source(read_text(os.path.realpath(file)), shown, place)
    except Unreadable as error:
        raise Refused("NN601", f"`{place.path}` cannot be imported", str(error)) from None


# -- beside the file ---------------------------------------------------------------------------------


def beside(place: Place, written: str) -> Place:
    """The file that a source at `place` (settled) means by a name."""
    _well_named(written)
    path = posixpath.normpath(written)
    if not path.endswith(ENDING):
        end = f'write `from "{_clipped(path)}{ENDING}" import …`'
        raise Refused("NN601", f"a spec that is imported has a name in `{ENDING}`", end)
    full = posixpath.normpath(posixpath.join(posixpath.dirname(place.path), path))
    file = os.path.join(place.folder, *full.split("/"))
    if not _within(place.folder, os.path.realpath(file)):
        raise Refused(
            "NN602",
            f"`{_clipped(path)}` is a link that leads out of the folder of the spec",
            "a spec takes only files of its own folder and below: put a copy there",
        )
    if not os.path.isfile(file):
        raise Refused("NN601", *_missing(place, path, full))
    return replace(place, path=full)


def _well_named(written: str) -> None:
    """Refuse what is no name of a file below the importing one."""
    shown = _clipped(written)
    if not written or any(character < " " for character in written):
        raise Refused("NN601", "this is no name of a file", 'write `from "blocks.nn" import …`')
    if "\\" in written:
        right = _clipped(written.replace("\\", "/"))
        raise Refused("NN601", "folders are divided by `/`", f'write `from "{right}" import …`')
    if _ELSEWHERE.match(written):
        raise Refused(
            "NN602",
            f"`{shown}` is no file below the folder of this one",
            "a spec takes only files of its own folder and below, named from there",
        )
    if ".." in written.split("/"):
        raise Refused(
            "NN602",
            f"`{shown}` leads out of the folder of this file",
            "a spec takes only files of its own folder and below: move this file up, or that one "
            "down",
        )


def _within(folder: str, file: str) -> bool:
    try:
        return os.path.commonpath([folder, file]) == folder
    except ValueError:  # another drive
        return False


def _missing(place: Place, path: str, full: str) -> tuple[str, str]:
    """What to say of a file that is not there: the message, and the nearest that is."""
    start = os.path.join(place.folder, posixpath.dirname(place.path))
    parts = path.split("/")
    if os.path.isdir(os.path.join(start, *parts)):
        return f"`{_clipped(path)}` is a folder", ""
    depth = next(
        (i for i in range(len(parts)) if not os.path.exists(os.path.join(start, *parts[: i + 1]))),
        len(parts) - 1,
    )
    last = depth == len(parts) - 1
    what = "file" if last else "folder"
    message = f"there is no {what} `{_clipped('/'.join(parts[: depth + 1]))}`"
    shown = os.path.join(place.shown, posixpath.dirname(full))
    message += f" in {shown}" if last and len(parts) == 1 and shown else ""
    close = nearest(parts[depth], _names(os.path.join(start, *parts[:depth]), last))
    if close is not None:
        return message, f"did you mean `{'/'.join([*parts[:depth], close, *parts[depth + 1 :]])}`?"
    spec = path.removesuffix(ENDING)
    if os.path.isfile(os.path.join(place.folder, *parts)):
        return message, f"files are named from the folder of `{place.path}`"
    if os.path.isfile(os.path.join(place.zoo or zoo_folder(), path)):
        return message, f"one of this name comes along: `from zoo.{spec} import …`"
    return message, ""


def _names(folder: str, files: bool) -> list[str]:
    """The specs of a folder, or the folders in it."""
    try:
        found = sorted(os.listdir(folder))[:MOST_NAMES]
    except OSError:
        return []
    if files:
        return [name for name in found if name.endswith(ENDING)]
    return [name for name in found if os.path.isdir(os.path.join(folder, name))]


def _clipped(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"


# -- the zoo -----------------------------------------------------------------------------------------


def zoo_of(place: Place | None) -> str:
    """The real path of the folder where `from zoo.` looks."""
    return os.path.realpath(place.zoo if place and place.zoo else zoo_folder())


def in_zoo(place: Place | None, module: str, names: Sequence[str]) -> Place:
    """The spec that comes along which `zoo.resnet` names; `names` is what is wanted of it."""
    first, *rest = module.split(".")
    if first != "zoo":
        help = _not_zoo(place, module, names)
        raise Refused("NN601", f"there is no `{module}` to import from", help)
    if not rest:
        help = "name the spec too: `from zoo.resnet import ResNet`"
        raise Refused("NN601", "`zoo` holds many specs", help)
    folder = place.zoo if place and place.zoo else zoo_folder()
    path = "/".join(rest) + ENDING
    if not os.path.isfile(os.path.join(folder, *rest) + ENDING):
        raise Refused("NN601", f"there is no spec `{'.'.join(rest)}` in the zoo", _near(rest[0]))
    own = place.zoo if place else ""
    return settled(Place(folder, path, shorter(folder), own))


def _not_zoo(place: Place | None, module: str, names: Sequence[str]) -> str:
    """What may be meant by a module as Python has them."""
    file = module.replace(".", "/") + ENDING
    if place is not None and os.path.isfile(os.path.join(place.folder, file)):
        return f'a file is named in quotes: `from "{file}" import …`'
    for name, _, models in zoo():
        if name == module or names[0] in models:
            return f"one comes along: `from zoo.{name} import {', '.join(names)}`"
    return 'names come from a file, `from "blocks.nn" import …`, or `from zoo.resnet import …`'


def _near(spec: str) -> str:
    """The spec of the zoo that is meant, by its name or by a model in it."""
    every = list(zoo())
    for name, _, models in every:
        if spec in models:
            return f"`{spec}` is a model of `{name}`: `from zoo.{name} import {spec}`"
    close = nearest(spec, [name for name, _, _ in every])
    return f"did you mean `zoo.{close}`?" if close else "`nnspec zoo` lists them"
