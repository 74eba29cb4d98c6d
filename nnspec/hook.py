"""`import nnspec.hook`: from then on a `.nn` file on the path is imported like a module.

    import nnspec.hook
    from specs.lenet import LeNet

A `.py` file of the same name wins. Nothing is cached on disk: a spec compiles in milliseconds, and a
`.pyc` could not tell `lenet.nn` from `lenet.py`.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType

from nnspec.diagnostics import SpecError

ENDING = ".nn"


class SpecImportError(SpecError, ImportError):
    """A spec that is imported has errors."""


class SpecLoader(importlib.abc.ExecutionLoader):
    """Compiles one spec; the generated source is what `inspect` and tracebacks show."""

    def __init__(self, fullname: str, path: str) -> None:
        self.name, self.path = fullname, path

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_source(self, fullname: str) -> str:
        """The generated Python."""
        from nnspec.compiler.source import complete, program_of, write
        from nnspec.targets import Target

        program = program_of(Target(self.path, "", self.path))
        return write(program, complete(program))

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        from nnspec.compiler.load import execute
        from nnspec.compiler.source import complete, program_of, written
        from nnspec.compiler.spec import attach
        from nnspec.targets import Target

        try:
            program = program_of(Target(self.path, "", self.path))
            text, plans = written(program, complete(program))
        except SpecError as error:
            raise SpecImportError(error.problems) from None
        execute(module, text, f"<compiled {self.path}>")
        attach(program, module, plans)


class SpecFinder(importlib.abc.MetaPathFinder):
    """Looks for `name.nn` where Python looks for `name.py`, after Python has found none."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            file = os.path.join(folder or os.curdir, name + ENDING)
            if os.path.isfile(file):
                file = os.path.abspath(file)
                loader = SpecLoader(fullname, file)
                return importlib.machinery.ModuleSpec(fullname, loader, origin=file)
        return None


def install() -> None:
    """Add the finder to Python's, once."""
    if not any(isinstance(finder, SpecFinder) for finder in sys.meta_path):
        sys.meta_path.append(SpecFinder())


install()
