"""Python expressions, laid out as `ruff format` lays them out.

An expression is a `Text` (a name, a number, an operator with its operands: never broken), a `Call`
(anything in brackets, which may be broken over lines) or a `Loop`. `lay` gives the lines.
"""

from __future__ import annotations

from nnspec.records import Record

#: ruff's own line length, so that the file is formatted wherever it goes
WIDTH = 88
INDENT = 4

#: how tightly an expression binds
ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON, LOWEST = 7, 6, 5, 4, 3, 2, 1


class Text(Record):
    """A piece of Python that stays on one line."""

    text: str
    binding: int = ATOM
    depth: int = 0  # calls inside calls

    @property
    def flat(self) -> str:
        return self.text

    @property
    def forced(self) -> bool:
        return False


class Call(Record):
    """`head(args)`, a list, a tuple: what is broken where it is too long.

    Each argument is a pair: what stands before it (`stride=`, `*`) and its expression. `one_each`
    puts every argument on its own line, as a trailing comma does. A method has its `receiver`, and
    its name in the head: `.flatten`.
    """

    head: str
    args: tuple[tuple[str, Expr], ...] = ()
    brackets: str | tuple[str, str] = "()"
    one_each: bool = False
    depth: int = 1
    binding: int = ATOM
    receiver: Expr | None = None

    @property
    def flat(self) -> str:
        inside = ", ".join(before + arg.flat for before, arg in self.args)
        comma = "," if self.head == "" and self.brackets == "()" and len(self.args) == 1 else ""
        return f"{self.whole_head}{self.brackets[0]}{inside}{comma}{self.brackets[1]}"

    @property
    def whole_head(self) -> str:
        return self.head if self.receiver is None else bracketed(self.receiver, ATOM) + self.head

    @property
    def links(self) -> list[Call | Text]:
        """The calls of a chain of methods, first to last; one that ends no chain is alone."""
        if isinstance(self.receiver, Call) and self.receiver.binding == ATOM:
            return [*self.receiver.links, Call(self.head, self.args)]
        indexed = isinstance(self.receiver, Text) and self.receiver.flat.endswith("]")
        if self.receiver is not None and (indexed or self.receiver.binding < ATOM):
            return [Text(bracketed(self.receiver, ATOM)), Call(self.head, self.args)]
        return [self]

    @property
    def forced(self) -> bool:
        return self.one_each or any(arg.forced for _, arg in self.args)


