"""`forward`: a body's nodes as statements, nested and named as a person would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.compiler import code, precision
from nnspec.compiler.classes import ClassPlan
from nnspec.compiler.comments import Comments
from nnspec.compiler.layout import Call, Expr, Text, lay
from nnspec.compiler.loops import grown, repeated
from nnspec.compiler.modules import Constructor
from nnspec.compiler.names import fresh, usable
from nnspec.compiler.nesting import Nesting
from nnspec.compiler.run_time import ForwardNames, RunTimeNames
from nnspec.compiler.sides import Sides, assignments, either
from nnspec.compiler.statements import Statement, rolled
from nnspec.dims import negated
from nnspec.graph import CallNode, Choice, Node, OpNode, OwnParam, Value

if TYPE_CHECKING:
    from typing import Any

    from nnspec.graph import Region, When
    from nnspec.operators.definition import ModuleCode


class Forward:
    """Writes the body of `forward`."""

    def __init__(
        self,
        plan: ClassPlan,
        constructor: Constructor | None,
        names: RunTimeNames | None = None,
    ) -> None:
        self.plan, self.graph = plan, plan.graph
        self.constructor = constructor
        self.names = names or ForwardNames(plan)
        self.nesting = Nesting(plan, constructor)
        self.uses, self.dead = self.nesting.uses, self.nesting.dead
        self.pending: dict[int, Expr] = {}  # values whose expression goes into the one user's
        self.variables: dict[int, str] = {}
        self.live: dict[str, int] = {}  # variable -> id of the value it holds
        self.stems: dict[str, str] = {}  # variable that was numbered -> its name without the number
        self.left = {value: len(users) for value, users in self.uses.items()}
        self.wanted: dict[
            int, str
        ] = {}  # value -> the variable in which the sides of an `if` leave it
        self.statements: list[Statement] = []
        self.comments = Comments(plan.graph)
        self.remarks: list[str] = []  # comments for the next statement
        self.growing = (
            {id(each.joins[0]): each for each in constructor.growing} if constructor else {}
        )

    # -- the whole ---------------------------------------------------------------------------------

    def write(self, output: str = "") -> list[str]:
        """The lines of the body; `output` is the class of several outputs."""
        lines, returned = self.parts(output)
        above = [*self.remarks, *self.comments.of_return()]
        return [*lines, *(f"        {line}" for line in above), *lay(returned, 8, "return ")]

    def parts(self, output: str = "", indent: int = 8) -> tuple[list[str], Expr]:
        """The lines before the `return`, and what it returns."""
        for value in self.graph.inputs:
            name = fresh(value.name or "x", self.live)
            self.variables[id(value)], self.live[name] = name, id(value)
            if id(value) not in self.uses:
                del self.live[name]
        number = 0
        while number < len(self.graph.nodes):
            number = self._at(number, None)
        results = [self.take(value) for _, value in self.graph.outputs]
        if output:
            returned: Expr = Call(output, tuple(("", result) for result in results))
        elif len(results) == 1:
            returned = results[0]
        else:
            returned = Text(", ".join(result.flat for result in results))
        written = rolled(self.statements, self.lists, indent)
        lines = [line for statement in written for line in statement]
        computed = self.names.definitions()
        return [*self._sizes(), *computed, *lines], returned

    def _step(self, number: int, node: Node) -> None:
        """A node, with what the spec says of it above the statement that it becomes."""
        if id(node) not in self.dead and not isinstance(node, OwnParam):
            self.remarks += self.comments.of_node(node)
        before = len(self.statements)
        self._node(number, node)
        if len(self.statements) > before:
            self.statements[before].comments, self.remarks = self.remarks, []

    @property
    def lists(self) -> dict[str, int]:
        return self.constructor.lists if self.constructor else {}

    def _sizes(self) -> list[str]:
        """Sizes that are read off the inputs, before anything else."""
        lines = []
        for number, value in enumerate(self.graph.inputs):
            dims = {dim: name for (at, dim), name in self.names.read.items() if at == number}
            source = usable(value.name or "x")
            if len(dims) == 1:
                ((dim, name),) = dims.items()
                lines.append(f"        {name} = {source}.shape[{dim}]")
            elif dims:
                listed = [dims.get(dim, "_") for dim in range(value.type.rank)]
                lines.append(f"        {', '.join(listed)} = {source}.shape")
        return lines

    # -- nodes -------------------------------------------------------------------------------------

    def _node(self, number: int, node: Node) -> None:
        if id(node) in self.dead:
            return
        if isinstance(node, OwnParam):
            assert self.constructor is not None
            self.pending[id(node.outputs[0])] = Text(self.constructor.access[id(node)])
            return
        if node.count > 1:
            repeated(self, number, node)
            return
        if id(node) in self.plan.optional:
            self._optional(node)
            return
        tensors = self.given(node)
        while tensors and node.inputs[len(tensors) - 1] is None:
            tensors.pop()
        expr = self._expression(node, tensors)
        if not any(id(value) in self.uses for value in node.outputs):
            self.statements.append(Statement("", expr))
            return
        if isinstance(node, OpNode) and node.operator.makes_parts and len(node.outputs) == 1:
            expr = Text(f"{expr.flat}[0]")
        if id(node.outputs[0]) in self.plan.precision.early and self.constructor is not None:
            expr = code.brought(expr, self._dtype())
        nested = self._nested(node)
        if len(node.outputs) == 1:
            first = Text(f"{expr.flat}[0]", depth=expr.depth) if nested else expr
            if self.nesting.fits(number, node, first, self.variables):
                self.pending[id(node.outputs[0])] = first
                return
            name = self.variable(number, node, node.outputs[0])
            self.statements.append(
                Statement(code.unpacked(nested, [name]) if nested else name, expr)
            )
            return
        names = []
        for value in node.outputs:
            if id(value) in self.uses:
                names.append(self.variable(number, node, value))
            else:
                names.append("_")
        self.statements.append(Statement(code.unpacked(nested or range(len(names)), names), expr))

    def _nested(self, node: Node) -> tuple[Any, ...] | None:
        """How the node's module nests its results, where it does."""
        made = self._module(node)
        return made.results if made is not None else None

    def _module(self, node: Node) -> ModuleCode | None:
        """The code of a node that is a submodule with weights or a name of its own."""
        written = self.constructor is not None and self.constructor.is_module(node)
        return node.operator.module(node.use) if written and isinstance(node, OpNode) else None

    def _expression(self, node: Node, tensors: list[Expr]) -> Expr:
        if self.constructor is not None and id(node) in self.constructor.access:
            return self.called(node, self.constructor.access[id(node)], tensors)
        if isinstance(node, CallNode):  # of a function, which is given its models by their names
            return code.applied(None, node.path[0], self.names, tensors)
        assert isinstance(node, OpNode)
        function = node.operator.function(node.use)
        if function is None:
            raise LookupError(f"`{node.operator.name}` has no expression in PyTorch")
        made = code.function(function, self.names, tensors)
        return code.recomputed(made) if node.recomputed else made

    def called(self, node: Node, access: str, tensors: list[Expr]) -> Expr:
        """A submodule with its tensors, and the sizes that it cannot read off them."""
        made = code.applied(self._module(node), access, self.names, tensors)
        called = self.plan.helpers.get(id(node)) or self.plan.calls.get(id(node))
        if called is not None and isinstance(node, CallNode):
            sizes = called.passing(node.graph).items()
            given = tuple((f"{name}=", code.value(v, self.names)) for name, v in sizes)
            made = Call(made.head, (*made.args, *given), depth=made.depth)
        return code.recomputed(made) if node.recomputed else made

    def _optional(self, node: Node) -> None:
        """A step that may not be there: its result takes the place of an input."""
        after, source = node.outputs[0], self.plan.optional[id(node)].source
        assert self.constructor is not None
        tensors = [self.take(value) for value in node.inputs if value is not None]
        name = tensors[source].flat
        flag = self.constructor.flags.get(id(node))
        if flag is None:
            access = self.constructor.access[id(node)]
            flag, made = f"{access} is not None", self.called(node, access, tensors)
        else:
            made = self._expression(node, tensors)
        lines = [f"if {flag}:", f"    {name} = {made.flat}"]
        self.statements.append(Statement("", None, lines))
        self.variables[id(after)], self.live[name] = name, id(after)

    # -- `if`s that only a run decides -------------------------------------------------------------

    def _at(self, number: int, inside: When | None) -> int:
        """The node of this number, or the `if` that begins there; the number of what follows."""
        node = self.graph.nodes[number]
        if id(node) in self.growing:
            return grown(self, number, self.growing[id(node)])
        if node.when != inside or isinstance(node, Choice):
            return self._sides(number, inside)
        self._step(number, node)
        return number + 1

    def _sides(self, number: int, inside: When | None) -> int:
        """Both sides as an `if`; the number of the first node after it."""
        sides = Sides(self.graph.nodes, number, self.dead, inside)
        outer = self.wanted
        before = self.statements, dict(self.live), dict(self.left)
        self.left = sides.without(before[2], None)
        live = {name: value for name, value in self.live.items() if self.left.get(value, 0) > 0}
        after = live, self.left
        names: list[str] = []
        for choice in sides.choices:
            held = {*live, *names, *self.names.sizes}
            name = outer.get(id(choice.outputs[0])) or choice.outputs[0].name or "x"
            names.append(fresh(usable(name), held))
        written: dict[bool, list[str]] = {}
        for training in (True, False):
            self.statements, self.left = [], sides.without(before[2], not training)
            self.live = {n: value for n, value in before[1].items() if self.left.get(value, 0) > 0}
            self.wanted = {
                id(choice.source(training)): name
                for choice, name in zip(sides.choices, names, strict=True)
                if len(self.uses[id(choice.source(training))]) == 1
            }
            done = 0
            for at in sides.members[training]:
                if at >= done:
                    done = self._at(at, (sides.region, training))
            sources = [self._chosen(choice, training) for choice in sides.choices]
            self.statements += assignments(names, sources)
            lines = [line for lines in rolled(self.statements, self.lists, 12) for line in lines]
            written[training] = [line[8:] for line in lines]
        self.statements, self.live, self.left = before[0], *after
        self.wanted = outer
        for choice, name in zip(sides.choices, names, strict=True):
            self.variables[id(choice.outputs[0])], self.live[name] = name, id(choice.outputs[0])
            self.names.taken.add(name)
        lines = either(*self._condition(sides.region), written[True], written[False])
        if lines:
            self.statements.append(Statement("", None, lines))
        return sides.end

    def _condition(self, region: Region) -> tuple[str, str]:
        """What is true on the first side, and what on the other."""
        if region.condition is None:
            return self.names.training, f"not {self.names.training}"
        return code.condition(region.condition, self.names), code.condition(
            negated(region.condition), self.names
        )

    # -- dtypes ------------------------------------------------------------------------------------

    def given(self, node: Node) -> list[Expr]:
        """The tensors that a node takes, those that are float32 in the dtype of the others."""
        found = [Text("None") if value is None else self.take(value) for value in node.inputs]
        meeting = self.plan.precision.meetings.get(id(node))
        if meeting is not None and self.constructor is not None:
            name = None if meeting.like is None else found[meeting.like].flat
            dtype = f"{name or self._weight(node)}.dtype"
            for place in meeting.inputs:
                found[place] = code.brought(found[place], dtype)
        return found

    def _weight(self, node: Node) -> str:
        """A parameter that has the dtype of a layer."""
        assert self.constructor is not None
        access, name = self.constructor.access.get(id(node)), precision.weight(node)
        if access and name:
            return f"{access}.{name}"
        return f"next({access or 'self'}.parameters())"

    def _chosen(self, choice: Choice, side: bool) -> Expr:
        """What a side of an `if` leaves, where the other leaves a tensor of the module's dtype in the
        same."""
        source = self.take(choice.source(side))
        meeting = self.plan.precision.meetings.get(id(choice))
        if meeting is None or self.constructor is None or (0 if side else 1) not in meeting.inputs:
            return source
        return code.brought(source, self._dtype())

    def _dtype(self) -> str:
        """The module's dtype, told by a tensor at hand."""
        precision = self.plan.precision
        values = [*self.graph.inputs, *(v for node in self.graph.nodes for v in node.outputs)]
        following = {id(v) for v in values if v.type.dtype == "f32"}
        following -= precision.exact.keys()
        names = [name for name, value in self.live.items() if value in following]
        return f"{names[0] if names else 'next(self.parameters())'}.dtype"

    # -- variables ---------------------------------------------------------------------------------

    def take(self, value: Value) -> Expr:
        """The expression of a value for one of its uses."""
        self.left[id(value)] -= 1
        if id(value) in self.pending:
            return self.pending[id(value)]
        name = self.variables[id(value)]
        if self.left[id(value)] == 0 and self.live.get(name) == id(value):
            del self.live[name]
        return Text(name)

    def variable(self, number: int, node: Node, value: Value) -> str:
        """A name for a value: the spec's, or that of the value it is made from, if that is dead."""
        later = self._later(number, value)
        wanted = [value.name] if value.name else [*self._inherited(node), *later, "x"]
        wanted.insert(0, self.wanted.get(id(value), ""))
        names = [usable(name) for name in wanted if name]
        held = {*self.live, *self.names.sizes}
        name = next((n for n in names if n not in held), None)
        if name is None:
            stem = self.stems.get(names[0], names[0])  # after `x2` comes `x3`
            name = fresh(stem, held)
            self.stems[name] = stem
        self.variables[id(value)] = name
        self.live[name] = id(value)
        self.names.taken.add(name)
        return name

    def _inherited(self, node: Node) -> list[str]:
        """The variable that a result without a name goes on with; none where it joins several."""
        sources = self._sources(node)
        names = {self.variables[id(value)] for value in sources}
        if len(names) != 1:
            return []
        return ["x"] if sources[0].node is None else [*names]

    def _sources(self, node: Node) -> list[Value]:
        """The variables in a node's expression, from left to right."""
        found: list[Value] = []
        for value in node.inputs:
            if value is None:
                continue
            if id(value) in self.variables:
                found.append(value)
            elif value.node is not None:
                found += self._sources(value.node)
        return found

    def _later(self, number: int, value: Value) -> list[str]:
        """The name that the pipeline's result will have, if any."""
        while not value.name:
            users = self.uses.get(id(value), [])
            if len(users) != 1 or users[0] >= len(self.graph.nodes):
                break
            outputs = self.graph.nodes[users[0]].outputs
            if len(outputs) != 1:
                break
            value = outputs[0]
        return [value.name]
