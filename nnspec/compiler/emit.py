"""Classes as text: a module that a careful person could have written."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from textwrap import wrap

from nnspec.compiler import code, externs, placing, skipping
from nnspec.compiler.classes import ClassPlan, beginnings, is_chain, steps
from nnspec.compiler.comments import above
from nnspec.compiler.forward import Forward
from nnspec.compiler.layout import WIDTH, Call, Text, lay
from nnspec.compiler.modules import Constructor
from nnspec.compiler.names import attribute, camel, fresh
from nnspec.compiler.run_time import ForwardNames
from nnspec.graph import CallNode, OpNode

#: what a file may take of Python's own library
_STANDARD = {
    "collections": ("OrderedDict",),
    "collections.abc": ("Callable",),
    "typing": ("Any", "NamedTuple"),
}


def file(doc: str, plans: Iterable[ClassPlan]) -> str:
    """The source of a module with these classes."""
    plans = list(plans)
    used = externs.externs_of(plans)
    parts = [externs.class_lines(extern) for extern in used]
    parts += [lines for plan in plans for lines in class_lines(plan)]
    packages = [*externs.imports(used), *sorted(imports(plans))]
    return assemble(doc, parts, packages)


def imports(plans: Iterable[ClassPlan]) -> set[str]:
    """The lines that import what the operators of other packages are made of."""
    nodes = [n for plan in plans for n in (*steps(plan.graph), *beginnings(plan.graph))]
    operators = {node.operator for node in nodes if isinstance(node, OpNode)}
    return {f"import {name}" for operator in operators for name in operator.imports}


def assemble(doc: str, parts: list[list[str]], packages: Iterable[str] = ()) -> str:
    """A module: docstring, the imports that the parts need and those of packages, the parts."""
    body = "\n\n\n".join("\n".join(lines) for lines in parts)
    # docstrings and comments may speak of a module that the code has no use for
    words = _words(body)
    if skipping.NAME in words:
        body = "\n\n\n".join((skipping.function(body), body))
        words = _words(body)
    standard = ["import math"] if "math" in words else []
    for package, offered in _STANDARD.items():
        names = [name for name in offered if name in words]
        standard += [f"from {package} import {', '.join(names)}"] if names else []
    torch = [*packages]
    torch += ["import torch"] if "torch" in words else []
    torch += ["import torch.nn.functional as F"] if "F" in words else []
    torch += ["import torchvision"] if "torchvision" in words else []
    names = [name for name in ("Tensor", "nn") if name in words]
    torch += [f"from torch import {', '.join(names)}"] if names else []
    heads = ["\n".join(docstring(doc, 0))] if doc else []
    heads += ["\n".join(group) for group in (standard, torch) if group]
    return "\n\n".join(heads) + f"\n\n\n{body}\n"


def _words(body: str) -> set[str]:
    """The names that Python code speaks of."""
    return {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}


def docstring(text: str, indent: int, more: Iterable[str] = ()) -> list[str]:
    """A docstring; `more` are lines below the text."""
    margin = " " * indent
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').rstrip()
    text = text[:-1] + '\\"' if text.endswith('"') else text
    room = WIDTH - indent - 6  # the quotes on both sides
    lines = [
        line for paragraph in text.split("\n\n") for line in [*_paragraph(paragraph, room), ""]
    ]
    lines.pop()
    extra = list(more)
    if extra and lines != [""]:
        lines += ["", *extra]
    elif extra:
        lines = extra
    if len(lines) == 1:
        return [f'{margin}"""{lines[0]}"""']
    body = [f"{margin}{line}".rstrip() for line in lines[1:]]
    return [f'{margin}"""{lines[0]}', *body, f'{margin}"""']


def _paragraph(text: str, room: int) -> list[str]:
    """Its lines as they are; where one is too long, all of them anew."""
    lines = [line.strip() for line in text.split("\n")]
    if all(len(line) <= room for line in lines):
        return lines
    if any(line.startswith(("- ", "* ")) for line in lines):  # a list
        return [part for line in lines for part in wrap(line, room)]
    return wrap(" ".join(lines), room)


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
    if plan.kind == "block" and plan.graph.kind == "sequence" and is_chain(plan.graph, plan):
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
    shapes += requirement(plan)
    doc = plan.doc or (plan.name if not shapes else "")
    said = above(plan.definition) if plan.definition else []
    return [*said, f"class {plan.name}({base}):", *docstring(doc, 4, shapes), ""]


def requirement(plan: ClassPlan) -> list[str]:
    """What sizes it takes, as the lines of a docstring; none where any will do, or uses differ in it."""
    (text, *others) = plan.requires or {""}
    if others or not text:
        return []
    given = [a for a in plan.arguments if a.symbol not in plan.fixed]
    some = "" if not given else " (by default)" if plan.kind == "model" else " (as it is used here)"
    return wrap(f"Sizes{some}: {text}", WIDTH - 10)


def fold(text: str, width: int) -> list[str]:
    """A long line of shapes, broken before its arrow; and where that is not enough, after each shape."""
    if len(text) <= width:
        return [text]
    left, _, right = text.partition(" -> ")
    lines = []
    for side in (left, f"-> {right}"):
        shapes = [side] if len(side) <= width else side.replace("], ", "],\n").splitlines()
        margin = "   " if side.startswith("-> ") else ""
        for number, shape in enumerate(shapes):
            lines += wrap(
                shape,
                width,
                initial_indent=margin if number else "",
                subsequent_indent=f"{margin}    ",
            )
    return lines


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
    if placing.offered(plan):
        arguments += [("", Text("*"))] if ("", Text("*")) not in arguments else []
        places = placing.offered(plan)
        arguments += [("", Text(f"{name}: {placing.ARGUMENTS[name]} = None")) for name in places]
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
    begun = constructor.begin.of_chain(plan.graph, "self")
    # attributes of which type checkers know no more than that they are modules
    known = [
        f"    {name}: Any"
        for node in plan.graph.nodes
        for name in node.path[-1:]
        if attribute(name) and any(f"self.{name}." in line for line in begun)
    ]
    known += [""] if known else []
    return [*_head(plan, "nn.Sequential"), *known, *_signature(plan), *lay(made, 8), *begun]


def _module(plan: ClassPlan, output: str) -> list[str]:
    constructor = _constructor(plan)
    body = constructor.write()
    forward = Forward(plan, constructor, _names(plan, constructor))
    statements = forward.write(output)
    stored = [f"        self.{kept} = {name}" for kept, name in forward.names.stored.items()]
    lines = _head(plan, "nn.Module")
    if constructor.annotations:
        lines += [f"    {line}" for line in constructor.annotations] + [""]
    made = placing.within(plan, body)
    inside = [*_checks(plan), "        super().__init__()", *stored, *made]
    if len(inside) > 1 or plan.arguments:
        lines += [*_signature(plan), *inside, ""]
    inputs = [("", Text("self"))] + [
        ("", Text(f"{forward_name}: Tensor")) for forward_name in _inputs(plan)
    ]
    inputs += [("", Text(f"{size}: int")) for size in plan.passed.values()]
    several = ", ".join("Tensor" for _ in plan.graph.outputs)
    result = output or ("Tensor" if len(plan.graph.outputs) == 1 else f"tuple[{several}]")
    lines += lay(Call("def forward", tuple(inputs)), 4, "", f" -> {result}:")
    return [*lines, *statements]


def _constructor(plan: ClassPlan) -> Constructor:
    """The constructor; sizes that it would write again and again are variables in it."""
    draft = Constructor(plan)
    draft.write()
    repeated = draft.names.named.repeated
    return Constructor(plan, repeated) if repeated else Constructor(plan)


def _names(plan: ClassPlan, constructor: Constructor) -> ForwardNames:
    """The names in `forward`; likewise."""
    names = ForwardNames(plan, attributes=constructor.attributes)
    Forward(plan, constructor, names).write()
    return ForwardNames(plan, names.named.repeated, constructor.attributes)


def _inputs(plan: ClassPlan) -> list[str]:
    names: list[str] = []
    for value in plan.graph.inputs:
        names.append(fresh(value.name or "x", names))
    return names


def function_lines(plan: ClassPlan, name: str) -> list[str]:
    """A graph without layers of its own as a function, whose tensors and models are given by name."""
    statements = [line[4:] for line in Forward(plan, None).write()]
    inputs: list[tuple[str, Text]] = [("", Text("*"))]
    inputs += [("", Text(f"{each}: Tensor")) for each in _inputs(plan)]
    models = dict.fromkeys(n.path[0] for n in plan.graph.nodes if isinstance(n, CallNode))
    inputs += [("", Text(f"{each}: nn.Module")) for each in models]
    lines = lay(Call(f"def {name}", tuple(inputs)), 0, "", " -> Tensor:")
    return [*lines, *docstring(plan.doc or name, 4), *statements]
