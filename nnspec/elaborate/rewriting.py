"""A call as PyTorch or Keras have it, as it is written here: `nn.Conv2d(3, 16, 3)` is `conv2d(16, 3)`."""

from __future__ import annotations

from nnspec.elaborate.habits import HABITS, close_to, dtype
from nnspec.operators import index as operator_index
from nnspec.operators import lookup
from nnspec.operators.binding import BROUGHT_ALONG, TOLD_BY_THE_INPUT
from nnspec.operators.definition import REQUIRED
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.operators.definition import Operator
    from nnspec.recipe.definition import Recipe

#: Python's constants
CONSTANTS = {"True": "true", "False": "false", "None": "none"}
#: the modules that people name, and whose they are
MODULES = {
    **dict.fromkeys(("nn", "torch", "F", "torchvision"), "PyTorch"),
    **dict.fromkeys(("np", "numpy", "jnp"), "NumPy"), **dict.fromkeys(("jax", "flax"), "JAX"),
    **dict.fromkeys(("tf", "tensorflow", "keras", "layers"), "Keras"), "math": "Python",
    "einops": "einops", "timm": "timm",
}  # fmt: skip
#: at which places PyTorch's class takes what the input tells here, by how the operators' names begin
_TOLD = {
    "bilinear": (0, 1), "group_norm": (1,),
    **dict.fromkeys(
        ("conv", "linear", "adaptive_log_softmax_with_loss", "batch_norm", "instance_norm", "layer_norm",
         "rms_norm", "lstm", "gru", "rnn", "multihead_attention", "transformer"),
        (0,),
    ),
}  # fmt: skip
#: arguments that are left out
_NOT_HERE = (
    "inplace",
    "input_shape",
    "input_dim",
    "training",
    "deterministic",
    "device",
    "requires_grad",
)
#: more characters than this are not written again
_LONG = 60
#: nor is a chain of layers
_LONGEST = 400


def root(expr: tree.Expr) -> tree.Name | None:
    """`nn` of `nn.functional.relu`, if a name is what the dots hang on."""
    while isinstance(expr, tree.Attribute):
        expr = expr.base
    return expr if isinstance(expr, tree.Name) else None


def named(expr: tree.Expr) -> str:
    """`Conv2d` of `nn.Conv2d`."""
    if isinstance(expr, tree.Attribute):
        return expr.name
    return expr.id if isinstance(expr, tree.Name) else ""


def operator_call(operator: Operator, call: tree.Call) -> str:
    """The call of a class or function that is this operator here, and why it is shorter; nothing where only
    its name differs."""
    written, told = layer(operator, call)
    given = call.arguments
    if written == operator.name + (f"({', '.join(map(_plain, given))})" if given else ""):
        return ""
    if not told:
        return f"`{written}`"
    shown = " and the ".join(argument.value.span.text for argument in told)
    return f"`{written}`: the input tells the {shown}"


def meant(name: str) -> Operator | None:
    """The operator that an unknown name most likely stands for."""
    close = [HABITS[name]] if name in HABITS else close_to(name, operator_index())
    return lookup(close[0]) if len(close) == 1 else None


def whole(call: tree.Call) -> str:
    """A call of what is not known here as it is written here, with all in it: `nn.ReLU()(nn.Conv2d(3, 8,
    3)(x))` is `x -> conv2d(8, 3) -> relu`, `nn.MSELoss()(y, t)` is `mse_loss(y, t)`, and a `nn.Sequential` is
    what its layers are, joined by arrows. Nothing where it has no such form."""
    made = call.function
    if isinstance(made, tree.Call):
        given = [_argument(argument, set()) for argument in call.arguments]
        if named(made.function) in _CHAINS:
            written = whole(made)
            return f"{given[0]} -> {written}" if written and len(given) == 1 else ""
        operator = meant(named(made.function))
        if operator is None or not given:
            return ""
        written, _ = layer(operator, made)
        return f"{given[0]} -> {written}" if len(given) == 1 else _with(written, operator, given)
    name = named(made)
    if name in _CHAINS:
        return _chain(call)
    if isinstance(made, tree.Attribute) and not _of_module(made):
        return _method(made, call)
    operator = meant(name)
    if operator is None:
        return ""
    written, _ = layer(operator, call)
    return _with(written, operator, _needed(operator)) if takes_several(call) else written


