"""`nnspec.dynamic_shapes`: the sizes that a model admits, as `torch.export` wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch.export import Dim

from nnspec import demands
from nnspec.compiler.names import usable
from nnspec.compiler.variants import graph_of
from nnspec.conditions import Condition, at_least
from nnspec.dims import evaluate, symbols
from nnspec.graph import Graph
from nnspec.residues import ANY
from nnspec.sizes import Admitted, solve

if TYPE_CHECKING:
    from nnspec.dims import Size


def dynamic_shapes(model: Any, *, exact: bool = False) -> dict[str, dict[int, Any]]:
    """The `dynamic_shapes` of `torch.export.export` for a model that nnspec compiled.

    `model`: a class that `nnspec.load` gave, or a module of one. The answer names each input and, by
    the number of the dimension, its `torch.export.Dim`: `{"image": {0: N, 2: 16*_H, 3: 16*_W}}` for
    a U-Net, whose sides are multiples of 16.

    `torch.export` takes a size of 1 to be special, and refuses a range in which a tensor anywhere in
    the model has one; so the ranges begin above such sizes. `exact=True` gives all that the model
    admits; that takes `torch.fx.experimental._config.patch(backed_size_oblivious=True)` around the
    export. Sizes that a condition ties together (`H == W`) are left to `torch.export` (`Dim.AUTO`).
    TypeError where the model is none of nnspec's.
    """
    graph = graph_of(model)
    return of_inputs(graph, admitted(graph, exact))


def admitted(graph: Graph, exact: bool) -> Admitted:
    """The sizes that the model takes in evaluation; unless `exact`, those at which no tensor has a size of
    1."""
    conditions = [place.condition for place in demands.places(graph, training=False)]
    if not exact:
        conditions += more_than_one(graph)
    return solve(dict.fromkeys(conditions))


def more_than_one(graph: Graph) -> Iterator[Condition]:
    """That no symbolic size of a tensor in the model is 1."""
    sizes = {
        size
        for body in graph.subgraphs()
        for value in (*body.inputs, *(out for node in body.nodes for out in node.outputs))
        for size in value.type.shape
        if not isinstance(size, int)
    }
    for size in sizes:
        yield at_least(size, 2)


def of_inputs(
    graph: Graph, admitted: Admitted, fixed: Mapping[str, int] | None = None
) -> dict[str, dict[int, Any]]:
    """The dimensions of each input that are no number, and not among the `fixed` ones."""
    dims = {name: _dim(name, admitted) for name in _symbols(graph)} | dict(fixed or {})
    found: dict[str, dict[int, Any]] = {}
    for value in graph.inputs:
        shape = enumerate(value.type.shape)
        found[usable(value.name)] = {
            axis: one
            for axis, size in shape
            if not isinstance(size, int) and (one := _of_size(size, dims)) is not None
        }
    return found


def _symbols(graph: Graph) -> dict[str, None]:
    """The symbols of the inputs, in order."""
    sizes = [size for value in graph.inputs for size in value.type.shape]
    return dict.fromkeys(name for size in sizes for name in sorted(symbols(size)))


def _dim(name: str, admitted: Admitted) -> Any:
    """The values of a symbol; a number where there is only one."""
    if any(name in c.symbols and len(c.symbols) > 1 for c in admitted.conditions):
        return Dim.AUTO
    among = admitted.progressions.get(name, ANY)
    if among.step == 0 or among.first == among.last:
        return among.first
    if among.step == 1:
        return Dim(name, min=among.first, max=among.last)
    least, rest = divmod(among.first, among.step)
    most = None if among.last is None else among.last // among.step
    whole = among.step * Dim(f"_{name}", min=least, max=most)
    return whole + rest if rest else whole


def _of_size(size: Size, dims: Mapping[str, Any]) -> Any:
    """The size of a dimension as a Dim: a symbol, or its multiple and a number more."""
    names = sorted(symbols(size))
    if len(names) != 1:
        return Dim.AUTO
    dim = dims[names[0]]
    if isinstance(dim, int):
        return None
    start, next, far = (evaluate(size, {names[0]: value}) for value in (1, 2, 1001))
    step = next - start
    if dim is Dim.AUTO or step < 1 or far != start + 1000 * step:
        return Dim.AUTO
    scaled = step * dim if step > 1 else dim
    return scaled + (start - step) if start != step else scaled
