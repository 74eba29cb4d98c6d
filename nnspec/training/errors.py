"""What goes wrong in a run for a reason that the user can do something about."""

from __future__ import annotations


def is_out_of_memory(error: RuntimeError) -> bool:
    """On a GPU it has a class of its own; the processor's allocator only says so."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


class RunError(Exception):
    """A run cannot go on; `help` says what to do. The command line prints both, without a traceback."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help
