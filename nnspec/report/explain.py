"""`nnspec explain`: what a code means; how a layer's shape, parameters and MACs come about.

Written to be read by someone who is learning: the rule first, then the numbers put in, then the
result.
"""

from __future__ import annotations

from nnspec.analysis import macs, params
from nnspec.codes import CODES
from nnspec.dims import Dim
from nnspec.graph import CallNode, OpNode, OwnParam
from nnspec.operators.definition import Use
from nnspec.report import find
from nnspec.report.columns import clean, pad, width
from nnspec.report.text import sizes_text, str_shape
from nnspec.report.tree import describe, folded
from nnspec.report.units import counted, short
from nnspec.tensors import TensorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from nnspec.dims import Size
    from nnspec.graph import Node, Value
    from nnspec.operators.definition import Param
    from nnspec.report.model import ModelReport
    from nnspec.report.style import Style
    from nnspec.source import Span

LINE = 96


class NoLayer(Exception):
    """There is no layer of this path; the text is fit to be shown."""


def code(name: str, style: Style) -> str:
    """What an error code means, with a wrong and a mended example."""
    found = CODES[name]
    lines = [style.paint(f"{name}: {found.summary}", "title"), "", *_wrapped(found.explanation)]
    examples = [("Wrong:", found.wrong), ("Mended:", found.mended)]
    for title, example in (*examples, *((f"{file}:", text) for file, text in found.beside)):
        if example:
            lines += ["", style.paint(title, "label"), ""]
            lines += ["    " + line if line else "" for line in example.rstrip("\n").split("\n")]
    return "\n".join(lines) + "\n"


def layer(model: ModelReport, path: str, style: Style) -> str:
    """How the numbers of the layer or block at `path` come about. NoLayer where there is none."""
    steps = find.find(model.graph, path)
    if steps is None:
        given = next((value for value in model.graph.inputs if value.name == path), None)
        if given is not None:
            return "\n".join(_input(model, given, style)) + "\n"
        raise NoLayer(_no_layer(model, path))
    node = steps[-1][1]
    head = (
        style.paint(path, "title") + "  " + style.paint(describe(node) or "a sequence", "operator")
    )
    lines = [head, "", *_place(node.span, style), ""]
    if isinstance(node, OwnParam):
        lines += _parameters(model, [(node.path[-1], node.param)], node, style)
        return "\n".join(lines) + "\n"
    lines.append(_title("shape", _shapes(model, node), style))
    if isinstance(node, OpNode):
        lines += _indented(node.operator.explain(*_use(model, node)))
        if node.operator.keeps_shape:
            lines += _indented([_unchanged(node)])
        lines += ["", *_parameters(model, list(node.params.items()), node, style)]
        lines += ["", *_macs(model, node, style)]
    elif isinstance(node, CallNode):
        lines += ["", *_sums(model, node, style)]
    field = find.window(model.graph, steps)
    if field is not None and any(size > 1 for size in field):
        seen = " × ".join(counted(size) for size in field)
        lines += ["", _title("receptive field", seen, style)]
        lines += _indented([f"one value of the output sees {seen} positions of the model's input"])
    return "\n".join(lines) + "\n"


#: what the dimensions of an image are, in PyTorch's order
_OF_AN_IMAGE = (
    "the images of a batch, which go through the model side by side",
    "the channels of an image: 1 of a grey one, 3 (red, green, blue) of a colour one",
    "its height: rows of pixels",
    "its width: pixels in a row",
)


def _input(model: ModelReport, value: Value, style: Style) -> list[str]:
    """An input: its shape, what its dimensions are, the sizes that the model takes."""
    tensor = model.tensor(value.type)
    lines = [style.paint(value.name, "title") + "  " + style.paint("input", "operator"), ""]
    if value.span is not None:
        lines += [*_place(value.span, style), ""]
    lines.append(_title("shape", str_shape(tensor.dtype, tensor.shape), style))
    if value.type.rank == 4 and tensor.dtype == "f32":
        for size, meaning in zip(tensor.shape, _OF_AN_IMAGE, strict=True):
            lines += _indented([f"{size}: {meaning}"])
    lines += ["", _title("sizes", sizes_text(model), style)]
    return lines


def _no_layer(model: ModelReport, path: str) -> str:
    from nnspec.diagnostics import nearest

    known = list(find.paths(model.graph))
    close = nearest(path, known)
    if close is None:  # `conv2` for `layer1.0.conv2`
        close = next((name for name in known if name.endswith("." + path)), None)
    hint = f"; did you mean `{close}`?" if close else f"; its layers: {', '.join(known[:12])}"
    return (
        f"{model.name} has no layer `{path}`" + hint + ("" if close or len(known) <= 12 else ", …")
    )


