"""Classes of a block that are one loop, and differ in nothing but how often it runs, become one: the number
is an argument of it, as `n` is of the block."""

from __future__ import annotations

from typing import Any

from nnspec.compiler import code
from nnspec.compiler.classes import Argument, ClassPlan, Planner, steps
from nnspec.compiler.formals import at
from nnspec.compiler.growing import growing
from nnspec.compiler.names import usable
from nnspec.graph import CallNode


def unite(planner: Planner) -> None:
    """Put such classes together."""
    groups: dict[Any, list[ClassPlan]] = {}
    for plan in planner.classes:
        if plan.kind == "block" and (alike := _alike(plan)) is not None:
            groups.setdefault(alike, []).append(plan)
    replaced: dict[int, ClassPlan] = {}
    for plans in groups.values():
        count = _count(planner, plans) if len(plans) > 1 else None
        if count is None:
            continue
        kept = plans[0]
        kept.count = count
        kept.arguments.insert(kept.place(count), Argument(count, usable(count), "int"))
        for plan in plans[1:]:
            kept.shapes |= plan.shapes
            kept.requires |= plan.requires
            replaced[id(plan)] = kept
    planner.classes = [plan for plan in planner.classes if id(plan) not in replaced]
    for plan in planner.classes:
        plan.calls = {node: replaced.get(id(used), used) for node, used in plan.calls.items()}


def _alike(plan: ClassPlan) -> Any:
    """Equal for classes that differ in the number alone; None where there is more than a loop."""
    found = list(growing(plan))
    if len(found) != 1 or len(plan.graph.nodes) != len(found[0].layers) + len(found[0].joins):
        return None
    (loop,) = found
    first, function = loop.joins[0], loop.joins[0].operator.function(loop.joins[0].use)
    begun = [plan.graph.inputs.index(value) for value in first.inputs if value in plan.graph.inputs]
    return (
        id(plan.definition),
        id(plan.calls[id(loop.layers[0])]),
        (loop.stem, loop.first, tuple(begun)),
        code.key([value for _, value in loop.given]),
        code.key(function),
        tuple(argument.symbol for argument in plan.arguments),
    )


def _count(planner: Planner, plans: list[ClassPlan]) -> str | None:
    """The one parameter of the block that is the number, in each use of each of the classes."""
    definition = plans[0].definition
    numbers = {id(plan): len(loop.layers) for plan in plans for loop in growing(plan)}
    uses = [
        (at(node.graph.arguments, user.values), numbers[id(user.calls[id(node)])])
        for user in planner.classes
        for node in steps(user.graph)
        if isinstance(node, CallNode) and id(user.calls.get(id(node))) in numbers
    ]
    taken = {argument.symbol for argument in plans[0].arguments}
    found = [
        parameter.name
        for parameter in (definition.parameters if definition else ())
        if parameter.name not in taken and all(given[parameter.name] == n for given, n in uses)
    ]
    return found[0] if len(found) == 1 else None
