"""Python's garbage collector, paused while a tree or a graph is built.

Neither has cycles that end before it does; looking for some takes up to half of the time.
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
