"""Python's garbage collector, paused while a tree or a graph is built, or a library loaded.

None has cycles that end before it does; looking for some takes up to half of the time.
"""

from __future__ import annotations

import gc


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
    """The same around imports, in a process that keeps what they bring until it ends: no later collection
    looks at that either. Of PyTorch that is a tenth of a second each time."""

    __slots__ = ()

    def __exit__(self, *error: object) -> None:
        gc.freeze()
        super().__exit__(*error)
