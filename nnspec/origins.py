"""Where the sizes of a tensor come from, step by step: `32 ← max_pool2d at line 7 ← 65 ← image at line 6`.

Only what changed the sizes in question is told. Nothing of this is computed before a problem is told.
"""

from __future__ import annotations

from nnspec.dims import render, symbols
from nnspec.graph import CallNode, Choice, OpNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nnspec.dims import Size
    from nnspec.graph import Node, Place, Value
    from nnspec.source import Span

#: of a longer way the beginning and the end are told
MOST_STEPS = 6


def notes(values: Iterable[Value | None], sizes: Sequence[Size] = ()) -> tuple[str, ...]:
    """A line for each tensor that a problem is about. `sizes` are those in conflict, where that is
    known: the dimensions that have them are followed; else those in which the tensors differ, else all.
    """
    tensors = list(dict.fromkeys(value for value in values if value is not None))
    lines = []
    for value in tensors:
        dims = _dims(value, tensors, sizes)
        steps = list(_steps(value, dims))
        if len(steps) > 1 or (steps and steps[0][0] is not value.node):
            name = f"`{value.name}`: " if value.name else ""
            lines.append(name + " ← ".join(_shortened([text for _, text in steps])))
    return tuple(lines)


def of_place(place: Place) -> tuple[str, ...]:
    """A line for each tensor whose sizes the condition of a place speaks of."""
    sizes = [
        size
        for value in place.inputs
        if value is not None
        for size in value.type.shape
        if symbols(size) & place.condition.symbols
    ]
    return notes(place.inputs, sizes)


def _dims(value: Value, tensors: Sequence[Value], sizes: Sequence[Size]) -> tuple[int, ...]:
    shape = value.type.shape
    known = [dim for dim, size in enumerate(shape) if size in sizes]
    differ = [
        dim
        for dim in range(len(shape))
        if any(
            other.type.rank == len(shape) and other.type.shape[dim] != shape[dim]
            for other in tensors
        )
    ]
    both = [dim for dim in known if dim in differ]
    return tuple(both or known or differ or range(len(shape)))


def _steps(value: Value, dims: tuple[int, ...]) -> Iterator[tuple[Node | None, str]]:
    """What changed the sizes, from the last to the first, with the sizes between."""
    shown = _sizes(value, dims)
    home = value.span.source if value.span is not None else None

    def place(span: Span) -> str:
        return f"line {span.line}" if span.source is home else f"{span.source.name}:{span.line}"

    calls: list[Node] = []  # composed layers, which are looked into
    while value.node is not None or calls:
        node = value.node
        if node is None:
            outside = calls.pop().inputs[value.index]
            assert outside is not None
            value = outside
            continue
        if isinstance(node, CallNode) and node.graph.definition is None and node.count == 1:
            calls.append(node)
            value = node.graph.outputs[value.index][1]
            continue
        before = _source(node, value, dims)
        if before is None:
            yield node, f"{shown} ← `{_name(node)}` at {place(node.span)}"
            return
        same_rank = before.type.rank == value.type.rank
        following = dims if same_rank else tuple(range(before.type.rank))
        if not same_rank or _sizes(before, dims) != _sizes(value, dims):
            yield node, f"{shown} ← `{_name(node)}` at {place(node.span)}"
            if _is_told(node, value, dims):
                return
            shown = _sizes(before, following)
        value, dims = before, following
    if value.span is not None:
        yield None, f"{shown} ← `{value.name}` at {place(value.span)}"


def _is_told(node: Node, value: Value, dims: Sequence[int]) -> bool:
    """Whether the sizes are what the step was told: `conv2d(64, 3)` makes 64 channels of any number."""
    if not isinstance(node, OpNode):
        return False
    told = [node.use[s.name] for s in node.operator.settings if "size" in s.kind.split("|")]
    return all(value.type.shape[dim] in told for dim in dims)


def _source(node: Node, value: Value, dims: Sequence[int]) -> Value | None:
    """The input that the sizes are followed to: one that has them, else the first."""
    inputs = [each for each in node.inputs if each is not None]
    alike = [each for each in inputs if each.type.rank == value.type.rank]
    same = [each for each in alike if _sizes(each, dims) == _sizes(value, dims)]
    return next(iter((*same, *alike, *inputs)), None)


def _sizes(value: Value, dims: Iterable[int]) -> str:
    sizes = [render(value.type.shape[dim]) for dim in dims]
    return sizes[0] if len(sizes) == 1 else f"[{', '.join(sizes)}]"


def _name(node: Node) -> str:
    if isinstance(node, OpNode):
        return node.operator.name
    if isinstance(node, Choice):
        return "if"
    if isinstance(node, CallNode) and (node.graph.definition is not None or not node.path):
        return node.graph.name
    return node.shown


def _shortened(steps: Sequence[str]) -> Sequence[str]:
    if len(steps) <= MOST_STEPS:
        return steps
    left = len(steps) - MOST_STEPS + 1
    return [*steps[: MOST_STEPS - 2], f"… {left} more …", steps[-1]]
