"""Source text -> a real module, so that tracebacks, `inspect.getsource` and pickle find it."""

from __future__ import annotations

import hashlib
import linecache
import re
import sys
from types import ModuleType

#: the package under which compiled specs live in `sys.modules`
HOME = "nnspec.compiled"


def module_name(stem: str, text: str) -> str:
    """A name that is the same for the same text, in every process."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{HOME}.{re.sub(r'[^0-9A-Za-z_]', '_', stem)}_{digest}"


def execute(module: ModuleType, text: str, shown: str) -> None:
    """Run generated source in a module, and keep the text where Python's tools look for it."""
    module.__dict__["__file__"] = shown
    if re.search(r"(?m)^import torchvision$", text):
        from nnspec.compiler.torchvision_ops import define_missing_operators

        define_missing_operators()
    linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
    exec(compile(text, shown, "exec", dont_inherit=True), module.__dict__)


def load_source(text: str, stem: str) -> ModuleType:
    """The module of a generated source; the same text gives the same module."""
    name = module_name(stem, text)
    known = sys.modules.get(name)
    if known is not None:
        return known
    if HOME not in sys.modules:
        package = ModuleType(HOME, "Modules compiled from specs in this process.")
        package.__path__ = []
        sys.modules[HOME] = package
    module = ModuleType(name)
    sys.modules[name] = module
    try:
        execute(module, text, f"<compiled {stem}.nn {name[-12:]}>")
    except BaseException:
        del sys.modules[name]
        raise
    return module