class Infix(Record):
    """`left op right`: broken before the operators of its own kind, in parentheses, where it is too long."""

    op: str
    left: Expr
    right: Expr
    binding: int
    depth: int = 0

    @property
    def flat(self) -> str:
        return " ".join(text for pair in self.parts for text in pair if text)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The operands, each with the operator before it."""
        left = self.left
        same = isinstance(left, Infix) and left.binding == self.binding
        first = left.parts if same else [("", bracketed(left, self.binding))]  # type: ignore[union-attr]
        return [*first, (self.op, bracketed(self.right, self.binding + 1))]

    @property
    def forced(self) -> bool:
        return False


class Loop(Record):
    """`element for name in items`, in brackets, or bare as the one argument of a call."""

    element: Expr
    clause: str
    brackets: str = ""
    depth: int = 1
    binding: int = LOWEST

    @property
    def flat(self) -> str:
        return f"{self.brackets[:1]}{self.element.flat} {self.clause}{self.brackets[1:]}"

    @property
    def forced(self) -> bool:
        return self.element.forced


Expr = Text | Call | Infix | Loop


def call(head: str, *args: Expr, **keywords: Expr) -> Call:
    """`head(args, name=…)`."""
    pairs = [("", arg) for arg in args] + [(f"{name}=", arg) for name, arg in keywords.items()]
    return Call(head, tuple(pairs), depth=1 + max((arg.depth for _, arg in pairs), default=0))


def bracketed(expr: Expr, at_least: int) -> str:
    """The text of an operand, in parentheses where it binds less tightly than `at_least`."""
    return f"({expr.flat})" if expr.binding < at_least else expr.flat


def lay(expr: Expr, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of an expression; `before` and `after` stand on its first and last line."""
    margin = " " * indent
    line = f"{margin}{before}{expr.flat}{after}"
    if isinstance(expr, Text) or (not expr.forced and len(line) <= WIDTH):
        return [line]
    if isinstance(expr, Infix):
        return _infix(expr, indent, before, after)
    if isinstance(expr, Loop):
        left, right = expr.brackets[:1], expr.brackets[1:]
        if not left:
            return _loop_lines(expr, indent)
        inside = _loop_lines(expr, indent + INDENT)
        return [f"{margin}{before}{left}", *inside, f"{margin}{right}{after}"]
    if not expr.args:
        return [line]
    inner = indent + INDENT
    if sum(isinstance(link, Call) or link.flat.endswith("]") for link in expr.links) > 2:
        # all methods on one line of their own, or each on one
        if after == "," and not before:
            return _chain(expr, indent, after)
        alone = " " * inner + expr.flat
        if not expr.forced and len(alone) <= WIDTH:
            return [f"{margin}{before}(", alone, f"{margin}){after}"]
        return [f"{margin}{before}(", *_chain(expr, inner), f"{margin}){after}"]
    opening = f"{margin}{before}{expr.whole_head}{expr.brackets[0]}"
    closing = f"{margin}{expr.brackets[1]}{after}"
    if len(opening) > WIDTH and isinstance(expr.receiver, Call):
        return lay(expr.receiver, indent, before, Call(expr.head, expr.args).flat + after)
    joined = " " * inner + ", ".join(name + arg.flat for name, arg in expr.args)
    if not expr.forced and len(joined) <= WIDTH:
        return [opening, joined, closing]
    if len(expr.args) == 1 and isinstance(expr.args[0][1], Loop) and not expr.args[0][1].brackets:
        return [opening, *_loop_lines(expr.args[0][1], inner), closing]
    lines = [opening]
    for name, arg in expr.args:
        lines += lay(arg, inner, name, ",")
    return [*lines, closing]


def _infix(expr: Infix, indent: int, before: str, after: str) -> list[str]:
    margin = " " * indent
    argument = after == "," or before in ("(", "")
    if not argument and len(expr.parts) == 2:
        opened = _opened(expr, indent, before, after)
        if opened:
            return opened
    inner = indent if argument else indent + INDENT
    flat = " " * inner + expr.flat
    if len(flat) <= WIDTH and not argument:
        lines = [flat]
    else:
        lines = [" " * inner + f"{op} {text}".strip() for op, text in expr.parts]
    if argument:
        return [f"{margin}{before}{lines[0].lstrip()}", *lines[1:-1], lines[-1] + after]
    return [f"{margin}{before}(", *lines, f"{margin}){after}"]


def _opened(expr: Infix, indent: int, before: str, after: str) -> list[str]:
    """`left op call(`, the arguments, `)`: with the brackets of the second operand broken, or else of an
    index that ends the first; nothing where neither fits."""
    margin, inner = " " * indent, " " * (indent + INDENT)
    (_, left), (op, right) = expr.parts
    if (
        isinstance(expr.right, Call)
        and expr.right.args
        and not isinstance(expr.right.receiver, Call)
    ):
        arguments = ", ".join(name + arg.flat for name, arg in expr.right.args)
        head = f"{margin}{before}{left} {op} {expr.right.whole_head}("
    elif right.startswith("("):
        arguments, head = right[1:-1], f"{margin}{before}{left} {op} ("
    else:
        return []
    if max(len(head), len(inner + arguments)) <= WIDTH:
        return [head, inner + arguments, f"{margin}){after}"]
    stem, bracket, index = left.rpartition("[")
    head, end = f"{margin}{before}{stem}[", f"{margin}] {op} {right}{after}"
    if bracket and index.endswith("]") and max(len(head), len(end)) <= WIDTH:
        return [head, inner + index[:-1], end]
    return []


def _chain(expr: Call, indent: int, after: str = "") -> list[str]:
    *links, last = expr.links
    return [line for link in links for line in lay(link, indent)] + lay(last, indent, "", after)


def _loop_lines(loop: Loop, indent: int) -> list[str]:
    line = " " * indent + f"{loop.element.flat} {loop.clause}"
    if not loop.element.forced and len(line) <= WIDTH:
        return [line]
    return [*lay(loop.element, indent), " " * indent + loop.clause]
