"""A step that PyTorch compiles: as one where that can be, and what is said where it cannot be compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nnspec.training.errors import RunError

#: a PyTorch that has it traces `loss.backward()` with what comes before it, into one graph
_WHOLE = "trace_autograd_ops"


def compiles_backward() -> bool:
    """Whether forward, loss and backward become one graph here; else each is one of its own."""
    from torch._dynamo import config

    return hasattr(config, _WHOLE)


def compiled(function: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    """The function as torch.compile makes it, when it is first called. RunError where it cannot be made."""
    from torch._dynamo import config
    from torch._dynamo.exc import TorchDynamoException

    require_compiler(device)
    if compiles_backward():
        setattr(config, _WHOLE, True)
    # in C++ what calls the kernels, too: of small ones Python would be a good part of the time
    options: dict[str, Any] = {"cpp_wrapper": True} if device.type == "cpu" else {}
    made = torch.compile(function, dynamic=False, options=options)

    def called(*arguments: Any) -> Any:
        try:
            return made(*arguments)
        except TorchDynamoException as error:
            raise RunError(
                f"compile=true: PyTorch cannot compile this step: {_reason(error)}",
                "without `compile` it is trained as it is",
            ) from error

    return called


def _reason(error: Exception) -> str:
    """What the C++ compiler complains of, or the first line of what PyTorch does."""
    lines = str(getattr(error, "inner_exception", error)).strip().splitlines() or [""]
    return next((line for line in lines if "error:" in line), lines[0]).strip()


def require_compiler(device: torch.device) -> None:
    """RunError where there is nothing to compile a step for this device with."""
    if device.type != "cpu":
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        raise RunError(
            "compile=true needs a C++ compiler, and there is none",
            "install g++, or name one by CXX=…; without `compile` the step is taken as it is",
        ) from None
