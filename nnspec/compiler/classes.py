"""Which classes a file has: one for all uses of a block that have the same structure.

Each use is made formal (`formals.py`); uses with equal signatures share a class, and the names that
occur in its code are the constructor's arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnspec.compiler import code
from nnspec.compiler.chains import gather
from nnspec.compiler.formals import FormalUse, formal_use, numbered
from nnspec.compiler.names import camel, fresh, usable
from nnspec.compiler.passing import conditions, is_passing, passed
from nnspec.compiler.precision import Precision
from nnspec.compiler.shapes import shapes
from nnspec.compiler.signature import Written, signature
from nnspec.demands import admitted
from nnspec.dims import Dim, symbol
from nnspec.elaborate.fractions import FormalFloat
from nnspec.elaborate.itself import of_use
from nnspec.elaborate.program import Model
from nnspec.elaborate.values import Initial, key
from nnspec.graph import CallNode, Computed, Graph, Node, OpNode, OwnParam
from nnspec.operators.definition import Factory
from nnspec.records import Record
from nnspec.syntax import tree
from nnspec.words import joined

SCALARS = (bool, int, float, str)

#: what the usual letters of shapes stand for, where one is an argument
_USUAL = {"H": "height", "W": "width", "T": "length", "L": "length", "S": "length"}


class Argument(Record):
    """One argument of a constructor. `symbol` is its name in the formal graph."""

    symbol: str
    name: str
    annotation: str
    default: str = ""
    parameter: bool = True
    input: int = 0
    dim: int = 0
    layer: bool = False


class Optional(Record):
    """The condition under which a step is there; elsewhere its input number `source` takes its place."""

    condition: str
    source: int = 0


class ClassPlan:
    """One class: the graph it is written from, and what its constructor takes."""

    __slots__ = (
        "arguments", "calls", "count", "definition", "doc", "fixed", "graph", "helpers", "kind", "layers",
        "model", "name", "optional", "passed", "precision", "requires", "shapes", "taken", "values",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, graph: Graph, values: dict[str, Any]) -> None:
        self.name = name
        self.kind = kind  # "model", "block" or "helper"
        self.graph = graph
        self.definition = graph.definition
        self.doc = graph.doc
        self.values = values  # the number behind each name, in the use that the graph is of
        self.fixed: dict[str, Any] = {}  # names that are written as their number
        self.arguments: list[Argument] = []
        self.calls: dict[int, ClassPlan] = {}  # id of a call node -> its class
        self.helpers: dict[int, ClassPlan] = {}  # id of a node that needs a class of its own -> it
        self.optional: dict[int, Optional] = {}  # id of a node -> when it is there
        self.layers: dict[int, dict[str, OpNode]] = {}  # id of a use's graph -> layers it gives
        # id of a node -> which of those it is (under ""), or hands on as which argument
        self.taken: dict[int, dict[str, str]] = {}
        self.passed: dict[str, str] = {}  # sizes that `forward` takes besides its tensors
        self.precision = Precision(graph)
        self.shapes: set[str] = set()
        self.requires: set[str] = set()  # what the sizes must satisfy, in each of its uses
        self.model: Model | None = None
        self.count: str | None = None  # the argument that says how often its loop runs

    @property
    def checked(self) -> list[tuple[Argument, Any]]:
        """Arguments whose value shapes the code: it holds for one value only."""
        return [(a, self.fixed[a.symbol]) for a in self.arguments if a.symbol in self.fixed]

    def given(self, graph: Graph) -> Iterator[tuple[Argument, Any]]:
        """What a use of this class gives for each argument, over the names of the user."""
        for argument in self.arguments:
            if self.kind == "helper":
                value = self.values.get(argument.symbol)
                name = argument.symbol
                if isinstance(value, float):
                    yield argument, FormalFloat.parameter(value, name)
                else:
                    yield argument, symbol(name)
            elif argument.layer:
                yield argument, factory(self.layers[id(graph)][argument.symbol])
            elif argument.parameter:
                yield argument, graph.arguments[argument.symbol]
            else:
                yield argument, graph.inputs[argument.input].type.shape[argument.dim]

    def place(self, name: str) -> int:
        """Where an argument belongs: after the sizes, among the parameters as in the block."""
        assert self.definition is not None
        order = [parameter.name for parameter in self.definition.parameters]
        before = {*order[: order.index(name)]}
        return sum(not a.parameter or a.symbol in before for a in self.arguments)

    def passing(self, graph: Graph) -> dict[str, Any]:
        """What a use of this class gives for each size that `forward` takes, over the names of the user."""
        own = {} if self.kind == "helper" else graph.arguments
        given = {name: own.get(name) for name in self.passed}
        return {
            word: given[name] if isinstance(given[name], Dim) else symbol(name)
            for name, word in self.passed.items()
        }


def factory(node: OpNode) -> Factory:
    """What makes a node's module."""
    made = node.operator.module(node.use)
    assert made is not None
    return Factory(made)


