"""`nnspec check` for the eye: a tree of layers, the totals, the sizes that the model admits.

The same text for a pipe and for a terminal; a terminal also gets colour, tree guides and small
bars that show where the parameters and the work are. Everything is drawn from pieces of text with
a style name, so that the widths never depend on the colours.
"""

from __future__ import annotations

from nnspec.graph import OpNode
from nnspec.report.columns import clean, pad, shorten, width
from nnspec.report.formula import figure
from nnspec.report.tree import Row, rows, title
from nnspec.report.units import counted, in_bytes, short
from nnspec.residues import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nnspec.dims import Size
    from nnspec.graph import Node
    from nnspec.report.model import ModelReport, Report, Section
    from nnspec.report.style import Style


#: a formula longer than this does not fit into a column
LONGEST_FORMULA = 24
#: and one longer than this not into the lines below the table
LONGEST_TOTAL = 128
LONGEST_OPERATOR = 60
LONGEST_SHAPE = 72
USUAL_SIZE = 224
_GAP = "  "
_BAR_CELLS = 6


def draw(report: Report, target: str, style: Style, depth: int | None = None) -> str:
    """Every model of a report, or the blocks of a file without one, then the data and train parts. Several
    models are a table of their totals, unless a depth asks for their trees."""
    models = report.models or report.blocks
    if len(models) > 1 and depth is None:
        parts = ["\n".join(_overview(models, target, style))]
    else:
        parts = [draw_model(model, target, style, depth) for model in models.values()]
    parts += [_section(section, style) for section in report.sections]
    return "\n\n".join(parts) + "\n" if parts else ""


def draw_model(model: ModelReport, target: str, style: Style, depth: int | None = None) -> str:
    """One model: title, tree, totals."""
    lines = [style.paint(title(model.graph), "title")]
    doc = clean(model.graph.doc.strip().split("\n")[0]) if model.graph.doc else ""
    if doc:
        lines.append(style.paint(shorten(doc, style.columns or 100), "doc"))
    lines.append("")
    lines.extend(_table(model, rows(model, depth), style))
    lines.append("")
    lines.extend(_pairs(list(_totals(model, target)), style))
    return "\n".join(lines)


def _overview(models: Mapping[str, ModelReport], target: str, style: Style) -> Iterator[str]:
    """A line for each model; of a block's uses that take the same sizes a line for all of them."""
    first = next(iter(models.values())).graph
    kind = "model" if first.kind == "model" else "block"
    definitions = {id(model.graph.definition) for model in models.values()}
    lines = [(kind, "parameters", "MACs", "sizes")]
    alike: dict[str, list[ModelReport]] = {}
    for model in models.values():
        alike.setdefault(sizes_text(model), []).append(model)
    uses = kind == "block" and len(definitions) == 1
    for model in [found[0] for found in alike.values()] if uses else models.values():
        root, sizes = id(model.graph), sizes_text(model)
        more = f" and {len(alike[sizes]) - 1} more" if uses and len(alike[sizes]) > 1 else ""
        work = _cell(model, model.mac_sums[root])
        count = _cell(model, model.param_sums[root])
        lines.append((title(model.graph) + more, count, work, sizes))
    widths = [max(width(line[column]) for line in lines) for column in range(3)]
    for number, (name, count, work, sizes) in enumerate(lines):
        shown = pad(name, widths[0])
        rest = f"{count:>{widths[1]}}{_GAP}{work:>{widths[2]}}{_GAP}{sizes}"
        if number:
            yield style.paint(shown, "title") + _GAP + rest
        else:
            yield style.paint(shown + _GAP + rest, "head")
    yield ""
    if uses:
        yield f"{target} as the models use it; for each of its uses, any sizes of its inputs."
    else:
        yield f"nnspec check {target}:{next(iter(models))} shows one of them layer by layer."


# -- the table -------------------------------------------------------------------------------------


