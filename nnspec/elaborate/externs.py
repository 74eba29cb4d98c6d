"""`extern`: what lives in Python is declared, and used like any operator.

The declaration is enough to check: its patterns bind sizes, its `return` gives the types of the results,
its `param` and `buffer` lines the parameters. Nothing is imported here.
"""

from __future__ import annotations

import re

from nnspec.diagnostics import Failure, Label, Mismatch
from nnspec.dims import symbol
from nnspec.elaborate import patterns
from nnspec.elaborate.body import Body
from nnspec.elaborate.parameters import check_type
from nnspec.elaborate.scope import Scope
from nnspec.elaborate.session import Session, fail
from nnspec.elaborate.values import OperatorName, Poisoned
from nnspec.graph import Graph
from nnspec.operators.definition import REQUIRED, ModuleCode, Operator, Param, Setting, Tensor, Use
from nnspec.syntax import tree
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from nnspec.dims import Size
    from nnspec.elaborate.program import Program

_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class Declared:
    """What the declaration says of one use."""

    __slots__ = ("body", "inputs", "made_with", "params", "results")

    def __init__(self, body: Body) -> None:
        self.body = body
        self.inputs: list[tuple[str, TensorType]] = []
        self.params: dict[str, Param] = {}
        self.results: list[TensorType] = []
        self.made_with: dict[
            str, Size
        ] = {}  # sizes of the inputs that its parameters' shapes speak of


class Extern(Operator):
    """A class of Python, as a spec declares it."""

    def __init__(self, definition: tree.ExternDef, program: Program) -> None:
        self.definition, self.scope = definition, program.scope
        self.limits = program.session.limits
        self.__dict__.update(
            name=definition.name,
            family="extern",
            tensors=tuple(Tensor(s.name) for s in definition.body if isinstance(s, tree.Input)),
            settings=tuple(self._settings(program)),
        )
        self.package, _, self.attribute = definition.target.value.partition(":")

    def _settings(self, program: Program) -> Iterator[Setting]:
        """The parameters; a default may speak of those before it that have one."""
        defaults = Body.for_defaults(program.session, program.scope)
        for parameter in self.definition.parameters:
            if parameter.type == "layer":
                fail(
                    "NN217",
                    f"`{parameter.name}` of `{self.definition.name}` is a layer, which cannot be "
                    "given to Python",
                    parameter.span,
                    help="pass numbers, strings, true, false, none and lists of them",
                )
            value: Any = REQUIRED
            if parameter.default is not None:
                value = defaults.evaluate(parameter.default)
                value = check_type(parameter, value, parameter.default.span, self.definition.name)
                defaults.scope.bind(parameter.name, value, parameter.span)
            elif parameter.type is not None:
                check_type(parameter, _EXAMPLES.get(parameter.type), parameter.span, self.name)
            kind = parameter.type or "any"
            yield Setting(parameter.name, f"{kind}|none" if value is None else kind, value)

    # -- one use ---------------------------------------------------------------------------------------

    def declared(
        self,
        settings: Mapping[str, Any],
        types: tuple[TensorType, ...] | None = None,
        formal: bool = False,
    ) -> Declared:
        """What the declaration says of a use with tensors of these types; without types the names in
        the patterns are symbols. Failure where it does not fit."""
        body = Body(Session(limits=self.limits), Graph(self.name, "block"), Scope(self.scope))
        for parameter in self.definition.parameters:
            body.scope.bind(parameter.name, settings[parameter.name], parameter.span)
        body.given = types
        found = Declared(body)
        sizes: set[str] = set()
        for statement in self.definition.body:
            if isinstance(statement, tree.Input):
                body.input(statement)
                found.inputs.append((statement.name, body.graph.inputs[-1].type))
            elif isinstance(statement, tree.TensorDecl):
                kind = self._type(body, statement.shape)
                found.params[statement.name] = Param(
                    kind.shape,
                    kind.dtype,
                    statement.kind == "param",
                    statement.shape.span.text[1:-1],
                )
                sizes |= set(re.findall(r"[^\W\d]\w*", statement.shape.span.text))
            elif isinstance(statement, tree.Assert):
                if not formal:  # the use with numbers has told it
                    why = statement.message and body.evaluate(statement.message)
                    body.demand(statement.condition, str(why or ""), statement.span)
            else:
                assert isinstance(statement, tree.Return)
                found.results += [self._type(body, i.shape or i.value) for i in statement.items]
        own = {parameter.name for parameter in self.definition.parameters}
        bound = body.graph.symbols
        found.made_with = {name: bound[name] for name in sorted(sizes - own) if name in bound}
        return found

    def _type(self, body: Body, shape: tree.Expr) -> TensorType:
        dtype, items = patterns.split(shape)
        for item in items:
            if patterns.is_rest(item) or (isinstance(item, tree.Name) and item.id == "_"):
                fail("NN217", "what Python makes has a shape that is known", item.span)
        return TensorType(dtype or "f32", tuple(patterns.size(body, item) for item in items))

    def _used(self, use: Use) -> Declared:
        types = tuple(kind for kind in use.inputs if kind is not None)
        try:
            return self.declared(use.settings, types, use.formal)
        except Failure as failure:
            problem = failure.problem
            if problem.code not in ("NN305", "NN307"):
                raise
            notes = (f"declared in line {self.definition.span.line}", *problem.notes)
            raise Mismatch(problem.code, problem.message, notes=notes, help=problem.help) from None

    def infer(self, use: Use) -> tuple[TensorType, ...]:
        found = self._used(use)
        use.conditions += [(place.condition, place.why) for place in found.body.graph.places]
        return tuple(found.results)

    def params(self, use: Use) -> Mapping[str, Param]:
        return self._used(use).params

    def module(self, use: Use) -> ModuleCode:
        given = {s.name: use[s.name] for s in self.settings if use[s.name] != s.default}
        return ModuleCode(self.name, (), {**self._used(use).made_with, **given})

    def explain(self, use: Use, outputs: tuple[TensorType, ...]) -> list[str]:
        return [
            f"`{self.name}` lives in Python, as {self.definition.target.value}: shapes and parameters "
            "are those of its declaration. What it computes is not known, and its MACs count as 0."
        ]


