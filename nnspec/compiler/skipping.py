"""Layers with parameters that begin as the spec says, or are another's: PyTorch's own beginnings of these
are left out, so that no weight is initialised twice.

`torch.nn.utils.skip_init` would do where that is all of them, but makes a layer on the CPU unless it is told
where, without a look at `with torch.device(…)`, and cannot under a `FakeTensorMode`. A file that needs it has
a function of that name, which can. Where some parameters begin as PyTorch has it, the layer begins while the
others are still on the meta device, where they cost nothing and draw nothing.
"""

from __future__ import annotations

import re

from torch import nn

from nnspec.compiler.layout import Call, Text
from nnspec.graph import OpNode

NAME = "skip_init"
#: a layer of which something begins as PyTorch's: parameters, or running statistics
_PART = re.compile(rf"\b{NAME}\((?:\s*nn\.(Batch|Instance)Norm|(?:[^()]|\([^()]*\))*\bskip=)")

_WHOLE = f'''\
def {NAME}(layer: type[nn.Module], *args: Any, **kwargs: Any) -> Any:
    """A layer whose parameters are initialised by what follows, and so not before."""
    device = torch.get_default_device()
    made = layer(*args, device="meta", **kwargs)
    state = made.state_dict()
    state = {{name: torch.empty_like(state[name], device=device) for name in state}}
    made.load_state_dict(state, assign=True)
    return made'''

_SOME = f'''\
def {NAME}(
    layer: type[nn.Module], *args: Any, skip: tuple[str, ...] = (), **kwargs: Any
) -> Any:
    """A layer whose parameters (those in `skip`, or all) are initialised by what follows,
    and so not before."""
    device = torch.get_default_device()
    made: Any = layer(*args, device="meta", **kwargs)
    skip = skip or tuple(name for name, _ in made.named_parameters())
    state = made.state_dict()
    state = {{name: torch.empty_like(state[name], device=device) for name in state}}
    begun = {{name: state[name] for name in state if name not in skip}}
    if begun:  # the others are still on the meta device, where this does nothing
        made.load_state_dict(begun, strict=False, assign=True)
        made.reset_parameters()
    made.load_state_dict(state, assign=True)
    return made'''


def function(body: str) -> str:
    """The function, as this code needs it."""
    return _SOME if _PART.search(body) else _WHOLE


def skips(node: OpNode) -> bool:
    """Whether PyTorch's beginnings of a layer's parameters, or of some, would be written over. One whose
    parameters make another is made from a layer that has begun; layers in a layer begin by themselves."""
    params = {n: p for n, p in node.operator.params(node.use).items() if p.trainable}
    made = node.operator.module(node.use)
    if made is None or not made.constructor.startswith("nn.") or not params:
        return False
    if made.constructor.startswith("nn.utils."):
        return False
    said = {*node.init, *node.tied}
    flat = hasattr(getattr(nn, made.constructor[3:]), "reset_parameters")
    flat = flat and not any("." in name for name in params)
    return said == set(params) or (bool(said) and flat)


def skipped(made: Call, node: OpNode) -> Call:
    """`nn.Linear(3, 4)` -> `skip_init(nn.Linear, 3, 4)`."""
    params = {n for n, p in node.operator.params(node.use).items() if p.trainable}
    said = [name for name in node.operator.params(node.use) if name in {*node.init, *node.tied}]
    names = Call("", tuple(("", Text(f'"{name}"')) for name in said), "()", depth=0)
    some = (("skip=", names),) if {*said} != params else ()
    return Call(NAME, (("", Text(made.head)), *made.args, *some), depth=made.depth)
