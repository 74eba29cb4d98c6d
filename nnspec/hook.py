"""`import nnspec.hook`: from then on a `.nn` file on the path is imported like a module.

    import nnspec.hook
    from specs.lenet import LeNet

In a notebook `%load_ext nnspec.hook` does the same, and takes specs that were edited anew before each
cell (`%autoreload` only looks at `.py` files).

A `.py` file of the same name wins. Nothing is cached on disk: a spec compiles in milliseconds, and
a `.pyc` could not tell `lenet.nn` from `lenet.py`. A spec with an `extern` is refused: an import
statement cannot say that it is allowed, as `nnspec.load("net.nn", allow_extern=True)` does.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType
from typing import Any

from nnspec.compiler.externs import externs_of, permit
from nnspec.compiler.load import execute
from nnspec.compiler.source import Compiled, complete, program_of, source_of
from nnspec.compiler.spec import Maker, attach
from nnspec.compiler.variants import Open
from nnspec.diagnostics import SpecError
from nnspec.elaborate.program import Program
from nnspec.source import Source
from nnspec.targets import read_text

ENDING = ".nn"


class SpecImportError(SpecError, ImportError):
    """A spec that is imported has errors."""


class SpecLoader(importlib.abc.ExecutionLoader):
    """Compiles one spec; the generated source is what `inspect` and tracebacks show."""

    def __init__(self, fullname: str, path: str) -> None:
        self.name, self.path = fullname, path
        self.written = 0  # when the file was written that is loaded, in nanoseconds

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_source(self, fullname: str) -> str:
        """The generated Python."""
        return self._compiled()[1].text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        self.written = os.stat(self.path).st_mtime_ns
        try:
            program, compiled = self._compiled()
            permit(externs_of(compiled.plans), allowed=False)
        except SpecError as error:
            raise SpecImportError(error.problems) from None
        execute(module, compiled.text, f"<compiled {self.path}>")
        attach(program, module, compiled.plans)
        waiting = {
            model.name: Open(model, Maker(program, model.name, allow_extern=False))
            for model in program.own_models
            if model.missing
        }
        vars(module).update(waiting)
        classes = sorted([*(plan.name for plan in compiled.plans), *waiting])
        module.__dir__ = lambda: classes  # type: ignore[method-assign]

    def _compiled(self) -> tuple[Program, Compiled]:
        program = program_of(Source(read_text(self.path), self.path, self.path))
        return program, source_of(program, complete(program))


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


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext nnspec.hook`: edited specs are imported anew before each cell."""
    seen: dict[str, int] = {}

    def refresh(*_: Any) -> None:
        for name, module in [*sys.modules.items()]:
            loader = getattr(getattr(module, "__spec__", None), "loader", None)
            if isinstance(loader, SpecLoader) and os.path.exists(loader.path):
                written = os.stat(loader.path).st_mtime_ns
                if seen.setdefault(name, loader.written or written) != written:
                    seen[name] = written
                    reloaded(module, shell.user_ns)

    shell.events.register("pre_run_cell", refresh)


def reloaded(module: ModuleType, names: dict[str, Any]) -> None:
    """Import a module anew; what `names` has of its classes are then the new ones."""
    before = {id(value): name for name, value in vars(module).items() if isinstance(value, type)}
    importlib.reload(module)
    for name, value in [*names.items()]:
        own = before.get(id(value))
        if own is not None and value.__module__ == module.__name__ and hasattr(module, own):
            names[name] = getattr(module, own)


def install() -> None:
    """Add the finder to Python's, once."""
    if not any(isinstance(finder, SpecFinder) for finder in sys.meta_path):
        sys.meta_path.append(SpecFinder())


install()