def takes_several(call: tree.Call) -> bool:
    """Is it a class whose layer takes several tensors, as the losses do? An arrow from one is not enough."""
    name = named(call.function)
    operator = meant(name)
    return operator is not None and len(_needed(operator)) > 1 and name[0].isupper()


def _needed(operator: Operator) -> list[str]:
    return [slot.name for slot in operator.tensors if not slot.optional]


#: what joins layers
_CHAINS = ("Sequential", "sequential")


def _chain(call: tree.Call) -> str:
    """`conv2d(8, 3) -> relu` of `nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())`; nothing where a layer of
    it is not written out there."""
    stages: list[tree.Expr] = []
    for argument in call.arguments:
        value = argument.value
        stages += value.items if isinstance(value, tree.ListExpr) else [value]
    written = [
        whole(stage) if isinstance(stage, tree.Call) and meant(named(stage.function)) else ""
        for stage in stages
    ]
    found = " -> ".join(written)
    plain = not any(argument.starred or argument.name for argument in call.arguments)
    return found if plain and all(written) and len(found) <= _LONGEST else ""


def _of_module(expr: tree.Attribute) -> bool:
    module = root(expr)
    return module is not None and module.id in MODULES


def _method(made: tree.Attribute, call: tree.Call) -> str:
    """`transpose(x, 1, 2)` of `x.transpose(1, 2)`."""
    if not isinstance(made.base, tree.Name) or lookup(made.name) is None or made.base.id == "self":
        return ""
    return f"{made.name}({', '.join(filter(None, [made.base.id, arguments(call)]))})"


def methods(call: tree.Call) -> list[str]:
    """`["x", "transpose(1, 2)", "reshape(N, -1)"]` of `x.transpose(1, 2).reshape(N, -1)`: what the arrows
    join here; nothing where a method has no such form."""
    stages: list[str] = []
    expr: tree.Expr = call
    while isinstance(expr, tree.Call) and isinstance(expr.function, tree.Attribute):
        function = expr.function
        if _of_module(function) or _is_self(function):
            break
        habit = HABITS.get(function.name, function.name)
        if is_flatten(expr):
            stages.append("flatten")
        elif lookup(habit) is not None:
            given = arguments(expr)
            stages.append(habit + (f"({given})" if given else ""))
        elif not habit.startswith("leave it out"):
            return []
        expr = function.base
    base = _value(expr)
    return [base, *reversed(stages)] if stages and base != "…" else []


def is_flatten(call: tree.Call) -> bool:
    """`x.view(x.size(0), -1)`, `x.reshape((x.shape[0], -1))`."""
    if named(call.function) not in ("view", "reshape"):
        return False
    given = [argument.value for argument in call.arguments]
    if len(given) == 1 and isinstance(given[0], (tree.TupleExpr, tree.ListExpr)):
        given = list(given[0].items)
    first, last = given if len(given) == 2 else (None, None)
    negative = isinstance(last, tree.Unary) and last.span.text.replace(" ", "") == "-1"
    return negative and _is_batch(first)


def _is_batch(expr: tree.Expr | None) -> bool:
    """`x.shape[0]`, `x.size(0)`."""
    if isinstance(expr, tree.Index):
        sized, places = expr.base, list(expr.items)
    elif isinstance(expr, tree.Call):
        sized, places = expr.function, [argument.value for argument in expr.arguments]
    else:
        return False
    first = [place.value for place in places if isinstance(place, tree.Number)]
    return named(sized) in ("shape", "size") and first == [0]


def _is_self(expr: tree.Attribute) -> bool:
    base = root(expr)
    return base is not None and base.id == "self"


def is_chain(call: tree.Call) -> bool:
    """Is it a `nn.Sequential` all of whose layers are written out in it?"""
    return named(call.function) in _CHAINS and bool(whole(call))


def layers_of(call: tree.Call) -> set[int]:
    """The ids of the names of layers that are told with the chain that they are written in."""
    if not is_chain(call):
        return set()
    inner = [node for node in tree.nodes(call.arguments) if isinstance(node, tree.Call)]
    values = [argument.value for node in inner for argument in node.arguments]
    return {id(node) for node in [*(node.function for node in inner), *values]}


