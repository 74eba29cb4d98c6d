"""Classes of a block that differ in a layer it is given, `act: layer = relu`, become one, with the layer as
an argument of its constructor, as a person writes it:

    def __init__(self, channels: int, act: Callable[[], nn.Module] = nn.Identity) -> None:
        super().__init__(nn.Conv2d(channels, channels, 3), act())

That goes for layers without parameters that are submodules, and for those that a block hands on to others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnspec.compiler import code
from nnspec.compiler.classes import Argument, ClassPlan, Planner, factory, is_chain, steps
from nnspec.compiler.growing import growing
from nnspec.compiler.names import usable
from nnspec.compiler.signature import signature
from nnspec.elaborate.values import is_layer
from nnspec.graph import CallNode, Graph, Node, OpNode
from nnspec.operators.definition import Factory
from nnspec.records import Record
from nnspec.syntax import tree

ANNOTATION = "Callable[[], nn.Module]"


class Slot(Record):
    """A place where a layer is made, or given to another class: as which of its arguments."""

    node: Node
    argument: str
    layer: OpNode

    @property
    def made(self) -> Factory:
        """What makes it."""
        return factory(self.layer)


def share(planner: Planner) -> None:
    """Put such classes together; what hands a layer on can be, once those that it uses are."""
    while _together(planner):
        pass


def _together(planner: Planner) -> bool:
    groups: dict[Any, list[ClassPlan]] = {}
    for plan in planner.classes:
        if plan.kind == "block" and not plan.helpers and not [*growing(plan)]:
            groups.setdefault(_structure(planner, plan), []).append(plan)
    replaced: dict[int, ClassPlan] = {}
    for plans in groups.values():
        found = _arguments(plans) if len(plans) > 1 else None
        if found:
            _unite(planner, plans, found)
            replaced.update((id(plan), plans[0]) for plan in plans[1:])
    planner.classes = [plan for plan in planner.classes if id(plan) not in replaced]
    for plan in planner.classes:
        plan.calls = {node: replaced.get(id(used), used) for node, used in plan.calls.items()}
    return bool(replaced)


def _structure(planner: Planner, plan: ClassPlan) -> Any:
    """All that is written of a class, but for the layers in its slots."""
    slots = {id(slot.node) for slot in _slots(plan) if not slot.argument}

    def used(node: CallNode) -> Any:
        called = plan.calls[id(node)]
        given = [None if isinstance(v, Factory) else v for _, v in called.given(node.graph)]
        return (id(called), code.key(given), code.key(called.passing(node.graph)))

    return (
        id(plan.definition),
        signature(plan.graph, used, anonymous=frozenset(slots)),
        tuple(plan.optional.values()),
        tuple((a.symbol, a.default) for a in plan.arguments),
        tuple(plan.passed.items()),
        plan.precision.key,
    )


def _slots(plan: ClassPlan) -> list[Slot]:
    return [*_slots_of(plan, plan.graph)]


def _slots_of(plan: ClassPlan, graph: Graph) -> Iterator[Slot]:
    chain = graph.kind == "sequence" and is_chain(graph, plan)
    for node in graph.nodes:
        if isinstance(node, CallNode) and id(node) in plan.calls:
            for argument, layer in plan.calls[id(node)].layers.get(id(node.graph), {}).items():
                yield Slot(node, argument, layer)
        elif isinstance(node, CallNode):
            yield from _slots_of(plan, node.graph)
        elif isinstance(node, OpNode) and chain and not node.operator.params(node.use):
            made = node.operator.module(node.use)
            if made is not None and not [*code.symbols(made)]:
                yield Slot(node, "", node)


def _arguments(plans: list[ClassPlan]) -> dict[str, list[int]] | None:
    """The parameters of the block in which the classes differ, each with its slots; None where the slots
    differ in something else."""
    slots = [_slots(plan) for plan in plans]
    columns: dict[Any, list[int]] = {}
    for place in range(len(slots[0])):
        column = tuple(code.key(each[place].made) for each in slots)
        if len({*column}) > 1:
            columns.setdefault(column, []).append(place)
    found: dict[str, list[int]] = {}
    for places in columns.values():
        layers = [each[places[0]].layer for each in slots]
        names = [name for name, given in plans[0].graph.arguments.items() if is_layer(given)]
        name = next((n for n in names if n not in found and _are(plans, n, layers)), None)
        if name is None:
            return None
        found[name] = places
    return found


def _are(plans: list[ClassPlan], name: str, layers: list[OpNode]) -> bool:
    """Whether these layers are what the classes have for a parameter."""
    return all(
        getattr(plan.graph.arguments[name], "operator", None) is layer.operator
        for plan, layer in zip(plans, layers, strict=True)
    )


def _unite(planner: Planner, plans: list[ClassPlan], found: dict[str, list[int]]) -> None:
    """The first of the classes takes the layers, and is told what each use gives."""
    kept = plans[0]
    members = {id(plan): _slots(plan) for plan in plans}
    for user in planner.classes:
        for node in steps(user.graph):
            if isinstance(node, CallNode) and id(user.calls.get(id(node))) in members:
                slots = members[id(user.calls[id(node)])]
                kept.layers[id(node.graph)] = {n: slots[at[0]].layer for n, at in found.items()}
    for name, places in found.items():
        default = _default(kept, name, [members[id(plan)][places[0]].layer for plan in plans])
        kept.arguments.insert(
            kept.place(name), Argument(name, usable(name), ANNOTATION, default, layer=True)
        )
        for at in places:
            slot = members[id(kept)][at]
            kept.taken.setdefault(id(slot.node), {})[slot.argument] = name
    for plan in plans[1:]:
        kept.shapes |= plan.shapes
        kept.requires |= plan.requires


def _default(plan: ClassPlan, name: str, layers: list[OpNode]) -> str:
    """What the block takes for it by default, if that is one of these."""
    assert plan.definition is not None
    given = next(p.default for p in plan.definition.parameters if p.name == name)
    named = [n for n in layers if isinstance(given, tree.Name) and given.id == n.operator.name]
    return code.value(factory(named[0]), code.Names()).flat if named else ""
