"""Train parts that are trained together: those whose losses name each other's models.

They take their steps in turn, on the same batch. A setting such as `epochs` is of the whole run, and so said
in one of them; the words of the command line name the part that they mean: `Generator.optimizer.lr=1e-4`.
"""

from __future__ import annotations

from nnspec.diagnostics import Label, nearest
from nnspec.elaborate.apply import ready
from nnspec.elaborate.session import fail
from nnspec.elaborate.values import BlockLayer, SharedLayer
from nnspec.graph import CallNode, OpNode
from nnspec.recipe import lookup
from nnspec.recipe.plan import OF_ONE_PART, SETTINGS
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from nnspec.elaborate.body import Body
    from nnspec.elaborate.program import Program
    from nnspec.graph import Graph, Value

#: the settings that are of the run as a whole
OF_THE_RUN = tuple(s.name for s in SETTINGS if s.name not in OF_ONE_PART)


class UnknownSetting(ValueError):
    """A word of the command line that sets nothing; its text is fit to be shown."""


def together(program: Program, part: tree.TrainDef) -> list[tree.TrainDef]:
    """This part and all that share models with it, in the order of the file."""
    by_model: dict[str, tree.TrainDef] = {}
    for one in program.trains:
        by_model.setdefault(one.model.id, one)
    by_model[part.model.id] = part
    group = {part.model.id}
    while True:
        named = {n for model in group for n in _models_in(by_model[model]) if n in by_model}
        naming = {model for model, one in by_model.items() if group & set(_models_in(one))}
        if named | naming <= group:
            return [
                one for one in program.trains if one in by_model.values() and one.model.id in group
            ]
        group |= named | naming


def _models_in(part: tree.TrainDef) -> Iterator[str]:
    """The names in the loss of a train part."""
    losses = [setting.value for setting in part.settings if setting.path == ("loss",)]
    return (node.id for node in tree.nodes(losses) if isinstance(node, tree.Name))


def of_the_run(group: list[tree.TrainDef]) -> dict[str, tree.Setting]:
    """The settings of the whole run that any of the parts says. NN201 where two do."""
    found: dict[str, tree.Setting] = {}
    for part in group:
        for setting in part.settings:
            name = ".".join(setting.path)
            if name not in OF_THE_RUN:
                continue
            if name in found and len(group) > 1:
                fail(
                    "NN201",
                    f"`{name}` is of the whole run: {_names(group)} are trained together",
                    setting.path_span,
                    labels=(Label(found[name].path_span, "it is said here"),),
                )
            found[name] = setting
    return found


def _names(group: list[tree.TrainDef]) -> str:
    return " and ".join(f"`{part.model.id}`" for part in group)


# -- the words of the command line -------------------------------------------------------------------------


def words_of(
    program: Program, group: list[tree.TrainDef], words: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """By model, the words that are for its part: those of the run, and its own. UnknownSetting for others."""
    several = len(group) > 1
    known = list(OF_THE_RUN)
    for part in group:
        own = _of_part(program, part)
        known += [f"{part.model.id}.{name}" for name in own] if several else own
    for word in words:
        if word not in known:
            raise UnknownSetting(_unknown(word, known))
    found: dict[str, dict[str, Any]] = {}
    for part in group:
        own_words = found[part.model.id] = {}
        for word, value in words.items():
            head, _, tail = word.partition(".")
            if word in OF_THE_RUN or not several:
                own_words[word] = value
            elif head == part.model.id:
                own_words[tail] = value
    return found


def _of_part(program: Program, part: tree.TrainDef) -> list[str]:
    """What the command line can set of this train part alone."""
    known = list(OF_ONE_PART)
    model = program.models.get(part.model.id)
    if model is not None:
        known += [f"model.{parameter.name}" for parameter in model.parameters]
    for setting in part.settings:
        kind = setting.path[0]
        if kind in ("optimizer", "scheduler", "average") and len(setting.path) == 1:
            value = setting.value
            name = value.function if isinstance(value, tree.Call) else value
            recipe = lookup(kind, name.id) if isinstance(name, tree.Name) else None
            known += [f"{kind}.{s.name}" for s in recipe.settings] if recipe else []
    if not any(s.path == ("optimizer",) for s in part.settings):
        adamw = lookup("optimizer", "adamw")
        known += [f"optimizer.{s.name}" for s in adamw.settings] if adamw else []
    return known


def _unknown(word: str, known: list[str]) -> str:
    close = nearest(word, known)
    if close is None:  # `lr` for `optimizer.lr`, `optimizer.lr` for `Generator.optimizer.lr`
        close = next((k for k in known if k.endswith(f".{word}")), None)
    if close is not None:
        return f"there is no setting `{word}`; did you mean `{close}`?"
    return f"there is no setting `{word}`; there are {', '.join(known)}"


# -- models in a loss --------------------------------------------------------------------------------------


def bind_models(
    body: Body,
    program: Program,
    group: list[tree.TrainDef],
    settings: Mapping[str, Mapping[str, Any]],
) -> None:
    """In a loss the name of a model is the model that is trained: each use has the same weights."""
    for part in group:
        model = program.models.get(part.model.id)
        if model is None:
            continue
        name, span = part.model.id, part.model.span
        made = BlockLayer(span, model.base, program.arguments(model, settings.get(name, {})))
        body.paths.take((name,), span)
        body.paths.release((name,))
        body.scope.bind(name, SharedLayer(name, ready(body, made, span), span, body), span)


def partners(graph: Graph, group: list[tree.TrainDef]) -> tuple[str, ...]:
    """The models that a loss applies. NN505 for a layer in it that nobody trains."""
    trained = {part.model.id for part in group}
    found: list[str] = []
    for node in graph.nodes:
        if isinstance(node, CallNode) and node.path[0] in trained and len(node.path) == 1:
            found.append(node.path[0])
        elif isinstance(node, CallNode) or (isinstance(node, OpNode) and node.params):
            if isinstance(node, CallNode):
                name, known = node.graph.name, ", ".join(trained)
                help = f"write a train part for it on the same data; trained here: {known}"
            else:
                name = node.operator.name
                help = "it belongs in the model, which may take the targets as an input and return its loss"
            fail(
                "NN505",
                f"`{name}` in a loss would have weights that are not trained",
                node.span,
                help=help,
            )
    return tuple(dict.fromkeys(found))


def only_used(graph: Graph) -> list[Value]:
    """The inputs of a loss that it uses."""
    used = {id(value) for _, value in graph.outputs}
    used |= {id(value) for node in graph.nodes for value in node.inputs}
    return [value for value in graph.inputs if id(value) in used]
