"""Shapes that a spec writes: free symbols of a model, patterns of a block, assertions on a value."""

from __future__ import annotations

from nnspec.conditions import equal
from nnspec.diagnostics import Label
from nnspec.dims import LARGEST, Dim, compare, render, symbol
from nnspec.elaborate.session import fail
from nnspec.graph import Place
from nnspec.syntax.tree import Constant, Index, Input, ListExpr, Name
from nnspec.tensors import DTYPES, TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size
    from nnspec.elaborate.body import Body
    from nnspec.source import Span
    from nnspec.syntax.tree import BlockDef, Expr


def split(shape: Expr) -> tuple[str | None, tuple[Expr, ...]]:
    """`i64[N, T]` -> ("i64", items); `[N, T]` -> (None, items)."""
    if isinstance(shape, ListExpr):
        return None, shape.items
    if isinstance(shape, Index) and isinstance(shape.base, Name):
        dtype = shape.base.id
        if dtype in DTYPES:
            return dtype, shape.items
        from nnspec.diagnostics import nearest

        close = nearest(dtype, DTYPES)
        fail(
            "NN200",
            f"`{dtype}` is no dtype",
            shape.base.span,
            help=f"did you mean `{close}`?" if close else f"one of {', '.join(DTYPES)}",
        )
    fail("NN101", "a shape is written `[N, 3, H, W]`, with a dtype `i64[N, T]`", shape.span)


def is_rest(item: Expr) -> bool:
    return isinstance(item, Constant) and item.value is ...


def of_each(shape: Expr) -> Expr | None:
    """`[[N, C, _, _], ...]`, a list of tensors: the pattern of each. None where it is one tensor's."""
    if not isinstance(shape, ListExpr) or len(shape.items) != 2 or not is_rest(shape.items[1]):
        return None
    each = shape.items[0]
    dtype = isinstance(each, Index) and isinstance(each.base, Name) and each.base.id in DTYPES
    return each if dtype or isinstance(each, ListExpr) else None


def for_inputs(definition: BlockDef, count: int) -> list[Expr]:
    """The pattern of each of the `count` tensors that a block is given: an input that is a list takes
    those that no other takes."""
    shapes = [s.shape for s in definition.body if isinstance(s, Input)]
    found: list[Expr] = []
    for shape in shapes:
        each = of_each(shape)
        found += [shape] if each is None else [each] * (count - len(shapes) + 1)
    return found


def letter(number: int, dim: int, rank: int) -> str:
    """The usual name of a dimension; inputs after the first have their number behind it."""
    letters = {2: "NC", 4: "NCHW", 5: "NCDHW"}.get(rank)
    name = letters[dim] if letters else "N" if dim == 0 else f"D{dim}"
    return name if number == 0 else f"{name}{number + 1}"


def names(definition: BlockDef) -> Iterator[str]:
    """The names of sizes in the patterns of a block's inputs, where they stand by themselves."""
    for shape in for_inputs(definition, 0):
        yield from (item.id for item in split(shape)[1] if isinstance(item, Name))


def list_input(definition: BlockDef) -> str:
    """The input of a block that is a list of tensors; "" where there is none. It has one at most."""
    lists = [s for s in definition.body if isinstance(s, Input) and of_each(s.shape) is not None]
    if len(lists) > 1:
        first = Label(lists[0].shape.span, "one is here")
        message = f"`{definition.name}` has several inputs that are lists"
        fail(
            "NN208",
            message,
            lists[1].shape.span,
            labels=(first,),
            help="where one list ended and the other began would not be known: name the tensors of one",
        )
    return lists[0].name if lists else ""


