"""From productions to the parts of a file; see `expressions.py` for how the methods are called."""

from __future__ import annotations

from nnspec.source import Span
from nnspec.syntax.statements import Broken, StatementBuilder
from nnspec.syntax.tree import (
    Assert,
    BlockDef,
    DataDef,
    Doc,
    Expr,
    ExternDef,
    FnDef,
    GlobalAssign,
    Import,
    Input,
    LayerDecl,
    Name,
    Parameter,
    Part,
    Return,
    String,
    TensorDecl,
    TrainDef,
    Tree,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.syntax.statements import Body


_DECLARES = (Input, TensorDecl, Assert, Return)
_OF_BLOCKS = (Input, LayerDecl, TensorDecl)


class Builder(StatementBuilder):
    """Builds the whole tree of one source."""

    def start(
        self, start: int, end: int, doc: Doc | None, parts: list[Tree] | None = None
    ) -> tuple[str, tuple[Part, ...]]:
        kept = tuple(part for part in parts or () if isinstance(part, Part))
        return doc.text if doc else "", kept

    def block(
        self,
        start: int,
        end: int,
        kind: int,
        name: int,
        parameters: tuple[Parameter, ...],
        body: Body,
    ) -> BlockDef:
        doc, statements = body
        return BlockDef(
            Span(self.source, start, end),
            self.token(kind),
            self.token(name),
            self.token_span(name),
            parameters or (),
            doc.text if doc else "",
            statements,
            None,
        )

    def short_block(
        self,
        start: int,
        end: int,
        kind: int,
        name: int,
        parameters: tuple[Parameter, ...],
        value: Expr,
    ) -> BlockDef:
        return BlockDef(
            Span(self.source, start, end),
            self.token(kind),
            self.token(name),
            self.token_span(name),
            parameters or (),
            "",
            (),
            value,
        )

    def function(
        self, start: int, end: int, name: int, parameters: tuple[Parameter, ...], body: Body
    ) -> FnDef:
        doc, statements = body
        for statement in statements:
            if isinstance(statement, _OF_BLOCKS):
                word = statement.span.text.split(maxsplit=1)[0]
                self.report(f"a `fn` has no `{word}`; a block has", statement.span)
        return FnDef(
            Span(self.source, start, end),
            self.token(name),
            self.token_span(name),
            parameters or (),
            doc.text if doc else "",
            statements,
            None,
        )

    def short_function(
        self, start: int, end: int, name: int, parameters: tuple[Parameter, ...], value: Expr
    ) -> FnDef:
        span = Span(self.source, start, end)
        place = self.token_span(name)
        return FnDef(span, self.token(name), place, parameters or (), "", (), value)

    def extern(
        self,
        start: int,
        end: int,
        name: int,
        parameters: tuple[Parameter, ...],
        target: int,
        body: Body,
    ) -> ExternDef:
        doc, statements = body
        declared = tuple(s for s in statements if isinstance(s, _DECLARES))
        for statement in statements:
            if not isinstance(statement, _DECLARES):
                self.report(
                    "an `extern` only declares: `input`, `param`, `buffer`, `assert` and `return`",
                    statement.span,
                )
        return ExternDef(
            Span(self.source, start, end),
            self.token(name),
            self.token_span(name),
            parameters or (),
            self.string_at(target),
            doc.text if doc else "",
            declared,
        )

    def string_at(self, token: int) -> String:
        return self.string(self.starts[token], self.ends[token], token)

    def name_at(self, token: int) -> Name:
        return self.name(self.starts[token], self.ends[token], token)

    def data(self, start: int, end: int, name: int, body: Body) -> DataDef:
        doc, settings = body
        return DataDef(
            Span(self.source, start, end),
            self.token(name),
            self.token_span(name),
            doc.text if doc else "",
            settings,  # type: ignore[arg-type]  # the grammar lets nothing else in
        )

    def train(self, start: int, end: int, model: int, data: int, body: Body) -> TrainDef:
        doc, settings = body
        return TrainDef(
            Span(self.source, start, end),
            self.name_at(model),
            self.name_at(data),
            doc.text if doc else "",
            settings,  # type: ignore[arg-type]
        )

    def import_file(
        self,
        start: int,
        end: int,
        file: int,
        first: tuple[Name, Name | None],
        rest: list[tuple[Name, Name | None]] | None = None,
    ) -> Import:
        span = Span(self.source, start, end)
        return Import(span, self.string_at(file), None, (first, *(rest or ())))

    def import_module(
        self,
        start: int,
        end: int,
        module: str,
        first: tuple[Name, Name | None],
        rest: list[tuple[Name, Name | None]] | None = None,
    ) -> Import:
        return Import(Span(self.source, start, end), None, module, (first, *(rest or ())))

    def imported(
        self, start: int, end: int, name: int, alias: int | None
    ) -> tuple[Name, Name | None]:
        return self.name_at(name), None if alias is None else self.name_at(alias)

    def dotted(self, start: int, end: int, first: int, rest: list[int] | None = None) -> str:
        return ".".join(self.token(token) for token in (first, *(rest or ())))

    def global_assign(self, start: int, end: int, left: Expr, value: Expr) -> Tree:
        span = Span(self.source, start, end)
        target = self.bound(left)
        return Broken(span) if target is None else GlobalAssign(span, target, value)

    # -- signatures -------------------------------------------------------------------------------

    def signature(
        self,
        start: int,
        end: int,
        first: Parameter | None = None,
        rest: list[Parameter] | None = None,
    ) -> tuple[Parameter, ...]:
        return () if first is None else (first, *(rest or ()))

    def parameter(
        self, start: int, end: int, name: int, kind: int | None, default: Expr | None
    ) -> Parameter:
        written = None if kind is None else self.token(kind)
        return Parameter(Span(self.source, start, end), self.token(name), written, default)
