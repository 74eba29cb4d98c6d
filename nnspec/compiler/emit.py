"""Classes as text: a module that a careful person could have written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nnspec.compiler import code
from nnspec.compiler.classes import ClassPlan, is_chain
from nnspec.compiler.forward import Forward
from nnspec.compiler.layout import WIDTH, Call, Text, lay
from nnspec.compiler.modules import Constructor
from nnspec.compiler.names import camel, fresh

_IMPORTS = (
    ("OrderedDict", "from collections import OrderedDict"),
    ("NamedTuple", "from typing import NamedTuple"),
)


def file(doc: str, plans: Iterable[ClassPlan]) -> str:
    """The source of a module with these classes."""
    parts = [lines for plan in plans for lines in class_lines(plan)]
    return assemble(doc, parts)


def assemble(doc: str, parts: list[list[str]]) -> str:
    """A module: docstring, the imports that the parts need, the parts."""
    body = "\n\n\n".join("\n".join(lines) for lines in parts)
    words = set(
        re.findall(r"\b(?:torch(?=\.)|F(?=\.)|nn(?=\.)|Tensor\b|NamedTuple\b|OrderedDict\b)", body)
    )
    standard = [line for word, line in _IMPORTS if word in words]
    torch = ["import torch"] if "torch" in words else []
    torch += ["import torch.nn.functional as F"] if "F" in words else []
    names = [name for name in ("Tensor", "nn") if name in words]
    torch += [f"from torch import {', '.join(names)}"] if names else []
    heads = ["\n".join(docstring(doc, 0))] if doc else []
    heads += ["\n".join(group) for group in (standard, torch) if group]
    return "\n\n".join(heads) + f"\n\n\n{body}\n"


def docstring(text: str, indent: int, more: Iterable[str] = ()) -> list[str]:
    """A docstring; `more` are lines below the text."""
    margin = " " * indent
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').rstrip()
    text = text[:-1] + '\\"' if text.endswith('"') else text
    lines = [line.strip() for line in text.split("\n")]
    extra = list(more)
    if extra and lines != [""]:
        lines += ["", *extra]
    elif extra:
        lines = extra
    if len(lines) == 1 and len(margin) + len(lines[0]) + 6 <= WIDTH:
        return [f'{margin}"""{lines[0]}"""']
    body = [f"{margin}{line}".rstrip() for line in lines[1:]]
    return [f'{margin}"""{lines[0]}', *body, f'{margin}"""']


def class_lines(plan: ClassPlan) -> list[list[str]]:
    """The class of a plan, with the class of its outputs before it where there are several."""
    found = []
    output = ""
    if plan.kind == "model" and len(plan.graph.outputs) > 1:
        output = f"{camel(plan.name)}Output"
        fields = [f"    {name}: Tensor" for name in output_names(plan)]
        lines = [
            f"class {output}(NamedTuple):",
            f'    """What `{plan.name}` returns."""',
            "",
            *fields,
        ]
        found.append(lines)
    if plan.kind == "block" and plan.graph.kind == "sequence" and is_chain(plan.graph):
        found.append(_sequential(plan))
    else:
        found.append(_module(plan, output))
    return found


def output_names(plan: ClassPlan) -> list[str]:
    names: list[str] = []
    for name, _ in plan.graph.outputs:
        names.append(fresh(name, names))
    return names


def _head(plan: ClassPlan, base: str) -> list[str]:
    inputs = {text.partition(" -> ")[0] for text in plan.shapes}
    known = plan.shapes if len(plan.shapes) == 1 else inputs if len(inputs) == 1 else set()
    shapes = [line for text in known for line in fold(text, WIDTH - 10)]
    doc = plan.doc or (plan.name if not shapes else "")
    return [f"class {plan.name}({base}):", *docstring(doc, 4, shapes), ""]


def fold(text: str, width: int) -> list[str]:
    """A long line of shapes, broken before its arrow."""
    if len(text) <= width:
        return [text]
    left, _, right = text.partition(" -> ")
    return [left, f"-> {right}"]


def _signature(plan: ClassPlan) -> list[str]:
    arguments: list[tuple[str, Text]] = [("", Text("self"))]
    optional = False
    for argument in plan.arguments:
        if optional and not argument.default:
            arguments.append(("", Text("*")))
            optional = False
        text = f"{argument.name}: {argument.annotation}"
        if argument.default == "None":
            text = f"{argument.name}: {argument.annotation} | None"
        if argument.default:
            text += f" = {argument.default}"
            optional = Text("*") not in [a for _, a in arguments]
        arguments.append(("", Text(text)))
    return lay(Call("def __init__", tuple(arguments)), 4, "", " -> None:")


def _checks(plan: ClassPlan) -> list[str]:
    """Arguments that the code holds for one value of are held to it."""
    lines = []
    for argument, value in plan.checked:
        differs = "is not" if value is None or isinstance(value, bool) else "!="
        shown = code.value(value, code.Names()).flat
        lines.append(f"        if {argument.name} {differs} {shown}:")
        message = f'f"this code is for {argument.name}={value!r}, not {{{argument.name}!r}}"'
        lines += lay(Call("ValueError", (("", Text(message)),)), 12, "raise ")
    return lines


def _sequential(plan: ClassPlan) -> list[str]:
    """A block in the short form: a subclass of nn.Sequential."""
    constructor = Constructor(plan)
    arguments = constructor.chain(plan.graph)
    made = Call("super().__init__", arguments, one_each=len(arguments) > 1)
    return [*_head(plan, "nn.Sequential"), *_signature(plan), *lay(made, 8)]


def _module(plan: ClassPlan, output: str) -> list[str]:
    constructor = Constructor(plan)
    body = constructor.write()
    forward = Forward(plan, constructor)
    statements = forward.write(output)
    stored = [f"        self.{name} = {name}" for name in forward.names.stored]
    lines = _head(plan, "nn.Module")
    if constructor.annotations:
        lines += [f"    {line}" for line in constructor.annotations] + [""]
    inside = [*_checks(plan), "        super().__init__()", *stored, *body]
    if len(inside) > 1 or plan.arguments:
        lines += [*_signature(plan), *inside, ""]
    inputs = [("", Text("self"))] + [
        ("", Text(f"{forward_name}: Tensor")) for forward_name in _inputs(plan)
    ]
    several = ", ".join("Tensor" for _ in plan.graph.outputs)
    result = output or ("Tensor" if len(plan.graph.outputs) == 1 else f"tuple[{several}]")
    lines += lay(Call("def forward", tuple(inputs)), 4, "", f" -> {result}:")
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
