"""The typed graph: what a spec means once names, parameters, loops and blocks are resolved.

It is hierarchical. A `Graph` is the body of a model, of one use of a block, or of a composed layer
(`kind` "sequence"); uses with the same parameters and input types share one Graph, so that
`1_000 * Block()` costs what one block costs. Plain light objects; `to_networkx` hands the graph to
networkx where its algorithms or formats serve.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from nnspec.conditions import Condition
    from nnspec.diagnostics import Text
    from nnspec.dims import Dim, Size
    from nnspec.operators.definition import Operator, Param, Use
    from nnspec.source import Span
    from nnspec.syntax.tree import BlockDef
    from nnspec.tensors import TensorType

    #: a side of an `if`: True for the first
    When = tuple["Region", bool]


class Value:
    """One tensor flowing through a graph: result number `index` of `node`, or an input (node None)."""

    __slots__ = ("index", "name", "node", "span", "type")

    def __init__(
        self, type: TensorType, node: Node | None, index: int, name: str, span: Span | None
    ) -> None:
        self.type = type
        self.node = node
        self.index = index
        self.name = name  # the name the spec gave it last, or ""
        self.span = span

    def __repr__(self) -> str:
        return f"Value({self.name or '?'}: {self.type})"


class Region:
    """An `if` that only a run decides: on whether the module is training (`condition` None), or on
    sizes, which take its first side where `condition` is at least 0. `number` counts those of a body;
    `outer` is the side of another one that it stands in."""

    __slots__ = ("condition", "number", "outer")

    def __init__(self, number: int, condition: Dim | None, outer: When | None) -> None:
        self.number = number
        self.condition = condition
        self.outer = outer

    def takes(self, training: bool, number: Callable[[Size], int] | None = None) -> bool | None:
        """Whether the first side is run; None where that depends on sizes that have no values."""
        if self.condition is None:
            return training
        return None if number is None else number(self.condition) >= 0

    @property
    def key(self) -> Any:
        """Equal for the same `if` in the same place."""
        return self.number, self.condition, self.outer and (self.outer[0].key, self.outer[1])


def around(when: When | None) -> Iterator[When]:
    """The sides that something stands in, the innermost first."""
    while when is not None:
        yield when
        when = when[0].outer


class Node:
    """A step of a graph. `path` is where it lives in the state dict, below its graph's own path.

    `path` is () for what is no layer of its own (arithmetic on tensors). A repeated layer is one node with
    `count` > 1 whose copies are path[:-1] + (stem + str(first + i),); see `paths`.
    `when` is set for what stands in an `if` that only a run decides, and whether it is the first side.
    `shared` is set where the layer was declared with `layer` and this is not its first use: it then owns
    no parameters of its own.
    `recomputed` is set where the backward pass computes it again from its inputs (`checkpoint`).
    """

    __slots__ = (
        "count",
        "first",
        "inputs",
        "labelled",
        "outputs",
        "path",
        "recomputed",
        "shared",
        "span",
        "stem",
        "when",
    )

    def __init__(self, inputs: tuple[Value | None, ...], path: tuple[str, ...], span: Span) -> None:
        self.inputs = inputs
        self.outputs: tuple[Value, ...] = ()
        self.path = path
        self.span = span
        self.count = 1
        self.stem = ""
        self.first = 0
        self.shared = False
        self.recomputed = False
        self.labelled = False
        self.when: When | None = None

    def runs(self, training: bool, number: Callable[[Size], int] | None = None) -> bool:
        """Whether it runs in training, or in evaluation; where `number` gives the sizes their values,
        at those."""
        return self.when is None or all(
            region.takes(training, number) in (side, None) for region, side in around(self.when)
        )

    def paths(self) -> Iterator[tuple[str, ...]]:
        """The path of each copy."""
        if self.count == 1:
            yield self.path
        else:
            for copy in range(self.count):
                yield (*self.path[:-1], f"{self.stem}{self.first + copy}")

    def holds(self, name: str) -> bool:
        """Whether a copy is called so, under the same container."""
        if self.count == 1:
            return self.path[-1] == name
        number = name[len(self.stem) :]
        return (
            name.startswith(self.stem)
            and number.isdecimal()
            and 0 <= int(number) - self.first < self.count
        )

    @property
    def shown(self) -> str:
        """The path as it is shown: `conv1`, `features.norm0`, `1 … 3` for copies."""
        if self.count == 1:
            return ".".join(self.path)
        last = f"{self.stem}{self.first} … {self.stem}{self.first + self.count - 1}"
        return ".".join((*self.path[:-1], last))


class Tie:
    """Whose tensor a parameter is: a path below the body that declares both layers."""

    __slots__ = ("path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path

    def __str__(self) -> str:
        return ".".join(self.path)


class OpNode(Node):
    """A use of an operator."""

    __slots__ = ("init", "operator", "params", "tied", "use")

    def __init__(
        self,
        operator: Operator,
        use: Use,
        inputs: tuple[Value | None, ...],
        path: tuple[str, ...],
        span: Span,
    ) -> None:
        super().__init__(inputs, path, span)
        self.operator = operator
        self.use = use
        self.params: Mapping[str, Param] = {}
        self.init: Mapping[str, Any] = {}  # parameter -> how it begins, where the spec says it
        self.tied: Mapping[str, Tie] = {}  # parameter -> whose it is, where it is not its own


class CallNode(Node):
    """A use of a block or of a composed layer: its body is `graph`."""

    __slots__ = ("graph",)

    def __init__(
        self, graph: Graph, inputs: tuple[Value | None, ...], path: tuple[str, ...], span: Span
    ) -> None:
        super().__init__(inputs, path, span)
        self.graph = graph


class OwnParam(Node):
    """A `param` or `buffer` of a block, as a value in its graph; path is its name."""

    __slots__ = ("init", "param")

    def __init__(self, param: Param, init: Any, path: tuple[str, ...], span: Span) -> None:
        super().__init__((), path, span)
        self.param = param
        self.init = init


class Computed:
    """How an own parameter begins: as a tensor that is computed from numbers when the module is made."""

    __slots__ = ("nodes", "value")

    def __init__(self, value: Value, nodes: list[Node]) -> None:
        self.value = value
        self.nodes = nodes  # the steps that lead to it, in order

    def graph(self) -> Graph:
        """Its steps as a graph of their own, without inputs."""
        made = Graph("beginning", "block")
        made.nodes, made.outputs = self.nodes, [("value", self.value)]
        return made


class Choice(Node):
    """Where the sides of an `if` meet that only a run decides: one value after the first side, another
    after the other."""

    __slots__ = ("region",)

    def __init__(self, then: Value, otherwise: Value, region: Region, span: Span) -> None:
        super().__init__((then, otherwise), (), span)
        self.region = region
        self.when = region.outer

    def source(self, side: bool) -> Value:
        """The value that it is after a side."""
        found = self.inputs[0 if side else 1]
        assert found is not None
        return found


class Place:
    """A condition on sizes, with the place and the tensors that demand it, and why in words; `when` as
    of a node; `stated` by an `assert`, or demanded by an operator."""

    __slots__ = ("condition", "inputs", "span", "stated", "when", "why_text")

    def __init__(
        self,
        condition: Condition,
        why: Text,
        span: Span,
        inputs: tuple[Value | None, ...] = (),
        when: When | None = None,
        stated: bool = False,
    ) -> None:
        self.condition = condition
        self.why_text = why
        self.span = span
        self.inputs = inputs
        self.when = when
        self.stated = stated

    @property
    def why(self) -> str:
        return self.why_text() if callable(self.why_text) else self.why_text


class Budget:
    """A condition on the model's figures, at these sizes; `params`, `macs`, `memory` are symbols in it."""

    __slots__ = ("condition", "sizes", "span", "why")

    def __init__(
        self, condition: Condition, span: Span, why: str, sizes: dict[str, tuple[int, Span]]
    ) -> None:
        self.condition = condition
        self.span = span
        self.why = why
        self.sizes = sizes  # name -> number, and the place where it is given


