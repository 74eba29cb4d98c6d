"""Python's garbage collector, paused while a tree or a graph is built, or a library loaded.

None has cycles that end before it does; looking for some takes up to half of the time.
"""

from __future__ import annotations

import gc
import sys


class uncollected:
    """No collection inside the `with`; afterwards as it was."""

    __slots__ = ("enabled",)

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        if self.enabled:
            gc.enable()


class loading(uncollected):
    """The same around the imports that load PyTorch, which a process keeps until it ends: no later collection
    looks at what they bring either, of which there is a tenth of a second each time."""

    __slots__ = ("first",)

    def __enter__(self) -> None:
        self.first = "torch" not in sys.modules
        super().__enter__()

    def __exit__(self, *error: object) -> None:
        if self.first:
            gc.freeze()
        super().__exit__(*error)
