"""Generated source as a real module: in sys.modules, its text known to tracebacks and `inspect`."""

from __future__ import annotations

import builtins
import hashlib
import linecache
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def load_source(text: str, stem: str, kinds: Mapping[str, type] | None = None) -> ModuleType:
    """The module of a source. The same text is the same module, so that its classes pickle.

    `kinds` gives some classes a metaclass, which the text does not know of.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    name = f"nnspec.compiled.{re.sub(r'[^0-9A-Za-z_]', '_', stem)}_{digest}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    module = ModuleType(name)
    execute(text, module, f"<{name}>", kinds or {})
    return module


def execute(text: str, module: ModuleType, filename: str, kinds: Mapping[str, type]) -> None:
    """Run the source as this module. linecache keeps its text, so that tracebacks show it."""
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    module.__file__ = filename
    package = sys.modules.setdefault("nnspec.compiled", ModuleType("nnspec.compiled"))
    package.__path__ = []
    sys.modules[module.__name__] = module

    def build_class(body: Any, name: str, *bases: type, **options: Any) -> Any:
        if name in kinds:
            options.setdefault("metaclass", kinds[name])
        return builtins.__build_class__(body, name, *bases, **options)

    module.__dict__["__builtins__"] = {**vars(builtins), "__build_class__": build_class}
    try:
        exec(compile(text, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    finally:
        module.__dict__["__builtins__"] = builtins
