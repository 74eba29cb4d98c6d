"""Layers whose parameters all begin as the spec says, or are another's: PyTorch's own beginnings are left
out, so that no weight is initialised twice.

`torch.nn.utils.skip_init` would do, but makes a layer on the CPU unless it is told where, without a look at
`with torch.device(…)`, and cannot under a `FakeTensorMode`. A file that needs it has a function of that name,
which can.
"""

from __future__ import annotations

import re

from nnspec.compiler.layout import Call, Text
from nnspec.graph import OpNode

NAME = "skip_init"
#: layers with running statistics, which begin all the same
_STATISTICS = re.compile(rf"\b{NAME}\(\s*nn\.(Batch|Instance)Norm")


def function(body: str) -> str:
    """The function, as this code needs it."""
    lines = [
        f"def {NAME}(layer: type[nn.Module], *args: Any, **kwargs: Any) -> Any:",
        '    """A layer whose parameters are initialised by what follows, and so not before."""',
        "    device = torch.get_default_device()",
        '    made = layer(*args, device="meta", **kwargs)',
        "    state = made.state_dict()",
        "    state = {name: torch.empty_like(state[name], device=device) for name in state}",
        "    made.load_state_dict(state, assign=True)",
        "    return made",
    ]
    if _STATISTICS.search(body):
        lines[-1:] = [
            '    if hasattr(made, "reset_running_stats"):',
            "        made.reset_running_stats()",
            lines[-1],
        ]
    return "\n".join(lines)


def skips(node: OpNode) -> bool:
    """Whether PyTorch's beginnings of a layer would all be written over. One whose parameters make another
    is made from a layer that has begun."""
    params = {n: p for n, p in node.operator.params(node.use).items() if p.trainable}
    made = node.operator.module(node.use)
    return (
        made is not None
        and made.constructor.startswith("nn.")
        and not any(setting.kind == "module" for setting in node.operator.settings)
        and {*node.init, *node.tied} == set(params)
        and bool(params)
    )


def skipped(made: Call) -> Call:
    """`nn.Linear(3, 4)` -> `skip_init(nn.Linear, 3, 4)`."""
    return Call(NAME, (("", Text(made.head)), *made.args), depth=made.depth)
