"""What operators give (`ModuleCode`, `CallCode`, `InfixCode`, `IndexCode`) as expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from nnspec.compiler.layout import (
    ATOM,
    COMPARISON,
    LOWEST,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Call,
    Expr,
    Infix,
    Text,
    bracketed,
    call,
)
from nnspec.dims import Atom, Dim, comparison, complement, remainders
from nnspec.elaborate.fractions import FormalFloat
from nnspec.operators.definition import (
    CallCode,
    Factory,
    IndexCode,
    InfixCode,
    InTraining,
    ModuleCode,
    Ref,
    SameDevice,
)
from nnspec.tensors import DTYPES, torch_name

if TYPE_CHECKING:
    from nnspec.dims import Monomial, Size


class Names:
    """What the symbols of a code are called where it is written."""

    def symbol(self, name: str) -> str:
        """The Python expression for a size or parameter."""
        raise NotImplementedError

    def size(self, size: Size) -> Size | str:
        """A size with what is known put in, or the expression that is all of it."""
        return size

    def number(self, name: str) -> float | None:
        """The value of a parameter that is written as a number."""
        return None

    @property
    def training(self) -> str:
        """What is true in training."""
        raise NotImplementedError

    @property
    def device(self) -> str:
        """The device of the inputs; empty where there are none."""
        raise NotImplementedError


_BINDING = {
    "**": POWER, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT,
    "+": SUM, "-": SUM,
}  # fmt: skip
_EXPONENT = re.compile(r"e-0")
_SIMPLE = re.compile(r"-?[A-Za-z_][\w.]*|-?\d[\d.e+-]*")


def infix(op: str, left: Expr, right: Expr) -> Text | Infix:
    """`left op right`, with the parentheses and the spaces that it needs."""
    binding = _BINDING.get(op, COMPARISON)
    depth = max(left.depth, right.depth)
    if op == "**":
        a, b = bracketed(left, ATOM), bracketed(right, UNARY)
        space = "" if _SIMPLE.fullmatch(a) and _SIMPLE.fullmatch(b) else " "
        return Text(f"{a}{space}**{space}{b}", POWER, depth)
    return Infix(op, left, right, binding, depth)


# -- values ----------------------------------------------------------------------------------------


def size(value: Size, names: Names) -> Text | Infix:
    """A size over the names of the place where it is written: `4 * planes`."""
    known = names.size(value)
    if isinstance(known, str):
        return Text(known)
    if isinstance(known, int):
        return Text(str(known), UNARY if known < 0 else ATOM)
    found, other = _written(known, names), complement(known)
    return found if other is known else min(found, _written(other, names), key=_length)


def _length(text: Text | Infix) -> int:
    return len(text.flat)


def _written(value: Dim, names: Names) -> Text | Infix:
    """The sum: products first, what is taken away after them, the number last."""
    rest, found = remainders(value)
    parts: list[tuple[int, Text | Infix]] = []
    for factor, dividend, modulus in found:
        part = infix("%", size(dividend, names), size(modulus, names))
        many = abs(factor) != 1
        parts.append((factor, infix("*", Text(str(abs(factor))), part) if many else part))
    terms = rest.terms if isinstance(rest, Dim) else (((), rest),) if rest else ()
    parts += [(term[1], _product(*term, names)) for term in terms if term[0]]
    parts.sort(key=lambda part: part[0] < 0)
    number = [(term[1], _product(*term, names)) for term in terms if not term[0]]
    (sign, whole), *more = (
        [*parts, *number] if parts and (parts[0][0] > 0 or not number) else [*number, *parts]
    )
    if sign < 0:
        whole = Text(f"-{bracketed(whole, UNARY)}", UNARY)
    for sign, part in more:
        whole = infix("+" if sign > 0 else "-", whole, part)
    return whole


def _product(monomial: Monomial, coefficient: int, names: Names) -> Text | Infix:
    """One term without its sign: `2 * width**2`."""
    whole: Text | Infix | None = None
    if abs(coefficient) != 1 or not monomial:
        whole = Text(str(abs(coefficient)))
    for atom, same in groupby(monomial):
        power = len([*same])
        factor = _atom(atom, names)
        if power > 1:
            factor = infix("**", factor, Text(str(power)))
        whole = factor if whole is None else infix("*", whole, factor)
    assert whole is not None
    return whole


def condition(given: Size, names: Names) -> str:
    """`h >= 64 and w % 2 == 0`, where a size is at least 0."""
    return comparison(given, lambda side: size(side, names).flat)


def _atom(atom: Atom, names: Names) -> Text | Infix:
    if atom.kind == "symbol":
        return Text(names.symbol(atom.args))
    known = names.size(Dim((((atom,), 1),)))
    if isinstance(known, str):
        return Text(known)
    if atom.kind == "if":
        then, otherwise = (size(part, names).flat for part in atom.args[1:])
        return Text(f"({then} if {condition(atom.args[0], names)} else {otherwise})", ATOM)
    parts = [size(part, names) for part in atom.args]
    if atom.kind == "//":
        return infix("//", *parts)
    return Text(call(atom.kind, *parts).flat)


def value(given: Any, names: Names, tensors: Sequence[Expr] = ()) -> Expr:
    """A setting, a size, a reference to a tensor, or a list of them."""
    if isinstance(given, Ref):
        return tensors[given.index]
    if isinstance(given, Dim):
        return size(given, names)
    if isinstance(given, FormalFloat):
        return _fraction(given, names)
    if isinstance(given, (list, tuple)):
        items = tuple(("", value(item, names, tensors)) for item in given)
        depth = max((item.depth for _, item in items), default=0)
        return Call("", items, "[]" if isinstance(given, list) else "()", depth=depth)
    if isinstance(given, str):
        return Text(string(given))
    if isinstance(given, (CallCode, InfixCode)):
        return function(given, names, tensors)
    if isinstance(given, ModuleCode):
        return module(given, names)
    if isinstance(given, InTraining):
        if (given.value, given.otherwise) == (True, False):
            return Text(names.training)
        then, otherwise = (
            value(side, names, tensors).flat for side in (given.value, given.otherwise)
        )
        return Text(f"{then} if {names.training} else {otherwise}", LOWEST)
    if isinstance(given, SameDevice):
        return Text(names.device)
    if isinstance(given, Factory):
        made = module(given.made, names)
        return Text(f"lambda: {made.flat}", LOWEST) if made.args else Text(made.head)
    if isinstance(given, (bool, int, float)) or given is None:
        return _number(given)
    raise TypeError(f"{given!r} cannot stand in generated code")


def _fraction(given: FormalFloat, names: Names) -> Expr:
    """`drop * 3 / 12`; a number where all of it is known."""
    known = {name: names.number(name) for name in given.symbols}
    if None not in known.values():
        return _number(given.at(known))
    if given.symbol is not None:
        return Text(names.symbol(given.symbol))
    parts = [value(arg, names) for arg in given.args]
    if not given.op:
        return parts[0]
    if given.op == "neg":
        return Text(f"-{bracketed(parts[0], ATOM)}", UNARY)
    return infix(given.op, *parts) if len(parts) == 2 else call(given.op, *parts)


def _number(given: Any) -> Text:
    if isinstance(given, float) and given in (float("inf"), -float("inf")):
        return Text(f'float("{given}")')
    text = _EXPONENT.sub("e-", repr(given))  # 1e-6
    return Text(text, UNARY if text.startswith("-") else ATOM)


def string(text: str) -> str:
    """A string literal with double quotes, as ruff writes it; dtypes are PyTorch's constants."""
    if text.startswith("torch.") and text[6:] in {torch_name(dtype) for dtype in DTYPES}:
        return text
    quoted = repr(text)
    if '"' in text:
        return quoted
    inside = quoted[1:-1].replace("\\'", "'")
    return f'"{inside}"'


