"""Which files a spec may import: those of its own folder and below, and the specs that come along.

A file has a key: its path from the root spec's folder, with `/`, or `zoo:resnet.nn`. `Shelves` finds the key
that an import means and reads the file. What an import may not name is `Refused`: its name is read before
anything is opened, and links are followed to where they lead.
"""

from __future__ import annotations

import os
import posixpath
import re

from nnspec.diagnostics import nearest
from nnspec.source import Source
from nnspec.targets import Unreadable, read_text, shorter, zoo, zoo_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ZOO = "zoo:"
ENDING = ".nn"
#: a nearest name is sought among this many files of a folder
MOST_NAMES = 1000
#: an absolute path, `https://...`, `C:\...`
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|~/")
_OWN_FOLDER = "a spec takes only files of its own folder and below, and from `zoo.…`"


class Refused(Exception):
    """An import that cannot be: `code` of `codes.py`, the message, the way out."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


class Shelves:
    """Where the imports of one root spec are looked for.

    `kept` are the texts of the files by their keys, where a run has kept them: then no file is opened.
    """

    def __init__(self, root: Source, kept: Mapping[str, str] | None = None) -> None:
        self.folder = None if root.path is None else os.path.dirname(root.path) or os.curdir
        self.shown = os.path.dirname(root.name)
        self.kept = kept

    def beside(self, importer: str, written: str) -> str:
        """The key of a file that is named in the file `importer`."""
        inside = ZOO if importer.startswith(ZOO) else ""
        if self.folder is None and self.kept is None and not inside:
            raise Refused(
                "NN212",
                "this spec comes from no file, so it has no folder to import from",
                'from Python: `check_source(text, filename="folder/model.nn")`',
            )
        _well_named(written)
        below = posixpath.dirname(importer.removeprefix(ZOO))
        path = posixpath.normpath(posixpath.join(below, written))
        if path.split("/")[0] == "..":
            raise Refused(
                "NN214", f"`{_clipped(written)}` leads out of the spec's folder", _OWN_FOLDER
            )
        if not path.endswith(ENDING):
            right = f'write `from "{_clipped(posixpath.normpath(written))}{ENDING}" import …`'
            raise Refused("NN212", f"a spec that is imported has a name in `{ENDING}`", right)
        if self.kept is None:
            self._look(inside + path, importer, written)
        return inside + path

    def in_zoo(self, module: str, names: Sequence[str]) -> str:
        """The key of the spec that `zoo.resnet` names; `names` is what is wanted of it."""
        first, *rest = module.split(".")
        if first != "zoo":
            raise Refused(
                "NN212", f"there is no `{module}` to import from", self._not_zoo(module, names)
            )
        if not rest:
            help = "name the spec too: `from zoo.resnet import ResNet`"
            raise Refused("NN212", "`zoo` holds many specs", help)
        path = "/".join(rest) + ENDING
        if self.kept is None and not os.path.isfile(os.path.join(zoo_folder(), path)):
            message = f"there is no spec `{'.'.join(rest)}` in the zoo"
            raise Refused("NN212", message, _near(rest[0]))
        return ZOO + path

    def read(self, key: str) -> Source:
        """The text of a file."""
        if self.kept is not None:
            if key not in self.kept:
                raise Refused("NN212", f"`{key}` was not kept with this run")
            return Source(self.kept[key], key)
        path, folder = self._file(key)
        shown = shorter(folder) if key.startswith(ZOO) else self.shown
        try:
            text = read_text(os.path.realpath(path))
        except Unreadable as error:
            message = f"`{key}` cannot be imported"
            raise Refused("NN212", message, str(error).partition(": ")[2]) from None
        return Source(text, os.path.join(shown, *key.removeprefix(ZOO).split("/")), path)

    def _file(self, key: str) -> tuple[str, str]:
        """The file of a key, and the folder that it may not leave."""
        folder = zoo_folder() if key.startswith(ZOO) else self.folder
        assert folder is not None
        return os.path.join(folder, *key.removeprefix(ZOO).split("/")), folder

    def _look(self, key: str, importer: str, written: str) -> None:
        """Refuse what is not there, and what is somewhere else in truth."""
        file, folder = self._file(key)
        try:
            real, allowed = os.path.realpath(file), os.path.realpath(folder)
            within = os.path.commonpath([real, allowed]) == allowed
        except ValueError:  # another drive
            within = False
        except OSError as error:  # the current folder is gone
            reason = (error.strerror or str(error)).lower()
            raise Refused("NN212", f"the folder of this spec cannot be read: {reason}") from None
        if not within:
            message = f"`{_clipped(written)}` is a link that leads out of the spec's folder"
            raise Refused("NN214", message, _OWN_FOLDER)
        if not os.path.isfile(file):
            raise Refused("NN212", *_missing(folder, importer.removeprefix(ZOO), written))

    def _not_zoo(self, module: str, names: Sequence[str]) -> str:
        """What may be meant by a module as Python has them."""
        file = module.replace(".", "/") + ENDING
        if self.folder is not None and os.path.isfile(os.path.join(self.folder, file)):
            return f'a file is named in quotes: `from "{file}" import …`'
        for name, _, models in zoo():
            if name == module or names[0] in models:
                return f"one comes along: `from zoo.{name} import {', '.join(names)}`"
        return 'names come from a file, `from "blocks.nn" import …`, or `from zoo.resnet import …`'


def _well_named(written: str) -> None:
    """Refuse what is no relative path with `/`."""
    if not written or any(character < " " for character in written):
        raise Refused("NN212", "this is no name of a file", 'write `from "blocks.nn" import …`')
    if _ELSEWHERE.match(written):
        message = f"`{_clipped(written)}` is no file of the spec's folder"
        raise Refused("NN214", message, _OWN_FOLDER)
    if "\\" in written:
        right = _clipped(written.replace("\\", "/"))
        raise Refused("NN212", "folders are divided by `/`", f'write `from "{right}" import …`')


def _missing(folder: str, importer: str, written: str) -> tuple[str, str]:
    """What to say of a file that is not there: the message, and the nearest that is."""
    start = os.path.join(folder, posixpath.dirname(importer))
    parts = posixpath.normpath(written).split("/")
    depth = next(
        (i for i in range(len(parts)) if not os.path.exists(os.path.join(start, *parts[: i + 1]))),
        len(parts),
    )
    if depth == len(parts):
        what = "a folder" if os.path.isdir(os.path.join(start, *parts)) else "no ordinary file"
        return f"`{_clipped(written)}` is {what}", ""
    last = depth == len(parts) - 1
    message = (
        f"there is no {'file' if last else 'folder'} `{_clipped('/'.join(parts[: depth + 1]))}`"
    )
    close = nearest(parts[depth], _names(os.path.join(start, *parts[:depth]), last))
    if close is not None:
        return message, f"did you mean `{'/'.join([*parts[:depth], close, *parts[depth + 1 :]])}`?"
    if os.path.isfile(os.path.join(folder, *parts)):
        return message, f"files are named from the folder of `{importer}`"
    if os.path.isfile(os.path.join(zoo_folder(), *parts)):
        spec = ".".join(parts).removesuffix(ENDING)
        return message, f"one of this name comes along: `from zoo.{spec} import …`"
    return message, ""


def _names(folder: str, files: bool) -> list[str]:
    """The specs of a folder, or the folders in it; none where it cannot be listed."""
    try:
        found = sorted(os.listdir(folder))[:MOST_NAMES]
    except OSError:
        return []
    if files:
        return [name for name in found if name.endswith(ENDING)]
    return [name for name in found if os.path.isdir(os.path.join(folder, name))]


def _near(spec: str) -> str:
    """The spec of the zoo that is meant, by its name or by a model in it."""
    every = list(zoo())
    for name, _, models in every:
        if spec in models:
            return f"`{spec}` is a model of `{name}`: `from zoo.{name} import {spec}`"
    close = nearest(spec, [name for name, _, _ in every])
    return f"did you mean `zoo.{close}`?" if close else "`nnspec zoo` lists them"


def _clipped(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"
