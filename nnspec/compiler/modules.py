"""The constructor: a class's submodules in the spec's order, under the spec's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.compiler import code
from nnspec.compiler.begin import Lines, begins, follows, parameter, typed_parameter
from nnspec.compiler.classes import ClassPlan, is_chain
from nnspec.compiler.comments import Comments
from nnspec.compiler.formals import at
from nnspec.compiler.growing import INDEX, Growing, growing
from nnspec.compiler.layout import Call, Expr, Loop, Text, call, lay
from nnspec.compiler.named import Named
from nnspec.compiler.names import attribute, fresh
from nnspec.compiler.placing import is_within
from nnspec.compiler.runs import counted, named
from nnspec.compiler.skipping import skipped, skips
from nnspec.compiler.tying import Tying
from nnspec.graph import CallNode, Computed, Graph, Node, OpNode, OwnParam
from nnspec.tensors import is_float, torch_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from nnspec.compiler.classes import Argument
    from nnspec.dims import Size

_Tree = dict[str, Any]


class ConstructorNames(code.Names):
    """In `__init__` a name is an argument; what shapes the code is written as its number."""

    def __init__(self, plan: ClassPlan, kept: Container[Size] = frozenset()) -> None:
        self.plan = plan
        self.words = {a.symbol: a.name for a in plan.arguments}
        self.named = Named(plan, self.words.values(), kept)

    def symbol(self, name: str) -> str:
        return self.words[name]  # the checker has refused weights of a free size (NN308)

    def size(self, size: Size) -> Size | str:
        found: Size = at(size, self.plan.fixed)
        return self.named.word(found) or found

    def number(self, name: str) -> float | None:
        return self.plan.fixed.get(name)


class Constructor:
    """Writes `__init__`, and knows how each layer is reached from `forward`."""

    def __init__(self, plan: ClassPlan, kept: Container[Size] = frozenset()) -> None:
        self.plan = plan
        self.indent = 12 if is_within(plan) else 8
        self.names = ConstructorNames(plan, kept)
        self.access: dict[int, str] = {}  # id of a node -> `self.conv1`
        self.lists: dict[str, int] = {}  # `self.layers` -> the number of its items
        self.comments = Comments(plan.graph)
        self.lines: list[str] = []
        self.annotations: list[str] = []  # of buffers, at the head of the class
        arguments = [*self.names.words.values(), *self.names.named.kept.values()]
        self.begin = Lines(self._begins, arguments, plan.helpers, self.indent)
        self._modules: _Tree = {}
        self.flags: dict[int, str] = {}  # id of an optional step that is no layer -> `self.use_add`
        self.placed: dict[str, list[Node]] = {}  # attribute -> the layers in it, first uses
        self.growing = list(growing(plan))
        self._plain: dict[Any, str] = {}  # layers without weights or name -> their attribute
        self._collect()

    @property
    def attributes(self) -> set[str]:
        """The names of the layers and parameters of the module."""
        own = {n.path[-1] for n in self.plan.graph.nodes if isinstance(n, OwnParam)}
        return {*self._modules, *own}

    # -- which layers there are --------------------------------------------------------------------

    def _collect(self) -> None:
        taken = {node.path[0] for node in self.plan.graph.nodes if node.path and node.labelled}
        order: dict[str, tuple[int, int]] = {}  # attribute -> its place; declared ones between two
        numbers = {id(node): number for number, node in enumerate(self.plan.graph.nodes)}
        for place, (name, before) in enumerate(self.plan.graph.declared, 1):
            order[name] = numbers.get(id(before), -1), place
        for number, node in enumerate(self.plan.graph.nodes):
            if isinstance(node, OwnParam):
                self._own(node)
            elif self.is_module(node):
                if isinstance(node, OpNode) and not node.labelled and not _owns(node):
                    self._nameless(node, taken)
                else:
                    self._place(node)
            for name in [each for each in self._modules if each not in order]:
                order[name] = number, 0
            if node.alias:  # after the layer that it is another name of
                order[node.alias[0]] = number, 0
        self._modules = dict(sorted(self._modules.items(), key=lambda item: order[item[0]]))

    def is_module(self, node: Node) -> bool:
        """Whether a node is a submodule; else it is written as an expression in `forward`."""
        if isinstance(node, CallNode):
            return True
        made = node.operator.module(node.use) if isinstance(node, OpNode) else None
        if not isinstance(node, OpNode) or made is None:
            return False
        if _owns(node) or node.operator.function(node.use) is None:
            return True
        return node.labelled and self.plan.values.keys() >= {*code.symbols(made)}

    def _nameless(self, node: OpNode, taken: set[str]) -> None:
        """A layer without weights or label, as dropout: equal ones share an attribute."""
        made = node.operator.module(node.use)
        same = code.key(made)
        if same not in self._plain:
            name = fresh(node.operator.name, taken)
            taken.add(name)
            self._plain[same] = name
            assert made is not None
            self._modules[name] = code.module(made, self.names)
        self.access[id(node)] = f"self.{self._plain[same]}"

    def _place(self, node: Node) -> None:
        branch = self._modules
        for part in node.path[:-1]:
            branch = branch.setdefault(part, {})
        name = node.path[-1]
        if not node.shared or name not in branch:
            self.placed.setdefault(node.path[0], []).append(node)
        if node.count > 1:
            branch.setdefault(name, _Copies(node, self.layer(node)))
            return
        if not node.shared or name not in branch:
            made: Any = self.layer(node)
            condition = self.plan.optional.get(id(node))
            branch[name] = (
                made if condition is None else _Optional(name, condition.condition, made, node)
            )
        self.access[id(node)] = ""  # known once the containers' kinds are
        if node.alias:
            self._alias(node)

    def _alias(self, node: Node) -> None:
        """A declared layer once more, under the label of this use."""
        branch = self._modules
        for part in node.alias[:-1]:
            branch = branch.setdefault(part, {})
        branch[node.alias[-1]] = Text(self.reached(node.path))

    # -- a layer as an expression ------------------------------------------------------------------

    def layer(self, node: Node) -> Expr:
        """The expression that makes one copy of a node's module."""
        helper = self.plan.helpers.get(id(node))
        if helper is not None:
            return self._instance(helper, self.plan.graph)
        taken = self.plan.taken.get(id(node), {})
        words = {argument: self.names.symbol(name) for argument, name in taken.items()}
        if isinstance(node, OpNode) and words:
            return Call(words[""])
        if isinstance(node, OpNode):
            made = node.operator.module(node.use)
            assert made is not None
            written = code.module(made, self.names)
            return skipped(written, node) if skips(node) else written
        assert isinstance(node, CallNode)
        if id(node) in self.plan.calls:
            return self._instance(self.plan.calls[id(node)], node.graph, words)
        return self.sequence(node.graph)

    def _instance(self, plan: ClassPlan, graph: Graph, words: Mapping[str, str] = {}) -> Call:
        return self._made(plan.name, plan.given(graph), words)

    def _made(
        self, name: str, given: Iterable[tuple[Argument, Any]], words: Mapping[str, str] = {}
    ) -> Call:
        """A class called with what it is given, less its defaults; `words` are layers that this class is
        given itself."""
        arguments: list[tuple[str, Expr]] = []
        for argument, value in given:
            word = words.get(argument.symbol)
            written = Text(word) if word else code.value(value, self.names)
            if not argument.default:
                arguments.append(("", written))
            elif written.flat != argument.default:
                arguments.append((f"{argument.name}=", written))
        return Call(name, tuple(arguments))

    def sequence(self, graph: Graph) -> Call:
        """A chain of layers as `nn.Sequential`."""
        arguments = self.chain(graph)
        return Call("nn.Sequential", arguments, one_each=len(arguments) > 1)

    def chain(self, graph: Graph) -> tuple[tuple[str, Expr], ...]:
        """The arguments of `nn.Sequential`: positions count the layers unless one has a name."""
        assert is_chain(graph, self.plan)
        made = [(path[-1], self.layer(node)) for node in graph.nodes for path in node.paths()]
        if all(name == str(i) for i, (name, _) in enumerate(made)):
            return tuple(counted(made))
        pairs = Call("", tuple(named(made)), "[]", one_each=len(made) > 1)
        if len(pairs.args) == 1 and isinstance(pairs.args[0][1], Loop):
            return (("", Call("OrderedDict", (("", pairs.args[0][1]),))),)
        return (("", Call("OrderedDict", (("", pairs),))),)

    # -- own parameters ----------------------------------------------------------------------------

    def _own(self, node: OwnParam) -> None:
        name = node.path[-1]
        self.access[id(node)] = f"self.{name}"
        self.lines += self._remarks(name)
        if isinstance(node.init, Computed):
            self._computed(node, name, node.init)
            return
        shape = [code.size(size, self.names) for size in node.param.shape]
        init, settings = node.init.name, node.init.settings
        dtype = {"dtype": Text(f"torch.{torch_name(node.param.dtype)}")}
        if node.param.dtype == "f32":
            dtype = {}
        makers = {"zeros": "torch.zeros", "ones": "torch.ones"}
        if init == "constant":
            filled = Call("", tuple(("", size) for size in shape), "()", depth=0)
            value = settings["val"]
            if is_float(node.param.dtype) and isinstance(value, int):
                value = float(value)  # of a whole number `torch.full` makes integers
            tensor = call("torch.full", filled, code.value(value, self.names), **dtype)
        else:
            tensor = call(makers.get(init, "torch.empty"), *shape, **dtype)
        self._registered(node, name, tensor)
        if init not in (*makers, "constant"):
            self.lines += begins(node.init, f"self.{name}", self.names, self.indent)

    def _remarks(self, name: str) -> list[str]:
        return [f"{' ' * self.indent}{line}" for line in self.comments.of_declaration(name)]

    def _computed(self, node: OwnParam, name: str, init: Computed) -> None:
        from nnspec.compiler.computed import parts  # it writes statements, as `forward` does

        lines, tensor = parts(init, self.plan, self.names, self.indent)
        self.lines += lines
        self._registered(node, name, tensor)

    def _registered(self, node: OwnParam, name: str, tensor: Expr) -> None:
        if node.param.trainable:
            self.lines += lay(call("nn.Parameter", tensor), self.indent, f"self.{name} = ")
        else:
            self.annotations.append(f"{name}: Tensor")
            made = call("self.register_buffer", Text(f'"{name}"'), tensor)
            self.lines += lay(made, self.indent)

    # -- the lines ---------------------------------------------------------------------------------

    def write(self) -> list[str]:
        """The lines that make the submodules; afterwards `access` is complete."""
        plain = ConstructorNames(self.plan)
        lines = [
            line
            for size, word in self.names.named.kept.items()
            for line in lay(code.size(size, plain), self.indent, f"{word} = ")
        ]
        lines += self._flags() + self.lines
        grown = {layer.path[0]: each for each in self.growing for layer in each.layers}
        for name, made in self._modules.items():
            if name in grown:
                if grown[name].layers[0].path[0] == name:
                    lines += self._grown(grown[name])
                continue
            lines += self._remarks(name)
            if isinstance(made, (_Copies, _Optional)):
                lines += made.write(self.begin)
                continue
            if isinstance(made, dict):
                lines += lay(self._container(made, f"self.{name}"), self.indent, f"self.{name} = ")
            elif attribute(name):
                lines += lay(made, self.indent, f"self.{name} = ")
            else:
                lines += lay(call("self.add_module", Text(f'"{name}"'), made), self.indent)
            lines += self._beginnings(name)
        for node in self.plan.graph.nodes:
            if self.access.get(id(node)) == "":
                self.access[id(node)] = self.reached(node.path)
                self._untyped(node.path)
        if self.plan.kind != "helper":  # the class that it helps knows the layers
            lines += Tying(self).lines()
        return lines

    def _flags(self) -> list[str]:
        """Conditions that `forward` asks for."""
        lines = []
        for node in self.plan.graph.nodes:
            found = self.plan.optional.get(id(node))
            if found is not None and isinstance(node, OpNode) and not self.is_module(node):
                taken = {*self.attributes, *self.names.words.values(), *self.flags.values()}
                name = fresh(f"use_{node.operator.name}", taken)
                self.flags[id(node)] = f"self.{name}"
                lines.append(f"{' ' * self.indent}self.{name} = {found.condition}")
        return lines

    def _grown(self, found: Growing) -> list[str]:
        """The layers of a list that grows."""
        item = fresh("i", self.begin.taken)
        self.names.words[INDEX] = item
        made = self._made(self.plan.calls[id(found.layers[0])].name, found.given)
        del self.names.words[INDEX]
        number = f"{item} + {found.first}" if found.first else item
        name = Text(f'f"{found.stem}{{{number}}}"')
        count = self.names.symbol(self.plan.count) if self.plan.count else len(found.layers)
        head = f"{' ' * self.indent}for {item} in range({count}):"
        return [head, *lay(call("self.add_module", name, made), self.indent + 4)]

    def _begins(self, node: OpNode, access: str, indent: int) -> list[str]:
        computed = node.operator.composed(node.use.again()) if node.init else {}
        lines: list[str] = []
        for name, initial in node.init.items():
            target = (parameter if name in computed else typed_parameter)(access, name)
            lines += begins(initial, target, self.names, indent, name in computed)
            if name in computed and node.operator.steps_after:
                lines += follows(target, node.operator.steps_after, indent)
        return lines

    def _beginnings(self, name: str) -> list[str]:
        """How the parameters of the layers at an attribute begin, where the spec says it."""
        nodes = self.placed.get(name, [])
        each = [self.begin.of(node, "layer") for node in nodes]
        alike = len(nodes) > 1 and all(lines == each[0] for lines in each)
        branch = self._modules[name]
        if alike and isinstance(branch, dict) and len(branch) == len(nodes) and _counted(branch):
            return self.begin.of_each(f"self.{name}", nodes[0])
        return [line for node in nodes for line in self.begin.of(node, self.reached(node.path))]

    def _container(self, branch: _Tree, reached: str) -> Expr:
        items = [
            (name, self._container(made, f"{reached}[{name}]") if isinstance(made, dict) else made)
            for name, made in branch.items()
        ]
        if _counted(branch):
            self.lists[reached] = len(items)
            texts = {made.flat for _, made in items}
            if len(texts) == 1 and len(items) > 1:
                clause = f"for _ in range({len(items)})"
                return Call("nn.ModuleList", (("", Loop(items[0][1], clause)),))
            listed = Call("", tuple(("", made) for _, made in items), "[]", one_each=len(items) > 1)
            return Call("nn.ModuleList", (("", listed),))
        pairs = tuple((f'"{name}": ', made) for name, made in items)
        return Call("nn.ModuleDict", (("", Call("", pairs, "{}", one_each=len(pairs) > 1)),))

    def _untyped(self, path: tuple[str, ...]) -> None:
        """Of what is in a container within a container, type checkers know no more than that it is a module,
        which has no items."""
        annotation = f"{path[0]}: Any"
        if len(path) > 2 and attribute(path[0]) and annotation not in self.annotations:
            self.annotations.append(annotation)

    def reached(self, path: tuple[str, ...]) -> str:
        """How a layer of this class is reached in its constructor."""
        first = path[0]
        text = f"self.{first}" if attribute(first) else f'getattr(self, "{first}")'
        branch = self._modules.get(first)
        for part in path[1:]:
            assert isinstance(branch, dict)
            text += f"[{part}]" if _counted(branch) else f'["{part}"]'
            branch = branch[part]
        return text


