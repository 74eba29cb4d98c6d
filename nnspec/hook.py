"""`import nnspec.hook`: then `from specs.lenet import LeNet` imports `specs/lenet.nn` like a module.

A `.nn` file is found where a `.py` file of that name would be, which wins where both are there. Nothing is
cached on disk. A file with errors raises ImportError with all of them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from nnspec.compiler.spec import Spec, program_of
from nnspec.diagnostics import SpecError
from nnspec.source import Source
from nnspec.targets import Unreadable, read_text


class SpecImportError(ImportError):
    """A spec that is imported has errors; `problems` are all of them."""

    def __init__(self, error: SpecError, name: str, path: str) -> None:
        super().__init__(str(error), name=name, path=path)
        self.problems = error.problems


class Finder(importlib.abc.MetaPathFinder):
    """Finds `.nn` files."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        tail = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            file = os.path.join(folder or os.curdir, f"{tail}.nn")
            if os.path.isfile(file):
                return importlib.machinery.ModuleSpec(fullname, Loader(file), origin=file)
        return None


class Loader(importlib.abc.Loader):
    """Makes the module of a `.nn` file: its models are compiled when they are asked for."""

    def __init__(self, file: str) -> None:
        self.file = file

    def exec_module(self, module: ModuleType) -> None:
        try:
            program = program_of(Source(read_text(self.file), self.file))
        except SpecError as error:
            raise SpecImportError(error, module.__name__, self.file) from None
        except Unreadable as error:
            raise ImportError(str(error), name=module.__name__, path=self.file) from None
        spec = Spec(program)
        module.__file__ = self.file
        module.__doc__ = program.module.doc or None

        def attribute(name: str) -> Any:
            if name.startswith("__") or name not in program.models:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            try:
                return spec.model(name)
            except SpecError as error:
                raise SpecImportError(error, module.__name__, self.file) from None

        module.__getattr__ = attribute  # type: ignore[method-assign]
        module.__dir__ = lambda: sorted(program.models)  # type: ignore[method-assign]


def install() -> None:
    """Put the finder behind Python's own; once."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())


install()
