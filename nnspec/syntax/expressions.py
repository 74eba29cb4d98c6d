"""From productions to expressions: one method for each production of the grammar.

The parser calls a method with the offsets of what it reduced and its children, in the grammar's
order: a token is its index, a repetition is a list, an optional part left out is None. Here the
places where the grammar is looser than the language are made tight.
"""

from __future__ import annotations

from nnspec.diagnostics import Problem
from nnspec.records import replace
from nnspec.source import Source, Span
from nnspec.syntax import literals
from nnspec.syntax.tree import (
    Argument,
    Attribute,
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Constant,
    Expr,
    Index,
    KeyedList,
    LabelPath,
    ListExpr,
    Name,
    Number,
    Pipeline,
    Slice,
    Stage,
    String,
    Target,
    TupleExpr,
    Unary,
)

#: what is certainly no layer
PLAIN = (Number, Constant, String, ListExpr, Unary)
CONSTANTS = {"true": True, "false": False, "none": None, "...": ...}


class ExpressionBuilder:
    """Builds expressions of one source. `starts` and `ends` are the places of its tokens."""

    def __init__(self, source: Source, starts: list[int], ends: list[int]) -> None:
        self.source = source
        self.text = source.text
        self.starts = starts
        self.ends = ends
        self.problems: list[Problem] = []

    def report(self, message: str, span: Span, help: str = "") -> None:
        self.problems.append(Problem("NN101", message, span, help=help))

    def token(self, index: int) -> str:
        return self.text[self.starts[index] : self.ends[index]]

    def token_span(self, index: int) -> Span:
        return Span(self.source, self.starts[index], self.ends[index])

    # -- repetitions -------------------------------------------------------------------------------

    def repeat_first(self, start: int, end: int, *children: object) -> list[object]:
        return list(children)

    def repeat_more(
        self, start: int, end: int, before: list[object], *children: object
    ) -> list[object]:
        before.extend(children)
        return before

    # -- atoms -------------------------------------------------------------------------------------

    def expression(self, start: int, end: int, value: Expr) -> Expr:
        return value

    def name(self, start: int, end: int, token: int) -> Name:
        return Name(Span(self.source, start, end), self.text[start:end])

    def number(self, start: int, end: int, token: int) -> Number:
        span = Span(self.source, start, end)
        value, problem = literals.number(span)
        if problem is not None:
            self.problems.append(problem)
        return Number(span, value)

    def string(self, start: int, end: int, token: int) -> String:
        span = Span(self.source, start, end)
        value, problems = literals.string(span)
        self.problems.extend(problems)
        return String(span, value)

    def constant(self, start: int, end: int, token: int) -> Constant:
        return Constant(Span(self.source, start, end), CONSTANTS[self.text[start:end]])

    def group(self, start: int, end: int, value: Expr) -> Expr:
        """Parentheses leave no node; a pipeline or a conditional keeps them in its span.

        So a label in parentheses is known from one that names the item of a list or of `return`.
        """
        if isinstance(value, (Pipeline, Conditional)):
            return replace(value, span=Span(self.source, start, end))
        return value

    def tuple_(
        self, start: int, end: int, first: Expr, rest: list[Expr] | None = None
    ) -> TupleExpr:
        return TupleExpr(Span(self.source, start, end), (first, *(rest or ())))

    # -- lists ------------------------------------------------------------------------------------

    def list_(
        self, start: int, end: int, first: Expr | None = None, rest: list[Expr] | None = None
    ) -> Expr:
        span = Span(self.source, start, end)
        if first is None:
            return ListExpr(span, ())
        items = (first, *(rest or ()))
        keys = [self.key(item) for item in items]
        found = [key for key in keys if key is not None]
        if not found:
            self.judge_quoted_key(first)
            return ListExpr(span, items)
        if len(found) < len(items):
            bare = next(item for item, key in zip(items, keys, strict=True) if key is None)
            self.report(
                "this item has no key, but others of its list have one",
                bare.span,
                "write `name: value` for each item, or for none",
            )
        return KeyedList(span, tuple(found))

    def judge_quoted_key(self, item: Expr) -> None:
        """`["train": 0.8]`: a label, it would seem, of what is certainly no layer."""
        if not isinstance(item, Pipeline) or item.span.text[0] not in "\"'":
            return
        label, value = item.stages[0].label, item.stages[0].value
        if label is not None and isinstance(label.parts[0], String) and isinstance(value, PLAIN):
            name = label.parts[0].value
            help = f"write `{name}: {brief(value)}`" if name.isidentifier() else ""
            self.report("a key stands without quotes", label.span, help)

    def key(self, item: Expr) -> tuple[Name, Expr] | None:
        """`train: 0.8` as an item of a list: its key and its value, or None. The key may be a path,
        `out_proj.weight` or `layers[0].norm1.bias`."""
        pipeline = item.then if isinstance(item, Conditional) else item
        if not isinstance(pipeline, Pipeline):
            return None
        label, value = pipeline.stages[0].label, pipeline.stages[0].value
        if label is None or label.span.start != item.span.start:
            return None
        words = [str(part.value) if isinstance(part, Number) else part for part in label.parts]
        word = ".".join(part for part in words if isinstance(part, str))
        if not all(isinstance(part, str) for part in words):
            return None
        if len(pipeline.stages) > 1:
            stages = (Stage(value.span, None, value), *pipeline.stages[1:])
            value = Pipeline(value.span.to(pipeline.span), stages)
        if isinstance(item, Conditional):
            value = Conditional(value.span.to(item.span), value, item.condition, item.otherwise)
        return Name(label.span, word), value

    def comprehension(
        self,
        start: int,
        end: int,
        element: Expr,
        target: Target,
        iterable: Expr,
        conditions: list[Expr] | None = None,
    ) -> Comprehension:
        span = Span(self.source, start, end)
        return Comprehension(span, element, target, iterable, tuple(conditions or ()))

    def condition(self, start: int, end: int, value: Expr) -> Expr:
        return value

    # -- operators --------------------------------------------------------------------------------

    def conditional(
        self, start: int, end: int, then: Expr, condition: Expr, otherwise: Expr
    ) -> Conditional:
        return Conditional(Span(self.source, start, end), then, condition, otherwise)

    def binary(self, start: int, end: int, left: Expr, sign: int, right: Expr) -> Binary:
        span = Span(self.source, start, end)
        return Binary(span, self.token(sign), left, right, self.token_span(sign))

    def unary(self, start: int, end: int, sign: int, operand: Expr) -> Unary:
        return Unary(Span(self.source, start, end), self.token(sign), operand)

    def compare(self, start: int, end: int, first: Expr, rest: list[object]) -> Compare:
        pairs = tuple(zip(rest[::2], rest[1::2], strict=True))
        return Compare(Span(self.source, start, end), first, pairs)  # type: ignore[arg-type]

    def comparator(self, start: int, end: int, sign: int) -> str:
        return self.token(sign)

    def comparator_in(self, start: int, end: int) -> str:
        return "in"

    def comparator_not_in(self, start: int, end: int, sign: int) -> str:
        return "not in"

    def attribute(self, start: int, end: int, base: Expr, name: int) -> Attribute:
        span = Span(self.source, start, end)
        return Attribute(span, base, self.token(name), self.token_span(name))

    # -- calls and indexes ------------------------------------------------------------------------

    def call(
        self,
        start: int,
        end: int,
        function: Expr,
        first: Argument | None = None,
        rest: list[Argument] | None = None,
    ) -> Call:
        arguments = () if first is None else (first, *(rest or ()))
        return Call(Span(self.source, start, end), function, arguments)

    def positional(self, start: int, end: int, value: Expr) -> Argument:
        span = Span(self.source, start, end)
        if isinstance(value, Pipeline) and value.span.text[0] != "(":
            label, setting = value.stages[0].label, value.stages[0].value
            if label is not None and isinstance(setting, PLAIN) and len(value.stages) == 1:
                name = label.span.text
                help = f"write `{name}={brief(setting)}`"
                self.report("a setting is written with `=`", span, help)
        return Argument(span, None, value)

    def starred(self, start: int, end: int, star: int, value: Expr) -> Argument:
        return Argument(Span(self.source, start, end), None, value, True)

    def keyword(self, start: int, end: int, name: Expr, value: Expr) -> Argument:
        span = Span(self.source, start, end)
        if isinstance(name, Name):
            return Argument(span, name, value)
        self.report(
            f"the name of an argument is one plain name, not `{brief(name)}`",
            name.span,
            "two values are compared with `==`",
        )
        return Argument(span, None, value)

    def index(
        self,
        start: int,
        end: int,
        base: Expr,
        first: Expr | None = None,
        rest: list[Expr] | None = None,
    ) -> Index:
        items = () if first is None else (first, *(rest or ()))
        return Index(Span(self.source, start, end), base, items)

    def slice(
        self, start: int, end: int, first: Expr | None, stop: Expr | None, step: Expr | None
    ) -> Slice:
        return Slice(Span(self.source, start, end), first, stop, step)

    # -- pipelines --------------------------------------------------------------------------------

    def pipeline(self, start: int, end: int, first: Stage, rest: list[Stage]) -> Pipeline:
        return Pipeline(Span(self.source, start, end), (first, *rest))

    def plain_stage(self, start: int, end: int, value: Expr) -> Stage:
        return Stage(Span(self.source, start, end), None, value)

    def labelled_stage(self, start: int, end: int, label: Expr, value: Expr) -> Stage:
        return Stage(Span(self.source, start, end), self.label(label), value)

    def labelled(self, start: int, end: int, label: Expr, value: Expr) -> Pipeline:
        return Pipeline(
            Span(self.source, start, end), (self.labelled_stage(start, end, label, value),)
        )

    def label(self, expression: Expr) -> LabelPath | None:
        parts: list[str | Expr] = []
        rest = expression
        while True:
            if isinstance(rest, Name):
                parts.append(rest.id)
            elif isinstance(rest, String):
                parts.append(rest)
            elif isinstance(rest, Attribute):
                parts.append(rest.name)
                rest = rest.base
                continue
            elif isinstance(rest, Index) and len(rest.items) == 1:
                parts.append(rest.items[0])
                rest = rest.base
                continue
            else:
                break
            return LabelPath(expression.span, tuple(reversed(parts)))
        if isinstance(expression, (Number, Unary)):
            self.report(
                f"`{brief(expression)}` is no label",
                expression.span,
                "a slice is written `x[1:3]`, a label `conv1: conv2d(64, 3)`",
            )
            return None
        self.report(
            f"`{brief(expression)}` is no label",
            expression.span,
            _label_meant(expression.span.text)
            or 'a label is a name: `conv1:`, `features.norm0:`, `layers[i]:` or `"layer{i}":`',
        )
        return None


def _label_meant(written: str) -> str:
    """`"bn{i}":` of `"bn" + str(i)`, `"bn%d" % i` and `"bn{}".format(i)`."""
    import re

    for form in (
        r"""(["'])(?P<name>\w+)\1 *\+ *str\((?P<value>\w+)\)""",
        r"""(["'])(?P<name>\w+)%[ds]\1 *% *\(?(?P<value>\w+)\)?""",
        r"""(["'])(?P<name>\w+)\{\}\1\.format\((?P<value>\w+)\)""",
    ):
        found = re.fullmatch(form, written)
        if found is not None:
            return f'braces hold a value: `"{found["name"]}{{{found["value"]}}}":`'
    return ""


def brief(expression: Expr) -> str:
    """The text of an expression for a message, cut where it is long."""
    text = " ".join(expression.span.text.split())
    return text if len(text) <= 30 else text[:29] + "…"
