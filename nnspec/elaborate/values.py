"""What an expression of the language can be, besides numbers, strings, lists and tensors.

A layer is something that takes tensors and gives tensors. Numbers are Python's, sizes are `int | Dim`,
lists are Python lists, tensors are `graph.Value`s, several results are Python tuples of them.
"""

from __future__ import annotations

from nnspec.diagnostics import Failure, Problem
from nnspec.dims import Dim
from nnspec.graph import Value
from nnspec.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import Any, NoReturn

    from nnspec.diagnostics import Label
    from nnspec.elaborate.body import Body
    from nnspec.elaborate.scope import Scope
    from nnspec.operators.definition import Operator
    from nnspec.source import Span
    from nnspec.syntax.tree import BlockDef, FnDef


class Poison:
    """The value of what failed: whatever uses it fails in silence, for that error has been told."""

    def __repr__(self) -> str:
        return "<poison>"


POISON = Poison()


class Poisoned(Exception):
    """An expression met `POISON`."""


class Divided(Record):
    """What the sides of `if training:` do not agree on; whoever uses it afterwards is told."""

    code: str
    message: str
    labels: tuple[Label, ...]
    help: str

    def refuse(self, span: Span) -> NoReturn:
        raise Failure(Problem(self.code, self.message, span, "", self.labels, (), self.help))


class OperatorName(Record):
    """An operator as it is named: `relu`, `conv2d`. Called or applied, it becomes a layer."""

    operator: Operator


class Builtin(Record):
    """A function on numbers and lists; some share their name with an operator (`sqrt`)."""

    name: str
    function: Any
    operator: Operator | None


class Initialiser(Record):
    """A function of torch.nn.init as it is named: `trunc_normal`."""

    name: str


class Initial(Record):
    """`trunc_normal(std=0.02)`: a function of torch.nn.init, less its trailing underscore."""

    name: str
    settings: dict[str, Any]


class Function(Record):
    """A `fn` with the scope in which it was defined."""

    definition: FnDef
    scope: Scope


class Block(Record):
    """A block or model as it is named, with the scope of its file."""

    definition: BlockDef
    scope: Scope


class Layer(Record):
    """A layer that is ready to be given its tensors."""

    span: Span


class OperatorLayer(Layer):
    """`conv2d(64, 3)`: arguments as given; they are bound when the tensors are there."""

    operator: Operator
    positional: tuple[Any, ...] = ()
    keyword: Mapping[str, Any] = {}
    places: Mapping[str, Span] = {}
    init: Mapping[str, Any] = {}  # how its own parameters begin
    ties: Mapping[str, Any] = {}  # those that are another's: a LayerTensor, or a `param`


class BlockLayer(Layer):
    """`Bottleneck(64, stride=2)`: the parameters are bound, defaults filled in."""

    block: Block
    arguments: Mapping[str, Any]
    tensors: Mapping[str, Value] = {}  # inputs that it holds before the arrow gives it the others
    places: Mapping[str, Span] = {}


class LabelName(Record):
    """A label whose fields are evaluated: the path below the scope it stands in."""

    path: tuple[str, ...]
    span: Span


class Step(Record):
    """One stage of a composed layer."""

    label: LabelName | None
    layer: Any


class Composed(Layer):
    """`conv2d(64, 3) -> relu`: steps one after the other, never nested without a label."""

    steps: tuple[Step, ...]


class Repeated(Layer):
    """`n * layer`: independent copies one after the other."""

    count: int
    layer: Any


class SharedLayer:
    """`layer encoder = Encoder(128)`: every use has the same weights."""

    __slots__ = ("body", "layer", "name", "names", "params", "span", "used")

    def __init__(self, name: str, layer: Any, span: Span, body: Body) -> None:
        self.name = name
        self.names: set[tuple[str, ...]] = {(name,)}  # with the labels that uses have given it
        self.layer = layer
        self.span = span
        self.body = body  # the body that declares it, and so owns its weights
        self.used = False
        self.params: object = None


class LayerTensor(Record):
    """`wte.weight`: a tensor of a declared layer, by its path; see `ties.py`."""

    layer: SharedLayer
    path: tuple[str, ...]
    span: Span


#: values that the arrow can give tensors to
LAYERS = (OperatorName, Block, Layer, SharedLayer)


def is_layer(value: object) -> bool:
    return isinstance(value, LAYERS) or (isinstance(value, Builtin) and value.operator is not None)


def key(value: Any) -> Hashable:
    """Equal for values that make equal layers; what a use of a block is remembered under."""
    if isinstance(value, (int, str)):
        return (type(value).__name__, value)  # True is no 1
    if isinstance(value, (list, tuple)):
        return ("list", *map(key, value))
    if isinstance(value, slice):
        return ("slice", key(value.start), key(value.stop), key(value.step))
    if isinstance(value, dict):
        return ("keyed", *((name, key(item)) for name, item in value.items()))
    if isinstance(value, LayerTensor):
        return ("tensor of", id(value.layer), value.path)
    if isinstance(value, Initial):
        return ("initial", value.name, key(value.settings))
    if isinstance(value, OperatorName):
        return ("operator", value.operator.name)
    if isinstance(value, Builtin):
        return ("operator", value.name)
    if isinstance(value, Block):
        return ("block", id(value.definition))
    if isinstance(value, Function):
        return ("fn", id(value.definition))
    if isinstance(value, OperatorLayer):
        named = tuple((name, key(item)) for name, item in sorted(value.keyword.items()))
        positional = tuple(map(key, value.positional))
        return ("layer", value.operator.name, positional, named, key(value.init), key(value.ties))
    if isinstance(value, BlockLayer):
        return (
            "use",
            id(value.block.definition),
            tuple((name, key(item)) for name, item in value.arguments.items()),
            tuple((name, key(item)) for name, item in sorted(value.tensors.items())),
        )
    if isinstance(value, Composed):
        return (
            "composed",
            *((step.label.path if step.label else None, key(step.layer)) for step in value.steps),
        )
    if isinstance(value, Repeated):
        return ("repeated", value.count, key(value.layer))
    if isinstance(value, (SharedLayer, Value)):
        return ("identity", id(value))
    return (type(value).__name__, value)


def describe(value: Any) -> str:
    """What a value is, for messages: `a layer`, `a tensor [N, 3]`, `the number 3`."""
    if isinstance(value, Value):
        return f"a tensor {value.type}"
    if isinstance(value, tuple):
        return f"{len(value)} tensors"
    if is_layer(value):
        return "a layer"
    if isinstance(value, (Builtin, Function)):
        return "a function"
    if isinstance(value, (Initialiser, Initial)):
        return f"the initialiser `{value.name}`"
    if isinstance(value, LayerTensor):
        return f"the parameter `{'.'.join((value.layer.name, *value.path))}`"
    if isinstance(value, dict):
        return f"a keyed list of {len(value)}"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Dim):
        return f"the size {value}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the string "{value if len(value) < 40 else value[:37] + "..."}"'
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def written_out(value: Any, known: dict[int, int]) -> int:
    """The number of items in lists and layers, and in those within: one held twice doubles."""
    if isinstance(value, list):
        inside = value
    elif isinstance(value, Composed):
        inside = [step.layer for step in value.steps]
    elif isinstance(value, Repeated):
        inside = [value.layer]
    elif isinstance(value, OperatorLayer) and value.operator.wraps:
        inside = [*value.positional, *value.keyword.values()]
    else:
        return 1
    total = known.get(id(value))
    if total is None:
        total = known[id(value)] = 1 + sum(written_out(item, known) for item in inside)
    return total