def _use(model: ModelReport, node: OpNode) -> tuple[Use, tuple[TensorType, ...]]:
    """The use of an operator and its results, with the numbers that are asked for in place of symbols."""

    def fixed(type: TensorType) -> TensorType:
        return TensorType(type.dtype, tuple(model.fix(size) for size in type.shape))

    outputs = tuple(value.type for value in node.outputs)
    if not model.sizes:
        return node.use, outputs
    settings = {name: _numbers(model, value) for name, value in node.use.settings.items()}
    inputs = tuple(type and fixed(type) for type in node.use.inputs)
    use = Use(node.operator, inputs, settings, node.use.given)
    return use, tuple(fixed(type) for type in outputs)


def _numbers(model: ModelReport, value: Any) -> Any:
    """A setting with numbers in place of symbols."""
    if isinstance(value, Dim):
        return model.fix(value)
    if isinstance(value, tuple):
        return tuple(_numbers(model, item) for item in value)
    return value


def _unchanged(node: OpNode) -> str:
    """Of an operator that keeps its input's shape: softmax and the norms take values together."""
    by_itself = node.operator.family in ("activation", "pointwise") and not any(
        setting.name == "dim" for setting in node.operator.settings
    )
    return ("It works on each value by itself: no" if by_itself else "No") + " dimension changes."


# -- pieces ----------------------------------------------------------------------------------------


def _title(name: str, text: str, style: Style) -> str:
    return style.paint(name, "label") + "  " + style.paint(text, "name")


def _place(span: Span, style: Style) -> list[str]:
    number = span.line
    line = clean(span.source.line(number).strip())
    if width(line) > LINE:
        line = line[:LINE] + "…"
    return [f"{span.source.name}:{number}", style.paint(f"{number} | ", "guide") + line]


def _shape(model: ModelReport, value: Value) -> str:
    tensor = model.tensor(value.type)
    return str_shape(tensor.dtype, tensor.shape)


def _shapes(model: ModelReport, node: Node) -> str:
    inputs = ", ".join(_shape(model, value) for value in node.inputs if value is not None)
    outputs = ", ".join(_shape(model, value) for value in node.outputs)
    return f"{inputs} -> {outputs}" if inputs else outputs


def _indented(lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        # a long calculation goes on at its equals signs
        steps = line.split(" = ") if len(line) > LINE else [line]
        found += ["  " + piece for piece in _wrapped(steps[0])]
        found += ["    = " + step for step in steps[1:]]
    return found


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, LINE, break_long_words=False, break_on_hyphens=False) or [""]


def _show(model: ModelReport, size: Size) -> str:
    shown = model.show(size)
    return counted(shown) if isinstance(shown, int) else shown


# -- parameters ------------------------------------------------------------------------------------


def _parameters(
    model: ModelReport, own: list[tuple[str, Param]], node: Node, style: Style
) -> list[str]:
    trained = [(name, param) for name, param in own if param.trainable]
    buffers = [(name, param) for name, param in own if not param.trainable]
    ties = dict(node.tied) if isinstance(node, OpNode) else {}
    if ties:
        trained = [(name, param) for name, param in trained if name not in ties]
    elif not trained and not buffers:
        return [_title("parameters", "0", style), *_indented(["There is nothing to learn here."])]
    total: Size = 0
    for _, param in trained:
        total = total + params.numel(param)
    lines = [_title("parameters", _show(model, total), style)]
    lines += _indented([_product(model, name, param, node) for name, param in trained])
    lines += _indented(
        [f"{name}: tied to {tie}, where it is counted" for name, tie in ties.items()]
    )
    if len(trained) > 1:
        lines += _indented([f"together {_show(model, total)}"])
    if node.shared:
        lines += _indented(
            ["These weights are those of its first use: the model counts them once."]
        )
    lines += _indented(
        [
            _product(model, name, param, node) + " (a buffer: kept, not trained)"
            for name, param in buffers
        ]
    )
    return lines + _indented(list(_for_learners(model, node, dict(trained))))