# -- codes -----------------------------------------------------------------------------------------


def module(code: ModuleCode, names: Names) -> Call:
    """`nn.Conv2d(3, 64, 7, stride=2)`."""
    keywords = {name: value(given, names) for name, given in code.kwargs.items()}
    return call(code.constructor, *(value(arg, names) for arg in code.args), **keywords)


def applied(code: ModuleCode | None, access: str, names: Names, tensors: Sequence[Expr]) -> Call:
    """`self.lstm(x, (h, c))`: a submodule called with its tensors, as it takes them."""
    if code is None or (code.call is None and not code.call_kwargs):
        return call(access, *tensors)
    keywords = {name: value(given, names, tensors) for name, given in code.call_kwargs.items()}
    return call(access, *(value(arg, names, tensors) for arg in code.call or ()), **keywords)


def brought(tensor: Expr, dtype: str) -> Call:
    """A tensor in another dtype; one that is made from numbers right there is made in it."""
    if isinstance(tensor, Call) and any(name == "device=" for name, _ in tensor.args):
        *sizes, device = [pair for pair in tensor.args if pair[0] != "dtype="]
        return Call(tensor.head, (*sizes, ("dtype=", Text(dtype)), device), depth=tensor.depth)
    return Call(".to", (("", Text(dtype)),), depth=tensor.depth + 1, receiver=tensor)


