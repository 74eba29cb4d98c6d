"""What a model asks of data that is made for it: fields of its inputs' types, at usual sizes."""

from __future__ import annotations

from nnspec.demands import admitted
from nnspec.dims import evaluate, symbols
from nnspec.nearest import nearest_sizes
from nnspec.recipe.definition import Field
from nnspec.recipe.sources.base import Asks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nnspec.graph import Graph

#: sizes that the model leaves open, other than the sides of images
OTHERS = 16


def asked(graph: Graph | None, side: int) -> Asks:
    """The inputs as fields, and the number of classes where the first output is a score for each of them;
    `side` is that of images where the model leaves it open."""
    if graph is None:
        return Asks({}, None)
    samples = {value.name: value.type.shape[1:] for value in graph.inputs}
    sizes: dict[str, int] = {}
    for shape in samples.values():
        for size in shape:
            for symbol in sorted(symbols(size)):
                sizes.setdefault(symbol, side if len(shape) == 3 else OTHERS)
    found = admitted(graph)
    if not found.empty and sizes:
        sizes = next(iter(nearest_sizes(found, sizes, {})), sizes)
    inputs = {
        value.name: Field(
            value.type.dtype, tuple(evaluate(size, sizes) for size in samples[value.name])
        )
        for value in graph.inputs
    }
    scores = graph.outputs[0][1].type.shape if graph.outputs else ()
    classes = scores[1] if len(scores) == 2 and isinstance(scores[1], int) else None
    return Asks(inputs, classes)