class _Line:
    """A row as cells of text, how wide each is, and what is needed to paint it."""

    __slots__ = ("cells", "guide", "row", "shares", "widths")

    def __init__(self, cells: list[str], guide: str, row: Row | None) -> None:
        self.cells = cells
        self.widths = list(map(width, cells))
        self.guide = guide
        self.row = row
        self.shares = (0.0, 0.0)


HEADS = ["layer", "operator", "output", "parameters", "MACs"]


def lines_of(model: ModelReport, tree: list[Row], guides: bool) -> list[_Line]:
    """The rows of a model's table, its inputs first; `guides` draws the branches of the tree."""
    lines = [_input_line(name, str_shape(t.dtype, t.shape)) for name, t in model.inputs.items()]
    totals = (
        _number(model, model.param_sums[id(model.graph)]),
        _number(model, model.mac_sums[id(model.graph)]),
    )
    for row in tree:
        line = _Line(
            [
                row.name,
                row.operator + (f" ×{row.count}" if row.count > 1 else ""),
                "" if model.leaves_out(row.node) else _shapes_of(model, row.node),
                _cell(model, row.params),
                _cell(model, row.macs),
            ],
            _guide(row, guides),
            row,
        )
        line.shares = (
            _share(model, row.params * row.outer, totals[0]),
            _share(model, row.macs * row.outer, totals[1]),
        )
        lines.append(line)
    return lines


def _table(model: ModelReport, tree: list[Row], style: Style) -> Iterator[str]:
    lines = lines_of(model, tree, style.colour)
    widths = _widths(lines, style)
    bar = " " * (_BAR_CELLS + 1) if style.colour else ""
    head = _GAP.join(
        pad(text, size) if column < 3 else " " * (size - len(text)) + text + bar
        for column, (text, size) in enumerate(zip(HEADS, widths, strict=True))
    )
    yield style.paint(head.rstrip(), "head")
    for line in lines:
        yield _painted(line, widths, style).rstrip()


def _input_line(name: str, shape: str) -> _Line:
    return _Line([name, "input", shape, "", ""], "", None)


def str_shape(dtype: str, shape: tuple[int | str, ...]) -> str:
    """`[N, 3, 32, 32]`, with the dtype where it is not the usual one."""
    return ("" if dtype == "f32" else dtype) + "[" + ", ".join(str(size) for size in shape) + "]"


def ends(model: ModelReport, style: Style) -> str:
    """Inputs and outputs with their shapes, a line each, and the sizes that are open."""
    tensors = {**model.inputs, **model.outputs}
    pairs = [(name, str_shape(one.dtype, one.shape)) for name, one in tensors.items()]
    if model.symbols:
        pairs.append(("sizes", sizes_text(model)))
    return "".join(f"  {line}\n" for line in _pairs(pairs, style))


def _shapes_of(model: ModelReport, node: Node) -> str:
    tensors = (model.tensor(value.type) for value in node.outputs)
    return ", ".join(str_shape(tensor.dtype, tensor.shape) for tensor in tensors)


def _guide(row: Row, drawn: bool) -> str:
    if not drawn:
        return "  " * row.depth
    above = "".join("   " if ended else "│  " for ended in row.last[1:-1])
    return above + ("" if row.depth == 0 else "└─ " if row.last[-1] else "├─ ")


def _widths(lines: list[_Line], style: Style) -> list[int]:
    """The width of each column; operators, then shapes, give way on a narrow terminal."""
    found = [len(head) for head in HEADS]
    for line in lines:
        found[0] = max(found[0], line.widths[0] + width(line.guide))
    for column in range(1, len(HEADS)):
        found[column] = max(found[column], *[line.widths[column] for line in lines])
    found[1] = min(found[1], LONGEST_OPERATOR)
    found[2] = min(found[2], LONGEST_SHAPE)
    if style.columns:
        bars = 2 * (_BAR_CELLS + 1) if style.colour else 0
        over = sum(found) + 4 * len(_GAP) + bars - style.columns
        for column, least in ((1, 14), (2, 16), (0, 16)):
            if over > 0:
                given = min(over, max(0, found[column] - least))
                found[column] -= given
                over -= given
    return found