def recomputed(made: Expr) -> Expr:
    """A call whose inside the backward pass computes again. What is no function (`x + y`, `x.reshape(…)`)
    keeps nothing but its tensors anyway."""
    if not isinstance(made, Call) or made.receiver is not None:
        return made
    again = ("use_reentrant=", Text("False"))
    arguments = (("", Text(made.head)), *made.args, again)
    return Call("torch.utils.checkpoint.checkpoint", arguments, depth=made.depth)


def unpacked(results: Sequence[Any], targets: Sequence[str]) -> str:
    """`out, (h, c)`: the targets as a module nests its results; `_` where nothing is wanted."""
    words = []
    for item in results:
        if isinstance(item, tuple):
            inside = unpacked(item, targets)
            words.append("_" if set(inside) <= set("_, ") else f"({inside})")
        else:
            words.append("_" if item is None else targets[item])
    return ", ".join(words)


def function(code: CallCode | InfixCode | IndexCode, names: Names, tensors: Sequence[Expr]) -> Expr:
    """`F.relu(x)`, `x + y`, `x[:, 0]`, `x.transpose(1, 2)`."""
    if isinstance(code, InfixCode):
        left, right = (value(side, names, tensors) for side in (code.left, code.right))
        return infix(code.op, left, right)
    if isinstance(code, IndexCode):
        items = ", ".join(_index(item, names, tensors) for item in code.items)
        return Text(f"{bracketed(tensors[0], ATOM)}[{items}]", ATOM, tensors[0].depth)
    keywords = {
        name: value(given, names, tensors)
        for name, given in code.kwargs.items()
        if not isinstance(given, SameDevice) or names.device
    }
    args = [value(arg, names, tensors) for arg in code.args]
    if code.function.startswith("."):
        receiver = args.pop(0)
        made = call(code.function, *args, **keywords)
        depth = max(made.depth, receiver.depth + 1)
        return Call(made.head, made.args, depth=depth, receiver=receiver)
    return call(code.function, *args, **keywords)


def _index(item: Any, names: Names, tensors: Sequence[Expr]) -> str:
    if item is Ellipsis:
        return "..."
    if not isinstance(item, slice):
        return value(item, names, tensors).flat
    ends = [
        "" if end is None else value(end, names, tensors).flat
        for end in (item.start, item.stop, item.step)
    ]
    if item.step is None:
        ends.pop()
    if all(not end or _SIMPLE.fullmatch(end) for end in ends):
        return ":".join(ends)
    return " : ".join(ends).strip()


# -- what a code depends on ------------------------------------------------------------------------


def symbols(given: Any) -> Iterator[str]:
    """The names of the sizes and parameters that a code holds, in the order of writing."""
    for part in _parts(given):
        if isinstance(part, FormalFloat):
            yield str(part.symbol)
            continue
        for monomial, _ in part.terms:
            for atom in monomial:
                if atom.kind == "symbol":
                    yield atom.args
                else:
                    yield from symbols(atom.args)


def sizes(given: Any) -> Iterator[Dim]:
    """The sizes that a code holds, as far as they are no numbers."""
    return (part for part in _parts(given) if isinstance(part, Dim))


def _parts(given: Any) -> Iterator[Dim | FormalFloat]:
    if isinstance(given, FormalFloat):
        if given.symbol is not None:
            yield given
        else:
            yield from _parts(given.args)
    elif isinstance(given, Dim):
        yield given
    elif isinstance(given, (list, tuple)):
        for item in given:
            yield from _parts(item)
    elif isinstance(given, slice):
        yield from _parts((given.start, given.stop, given.step))
    elif isinstance(given, dict):
        yield from _parts(list(given.values()))
    elif isinstance(given, ModuleCode):
        yield from _parts((given.args, given.kwargs, given.call))
    elif isinstance(given, Factory):
        yield from _parts(given.made)
    elif isinstance(given, CallCode):
        yield from _parts((given.args, given.kwargs))
    elif isinstance(given, InfixCode):
        yield from _parts((given.left, given.right))
    elif isinstance(given, InTraining):
        yield from _parts((given.value, given.otherwise))
    elif isinstance(given, IndexCode):
        yield from _parts(given.items)


def key(given: Any) -> Any:
    """A hashable stand-in for a code: equal where the same text would be written."""
    if isinstance(given, (list, tuple)):
        return (type(given).__name__, *(key(item) for item in given))
    if isinstance(given, slice):
        return ("slice", key(given.start), key(given.stop), key(given.step))
    if isinstance(given, dict):
        return tuple((name, key(item)) for name, item in given.items())
    if isinstance(given, (ModuleCode, Factory, CallCode, InfixCode, IndexCode, InTraining)):
        return (type(given).__name__, *(key(getattr(given, f)) for f in given._fields))
    if isinstance(given, FormalFloat):
        return ("formal", given.op, key(given.args))
    return (type(given).__name__, given)
