"""A call as PyTorch or Keras have it, as it is written here: `nn.Conv2d(3, 16, 3)` is `conv2d(16, 3)`."""

from __future__ import annotations

from nnspec.elaborate.habits import dtype
from nnspec.operators.binding import BROUGHT_ALONG, TOLD_BY_THE_INPUT
from nnspec.operators.definition import REQUIRED
from nnspec.syntax import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.operators.definition import Operator

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
#: more characters than this are not written again
_LONG = 60


def root(expr: tree.Expr) -> tree.Name | None:
    """`nn` of `nn.functional.relu`, if a name is what the dots hang on."""
    while isinstance(expr, tree.Attribute):
        expr = expr.base
    return expr if isinstance(expr, tree.Name) else None


def operator_call(operator: Operator, call: tree.Call) -> str:
    """The call of a class or function that is this operator here, and why it is shorter; nothing where only
    its name differs."""
    function = call.function
    name = function.name if isinstance(function, tree.Attribute) else ""
    name = function.id if isinstance(function, tree.Name) else name
    given = list(call.arguments)
    told = [] if name.endswith("D") or not name[:1].isupper() else _told(operator, given)
    kept = [argument for argument in given if argument not in told]
    settings = {setting.name for setting in operator.settings}
    words, after = [], ""
    for argument in kept:
        key = argument.name.id if argument.name is not None else None
        if key == "activation" and key not in settings and isinstance(argument.value, tree.String):
            after = f" -> {argument.value.value}"
        elif key not in settings and key in ("inplace", "input_shape", "input_dim"):
            continue
        else:
            words.append(_argument(argument, settings))
    written = operator.name + (f"({', '.join(words)})" if words else "") + after
    if written == operator.name + (f"({', '.join(map(_plain, given))})" if given else ""):
        return ""
    if not told:
        return f"`{written}`"
    shown = " and the ".join(argument.value.span.text for argument in told)
    return f"`{written}`: the input tells the {shown}"


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


def _value(expr: tree.Expr) -> str:
    if isinstance(expr, tree.Name):
        return CONSTANTS.get(expr.id, expr.id)
    if isinstance(expr, tree.Attribute):
        known = dtype(expr.name)
        return f'"{known}"' if known else "…"
    text = expr.span.text
    dotted = any(isinstance(node, tree.Attribute) for node in tree.nodes(expr))
    foreign = len(text) > _LONG or "\n" in text or dotted
    return "…" if foreign else text
