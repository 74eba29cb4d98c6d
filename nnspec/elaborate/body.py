"""Bodies of blocks and models: statements, one after the other.

A statement that fails records its problem and binds its names to `POISON`; the rest goes on, and what
uses the poison stays silent.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Label, Problem
from nnspec.dims import Dim, SizeLimit
from nnspec.elaborate import computed, deciding, expressions, patterns, run_time, ties
from nnspec.elaborate.apply import tensors_of
from nnspec.elaborate.expressions import bind_target, iterable
from nnspec.elaborate.labels import Paths
from nnspec.elaborate.parameters import inputs_of
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import CALLED, fail
from nnspec.elaborate.values import POISON, Poisoned, SharedLayer, describe, is_layer
from nnspec.graph import Graph, OwnParam, Place, Value
from nnspec.operators.definition import Param
from nnspec.records import replace
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from nnspec.conditions import Condition
    from nnspec.elaborate.session import Session
    from nnspec.elaborate.ties import Pending
    from nnspec.elaborate.values import Function, LabelName
    from nnspec.graph import Node, When
    from nnspec.source import Span


class _Return(Exception):
    """A `return` was reached."""


class Body:
    """One body being elaborated into its graph."""

    __slots__ = (
        "fine", "free", "given", "graph", "held", "is_sequence", "owner", "paths", "position", "refused",
        "regions", "scope", "session", "stated", "ties", "use_labels", "use_span",
        "use_tensors", "when",
    )  # fmt: skip

    def __init__(
        self, session: Session, graph: Graph, scope: Scope, is_sequence: bool = False
    ) -> None:
        self.session = session
        self.graph = graph
        self.scope = scope
        self.paths = Paths()
        self.is_sequence = is_sequence
        self.owner = (
            self  # the body that a composed layer stands in; its declared layers are this one's
        )
        self.held: dict[int, Value] = {}  # of a composed layer: what its steps hold, as an input
        self.ties: list[Pending] = []
        self.regions = 0  # how many `if`s there were that only a run decides
        self.when: When | None = None  # the side of one of them that is being run
        self.stated: list[Condition] = []  # what the asserts so far say of sizes
        self.position = 0  # of the next step, in a composed layer
        self.given: Sequence[TensorType] | None = (
            None  # the inputs' types; None: a model, free symbols
        )
        self.use_span: Span | None = None
        self.use_labels: tuple[Label, ...] = ()
        self.use_tensors: Sequence[Value] = ()  # what a block is given
        self.fine = True
        self.free: set[str] = (
            set()
        )  # symbols of which it is told that weights cannot depend on them
        self.refused = False  # an input does not fit: the mistake is at the use, not in the body

    @classmethod
    def for_defaults(cls, session: Session, scope: Scope) -> Body:
        """A body without tensors, in which defaults and settings are evaluated."""
        return cls(session, Graph("defaults", "block"), Scope(scope))

    # -- what expressions need --------------------------------------------------------------------------

    evaluate = expressions.evaluate

    def truth(self, expr: tree.Expr) -> bool:
        """The truth of a condition, which must be known while checking."""
        value = self.evaluate(expr)
        if isinstance(value, bool):
            return value
        if isinstance(value, Value):
            fail(
                "NN202",
                "a condition is decided while checking; the values of a tensor are not known then",
                expr.span,
                help="`where(condition, a, b)` chooses between tensors",
            )
        helped = ""
        if value is None or isinstance(value, (int, Dim)):
            helped = f"write `{expr.span.text} != {'none' if value is None else '0'}`"
        fail(
            "NN202", f"a condition is true or false, not {describe(value)}", expr.span, help=helped
        )

    def decide(self, op: str, left: Any, right: Any, span: Span) -> bool:
        """A comparison that depends on symbols: by the numbers behind them in a formal elaboration, or
        by what was stated of them."""
        known = deciding.known(self, op, left, right)
        if known is not None:
            return known
        symbols = sorted({s for v in (left, right) if isinstance(v, Dim) for s in v.symbols})
        fail(
            "NN308",
            f"whether `{span.text}` holds depends on {' and '.join(symbols)}",
            span,
            help="state it before, `assert …`, give the input a fixed size, or take the value from a "
            "parameter",
        )

    def next_path(
        self, name: str, label: LabelName | None, span: Span
    ) -> tuple[tuple[str, ...], str, int]:
        """The path of a new layer: (path, stem, number); see `graph.Node`."""
        if label is not None:
            self.paths.take(label.path, label.span)
            self.position += 1
            return label.path, "", 0
        if self.is_sequence:
            first, stem = self.position, ""
            self.position += 1
        else:
            first, stem = self.paths.count(name), f"{name}_"
        path = (f"{stem}{first}",)
        self.paths.take(path, span)
        return path, stem, first

    def reserve(self, node: Node, copies: int) -> None:
        """Keep the names of further copies of the last node."""
        if self.is_sequence:
            self.position += copies
        elif node.stem:
            self.paths.count(node.stem[:-1], copies)

    # -- statements ---------------------------------------------------------------------------------------

    def run(self, statements: Iterable[tree.Statement]) -> bool:
        """Run a body to its `return`; False where something failed."""
        try:
            self.block(statements)
        except _Return:
            ties.settle(self)
            computed.settle(self.graph)
            return self.fine
        if self.fine:
            definition = self.graph.definition
            message = f"`{self.graph.name}` returns nothing"
            helped = "end it with `return` and the name of its output"
            place = definition.name_span if definition else None
            self.problem(Failure(Problem("NN211", message, place, help=helped)))
        return False

    def block(self, statements: Iterable[tree.Statement]) -> None:
        self.session.ran.add(id(statements))
        for statement in statements:
            try:
                _RULES[type(statement)](self, statement)
            except Failure as failure:
                self.problem(failure)
                self.session.left.add(id(statement))
                self.poison(statement)
            except SizeLimit as limit:
                problem = Problem("NN403", f"this makes {limit}", statement.span)
                self.problem(Failure(problem))
                self.poison(statement)
            except Poisoned:
                self.fine = False
                self.session.left.add(id(statement))
                self.poison(statement)

    def problem(self, failure: Failure) -> None:
        """Record a problem; in a block, with the uses that led there."""
        self.fine = False
        problem = failure.problem
        uses = tuple(
            Label(span, f"in this use of `{name}`" if name else "in this composed layer")
            for name, span in reversed(self.session.stack[-3:])
        )
        known = {problem.span, *(label.span for label in problem.labels)}
        problem = replace(
            problem, labels=(*problem.labels, *(use for use in uses if use.span not in known))
        )
        self.session.report(problem)

    def poison(self, statement: tree.Statement) -> None:
        """Bind what a failed statement would have bound."""
        if isinstance(statement, tree.Assign):
            bind_target(self, statement.target, POISON)
        elif isinstance(statement, (tree.Input, tree.LayerDecl, tree.TensorDecl)):
            self.scope.bind(statement.name, POISON, statement.name_span)
        elif isinstance(statement, tree.If):
            for _, branch in statement.branches:
                for inner in branch:
                    self.poison(inner)
        elif isinstance(statement, tree.For):
            for inner in statement.body:
                self.poison(inner)
        elif isinstance(statement, tree.Return):
            raise _Return
        if isinstance(statement, tree.Input) and self.given is not None:
            self.refused = True
            raise _Return

    def doc(self, statement: tree.Doc) -> None:
        pass

    def input(self, statement: tree.Input) -> None:
        each = None if self.given is None else patterns.of_each(statement.shape)
        if each is None:
            value: Any = self.tensor_input(statement, statement.name, statement.shape)
        else:
            assert self.given is not None and self.graph.definition is not None
            others = len(inputs_of(self.graph.definition)) - 1
            names = [f"{statement.name}{i}" for i in range(len(self.given) - others)]
            value = [self.tensor_input(statement, name, each) for name in names]
        self.scope.bind(statement.name, value, statement.name_span)

    def tensor_input(self, statement: tree.Input, name: str, shape: tree.Expr) -> Value:
        """The next tensor of the inputs, held against the shape that is declared."""
        number = len(self.graph.inputs)
        if self.given is None:
            kind = patterns.declare(self, shape)
        else:
            kind = self.given[number]
            place = self.use_span or statement.span
            declared = Label(shape.span, "the shape that is declared")
            what = f"input `{name}` of `{self.graph.name}`"
            try:
                patterns.match(self, shape, kind, what, place, (declared, *self.use_labels))
            except Failure as failure:
                raise _with_origins(failure, self.use_tensors[number : number + 1]) from None
        value = Value(kind, None, number, name, statement.span)
        self.graph.inputs.append(value)
        return value

    def assign(self, statement: tree.Assign) -> None:
        value = self.evaluate(statement.value)
        if statement.shape is not None:
            self.hold(statement.shape, value, f"`{statement.target.name}`", statement.value.span)
        bind_target(self, statement.target, value)

    def hold(self, shape: tree.Expr, value: Any, what: str, span: Span) -> None:
        """An assertion on the shape of a value; it binds the names it does not know."""
        if not isinstance(value, Value):
            fail("NN202", f"only a tensor has a shape, not {describe(value)}", span)
        origin = (Label(span, f"{what} is {value.type}"),)
        try:
            patterns.match(self, shape, value.type, what, shape.span, origin)
        except Failure as failure:
            raise _with_origins(failure, [value]) from None

    def layer_declaration(self, statement: tree.LayerDecl) -> None:
        value = self.evaluate(statement.value)
        if not is_layer(value):
            fail(
                "NN202",
                f"`layer` declares a layer, not {describe(value)}",
                statement.value.span,
                help="leave the tensors out",
            )
        self.paths.take((statement.name,), statement.name_span)
        self.paths.release((statement.name,))
        shared = SharedLayer(statement.name, value, statement.name_span, self)
        before = next((node for node in reversed(self.graph.nodes) if node.labelled), None)
        self.graph.declared.append((statement.name, before))
        self.scope.bind(statement.name, shared, statement.name_span)

    def tensor_declaration(self, statement: tree.TensorDecl) -> None:
        from nnspec.elaborate.initial import initial_value

        dtype, items = patterns.split(statement.shape)
        shape = tuple(patterns.size(self, item) for item in items)
        trainable = statement.kind == "param"
        param = Param(shape, dtype or "f32", trainable, statement.shape.span.text.strip("[]"))
        init = initial_value(self, statement, param)
        path = (statement.name,)
        self.paths.take(path, statement.name_span)
        node = OwnParam(param, init, path, statement.span)
        node.labelled, node.when = True, self.when
        node.outputs = (
            Value(TensorType(param.dtype, shape), node, 0, statement.name, statement.span),
        )
        self.graph.nodes.append(node)
        self.scope.bind(statement.name, node.outputs[0], statement.name_span)

    def if_(self, statement: tree.If) -> None:
        for number, (condition, branch) in enumerate(statement.branches):
            split = None if condition is None else run_time.split(self, condition)
            if isinstance(split, run_time.Split):
                run_time.statement(self, statement, number, split)
                return
            if split is None or split:
                self.block(branch)
                return

    def for_(self, statement: tree.For) -> None:
        for item in iterable(self, statement.iterable):
            self.session.count_node(statement.span)
            bind_target(self, statement.target, item)
            fine_before = self.fine
            self.fine = True
            self.block(statement.body)
            broken = not self.fine
            self.fine = self.fine and fine_before
            if broken:  # the next rounds would only say the same again
                raise Poisoned

    def assert_(self, statement: tree.Assert) -> None:
        from nnspec.elaborate.budgets import budgets, is_budget

        why = ""
        if statement.message is not None:
            why = str(self.evaluate(statement.message))
        if is_budget(self, statement):
            if not self.session.formal:
                self.graph.budgets.extend(budgets(self, statement, why))
            return
        self.demand(statement.condition, why, statement.span)

    def demand(self, expr: tree.Expr, why: str, span: Span) -> None:
        """A condition that must hold: now, or of the symbols."""
        if isinstance(expr, tree.Binary) and expr.op == "and":
            self.demand(expr.left, why, span)
            self.demand(expr.right, why, span)
            return
        if self.session.formal:
            self.stated += deciding.stated(self, expr)
            return
        found = deciding.decide(self, expr)
        if found is False and self.stated:  # what contradicts another assert is told with that one
            before, self.stated = self.stated, []
            found = deciding.decide(self, expr)
            self.stated = before
        if found is False:
            shown = deciding.shown(self, expr)
            fail("NN307", why or f"`{expr.span.text}` does not hold", expr.span, label=shown)
        if found is not True:
            for condition in deciding.demanded(self, expr, found):
                why = why or f"assert {expr.span.text}"
                self.graph.places.append(Place(condition, why, span, (), self.when, True))
                self.stated.append(condition)

    def return_(self, statement: tree.Return) -> None:
        for number, item in enumerate(statement.items):
            value = self.evaluate(item.value)
            name = item.name
            if name is None:
                alone = len(statement.items) == 1
                name = (
                    item.value.id
                    if isinstance(item.value, tree.Name)
                    else "output" if alone else f"output{number}"
                )  # fmt: skip
            if item.shape is not None:
                self.hold(item.shape, value, f"`{name}`", item.value.span)
            parts = tensors_of(value)
            if parts is not None and not isinstance(value, Value):
                own = isinstance(value, tuple)  # several results keep the names that they came with
                for index, part in enumerate(parts):
                    self.graph.outputs.append(((own and part.name) or f"{name}{index}", part))
                continue
            if not isinstance(value, Value):
                fail(
                    "NN202",
                    f"a block returns tensors, not {describe(value)}",
                    item.value.span,
                    help="give the layer its tensor: `return x -> …`" if is_layer(value) else "",
                )
            if item.name is not None and not value.name:
                value.name = item.name
            self.graph.outputs.append((name, value))
        raise _Return


def _with_origins(failure: Failure, tensors: Iterable[Value]) -> Failure:
    """The failure, with where the sizes of the tensors come from."""

    from nnspec import origins

    problem = failure.problem
    return Failure(replace(problem, notes=(*problem.notes, *origins.notes(tensors))))


_RULES: dict[type, Any] = {
    tree.Doc: Body.doc,
    tree.Input: Body.input,
    tree.Assign: Body.assign,
    tree.LayerDecl: Body.layer_declaration,
    tree.TensorDecl: Body.tensor_declaration,
    tree.If: Body.if_,
    tree.For: Body.for_,
    tree.Assert: Body.assert_,
    tree.Return: Body.return_,
}


def run_function(body: Body, value: Function, arguments: dict[str, Any], span: Span) -> Any:
    """The value of a `fn`: its expression, or what its body returns. What it does with tensors is done
    in the body that calls it."""
    from nnspec.elaborate.blocks import enter

    session = body.session
    session.count_steps(CALLED, span)
    scope = Scope(value.scope)
    for parameter in value.definition.parameters:
        scope.bind(parameter.name, arguments[parameter.name], parameter.span)
    enter(session, value.definition.name, span)
    outer, body.scope = body.scope, scope
    try:
        if value.definition.short is not None:
            session.ran.add(id(value.definition.short))
            return body.evaluate(value.definition.short)
        return _run_statements(body, value.definition)
    finally:
        body.scope = outer
        session.stack.pop()


class _Result(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _run_statements(body: Body, definition: tree.FnDef) -> Any:
    def run(statements: Iterable[tree.Statement]) -> None:
        body.session.ran.add(id(statements))
        for statement in statements:
            body.session.count_node(statement.span)
            if isinstance(statement, tree.Return):
                values = [body.evaluate(item.value) for item in statement.items]
                raise _Result(values[0] if len(values) == 1 else values)
            if isinstance(statement, tree.If):
                for condition, branch in statement.branches:
                    if condition is None or body.truth(condition):
                        run(branch)
                        break
            elif isinstance(statement, tree.For):
                for item in iterable(body, statement.iterable):
                    bind_target(body, statement.target, item)
                    run(statement.body)
            else:
                _RULES[type(statement)](body, statement)

    try:
        run(definition.body)
    except _Result as result:
        return result.value
    fail("NN211", f"`{definition.name}` returns nothing", definition.name_span)
