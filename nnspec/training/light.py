"""A start without PyTorch's compiler, which takes longer to load than all the rest of PyTorch."""

from __future__ import annotations

from inspect import unwrap
from types import MethodType
from typing import Any

import torch
from torch.optim import Optimizer

#: what torch._compile._disable_dynamo remembers the plain function by
_REMEMBERED = "__dynamo_disable"


def optimizers_alone() -> None:
    """Let optimizers be made and saved as they are.

    PyTorch loads its compiler when the first one is made, to tell it not to compile these methods. Where
    nothing is compiled there is nothing to tell: the plain method is remembered as the one to call. A PyTorch
    that goes about it in another way is left alone.
    """
    kind = Optimizer
    for method in (kind.add_param_group, kind.zero_grad, kind.state_dict, kind.load_state_dict):
        plain = getattr(method, "__wrapped__", None)
        if plain is not None and not hasattr(plain, _REMEMBERED):
            setattr(plain, _REMEMBERED, plain)


def plain_step(optimizer: Optimizer) -> None:
    """Give an optimizer its step without what PyTorch puts around it: a profiler's mark, the hooks of those
    who registered some, and a word to its compiler, for which it loads that. The trainer has none of them."""
    bare = unwrap(type(optimizer).step)

    def step(self: Optimizer, closure: Any = None) -> Any:
        with torch.no_grad():
            return bare(self, closure)

    optimizer.step = MethodType(step, optimizer)  # type: ignore[method-assign]


def determine(wanted: bool) -> None:
    """Only deterministic algorithms, if wanted. To say what holds already would load the compiler."""
    if torch.are_deterministic_algorithms_enabled() != wanted:
        torch.use_deterministic_algorithms(wanted)
