"""`device=` and `dtype=` of a model: said once in its constructor, so that none of its lines, and no block,
says it again."""

from __future__ import annotations

from nnspec.compiler.classes import ClassPlan, steps
from nnspec.graph import CallNode, OpNode, OwnParam

#: the arguments, each with its type
ARGUMENTS = {"device": "torch.device | str | None", "dtype": "torch.dtype | None"}


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


def is_within(plan: ClassPlan) -> bool:
    """Whether what makes the layers stands in a `with`."""
    return "device" in offered(plan)


def within(plan: ClassPlan, body: list[str]) -> list[str]:
    """The lines that make the layers, with those around them that put them in their place."""
    lines = body
    if is_within(plan):
        lines = ["        with torch.device(device or torch.get_default_device()):", *body]
    if "dtype" in offered(plan):
        lines = [*lines, "        if dtype is not None:", "            self.to(dtype)"]
    return lines
