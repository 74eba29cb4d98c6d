"""A graph becomes the source of a PyTorch module, as a careful person would write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnspec.compiler.classes import Classes, ClassInfo, is_sequential, is_submodule
from nnspec.compiler.code import literal, module_piece, source
from nnspec.compiler.forward import Forward
from nnspec.compiler.layout import WIDTH, Bracket, Piece, flat, lay_out
from nnspec.dims import Dim, render, substitute, symbol
from nnspec.elaborate.initial import Initial
from nnspec.elaborate.scope import Scope
from nnspec.graph import CallNode, Graph, Node, OpNode, OwnParam

#: children of a module by name, in order: a node, or the children of a container
Tree = dict[str, "Node | Tree"]


class Source:
    """The text, and what `load` needs to know of it: for each model its class, and which parameters of the
    spec are which arguments of the constructor."""

    def __init__(self, text: str, models: dict[str, tuple[str, dict[str, str]]]) -> None:
        self.text = text
        self.models = models


def emit(graphs: Sequence[Graph], scope: Scope, doc: str = "") -> Source:
    """The source of some models; blocks that they share are one class."""
    classes = Classes(graphs, scope)
    body = "\n\n\n".join("\n".join(_class(info)) for info in classes.all)
    text = f"{_module_doc(doc)}{_imports(body)}\n\n\n{body}\n"
    models = {}
    for graph in graphs:
        info = classes.of[id(graph)]
        arguments = {name: info.argument_name(name) for name in info.constructor_formals()}
        models[graph.name] = (info.name, arguments)
    return Source(text, models)


def emit_function(graph: Graph, name: str) -> str:
    """The source of a function of tensors: a loss. Its arguments are the graph's inputs by name."""
    forward = Forward(graph, lambda _: None)
    lines = forward.write(4)
    arguments = ", ".join(f"{argument}: Tensor" for argument in forward.inputs)
    body = "\n".join([f"def {name}({arguments}) -> Tensor:", *lines])
    return f"{_imports(body)}\n\n\n{body}\n"


def _module_doc(doc: str) -> str:
    if not doc:
        return ""
    return f'"""{doc}\n"""\n\n' if "\n" in doc else f'"""{doc}"""\n\n'


def _imports(body: str) -> str:
    lines = ["import torch"] if "torch." in body.replace("torch.nn", "") else []
    if "F." in body:
        lines.append("import torch.nn.functional as F")
    names = [name for name in ("Tensor", "nn") if f"{name}" in body]
    torch_names = [n for n in names if n != "nn" or "nn." in body]
    lines.append(f"from torch import {', '.join(torch_names)}")
    if "(NamedTuple)" in body:
        lines = ["from typing import NamedTuple", "", *lines]
    return "\n".join(lines)


# -- one class -------------------------------------------------------------------------------------------


def _class(info: ClassInfo) -> list[str]:
    graph = info.graph
    writer = _Writer(info)
    sequential = graph.kind == "sequence" and is_sequential(graph)
    lines: list[str] = []
    result = "Tensor"
    if len(graph.outputs) > 1 and info.is_model:
        result = f"{info.name}Output"
        lines += [f"class {result}(NamedTuple):", *_fields(graph), "", ""]
    elif len(graph.outputs) > 1:
        result = f"tuple[{', '.join(['Tensor'] * len(graph.outputs))}]"
    lines.append(f"class {info.name}({'nn.Sequential' if sequential else 'nn.Module'}):")
    lines += [*_docstring(info), ""]
    forward = Forward(graph, writer.own)
    statements = [] if sequential else forward.write(8)
    lines += lay_out("def __init__", _signature(info), 4, " -> None:")
    if sequential:
        steps = [writer.step(node) for node in graph.nodes]
        lines += lay_out("super().__init__", Bracket("(", steps), 8)
        return lines
    lines.append("        super().__init__()")
    for name in forward.attributes:
        argument = info.argument_name(name)
        lines.append(f"        self.{argument} = {argument}")
    lines += writer.children(8)
    lines.append("")
    arguments = Bracket("(", ["self", *(f"{name}: Tensor" for name in forward.inputs)])
    lines += lay_out("def forward", arguments, 4, f" -> {result}:")
    if len(graph.outputs) > 1 and info.is_model:
        values = [flat(forward.texts[id(value)].piece) for _, value in graph.outputs]
        statements = statements[:-1]
        lines += [*statements, *lay_out("return ", Bracket(f"{result}(", list(values)), 8)]
        return lines
    return [*lines, *statements]


