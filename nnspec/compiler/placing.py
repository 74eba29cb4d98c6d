"""`device=` and `dtype=` of a model: its layers are made in a `with made_on(device, dtype)`, so that no line
of the constructor, and no block, says it again."""

from __future__ import annotations

from nnspec.compiler.classes import ClassPlan, steps
from nnspec.graph import CallNode, OpNode, OwnParam

NAME = "made_on"
#: the arguments, each with its type
ARGUMENTS = {"device": "torch.device | str | None", "dtype": "torch.dtype | None"}

FUNCTION = f'''\
@contextmanager
def {NAME}(
    device: torch.device | str | None = None, dtype: torch.dtype | None = None
) -> Iterator[None]:
    """Parameters are made on this device, and of this floating type."""
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(dtype or before)
        with nullcontext() if device is None else torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)'''


def is_placed(plan: ClassPlan) -> bool:
    """Whether the class is a model that has parameters, or buffers, or makes what may have some."""
    return plan.kind == "model" and any(
        isinstance(node, OwnParam)
        or (isinstance(node, CallNode) and node.graph.definition is not None)
        or (isinstance(node, OpNode) and bool(node.operator.params(node.use)))
        for node in steps(plan.graph)
    )


def offered(plan: ClassPlan) -> list[str]:
    """Those of the arguments whose names are no parameters of the model's own."""
    own = {argument.name for argument in plan.arguments}
    return [name for name in ARGUMENTS if name not in own] if is_placed(plan) else []


def within(plan: ClassPlan, body: list[str]) -> list[str]:
    """The lines that make the layers, and the `with` that they stand in."""
    names = offered(plan)
    given = ", ".join(names if len(names) == 2 else [f"{name}={name}" for name in names])
    return [f"        with {NAME}({given}):", *body] if is_placed(plan) else body