def _painted(line: _Line, widths: list[int], style: Style) -> str:
    row = line.row
    aside = row is not None and row.aside
    room = widths[0] - width(line.guide)
    name, space = _fitted(line, 0, max(4, room), room)
    operator, after = _fitted(line, 1, widths[1])
    shape, behind = _fitted(line, 2, widths[2])
    out = style.paint(line.guide, "guide") + _name(name, aside, style) + space
    out += _GAP + _operator(operator, row, aside, style) + after
    out += _GAP + style.paint(shape + behind, "aside" if aside else "shape")
    for column in (3, 4):
        space = " " * (widths[column] - line.widths[column])
        out += _GAP + space + style.paint(line.cells[column], "aside" if aside else "number")
        if style.colour:
            out += " " + _bar(line.shares[column - 3], style)
    return out


def _fitted(line: _Line, column: int, most: int, room: int | None = None) -> tuple[str, str]:
    """A cell, cut to `most` columns, and the spaces that fill its room."""
    text, taken = line.cells[column], line.widths[column]
    if taken > most:
        text = shorten(text, most)
        taken = width(text)
    return text, " " * ((most if room is None else room) - taken)


def _name(name: str, aside: bool, style: Style) -> str:
    if aside or not style.colour:
        return style.paint(name, "aside")
    prefix, dot, last = name.rpartition(".")
    return style.paint(prefix + dot, "prefix") + style.paint(last, "name")


def _operator(text: str, row: Row | None, aside: bool, style: Style) -> str:
    if aside or row is None or not style.colour:
        return style.paint(text, "aside")
    text, times, count = text.partition(" ×")
    name, bracket, settings = text.partition("(")
    shown = style.paint(name, "operator" if hasattr(row.node, "operator") else "block")
    return shown + style.paint(bracket + settings, "settings") + style.paint(times + count, "count")