def _with(written: str, operator: Operator, tensors: Sequence[str]) -> str:
    """`cross_entropy(logits, label, ignore_index=0)` of `cross_entropy(ignore_index=0)`."""
    settings, arrow, after = written.removeprefix(operator.name).partition(" -> ")
    words = [*tensors, *filter(None, [settings.removeprefix("(").removesuffix(")")])]
    return f"{operator.name}({', '.join(words)}){arrow}{after}"


def layer(operator: Operator, call: tree.Call) -> tuple[str, list[tree.Argument]]:
    """The call of a class or function as it is written here, and the arguments that the input tells."""
    name = named(call.function)
    given = list(call.arguments)
    told = [] if name.endswith("D") or not name[:1].isupper() else _told(operator, given)
    kept = [argument for argument in given if argument not in told]
    settings = {setting.name for setting in operator.settings}
    words, after = [], ""
    for argument in kept:
        key = argument.name.id if argument.name is not None else None
        if key == "activation" and key not in settings and isinstance(argument.value, tree.String):
            after = f" -> {argument.value.value}"
        elif key not in settings and key in _NOT_HERE:
            continue
        else:
            words.append(_argument(argument, settings))
    return operator.name + (f"({', '.join(words)})" if words else "") + after, told


def recipe_call(recipe: Recipe, call: tree.Call) -> str:
    """`adam(lr=1e-3)` of `torch.optim.Adam(model.parameters(), lr=1e-3)`; nothing where only the name
    differs."""
    settings = {setting.name for setting in recipe.settings}
    kept = [argument for argument in call.arguments if not _is_held(argument.value)]
    written = [_argument(argument, settings) for argument in kept]
    if len(kept) == len(call.arguments) and written == [_plain(argument) for argument in kept]:
        return ""
    return recipe.name + (f"({', '.join(written)})" if written else "")


def _is_held(expr: tree.Expr) -> bool:
    """What an optimizer or a scheduler is given in a loop, and not here: `model.parameters()`,
    `optimizer`."""
    if isinstance(expr, tree.Call):
        return named(expr.function) in ("parameters", "named_parameters")
    return isinstance(expr, tree.Name) and expr.id in ("optimizer", "opt", "params", "parameters")


def _told(operator: Operator, given: Sequence[tree.Argument]) -> list[tree.Argument]:
    """The arguments that the input tells here, as long as the others are enough for the operator."""
    found = [a for a in given if a.name is not None and a.name.id in TOLD_BY_THE_INPUT]
    places = next((p for stem, p in _TOLD.items() if operator.name.startswith(stem)), ())
    positional = [a for a in given if a.name is None]
    if any(a.starred for a in positional):
        return found
    first = [positional[place] for place in places if place < len(positional)]
    named = {a.name.id for a in given if a.name is not None}
    left = len(positional) - len(first)
    enough = all(
        setting.default is not REQUIRED or setting.name in named
        for setting in operator.settings[left:]
    )
    return [*first, *found] if enough and not found else found


def arguments(call: tree.Call) -> str:
    """The arguments of a method's call, as they are written here."""
    return ", ".join(_argument(argument, set()) for argument in call.arguments)


def _argument(argument: tree.Argument, settings: set[str]) -> str:
    written = ("*" if argument.starred else "") + _value(argument.value)
    if argument.name is None:
        return written
    key = argument.name.id
    if key not in settings and BROUGHT_ALONG.get(key) in settings | {"dim"}:
        key = BROUGHT_ALONG[key]
    return f"{key}={written}"


def _plain(argument: tree.Argument) -> str:
    """As it is written there, but for what is not written again."""
    shown = _value(argument.value)
    text = argument.span.text
    return text.removesuffix(argument.value.span.text) + "…" if shown == "…" else text


def _known(function: tree.Expr) -> bool:
    return isinstance(function, tree.Name) and lookup(function.id) is not None


def _value(expr: tree.Expr) -> str:
    if isinstance(expr, tree.Name):
        return CONSTANTS.get(expr.id, expr.id)
    if isinstance(expr, tree.Attribute):
        known = dtype(expr.name)
        if expr.name == "training" and _is_self(expr):
            return "training"
        return f'"{known}"' if known else "…"
    if isinstance(expr, tree.Call) and not _known(expr.function) and (written := whole(expr)):
        return written
    text = expr.span.text
    dotted = any(isinstance(node, tree.Attribute) for node in tree.nodes(expr))
    foreign = len(text) > _LONG or "\n" in text or dotted
    return "…" if foreign else text
