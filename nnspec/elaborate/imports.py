"""Imports between files: which file is meant, and each read once.

A spec may take from files below its own folder, named relative to the importing file, and from the zoo:
nothing else is opened, whatever a file says.
"""

from __future__ import annotations

import os
import re

from nnspec.diagnostics import nearest
from nnspec.elaborate.session import fail
from nnspec.source import Source
from nnspec.targets import Unreadable, read_text, specs_in, zoo_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.elaborate.program import Program
    from nnspec.source import Span
    from nnspec.syntax.tree import Import

ZOO = "zoo:"
_MODULE = re.compile(r"zoo\.(\w+)")


class Library:
    """The files that one spec imports, directly and through others.

    A file's key is its path from the root spec's folder, with `/`, or `zoo:resnet.nn`. `texts` has what
    was read, so that a run can keep it; `kept` is such a record, and then no file is opened.
    """

    def __init__(self, root: Source, kept: Mapping[str, str] | None = None) -> None:
        self.folder = None if root.path is None else os.path.dirname(root.path) or "."
        self.shown = os.path.dirname(root.name)
        self.kept = kept
        self.texts: dict[str, str] = {}
        self.programs: dict[str, Program] = {}
        # the files being declared, with the import that asked for each
        self.stack = [os.path.basename(root.name) if root.path is None else _base(root.path)]

    def find(self, statement: Import, importer: str) -> str:
        """The key of the file that an import means; `importer` is the key of the file it stands in."""
        if statement.file is None:
            return self._module(statement)
        name, span = statement.file.value, statement.file.span
        if self.folder is None and self.kept is None and not importer.startswith(ZOO):
            fail(
                "NN212",
                "this spec comes from no file, so it has no folder to import from",
                span,
                help='from Python: `check_source(text, filename="folder/model.nn")`',
            )
        zoo = ZOO if importer.startswith(ZOO) else ""
        beside = os.path.dirname(importer.removeprefix(ZOO))
        path = os.path.normpath(os.path.join(beside, name)).replace(os.sep, "/")
        if "\0" in name or "\\" in name or os.path.isabs(path) or path.split("/")[0] == "..":
            fail(
                "NN212",
                f"{name!r} lies outside of the folder of the spec",
                span,
                help="a spec imports from its own folder and the folders below it, and from `zoo.…`",
            )
        return zoo + path

    def _module(self, statement: Import) -> str:
        found = _MODULE.fullmatch(statement.module or "")
        if found is None:
            last = (statement.module or "").rpartition(".")[2]
            fail(
                "NN212",
                f"there is no module `{statement.module}`",
                statement.span,
                help=f'the specs that come along are `zoo.…`; a file beside this one: from "{last}.nn" '
                "import …",
            )
        return f"{ZOO}{found[1]}.nn"

    def read(self, key: str, span: Span) -> Source:
        """The file of this key. Failure NN212 at the import where it cannot be read."""
        if self.kept is not None:
            if key not in self.kept:
                fail("NN212", f"{key} was not kept with this run", span)
            self.texts[key] = self.kept[key]
            return Source(self.kept[key], key)
        folder = zoo_folder() if key.startswith(ZOO) else self.folder
        assert folder is not None
        name = key.removeprefix(ZOO)
        path = os.path.join(folder, name)
        real, allowed = os.path.realpath(path), os.path.realpath(folder)
        if os.path.commonpath([real, allowed]) != allowed:
            fail("NN212", f"{name!r} leads outside of the folder of the spec", span)
        try:
            self.texts[key] = read_text(path)
        except Unreadable as error:
            close = nearest(name, specs_in(folder, os.path.dirname(name)))
            fail(
                "NN212",
                str(error).split(";")[0] if os.path.exists(path) else f"there is no file {name!r}",
                span,
                help=f"did you mean {close!r}?" if close else "",
            )
        shown = key if key.startswith(ZOO) else os.path.join(self.shown, name)
        return Source(self.texts[key], shown, path)


def _base(path: str) -> str:
    return os.path.basename(path)