def declare(body: Body, shape: Expr) -> TensorType:
    """The type of a model's input: names are free symbols, any integer of at least 1."""
    if of_each(shape) is not None:
        fail(
            "NN303",
            "a model has a fixed number of inputs",
            shape.span,
            help="an `input` line for each of them; lists are for blocks",
        )
    dtype, items = split(shape)
    sizes: list[Size] = []
    for item in items:
        if is_rest(item):
            fail(
                "NN303",
                "a model's input has a fixed number of dimensions",
                item.span,
                help="name each of them: `[N, 3, H, W]`; `...` is for blocks",
            )
        if isinstance(item, Name) and item.id == "_":
            sizes.append(symbol(f"_{sum(1 for n in body.graph.symbols if n[0] == '_')}"))
            body.graph.symbols[str(sizes[-1])] = sizes[-1]
        elif isinstance(item, Name) and body.scope.find(item.id) is None:
            sizes.append(symbol(item.id))
            body.graph.symbols[item.id] = sizes[-1]
            body.scope.bind(item.id, sizes[-1], item.span)
        else:
            sizes.append(size(body, item))
    return TensorType(dtype or "f32", tuple(sizes))


def size(body: Body, item: Expr) -> Size:
    """A size that is written as an expression: an integer of at least 0."""
    value = body.evaluate(item)
    if isinstance(value, bool) or not isinstance(value, (int, Dim)):
        from nnspec.elaborate.values import describe

        fail("NN202", f"a size is an integer, not {describe(value)}", item.span)
    if isinstance(value, int) and value < 1:
        fail("NN302", f"a size is at least 1, not {value}", item.span)
    if isinstance(value, int) and value > LARGEST:
        fail("NN403", f"this size has {len(str(value))} digits", item.span)
    return value


def match(
    body: Body,
    shape: Expr,
    found: TensorType,
    what: str,
    place: Span,
    labels: tuple[Label, ...] = (),
) -> None:
    """Hold a tensor against a pattern: known sizes must agree, unknown names are bound.

    `what` names the tensor in messages, `place` is where a mismatch is shown.
    """
    dtype, items = split(shape)
    pattern = shape.span
    labels = labels or ((Label(pattern, "the shape that is declared"),) if place != pattern else ())

    def refuse(message: str, **more: Any) -> None:
        fail("NN305", message, place, labels=labels, **more)

    if dtype is not None and dtype != found.dtype:
        refuse(f"{what} is {found}, declared as {shape.span.text}")
    if dtype is None and found.dtype in ("i64", "i32", "bool", "u8") and what.startswith("input"):
        refuse(
            f"{what} is {found}; a shape without a dtype means floating-point numbers",
            help=f"write `{found.dtype}{shape.span.text}`",
        )
    rests = [number for number, item in enumerate(items) if is_rest(item)]
    if len(rests) > 1:
        fail("NN101", "a shape has one `...` at most", items[rests[1]].span)
    if rests:
        before, after = items[: rests[0]], items[rests[0] + 1 :]
        fits = found.rank >= len(before) + len(after)
        pairs = [*zip(before, found.shape, strict=False)]
        if after:
            pairs += [*zip(after, found.shape[-len(after) :], strict=False)]
    else:
        fits = found.rank == len(items)
        pairs = list(zip(items, found.shape, strict=False))
    if not fits:
        refuse(
            f"{what} has {found.rank} dimensions, {found}; "
            f"{shape.span.text} has {len(items) - len(rests)}" + (" or more" if rests else "")
        )
    for number, (item, actual) in enumerate(pairs):
        if isinstance(item, Name) and item.id == "_":
            continue
        if isinstance(item, Name) and body.scope.find(item.id) is None:
            body.scope.bind(item.id, actual, item.span)
            body.graph.symbols[item.id] = actual
            continue
        wanted = size(body, item)
        same = compare("==", wanted, actual)
        if same is None and body.session.formal:
            same = True
        if same is False:
            refuse(
                f"{what} is {found}: dimension {number} is {render(actual)}, "
                f"and `{item.span.text}` is {render(wanted)}"
                if item.span.text != render(wanted)
                else f"{what} is {found}: dimension {number} is {render(actual)}, not {render(wanted)}"
            )
        elif same is None:
            body.graph.places.append(
                Place(
                    equal(wanted, actual), f"dimension {number} of {what}", item.span, (), body.when
                )
            )