def _product(model: ModelReport, name: str, param: Param, node: Node) -> str:
    """`weight: out_channels × in_channels × kernel_size = 6 × 1 × 5 × 5 = 150`."""
    sizes = [_show(model, size) for size in param.shape]
    total = _show(model, params.numel(param))
    formula = param.formula.replace("*", "").replace(", ", " × ")
    if isinstance(node, OpNode) and node.use.settings.get("groups") == 1:
        formula = formula.replace(" // groups", "")
    numbers = " × ".join(f"({size})" if " " in size else size for size in sizes)
    parts = [part for part in (formula, numbers, total) if part]
    if len(sizes) < 2 and parts[-1:] == parts[-2:-1]:
        parts.pop()
    return f"{name}: " + " = ".join(parts)


def _for_learners(model: ModelReport, node: Node, own: dict[str, Param]) -> Iterator[str]:
    """What a formula does not say by itself."""
    weight = own.get("weight")
    if (
        not isinstance(node, OpNode)
        or weight is None
        or not all(isinstance(n, int) for n in weight.shape)
    ):
        return
    one, bias = " and 1 bias", 1
    if "bias" not in own:
        one, bias = "", 0
    if node.operator.family == "convolution" and not node.operator.name.startswith(
        "conv_transpose"
    ):
        filters, *each = (int(n) for n in weight.shape if isinstance(n, int))
        weights = 1
        for size in each:
            weights *= size
        product = " × ".join(str(size) for size in each)
        owner = f"Each of the {counted(filters)} filters" if filters > 1 else "The one filter"
        yield (
            f"{owner} has {product} = {counted(weights)} weights{one}"
            + (f": {counted(weights + bias)}." if bias else ".")
        )
        yield (
            "The number does not depend on the size of the image: "
            "the same filter slides over all of it."
        )
    elif node.operator.name == "linear":
        outputs, inputs = weight.shape
        yield (
            f"Each of the {_show(model, outputs)} outputs has {_show(model, inputs)} weights, "
            f"one for each input{', and one bias' if bias else ''}."
        )


# -- MACs ------------------------------------------------------------------------------------------


def _macs(model: ModelReport, node: OpNode, style: Style) -> list[str]:
    if not node.runs(training=False):
        told = ["It runs in training only: what is counted is evaluation."]
        return [_title("MACs", "0", style), *_indented(told)]
    use, outputs = _use(model, node)
    work = node.operator.macs(use, outputs)
    if work == 0:
        return [
            _title("MACs", "0", style),
            *_indented(
                ["Multiply-accumulates are counted for convolutions and matrix products only."]
            ),
        ]
    sample = model.per_sample(work)
    text = _show(model, sample)
    if model.batch:
        text += f" per sample ({model.batch} = 1)"
    formula = node.operator.macs_formula(use, outputs)
    lines = [_title("MACs", text, style)]
    if formula:
        lines += _indented([f"{formula} = {_show(model, work)}"])
    if node.count > 1:
        lines += _indented([f"this is one of {node.count} copies"])
    return lines


# -- blocks ----------------------------------------------------------------------------------------


def _sums(model: ModelReport, node: CallNode, style: Style) -> list[str]:
    """A block's parameters and MACs as the sums of its parts."""
    rows: list[tuple[str, str, str, str]] = [("part", "operator", "parameters", "MACs")]
    for child, count, name in folded(node.graph):
        times = count // child.count
        own = params.of_node(child, model.param_sums) * times
        work = model.per_sample(macs.of_node(child, model.mac_sums) * times)
        if own == 0 and work == 0:
            continue
        rows.append(
            (
                name,
                describe(child) + (f" ×{count}" if count > 1 else ""),
                _size(model, own),
                _size(model, work),
            )
        )
    graph = node.graph
    total = model.param_sums[id(graph)]
    rows.append(
        (
            "together",
            "",
            _size(model, total),
            _size(model, model.per_sample(model.mac_sums[id(graph)])),
        )
    )
    if node.count > 1:
        lines = [f"one of {node.count} copies, each with:"]
    else:
        lines = [
            "parameters and MACs" + (f" per sample ({model.batch} = 1)" if model.batch else "")
        ]
    widths = [max(width(row[column]) for row in rows) for column in range(4)]
    for number, row in enumerate(rows):
        text = "  ".join(
            [
                pad(row[0], widths[0]),
                pad(row[1], widths[1]),
                " " * (widths[2] - width(row[2])) + row[2],
                " " * (widths[3] - width(row[3])) + row[3],
            ]
        )
        lines.append("  " + (style.paint(text, "head") if number == 0 else text).rstrip())
    return lines


def _size(model: ModelReport, size: Size) -> str:
    shown = model.show(size)
    return short(shown) if isinstance(shown, int) else shown