def _fields(graph: Graph) -> list[str]:
    return [f"    {name}: Tensor" for name, _ in graph.outputs]


def _docstring(info: ClassInfo) -> list[str]:
    """The spec's own words, and the shapes of inputs and outputs."""
    graph = info.graph
    doc = graph.doc.strip() if not info.is_model or graph.definition else ""
    shapes = _shapes(info)
    if info.is_model:
        doc = (graph.definition.doc if graph.definition else "").strip()
    if not doc and "\n" not in shapes:
        return [f'    """{shapes}"""']
    if not doc:
        return [f'    """{shapes}', '    """']
    lines = [line.rstrip() for line in doc.splitlines()]
    return [
        f'    """{lines[0]}',
        *(f"    {line}".rstrip() for line in lines[1:]),
        "",
        f"    {shapes}",
        '    """',
    ]


def _shapes(info: ClassInfo) -> str:
    names: dict[str, int | Dim] = dict(info.constants())
    for name in info.constructor_formals():
        names[name] = symbol(info.argument_name(name))

    def show(shape: tuple[int | Dim, ...]) -> str:
        return "[" + ", ".join(render(substitute(size, names)) for size in shape) + "]"

    def result(number: int) -> str:
        """An output's shape; a size that is not the same in every use is `?`."""
        shapes = [
            show(use.graph.outputs[number][1].type.shape)[1:-1].split(", ") for use in info.uses
        ]
        same = [size[0] if len(set(size)) == 1 else "?" for size in zip(*shapes, strict=True)]
        return f"[{', '.join(same)}]"

    inputs = ", ".join(f"{v.name}: {show(v.type.shape)}" for v in info.graph.inputs)
    outputs = ", ".join(
        result(number) if name == "output" else f"{name}: {result(number)}"
        for number, (name, _) in enumerate(info.graph.outputs)
    )
    text = f"{inputs} -> {outputs}"
    return text if len(text) <= WIDTH - 10 else f"{inputs}\n    -> {outputs}"


def _signature(info: ClassInfo) -> Bracket:
    required: list[Piece] = []
    optional: list[Piece] = []
    for name in info.constructor_formals():
        argument, default = info.argument_name(name), info.default(name)
        if default is None:
            required.append(f"{argument}: int")
        else:
            optional.append(f"{argument}: int = {default}")
    return Bracket("(", ["self", *required, *optional])


