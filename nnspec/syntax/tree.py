"""The syntax tree: one frozen class for each rule of the grammar. Every node has its `span`."""

from __future__ import annotations

from nnspec.records import Record
from nnspec.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Tree(Record):
    """Any node."""

    span: Span


def nodes(top: object) -> Iterator[Tree]:
    """A node and all below it, in the order of the text. Without recursion: a long sum is a deep tree."""
    stack = [top]
    while stack:
        node = stack.pop()
        if isinstance(node, (list, tuple)):
            stack.extend(reversed(node))
        elif isinstance(node, Tree):
            yield node
            stack.extend(getattr(node, field) for field in reversed(node._fields))


# -- expressions -----------------------------------------------------------------------------------


class Expr(Tree):
    """Any expression. Parentheses leave no node; a pipeline or conditional has them in its span."""


class Number(Expr):
    """`12`, `1_000`, `3e-4`."""

    value: int | float


class String(Expr):
    """`"text"`; `value` is the text with its escapes read."""

    value: str


class Constant(Expr):
    """`true`, `false`, `none`, and `...` (as Python's Ellipsis)."""

    value: object


class Name(Expr):
    id: str


class ListExpr(Expr):
    """`[a, b]`, also a shape such as `[N, 3, ..., W]`."""

    items: tuple[Expr, ...]


class KeyedList(Expr):
    """`[train: 0.8, val: 0.2]`."""

    items: tuple[tuple[Name, Expr], ...]


class TupleExpr(Expr):
    """`(a, b)`, and the bare `a, b` of `return` and of assignments."""

    items: tuple[Expr, ...]


class Comprehension(Expr):
    """`[element for target in iterable if condition]`."""

    element: Expr
    target: Target
    iterable: Expr
    conditions: tuple[Expr, ...]


class Unary(Expr):
    """`-x`, `+x`, `not x`."""

    op: str
    operand: Expr


class Binary(Expr):
    """Arithmetic, `@`, `and`, `or`; `op_span` is the place of the sign."""

    op: str
    left: Expr
    right: Expr
    op_span: Span


class Compare(Expr):
    """`a < b <= c`; ops of `== != < <= > >= in not in`."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


class Conditional(Expr):
    """`then if condition else otherwise`."""

    then: Expr
    condition: Expr
    otherwise: Expr


class Attribute(Expr):
    """`wte.weight`."""

    base: Expr
    name: str
    name_span: Span


class Slice(Expr):
    """`a:b:c` inside an index."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


class Index(Expr):
    """`x[:, 0]`, `depths[i]`, `i64[N, T]`."""

    base: Expr
    items: tuple[Expr, ...]


class Argument(Tree):
    """One argument of a call; `name` is None where it is positional."""

    name: Name | None
    value: Expr
    starred: bool = False


class Call(Expr):
    function: Expr
    arguments: tuple[Argument, ...]


class LabelPath(Tree):
    """A label: `conv1`, `features.norm0`, `layers[i]`, `"layer{i + 1}"`.

    Each part is a plain name (str), a string with `{...}` fields (String) or an index (Expr).
    """

    parts: tuple[str | Expr, ...]


class Stage(Tree):
    """One step of a pipeline, perhaps with a label."""

    label: LabelPath | None
    value: Expr


class Pipeline(Expr):
    """`a -> label: b -> c`; at least one stage, and a lone stage only where it has a label."""

    stages: tuple[Stage, ...]


# -- targets, parameters ---------------------------------------------------------------------------


class Target(Tree):
    """What an assignment or a loop binds: a name, or nested names. Exactly one is set."""

    name: str | None
    items: tuple[Target, ...] = ()


class Parameter(Tree):
    """`stride: int = 1` in a signature; `type` is the written name, or None."""

    name: str
    type: str | None
    default: Expr | None


# -- statements ------------------------------------------------------------------------------------


class Statement(Tree):
    """Any statement of a body."""


class Doc(Statement):
    """A string alone in first position."""

    text: str


class Input(Statement):
    """`input image: i64[N, T]`; `shape` is a ListExpr or an Index of a dtype name."""

    name: str
    name_span: Span
    shape: Expr


class Assign(Statement):
    """`a, b = value`, and `h: [N, D] = value` where `shape` is set."""

    target: Target
    shape: Expr | None
    value: Expr


class LayerDecl(Statement):
    """`layer encoder = Encoder(128)`."""

    name: str
    name_span: Span
    value: Expr


class TensorDecl(Statement):
    """`param gamma: [C] = constant(init)`; `kind` is "param" or "buffer"."""

    kind: str
    name: str
    name_span: Span
    shape: Expr
    init: Expr | None


class If(Statement):
    """`if`/`elif`/`else`: pairs of condition and body; the `else` has condition None."""

    branches: tuple[tuple[Expr | None, tuple[Statement, ...]], ...]


class For(Statement):
    target: Target
    iterable: Expr
    body: tuple[Statement, ...]


class AtSize(Tree):
    """`H=224` in `assert macs <= 300e6 at H=224, W=224`."""

    name: Name
    value: Expr


class Assert(Statement):
    """`assert T <= context, "why"`, `assert macs <= 300e6 at H=224, W=224`."""

    condition: Expr
    sizes: tuple[AtSize, ...]
    message: Expr | None


class ReturnItem(Tree):
    """`x`, `logits = expr`, `logits: [N, classes]`."""

    name: str | None
    value: Expr
    shape: Expr | None


class Return(Statement):
    items: tuple[ReturnItem, ...]


class Setting(Statement):
    """`image.train = resize(28)` in a data part, `optimizer = adamw()` in a train part."""

    path: tuple[str, ...]
    path_span: Span
    value: Expr


# -- parts of a file -------------------------------------------------------------------------------


class Part(Tree):
    """Anything at the top level of a file."""


class BlockDef(Part):
    """`block` and `model`: a body, or in the short form one layer expression (`short`).

    `model resnet50 = ResNet(...)` is a model in the short form without parentheses: a preset.
    """

    kind: str
    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    doc: str
    body: tuple[Statement, ...]
    short: Expr | None


class FnDef(Part):
    """`fn name(...) = expression`, or with a body of statements."""

    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    doc: str
    body: tuple[Statement, ...]
    short: Expr | None


class ExternDef(Part):
    """`extern Name(...) = "package.module:Class":` with inputs, params and returned shapes."""

    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    target: String
    doc: str
    body: tuple[Statement, ...]


class DataDef(Part):
    name: str
    name_span: Span
    doc: str
    settings: tuple[Setting, ...]


class TrainDef(Part):
    """`train MODEL on DATA:`."""

    model: Name
    data: Name
    doc: str
    settings: tuple[Setting, ...]


class Import(Part):
    """`from "resnet.nn" import A, B as C` sets `file`, `from zoo.resnet import A` sets `module`."""

    file: String | None
    module: str | None
    names: tuple[tuple[Name, Name | None], ...]


class GlobalAssign(Part):
    """`WIDTHS = [64, 128]` at the top level: a constant of the file."""

    target: Target
    value: Expr


class Module(Record):
    """A whole file. `comments` maps the offset of each comment to its text, `#` included."""

    source: Source
    doc: str
    parts: tuple[Part, ...]
    comments: dict[int, str]