class Graph:
    """A body: inputs, nodes in order of execution, named outputs."""

    __slots__ = (
        "arguments", "budgets", "declared", "definition", "doc", "inputs", "kind", "name", "named",
        "nodes", "outputs", "places", "scope", "symbols",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, definition: BlockDef | None = None) -> None:
        self.name = name
        self.kind = kind  # "model", "block" or "sequence"
        self.definition = definition
        self.arguments: dict[str, Any] = {}  # the parameters' values, defaults filled in
        self.doc = ""
        self.scope: Any = None  # the names of the file that defines it (elaborate/scope.py)
        self.inputs: list[Value] = []
        self.outputs: list[tuple[str, Value]] = []
        self.nodes: list[Node] = []
        self.places: list[Place] = []  # conditions demanded directly in this body
        self.budgets: list[Budget] = []  # of a model: what it promises of its figures
        self.declared: list[tuple[str, Node | None]] = []  # layers, and the last layer before each
        self.symbols: dict[str, Size] = {}  # names bound by input patterns -> sizes
        self.named: list[
            tuple[str, Size]
        ] = []  # formal: sizes that the body names by `wide = 4 * C`

    def subgraphs(self) -> Iterator[Graph]:
        """Every distinct graph below this one and itself, callees first."""
        seen: set[int] = set()
        stack: list[tuple[Graph, bool]] = [(self, False)]
        while stack:
            graph, done = stack.pop()
            if done:
                yield graph
                continue
            if id(graph) in seen:
                continue
            seen.add(id(graph))
            stack.append((graph, True))
            for node in reversed(graph.nodes):
                if isinstance(node, CallNode) and id(node.graph) not in seen:
                    stack.append((node.graph, False))

    def to_networkx(self) -> Any:
        """This body as a networkx.MultiDiGraph: nodes are numbered, edges carry the tensors' types."""
        import networkx

        drawn = networkx.MultiDiGraph(name=self.name)
        for number, given in enumerate(self.inputs):
            drawn.add_node(f"input {number}", label=given.name, type=str(given.type))
        numbers = {id(node): number for number, node in enumerate(self.nodes)}
        for node in self.nodes:
            drawn.add_node(numbers[id(node)], label=node.shown, span=str(node.span))
            for value in node.inputs:
                if value is None:
                    continue
                source: Any = (
                    f"input {value.index}" if value.node is None else numbers[id(value.node)]
                )
                drawn.add_edge(source, numbers[id(node)], type=str(value.type))
        return drawn