class _Writer:
    """Writes the constructor of one class."""

    def __init__(self, info: ClassInfo) -> None:
        self.info = info
        self.constants: Mapping[str, int | Dim] = info.constants()
        self.formals = set(info.constructor_formals())

    def own(self, name: str) -> str | None:
        """A formal in the forward pass: its number, or the attribute that keeps it."""
        if name in self.constants:
            return str(self.constants[name])
        return f"self.{self.info.argument_name(name)}" if name in self.formals else None

    def size(self, size: Dim) -> str:
        """A size in the constructor."""
        names: dict[str, int | Dim] = dict(self.constants)
        for name in self.formals:
            names[name] = symbol(self.info.argument_name(name))
        renamed = substitute(size, names)
        return str(renamed) if isinstance(renamed, int) else source(renamed)

    def step(self, node: Node) -> Piece:
        """A step of an nn.Sequential: a module, or as many as there are copies."""
        piece = self.module(node)
        if node.count == 1:
            return piece
        return Bracket("*[", [f"{flat(piece)} for _ in range({node.count})"], "]", comma=False)

    def module(self, node: Node) -> Piece:
        """The expression that makes the submodule of a node."""
        if isinstance(node, OpNode):
            code = node.operator.module(node.use)
            assert code is not None
            return module_piece(code, self.size)
        assert isinstance(node, CallNode)
        child = self.info.children.get(id(node))
        if child is not None:
            return self._block(node, child)
        if not is_sequential(node.graph):
            raise NotSequential(node)
        named = [step for step in node.graph.nodes if not step.path[0].isdecimal()]
        if not named:
            return Bracket("nn.Sequential(", [self.step(step) for step in node.graph.nodes])
        pairs: list[Piece] = [
            Bracket("", [f'"{step.path[0]}": {flat(self.module(step))}'], "")
            for step in node.graph.nodes
        ]
        return Bracket("nn.Sequential(OrderedDict({", pairs, "}))")

    def _block(self, node: CallNode, child: ClassInfo) -> Piece:
        items: list[Piece] = []
        skipped = False
        for name in child.constructor_formals():
            passed = child.passed(node, name)
            text = self.size(passed) if isinstance(passed, Dim) else literal(passed)
            if child.default(name) == text:
                skipped = True
                continue
            named = skipped or (bool(items) and child.default(name) is not None)
            items.append(f"{child.argument_name(name)}={text}" if named else text)
        return Bracket(f"{child.name}(", items)

    # -- children -----------------------------------------------------------------------------------------

    def children(self, indent: int) -> list[str]:
        """The statements that make the submodules and parameters, in the spec's order."""
        tree: Tree = {}
        lines: list[str] = []
        for node in self.info.graph.nodes:
            if isinstance(node, OwnParam) or node.shared or not node.path:
                continue
            if isinstance(node, OpNode) and not is_submodule(node):
                continue
            if node.count > 1:
                continue
            inner = tree
            for part in node.path[:-1]:
                inner = inner.setdefault(part, {})  # type: ignore[assignment]
            inner[node.path[-1]] = node
        done: set[str] = set()
        for node in self.info.graph.nodes:
            if isinstance(node, OwnParam):
                lines += self._own(node, indent)
            elif (
                node.path and node.path[0] in tree and node.path[0] not in done and node.count == 1
            ):
                done.add(node.path[0])
                piece = self._child(tree[node.path[0]])
                lines += lay_out(f"self.{node.path[0]} = ", piece, indent)
            elif node.count > 1 and not (isinstance(node, OpNode) and not is_submodule(node)):
                pad = " " * indent
                last = node.first + node.count
                lines.append(f"{pad}for i in range({node.first}, {last}):")
                call = Bracket("self.add_module(", [f'f"{node.stem}{{i}}"', self.module(node)])
                lines += lay_out("", call, indent + 4)
        return lines

    def _child(self, child: Node | Tree) -> Piece:
        if isinstance(child, Node):
            return self.module(child)
        pieces = {name: self._child(item) for name, item in child.items()}
        if list(pieces) == [str(number) for number in range(len(pieces))]:
            texts = {flat(piece) for piece in pieces.values()}
            if len(pieces) > 1 and len(texts) == 1:
                inside = f"{texts.pop()} for _ in range({len(pieces)})"
                return Bracket("nn.ModuleList([", [inside], "])", comma=False)
            return Bracket("nn.ModuleList(", [Bracket("[", list(pieces.values()), "]")])
        entries: list[Piece] = [_entry(name, piece) for name, piece in pieces.items()]
        return Bracket("nn.ModuleDict(", [Bracket("{", entries, "}")])

    def _own(self, node: OwnParam, indent: int) -> list[str]:
        name = node.path[0]
        shape = ", ".join(literal(size, self.size) for size in node.param.shape)
        dtype = ""
        if node.param.dtype != "f32":
            from nnspec.tensors import torch_name

            dtype = f", dtype=torch.{torch_name(node.param.dtype)}"
        made = _initial(node.init, shape, dtype)
        if node.param.trainable:
            return lay_out(f"self.{name} = ", Bracket("nn.Parameter(", [made]), indent)
        return lay_out("", Bracket("self.register_buffer(", [f'"{name}"', made]), indent)


def _entry(name: str, piece: Piece) -> Piece:
    if isinstance(piece, str):
        return f'"{name}": {piece}'
    return Bracket(f'"{name}": {piece.head}', piece.items, piece.closed, piece.comma)


def _initial(init: Initial, shape: str, dtype: str) -> str:
    """The expression of a fresh tensor with the initial values."""
    if init.name in ("zeros", "ones"):
        return f"torch.{init.name}({shape}{dtype})"
    if init.name == "constant":
        sizes = f"({shape},)" if "," not in shape else f"({shape})"
        return f"torch.full({sizes}, {literal(init.settings['val'])}{dtype})"
    settings = "".join(f", {name}={literal(value)}" for name, value in init.settings.items())
    return f"nn.init.{init.name}_(torch.empty({shape}{dtype}){settings})"


class NotSequential(Exception):
    """A composed layer that nn.Sequential cannot say; it needs a class of its own."""

    def __init__(self, node: CallNode) -> None:
        super().__init__(node.shown)
        self.node = node