class _Copies:
    """Copies without a label of their own: `Block_1`, `Block_2`, ..."""

    def __init__(self, node: Node, made: Expr) -> None:
        self.node, self.made = node, made

    def write(self, begin: Lines) -> list[str]:
        name = Text(f'f"{self.node.stem}{{i}}"')
        head = f"{' ' * begin.indent}for i in {copies(self.node)}:"
        item, deeper = fresh("layer", begin.taken), begin.indent + 4
        inside = begin.of(self.node, item, deeper)
        if not inside:
            return [head, *lay(call("self.add_module", name, self.made), deeper)]
        added = lay(call("self.add_module", name, Text(item)), deeper)
        return [head, *lay(self.made, deeper, f"{item} = "), *inside, *added]


def copies(node: Node) -> str:
    """The numbers of a node's copies."""
    first = f"{node.first}, " if node.first else ""
    return f"range({first}{node.first + node.count})"


class _Optional:
    """A layer that is there under a condition, else None."""

    def __init__(self, name: str, condition: str, made: Expr, node: Node) -> None:
        self.name, self.condition, self.made, self.node = name, condition, made, node

    def write(self, begin: Lines) -> list[str]:
        margin, deeper = " " * begin.indent, begin.indent + 4
        return [
            f"{margin}self.{self.name} = None",
            f"{margin}if {self.condition}:",
            *lay(self.made, deeper, f"self.{self.name} = "),
            *begin.of(self.node, f"self.{self.name}", deeper),
        ]


def _counted(branch: _Tree) -> bool:
    return list(branch) == [str(i) for i in range(len(branch))]


def _owns(node: OpNode) -> bool:
    """Whether an operator has parameters or buffers here."""
    return bool(node.operator.params(node.use))
