"""The fields of a data set held against the inputs of the model that is trained on it.

Each field must be of its input's type, and the sizes that this gives to the model's symbols must be some that
the model takes, in training and in evaluation.
"""

from __future__ import annotations

from nnspec.demands import places
from nnspec.diagnostics import Label
from nnspec.dims import compare, evaluate, render, substitute, symbols
from nnspec.elaborate.session import fail
from nnspec.nearest import in_words, nearest_sizes
from nnspec.sizes import solve
from nnspec.words import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.graph import Graph, Value
    from nnspec.recipe.definition import Field
    from nnspec.recipe.plan import DataPlan
    from nnspec.syntax import tree


def match_inputs(
    part: tree.TrainDef, graph: Graph, data: DataPlan
) -> tuple[dict[str, str], dict[str, int]]:
    """Which field goes into which input, and the numbers that this gives to the model's symbols."""
    free = [name for name, field in data.fields.items() if field.classes is None]
    inputs: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for value in graph.inputs:
        if value.name in data.fields:
            inputs[value.name] = value.name
        elif len(graph.inputs) == 1 and len(free) == 1:
            inputs[value.name] = free[0]
        else:
            fail(
                "NN501",
                f"the data `{data.name}` has no field `{value.name}` for this input",
                value.span,
                labels=(Label(part.data.span, f"its fields: {', '.join(data.fields)}"),),
            )
        _match(part, value, data.fields[inputs[value.name]], inputs[value.name], data, sizes)
    _admitted(part, graph, data, inputs, sizes)
    return inputs, sizes


def _admitted(
    part: tree.TrainDef,
    graph: Graph,
    data: DataPlan,
    inputs: Mapping[str, str],
    sizes: Mapping[str, int],
) -> None:
    """NN501 where the model does not take samples of the data's sizes."""
    demanded = places(graph)
    admitted = solve(place.condition for place in demanded)
    refused = [] if admitted.empty else admitted.refused_by(sizes)
    if not refused:
        return
    place = next(place for place in demanded if place.condition == refused[0])
    own = {name: size for name, size in sizes.items() if admitted.speaks_of(name)}
    shown = ", ".join(f"{name} = {size}" for name, size in sorted(own.items()))
    helped = ""
    better = nearest_sizes(admitted, own, {})
    if better:
        helped = _made_to_fit(graph, data, inputs, {**sizes, **better[0]})
        helped = helped or f"the nearest that it takes: {in_words(better)}"
    fail(
        "NN501",
        f"the samples of `{data.name}` do not fit `{graph.name}`, which needs "
        f"{joined(admitted.requires)}; they have {shown}",
        part.data.span,
        labels=(Label(place.span, place.why),),
        help=helped,
    )


def _made_to_fit(
    graph: Graph, data: DataPlan, inputs: Mapping[str, str], sizes: Mapping[str, int]
) -> str:
    """The transforms that bring images to these sizes, which the model takes; "" where it is no images."""
    steps: list[str] = []
    for value in graph.inputs:
        name = inputs[value.name]
        have, wanted = data.fields[name].shape, value.type.shape[1:]
        to = [evaluate(size, sizes) for size in wanted[1:]]
        if len(wanted) == 3 and to != list(have[1:]):
            resize = f"resize({to[0] if to[0] == to[1] else to})"
            # after a transform that makes another size, it would have to stand
            plain = name in data.raw and data.raw[name].shape[1:] == have[1:]
            steps.append(f"`{name} = " + (f"{resize} -> …`" if plain else f"… -> {resize}`"))
    if not steps:
        return ""
    return f"in `{data.name}`: {' and '.join(steps)}, the nearest sizes that it takes"


def _match(
    part: tree.TrainDef,
    value: Value,
    field: Field,
    name: str,
    data: DataPlan,
    sizes: dict[str, int],
) -> None:
    """One field against one input; binds the symbols of the input's shape."""
    wanted = value.type.shape[1:]
    labels = (Label(part.data.span, f"`{name}` of `{data.name}` is {field}"),) if value.span else ()
    sample = f"[{', '.join(render(size) for size in wanted)}]"

    def refuse(why: str, helped: str = "") -> None:
        fail(
            "NN501",
            f"the input `{value.name}` takes {sample}, the data gives {field}: {why}",
            value.span,
            labels=labels,
            help=helped,
        )

    if len(field.shape) != len(wanted):
        refuse(f"{len(wanted)} dimensions against {len(field.shape)}")
    image = len(wanted) == 3
    for dim, (want, have) in enumerate(zip(wanted, field.shape, strict=True)):
        for symbol in symbols(want):
            if render(want) == symbol:
                sizes.setdefault(symbol, have)
        fixed = substitute(want, sizes)
        if compare("==", fixed, have) is not True:
            axis = ("channels", "height", "width")[dim] if image else f"dimension {dim + 1}"
            helped = ""
            if image and dim == 0:
                helped = {1: f"`{name} = grayscale() -> …`", 3: f"`{name} = rgb() -> …`"}.get(
                    fixed if isinstance(fixed, int) else 0, ""
                )
            elif image and isinstance(fixed, int):
                helped = f"`{name} = resize({fixed}) -> …`"
            refuse(
                f"{axis} {render(fixed)} against {have}",
                f"in `{data.name}`: {helped}" if helped else "",
            )
    if value.type.dtype != field.dtype:
        refuse(f"{value.type.dtype} against {field.dtype}")
