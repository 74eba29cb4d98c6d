"""From productions to statements and bodies; `expressions.py` says how the methods are called."""

from __future__ import annotations

from nnspec.source import Span
from nnspec.syntax.expressions import ExpressionBuilder, brief
from nnspec.syntax.literals import doc_text
from nnspec.syntax.tree import (
    Assert,
    Assign,
    AtSize,
    Attribute,
    Doc,
    Expr,
    For,
    If,
    Index,
    Input,
    LayerDecl,
    ListExpr,
    Name,
    Pipeline,
    Return,
    ReturnItem,
    Setting,
    Statement,
    Target,
    TensorDecl,
    Tree,
    TupleExpr,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Body: TypeAlias = tuple[Doc | None, tuple[Statement, ...]]
    Branch: TypeAlias = tuple[Expr | None, tuple[Statement, ...]]

SHAPE_HELP = "a shape is written `[N, 3, H, W]`, or `i64[N, T]` with a dtype"


class Broken(Tree):
    """What did not parse; it is left out of the tree."""


class StatementBuilder(ExpressionBuilder):
    """Builds statements and bodies of one source."""

    empty_bodies = 0  # those reported so far

    def doc(self, start: int, end: int, token: int) -> Doc:
        value = self.string(start, end, token)
        return Doc(value.span, doc_text(value.value))

    def body(
        self, start: int, end: int, doc: Doc | None, statements: list[Tree] | None = None
    ) -> Body:
        return doc, tuple(each for each in statements or () if isinstance(each, Statement))

    def empty_body(self, start: int, end: int) -> Body:
        self.empty_bodies += 1
        self.report(
            "nothing is indented under this line",
            Span(self.source, start - 1, start),
            "write the body on the next lines, indented by four spaces",
        )
        return None, ()

    def broken(self, start: int, end: int, body: Body | None = None) -> Broken:
        return Broken(Span(self.source, start, end))

    # -- statements -------------------------------------------------------------------------------

    def input(self, start: int, end: int, name: int, shape: Expr) -> Tree:
        span = Span(self.source, start, end)
        if isinstance(shape, TupleExpr):  # what is meant is plain: what follows is not left untold
            written = f"[{', '.join(item.span.text for item in shape.items)}]"
            self.report("a shape stands in brackets", shape.span, f"write `{written}`")
            shape = ListExpr(shape.span, shape.items)
        elif not self.is_shape(shape):
            return Broken(span)
        return Input(span, self.token(name), self.token_span(name), shape)

    def layer(self, start: int, end: int, name: int, value: Expr) -> LayerDecl:
        span = Span(self.source, start, end)
        return LayerDecl(span, self.token(name), self.token_span(name), value)

    def tensor(
        self, start: int, end: int, kind: int, name: int, shape: Expr, init: Expr | None = None
    ) -> Tree:
        span = Span(self.source, start, end)
        if not self.is_shape(shape):
            return Broken(span)
        place = self.token_span(name)
        return TensorDecl(span, self.token(kind), self.token(name), place, shape, init)

    def is_shape(self, shape: Expr) -> bool:
        if could_be_shape(shape):
            return True
        self.report(f"`{brief(shape)}` is no shape", shape.span, SHAPE_HELP)
        return False

    def assign(self, start: int, end: int, left: Expr, value: Expr) -> Tree:
        span = Span(self.source, start, end)
        asserted = labelled_shape(left)
        if asserted is not None:
            name, shape = asserted
            if not self.is_shape(shape):
                return Broken(span)
            return Assign(span, Target(name.span, name.id), shape, value)
        target = self.bound(left)
        return Broken(span) if target is None else Assign(span, target, None, value)

    def bound(self, left: Expr) -> Target | None:
        """The left side of `=` as a target, or None after a word on why it is none."""
        if isinstance(left, Name):
            return Target(left.span, left.id)
        if isinstance(left, TupleExpr):
            items = [self.bound(item) for item in left.items]
            if any(item is None for item in items):
                return None
            return Target(left.span, None, tuple(item for item in items if item is not None))
        if isinstance(left, Attribute):
            help = "settings such as `optimizer.lr = 0.1` stand in `data` and `train` parts"
            if isinstance(left.base, Name) and left.base.id == "self":
                help = (
                    f"a layer is named where it is used, `x -> {left.name}: conv2d(64, 3)`, or "
                    f"declared to be shared, `layer {left.name} = conv2d(64, 3)`"
                )
        elif isinstance(left, Index):
            help = "bind the whole again: `skips = skips + [x]`"
        elif labelled_shape(left) is not None:
            help = "a shape is asserted of one name alone: `x: [N, C] = …`"
        else:
            help = "two values are compared with `==`"
        self.report(f"`{brief(left)}` cannot be bound: only names can", left.span, help)
        return None

    def if_(self, start: int, end: int, first: Branch | Broken, *more: object) -> Tree:
        branches: list[object] = [first]
        for each in more:
            branches.extend(each if isinstance(each, list) else [each] if each else [])
        span = Span(self.source, start, end)
        if any(isinstance(branch, Broken) for branch in branches):
            return Broken(span)
        return If(span, tuple(branches))  # type: ignore[arg-type]

    def branch(self, start: int, end: int, condition: Expr, body: Body) -> Branch:
        return condition, with_doc(body)

    def else_branch(self, start: int, end: int, body: Body) -> Branch:
        return None, with_doc(body)

    def bad_branch(self, start: int, end: int, body: Body) -> Broken:
        return Broken(Span(self.source, start, end))

    def for_(self, start: int, end: int, target: Target, iterable: Expr, body: Body) -> For:
        return For(Span(self.source, start, end), target, iterable, with_doc(body))

    def targets(
        self, start: int, end: int, first: Target, rest: list[Target] | None = None
    ) -> Target:
        return Target(Span(self.source, start, end), None, (first, *rest)) if rest else first

    def target(self, start: int, end: int, name: int) -> Target:
        return Target(Span(self.source, start, end), self.token(name))

    def nested_target(self, start: int, end: int, inner: Target) -> Target:
        return inner

    def assert_(self, start: int, end: int, condition: Expr, message: Expr | None) -> Assert:
        if isinstance(condition, TupleExpr) and message is None:
            self.report(
                "`assert` stands without parentheses",
                condition.span,
                'write `assert condition, "why"`',
            )
        return Assert(Span(self.source, start, end), condition, (), message)

    def assert_at(
        self,
        start: int,
        end: int,
        condition: Expr,
        first: AtSize,
        *rest: Any,
    ) -> Assert:
        """`rest` is further sizes, where there are some, and the message or None."""
        more, message = rest if len(rest) == 2 else ((), *rest)
        return Assert(Span(self.source, start, end), condition, (first, *more), message)

    def at_size(self, start: int, end: int, name: int, value: Expr) -> AtSize:
        return AtSize(
            Span(self.source, start, end), Name(self.token_span(name), self.token(name)), value
        )

    def return_(
        self, start: int, end: int, first: ReturnItem, rest: list[ReturnItem] | None = None
    ) -> Return:
        items = (first, *(rest or ()))
        if not rest and first.name is None and isinstance(first.value, TupleExpr):
            items = tuple(ReturnItem(each.span, None, each, None) for each in first.value.items)
        return Return(Span(self.source, start, end), items)

    def returned(self, start: int, end: int, value: Expr, named: Expr | None) -> ReturnItem:
        span = Span(self.source, start, end)
        if named is not None:
            if isinstance(value, Name):
                return ReturnItem(span, value.id, named, None)
            self.report(
                f"the name of an output is one plain name, not `{brief(value)}`",
                value.span,
                "write `return logits = …`",
            )
            return ReturnItem(span, None, named, None)
        asserted = labelled_shape(value)
        if asserted is not None and could_be_shape(asserted[1]):
            name, shape = asserted
            return ReturnItem(span, name.id, name, shape)
        return ReturnItem(span, None, value, None)

    def setting(self, start: int, end: int, left: Expr, value: Expr) -> Tree:
        span = Span(self.source, start, end)
        path: list[str] = []
        rest = left
        while isinstance(rest, Attribute):
            path.append(rest.name)
            rest = rest.base
        if not isinstance(rest, Name):
            self.report(
                f"`{brief(left)}` is no setting",
                left.span,
                "a setting is a name: `epochs = 10`, `image.train = …`",
            )
            return Broken(span)
        return Setting(span, (rest.id, *reversed(path)), left.span, value)


def with_doc(body: Body) -> tuple[Statement, ...]:
    """The statements of a body that has no field of its own for its documentation."""
    doc, statements = body
    return statements if doc is None else (doc, *statements)


def could_be_shape(expression: Expr) -> bool:
    """`[N, C]`, or `i64[N, T]`."""
    if isinstance(expression, Index):
        return isinstance(expression.base, Name)
    return isinstance(expression, ListExpr)


def labelled_shape(expression: Expr) -> tuple[Name, Expr] | None:
    """`x: [N, C]` apart, where a lone label is one plain name."""
    if not isinstance(expression, Pipeline) or len(expression.stages) != 1:
        return None
    stage = expression.stages[0]
    label = stage.label
    if label is None or label.span.start != expression.span.start or len(label.parts) != 1:
        return None
    (word,) = label.parts
    return (Name(label.span, word), stage.value) if isinstance(word, str) else None