def is_chain(graph: Graph, plan: ClassPlan) -> bool:
    """Whether every step takes the one result of the step before it, as it is."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return False
    current = graph.inputs[0]
    for node in graph.nodes:
        if isinstance(node, OwnParam) or node.shared or node.recomputed or len(node.outputs) != 1:
            return False
        if [value for value in node.inputs if value is not None] != [current]:
            return False
        if len(node.path) != 1 or id(node) in plan.precision.meetings or is_passing(plan, node):
            return False
        if isinstance(node, OpNode):
            made = node.operator.module(node.use)
            if made is not None and not made.plain:
                return False
        current = node.outputs[0]
    return graph.outputs[0][1] is current


def steps(graph: Graph) -> Iterator[Node]:
    """The nodes of a body, and those of the composed layers in it."""
    for node in graph.nodes:
        yield node
        if isinstance(node, CallNode) and node.graph.definition is None:
            yield from steps(node.graph)


def beginnings(graph: Graph) -> Iterator[Node]:
    """The steps that lead to what a body's own parameters begin as."""
    for node in graph.nodes:
        if isinstance(node, OwnParam) and isinstance(node.init, Computed):
            yield from node.init.nodes


class Planner:
    """The classes of one file, callees first."""

    def __init__(self) -> None:
        self.classes: list[ClassPlan] = []
        self._uses: dict[Any, ClassPlan] = {}
        self._signatures: dict[Any, ClassPlan] = {}

    def model(self, model: Model, graph: Graph) -> ClassPlan:
        """The class of a model with these parameters, and those of its blocks."""
        use = formal_use(graph)
        gather(use.graph)
        plan = ClassPlan(model.name, "model", use.graph, use.values)
        plan.model = model
        free = {parameter.name for parameter in model.parameters}
        plan.fixed = {
            name: value
            for name, value in graph.arguments.items()
            if isinstance(value, SCALARS)
            and (name not in free or name in use.pinned or name not in use.values)
        }
        plan.fixed.update({n: v for n, v in use.values.items() if n not in graph.arguments})
        self._fill(plan)
        plan.arguments = [
            Argument(
                parameter.name,
                usable(parameter.name),
                parameter.type or type(graph.arguments[parameter.name]).__name__,
                code.value(graph.arguments[parameter.name], code.Names()).flat
                if parameter.default is not None or parameter.name in plan.fixed
                else "",
            )
            for parameter in model.parameters
            if isinstance(graph.arguments[parameter.name], SCALARS)
        ]
        plan.shapes = {shapes(use.graph, plan)}
        plan.requires = {joined(admitted(graph).requires)}
        self.classes.append(plan)
        return plan

    def use(self, graph: Graph) -> ClassPlan:
        """The class for a use of a block with numbers."""
        floats = {name: v for name, v in graph.arguments.items() if isinstance(v, float)}
        others = {name: v for name, v in graph.arguments.items() if name not in floats}
        kinds = tuple(value.type for value in graph.inputs)
        alike = (id(graph.definition), key(list(others.values())), tuple(floats), kinds)
        exact = (alike, *floats.values())
        found = self._uses.get(alike) or self._uses.get(exact)
        if found is None:
            use = formal_use(graph)
            found = self._block(graph, use)
            # where no fraction decides anything, other ones make the same class
            self._uses[exact if use.pinned & floats.keys() else alike] = found
        return found

    def _block(self, graph: Graph, use: FormalUse) -> ClassPlan:
        gather(use.graph)
        plan = ClassPlan(graph.name, "block", use.graph, use.values)
        self._fill(plan)
        plan.arguments = self._arguments(plan)
        plan.passed = passed(plan, plan.graph)
        written = signature(plan.graph, self.written(plan))
        named = tuple(argument.symbol for argument in plan.arguments)
        found = (id(graph.definition), written, named, plan.precision.key)
        known = self._signatures.get(found)
        if known is not None:
            known.shapes.add(shapes(use.graph, plan))
            if len(known.requires) == 1:
                known.requires.add(_requires(graph))
            return known
        plan.shapes = {shapes(use.graph, plan)}
        plan.requires = {_requires(graph)}
        self._signatures[found] = plan
        self.classes.append(plan)
        return plan

    def written(self, plan: ClassPlan) -> Written:
        """What a class writes for the blocks it uses."""

        def use(node: CallNode) -> Any:
            called = plan.calls[id(node)]
            given = [value for _, value in called.given(node.graph)]
            return (id(called), code.key(given), code.key(called.passing(node.graph)))

        return use

    def _fill(self, plan: ClassPlan) -> None:
        """Plan the classes of the blocks in a body, and of steps without a class in PyTorch."""
        for node in steps(plan.graph):
            if isinstance(node, CallNode) and node.graph.definition is not None:
                plan.calls[id(node)] = self.use(numbered(node.graph, plan.values))
        for node in steps(plan.graph):
            if isinstance(node, CallNode) and node.graph.definition is None:
                self._helpers(plan, node)
        if plan.graph.kind == "sequence" and is_chain(plan.graph, plan):
            self._helpers_of_chain(plan, plan.graph)

    def _helpers(self, plan: ClassPlan, node: CallNode) -> None:
        if is_chain(node.graph, plan):
            self._helpers_of_chain(plan, node.graph)
            return
        name = node.path[-1] if node.path and not node.path[-1].isdigit() else "steps"
        plan.helpers[id(node)] = self._helper(plan, camel(name), node.graph)

    def _helpers_of_chain(self, plan: ClassPlan, graph: Graph) -> None:
        for step in graph.nodes:
            if isinstance(step, OpNode) and step.operator.module(step.use) is None:
                body = Graph(step.operator.name, "block")
                body.inputs = [value for value in step.inputs if value is not None]
                body.nodes, body.outputs = [step], [("output", step.outputs[0])]
                plan.helpers[id(step)] = self._helper(plan, camel(step.operator.name), body)

    def _helper(self, owner: ClassPlan, name: str, graph: Graph) -> ClassPlan:
        plan = ClassPlan(name, "helper", graph, {**owner.values})
        plan.fixed, plan.calls, plan.helpers = dict(owner.fixed), owner.calls, owner.helpers
        plan.precision = owner.precision
        plan.arguments = self._arguments(plan, owner)
        plan.passed = passed(plan, graph)
        meetings = tuple(plan.precision.meetings.get(id(node)) for node in steps(graph))
        found = (name, tuple(a.symbol for a in plan.arguments), signature(graph), meetings)
        known = self._signatures.setdefault(found, plan)
        if known is plan:
            plan.shapes = {shapes(graph, plan)}
            self.classes.append(plan)
        return known

    def _arguments(self, plan: ClassPlan, owner: ClassPlan | None = None) -> list[Argument]:
        """The names that occur in a class's code: sizes of the inputs first, then parameters."""
        used = {
            name for name in self.symbols(plan) if name in plan.values and name not in plan.fixed
        }
        found: list[Argument] = []
        taken: set[str] = set()
        definition = plan.definition
        parameters = definition.parameters if definition else ()
        names = {p.name for p in parameters}
        if owner is not None:
            for name in sorted(used):
                python = next((a.name for a in owner.arguments if a.symbol == name), name.lower())
                kind = type(plan.values[name]).__name__
                found.append(Argument(name, fresh(python, taken), kind))
                taken.add(found[-1].name)
            return found
        for number, value in enumerate(plan.graph.inputs):
            for dim, size in enumerate(value.type.shape):
                for name in sorted(used - names - {a.symbol for a in found}):
                    if size == symbol(name):
                        python = self._size_name(plan, number, dim, name)
                        python = fresh(python, taken | names)
                        taken.add(python)
                        found.append(Argument(name, python, "int", "", False, number, dim))
        needed = [p for p in parameters if p.name in used]
        defaults = [_literal(p.default) for p in needed]
        for at_, parameter in enumerate(needed):
            default = defaults[at_] if all(defaults[at_:]) else ""
            kind = parameter.type or type(plan.values[parameter.name]).__name__
            kind = "int" if kind == "size" else kind
            found.append(Argument(parameter.name, usable(parameter.name), kind, default))
        return found

    def _size_name(self, plan: ClassPlan, number: int, dim: int, name: str) -> str:
        """What an input's size is called as an argument."""
        rank = plan.graph.inputs[number].type.rank
        if (name == "C" and rank >= 3) or (dim == 1 and rank >= 4):
            word = "in_channels"
        elif name in _USUAL:
            return _USUAL[name]
        elif dim == 1 and rank >= 3:
            word = "in_channels"
        elif dim == rank - 1 and rank in (2, 3):
            word = "in_features"
        else:
            return f"size{dim}" if name.startswith("in_") else name.lower()
        return word if number == 0 else f"{plan.graph.inputs[number].name}_{word[3:]}"

    def symbols(self, plan: ClassPlan) -> Iterator[str]:
        """The names in a class's code."""
        for node in (*steps(plan.graph), *beginnings(plan.graph)):
            if isinstance(node, OpNode):
                yield from code.symbols(node.operator.module(node.use))
                yield from code.symbols(node.operator.function(node.use))
                yield from code.symbols([initial.settings for initial in node.init.values()])
            elif isinstance(node, OwnParam):
                if isinstance(node.init, Initial):
                    yield from code.symbols((node.param.shape, node.init.settings))
            elif isinstance(node, CallNode) and id(node) in plan.calls:
                for _, value in plan.calls[id(node)].given(node.graph):
                    yield from code.symbols(value)
                yield from code.symbols(plan.calls[id(node)].passing(node.graph))
        yield from code.symbols([*conditions(steps(plan.graph))])

    def name_all(self) -> None:
        """Give each class its own name; variants are told apart by what only they have."""
        taken = {plan.name for plan in self.classes if plan.kind == "model"}
        taken |= {
            node.operator.name
            for plan in self.classes
            for node in steps(plan.graph)
            if isinstance(node, OpNode) and node.operator.family == "extern"
        }
        by_size = sorted(self.classes, key=lambda plan: sum(1 for _ in steps(plan.graph)))
        for plan in by_size:
            if plan.kind == "model":
                continue
            name = usable(plan.name)
            if name in taken:
                name = fresh(name + camel(self._distinction(plan)), taken)
            plan.name = name
            taken.add(name)

    def _distinction(self, plan: ClassPlan) -> str:
        """A label, else an operator, that this class has and its namesakes lack, or nothing."""
        if plan.definition is None:
            return ""
        others = [
            node
            for other in self.classes
            if other.definition is plan.definition and other is not plan
            for node in steps(other.graph)
        ]
        labels = {node.path for node in others}
        operators = {node.operator.name for node in others if isinstance(node, OpNode)}
        own = list(steps(plan.graph))
        for node in own:
            if node.labelled and node.path not in labels:
                return "_".join(node.path)
        for node in own:
            if isinstance(node, OpNode) and node.operator.name not in operators:
                return node.operator.name
        return ""


def _requires(use: Graph) -> str:
    """What a block with the numbers of a use requires of the sizes that are open there."""
    own = of_use(use)
    return "" if own is None else joined(admitted(own).requires)


def _literal(default: tree.Expr | None) -> str:
    """A default as Python writes it, where it is a plain value."""
    if isinstance(default, (tree.Number, tree.String, tree.Constant)):
        return code.value(default.value, code.Names()).flat
    return ""