#: values of the types, to have the name of a type checked
_EXAMPLES = {"int": 1, "size": 1, "float": 1.0, "bool": True, "str": "", "list": []}


def declare(program: Program, part: tree.ExternDef) -> None:
    """Bind an extern, and check its declaration with symbols for what is free. Failure where it is
    wrong."""
    statements = part.body
    if not _TARGET.fullmatch(part.target.value):
        fail(
            "NN217",
            f'"{part.target.value}" names no class of Python',
            part.target.span,
            help='write the package and the class: "mypackage.ops:SelectiveScan"',
        )
    if not any(isinstance(statement, tree.Input) for statement in statements):
        fail("NN217", f"`{part.name}` has no input", part.name_span, help="`input x: [N, T, D]`")
    if not statements or not isinstance(statements[-1], tree.Return):
        fail(
            "NN217",
            f"`{part.name}` does not end with what it returns",
            part.name_span,
            help="`return [N, T, D]`, a shape for each result",
        )
    for statement in statements:
        if isinstance(statement, tree.Input) and patterns.of_each(statement.shape) is not None:
            fail("NN217", "an extern has a fixed number of inputs", statement.shape.span)
        if isinstance(statement, tree.Return) and statement is not statements[-1]:
            fail("NN217", "an extern returns once, at its end", statement.span)
        if isinstance(statement, tree.TensorDecl) and statement.init is not None:
            fail(
                "NN217",
                f"how `{statement.name}` begins is said in Python",
                statement.span,
                labels=(Label(part.target.span, "there"),),
            )
    made = Extern(part, program)
    program.scope.bind(part.name, OperatorName(made), part.name_span)
    free = [setting for setting in made.settings if setting.default is REQUIRED]
    if all(setting.kind in _STAND_INS for setting in free):
        values = {setting.name: setting.default for setting in made.settings}
        try:
            made.declared({**values, **{s.name: _STAND_INS[s.kind](s.name) for s in free}})
        except Poisoned:
            return  # what is wrong with a name in it is told


#: a value for a setting without a default; what a list holds is not known
_STAND_INS: Mapping[str, Callable[[str], Any]] = {
    "int": symbol,
    "size": symbol,
    "float": lambda _name: 0.5,
    "bool": lambda _name: True,
    "str": lambda _name: "",
}