def _bar(share: float, style: Style) -> str:
    """A bar of a few cells; the larger the share, the warmer."""
    halves = round(share * _BAR_CELLS * 2)
    text = "━" * (halves // 2) + "╸" * (halves % 2)
    heat = "heat2" if share >= 0.5 else "heat1" if share >= 0.15 else "heat0"
    return style.paint(text, heat) + " " * (_BAR_CELLS - len(text))


# -- numbers that may hang on symbols --------------------------------------------------------------


def _number(model: ModelReport, size: Size) -> int | None:
    """The number for one sample; None where it hangs on more symbols than the batch."""
    found = model.per_sample(size)
    return found if isinstance(found, int) else None


def _cell(model: ModelReport, size: Size) -> str:
    if size == 0:
        return ""
    found = figure(model, size, LONGEST_FORMULA)
    return "—" if found is None else f"~{found[0]}" if found[1] else found[0]


def _share(model: ModelReport, size: Size, total: int | None) -> float:
    number = _number(model, size)
    return number / total if number and total else 0.0


# -- totals ----------------------------------------------------------------------------------------


def totals(model: ModelReport) -> Iterator[tuple[str, str]]:
    """The figures of the whole model, each with its name."""
    per = f" per sample ({model.batch} = 1)" if model.batch else ""
    root = id(model.graph)
    yield "parameters", _total(model, model.param_sums[root], _both)
    yield "MACs", _total(model, model.mac_sums[root], _both, per) + _uncounted(model)
    yield "weights", _total(model, model.weight_bytes, in_bytes)
    if model.training is not False:
        kept = _total(model, model.activation_bytes, in_bytes, per)
        yield "activations", f"{kept}, kept for the backward pass"
    peak = model.peak_per_sample
    if peak is not None:
        yield "peak", f"{in_bytes(peak)}{per}, at inference, without the weights"
    field = model.receptive_field
    if field is not None and any(size > 1 for size in field):
        yield "receptive field", " × ".join(counted(size) for size in field)
    yield "sizes", sizes_text(model)
    if model.symbols and (model.reasons or model.reasons_in_evaluation):  # most take any sizes
        from nnspec.report.because import because

        yield from because(model)


def _totals(model: ModelReport, target: str) -> Iterator[tuple[str, str]]:
    yield from totals(model)
    example = _example(model)
    if example:
        mode = "" if model.training is None else f" --mode {_mode(model.training)}"
        yield "in numbers", f"nnspec check {target} --sizes {example}{mode}"


def _mode(training: bool) -> str:
    return "training" if training else "evaluation"


def _uncounted(model: ModelReport) -> str:
    """What computes in Python is not counted, and that is said."""
    names = dict.fromkeys(
        node.operator.name
        for graph in model.graph.subgraphs()
        for node in graph.nodes
        if isinstance(node, OpNode) and node.operator.family == "extern"
    )
    return f", without {', '.join(names)} (extern)" if names else ""


def _both(number: int) -> str:
    rounded = short(number)
    exact = counted(number)
    return exact if rounded == exact else f"{exact} ({rounded})"


def _total(model: ModelReport, size: Size, show: Callable[[int], str], per: str = "") -> str:
    number = _number(model, size)
    if number is not None:
        return show(number) + per
    found = figure(model, size, LONGEST_TOTAL, in_bytes if show is in_bytes else short)
    if found is None:
        return f"depends on {', '.join(model.symbols_of(model.per_sample(size)))}"
    text, where = found
    return f"{text}{per}" + (f", where {where}" if where else "")


def _example(model: ModelReport) -> str | None:
    """Sizes to put in: about those of ImageNet. None where there is nothing to put in."""
    free = [name for name in model.symbols if name != model.batch]
    if model.graph.kind != "model":
        return None  # the channels of a block are any, and none is usual
    sizes = {}
    for name in free:
        among = model.admitted.progressions.get(name, ANY)
        usual = USUAL_SIZE if among.last is None else min(USUAL_SIZE, among.last)
        more = max(0, (usual - among.first) // among.step if among.step else 0)
        sizes[name] = among.first + more * among.step
    if not sizes or not model.admits(sizes):
        return None
    return ",".join(f"{name}={size}" for name, size in (model.sizes | sizes).items())


def sizes_text(model: ModelReport) -> str:
    """`any N, H, W`, or `H % 16 == 0 and H >= 16; any N, W`."""
    if model.admitted.empty:
        return "none"
    if not model.all_symbols:
        return "fixed"
    alone = "" if model.training is None else f"; in {_mode(model.training)}"
    if not model.symbols:
        return ", ".join(f"{name} = {size}" for name, size in model.sizes.items()) + alone
    conditions = model.unanswered(model.requires)
    bound = {name for text in conditions for name in model.names_in(text)}
    free = [name for name in model.symbols if name not in bound]
    modes = {mode: model.unanswered(own.requires) for mode, own in model.modes.items()}
    if len(set(map(tuple, modes.values()))) > 1:
        told = (f"{_joined(own) or 'any size'} in {mode}" for mode, own in modes.items())
        parts = [", ".join(told)]
    else:
        parts = [_joined(conditions)] if conditions else []
    if free:
        parts.append(f"any {', '.join(free)}")
    if model.sizes:
        parts.append(", ".join(f"{name} = {size}" for name, size in model.sizes.items()))
    if model.admitted.unproved:
        unproved = " and ".join(condition.text for condition in model.admitted.unproved)
        parts.append(f"not proved: {unproved}")
    return "; ".join(parts) + alone


def _joined(conditions: Sequence[str]) -> str:
    from nnspec.words import joined  # most models take any sizes

    return joined(conditions)


def _pairs(pairs: list[tuple[str, str]], style: Style) -> Iterator[str]:
    size = max((width(name) for name, _ in pairs), default=0)
    for name, text in pairs:
        yield style.paint(pad(name, size), "label") + _GAP + text


def _section(section: Section, style: Style) -> str:
    lines = [style.paint(section.title, "title")]
    return "\n".join([*lines, *_pairs(list(section.lines), style)])
