"""Generated source as a real module: in sys.modules, its text known to tracebacks and `inspect`."""

from __future__ import annotations

import hashlib
import linecache
import re
import sys
from types import ModuleType


def load_source(text: str, stem: str) -> ModuleType:
    """The module of a source. The same text is the same module, so that its classes pickle."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    name = f"nnspec.compiled.{re.sub(r'[^0-9A-Za-z_]', '_', stem)}_{digest}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    module = ModuleType(name)
    execute(text, module, f"<{name}>")
    return module


def execute(text: str, module: ModuleType, filename: str) -> None:
    """Run the source as this module. linecache keeps its text, so that tracebacks show it."""
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    module.__file__ = filename
    package = sys.modules.setdefault("nnspec.compiled", ModuleType("nnspec.compiled"))
    package.__path__ = []
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
