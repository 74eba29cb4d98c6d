"""Arguments of a call -> settings: names, numbers of arguments, kinds, lengths, choices.

The same for operators, transforms, optimizers: whatever declares `Setting`s. Problems are raised as
`Mismatch` with the argument's name, so that the caller can point at it.
"""

from __future__ import annotations

from nnspec.diagnostics import Mismatch, nearest
from nnspec.dims import Dim
from nnspec.operators.definition import REQUIRED, Inner, Setting
from nnspec.tensors import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: what people bring along from PyTorch and what the input's shape already tells
TOLD_BY_THE_INPUT = (
    "in_channels", "in_features", "num_features", "num_channels", "normalized_shape",
    "input_size", "embed_dim", "kdim", "vdim", "d_model", "in1_features", "in2_features",
    "input_shape",
)  # fmt: skip
#: arguments as Keras, Flax and NumPy name them
BROUGHT_ALONG = {
    "filters": "out_channels", "kernel": "kernel_size", "ksize": "kernel_size", "pad": "padding",
    "units": "out_features", "features": "out_features", "strides": "stride", "pool_size": "kernel_size",
    "window_shape": "kernel_size",
    "dilation_rate": "dilation", "use_bias": "bias", "rate": "p", "axis": "dim", "axes": "dim",
    "keepdims": "keepdim", "epsilon": "eps", "learning_rate": "lr",
    "input_dim": "num_embeddings", "output_dim": "embedding_dim",
}  # fmt: skip


def bind_settings(
    owner: str, settings: Sequence[Setting], positional: Sequence[Any], keyword: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of every setting, defaults filled in, kinds checked.

    `owner` is the name to show. Raises Mismatch NN203 (unknown argument), NN204 (missing), NN205
    (wrong kind), NN206 (wrong value), NN207 (too many, or given twice).
    """
    bound: dict[str, Any] = {}
    axes = next((setting for setting in settings if setting.kind == "axes"), None)
    if axes is not None:
        settings = [setting for setting in settings if setting is not axes]
    if (
        positional
        and settings
        and settings[0].spread
        and all(_is("size", value) for value in positional)
    ):
        positional = [list(positional)]
    if len(positional) > len(settings):
        raise Mismatch(
            "NN207",
            f"`{owner}` takes {_count(len(settings), 'argument')}, not {len(positional)}",
            argument=str(len(settings)),
            help=f"its arguments: {', '.join(s.name for s in settings)}" if settings else "",
        )
    for setting, value in zip(settings, positional, strict=False):
        bound[setting.name] = value
    known = {setting.name for setting in settings}
    lengths: dict[str, Any] = {}
    for name, value in keyword.items():
        if axes is not None and name not in known:
            lengths[name] = check_kind(owner, Setting(name, "size"), value)
            continue
        if name not in known:
            raise unknown_argument(owner, name, settings)
        if name in bound:
            first = ", ".join(setting.name for setting in settings[: len(positional)])
            raise Mismatch(
                "NN207",
                f"`{name}` is given twice to `{owner}`",
                argument=name,
                help=f"those without a name are {first}: what the input tells is left out",
            )
        bound[name] = value
    complete: dict[str, Any] = {} if axes is None else {axes.name: lengths}
    for setting in settings:
        if setting.name in bound:
            complete[setting.name] = check_kind(owner, setting, bound[setting.name])
        elif setting.default is REQUIRED:
            missing = [s.name for s in settings if s.default is REQUIRED and s.name not in bound]
            raise Mismatch(
                "NN204",
                f"`{owner}` needs {' and '.join(f'`{m}`' for m in missing)}",
                help=f"{owner}({', '.join(s.name for s in settings if s.default is REQUIRED)}, …)",
            )
        else:
            complete[setting.name] = setting.default
    return complete


def unknown_argument(owner: str, name: str, settings: Sequence[Setting]) -> Mismatch:
    """NN203, with what the argument is called here."""
    return Mismatch(
        "NN203",
        f"`{owner}` has no argument `{name}`",
        argument=name,
        help=_unknown_help(name, settings),
    )


def check_kind(owner: str, setting: Setting, value: Any) -> Any:
    """The value, if the setting takes it."""
    if setting.length and isinstance(value, (list, tuple)):
        if len(value) != setting.length:
            raise Mismatch(
                "NN205",
                f"`{setting.name}` of `{owner}` is one number"
                + (f" or {setting.length} (one for each dimension)" if setting.length > 1 else "")
                + f", not a list of {len(value)}: {show(value)}",
                argument=setting.name,
                help=_sibling_help(owner, setting, len(value)),
            )
        single = Setting(setting.name, setting.kind, setting.default, 0, setting.choices)
        return tuple(check_kind(owner, single, item) for item in value)
    kinds = setting.kind.split("|")
    if setting.choices and "layer" in kinds and _is("layer", value):
        return _inner(owner, setting, value)
    if isinstance(value, str) and "str" in kinds and setting.choices:
        if value not in setting.choices:
            close = nearest(value, setting.choices)
            raise Mismatch(
                "NN206",
                f'`{setting.name}` of `{owner}` cannot be "{value}"',
                argument=setting.name,
                help=(f'did you mean "{close}"? ' if close else "")
                + f"it is {_describe(setting)}",
            )  # fmt: skip
        return value
    if not any(_is(kind, value) for kind in kinds):
        raise Mismatch(
            "NN205",
            f"`{setting.name}` of `{owner}` is {_describe(setting)}, not {show(value)}",
            argument=setting.name,
        )
    if isinstance(value, float) and value.is_integer() and not {"float", "any"} & set(kinds):
        return int(value)
    return tuple(value) if isinstance(value, list) else value


def _inner(owner: str, setting: Setting, value: Any) -> Inner:
    """A layer in place of a setting: one of the operators that the setting takes, bound."""
    if isinstance(value, Inner):
        return value
    operator = getattr(value, "operator", None)
    wanted = " or ".join(f"`{name}`" for name in setting.choices)
    if operator is None or operator.name not in setting.choices:
        raise Mismatch(
            "NN205",
            f"`{setting.name}` of `{owner}` is {wanted}"
            + (
                f", not `{operator.name}`" if operator is not None else ", not a layer of one's own"
            ),
            argument=setting.name,
            help="what is inside of a block is written there; blocks are repeated as they are: "
            "`6 * Layer(8)`"
            if operator is None
            else "",
        )
    keyword = getattr(value, "keyword", {})
    tensors = {slot.name for slot in operator.tensors}
    for name in keyword:
        if name in tensors or name.endswith("is_causal"):
            raise Mismatch(
                "NN203",
                f"`{name}` is for where the tensors are: `{owner}` gets its own, not its layers",
                argument=setting.name,
            )
    if getattr(value, "init", None) or getattr(value, "ties", None):
        raise Mismatch(
            "NN203",
            f"the parameters of the layers in `{owner}` begin as in PyTorch",
            argument=setting.name,
            help="layers whose parameters are set are repeated as they are: `6 * Layer(8)`",
        )
    try:
        positional = getattr(value, "positional", ())
        settings = bind_settings(operator.name, operator.settings, positional, keyword)
    except Mismatch as mismatch:
        mismatch.argument, mismatch.within = setting.name, None
        raise
    names = (s.name for s, _ in zip(operator.settings, positional, strict=False))
    return Inner(operator, settings, frozenset((*keyword, *names)))


def _is(kind: str, value: Any) -> bool:
    if kind == "any":
        return True
    if kind == "none":
        return value is None
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "str":
        return isinstance(value, str)
    if kind == "int":
        return (isinstance(value, int) and not isinstance(value, bool)) or isinstance(value, Dim)
    if kind == "size":
        return isinstance(value, (int, Dim)) and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "dtype":
        return isinstance(value, str) and value in DTYPES
    if kind == "list":
        return isinstance(value, (list, tuple)) and all(map(_is_known, value))
    if kind == "recipes":
        return isinstance(value, (list, tuple)) and all(hasattr(v, "definition") for v in value)
    if kind == "layer":
        return not isinstance(value, (int, float, str, list, tuple, type(None), Dim))
    raise ValueError(f"unknown kind {kind}")


def _is_known(item: Any) -> bool:
    """No tensor and no layer, which a list of numbers may be given by mistake."""
    if isinstance(item, (list, tuple)):
        return all(map(_is_known, item))
    return item is None or item is ... or isinstance(item, (int, float, str, Dim))


_WORDS = {
    "int": "an integer", "size": "an integer", "float": "a number", "bool": "true or false",
    "str": "a string", "none": "none", "dtype": "a dtype", "list": "a list", "layer": "a layer",
    "recipes": "a list such as [linear(), cosine()]",
}  # fmt: skip


def _describe(setting: Setting) -> str:
    words = [_WORDS[kind] for kind in setting.kind.split("|")]
    if setting.choices and "a layer" in words:
        words.remove("a layer")
        words = [*(f"`{choice}`" for choice in setting.choices), *words]
    elif setting.choices:
        words = [w for w in words if w != "a string"] + [
            f'"{choice}"' for choice in setting.choices
        ]
    if setting.length > 1:
        words.append(f"a list of {setting.length}")
    if "a number" in words and "an integer" in words:
        words.remove("an integer")
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last


def _unknown_help(name: str, settings: Sequence[Setting]) -> str:
    if name in TOLD_BY_THE_INPUT:
        return f"leave `{name}` out: the input's shape tells it"
    if name == "inplace":
        return "leave `inplace` out: the compiler writes over a tensor where nothing else needs it"
    if name in ("activation", "act"):
        return "an activation is a layer of its own: `-> relu`"
    names = [s.name for s in settings]
    close = BROUGHT_ALONG.get(name)
    close = close if close in names else nearest(name, names)
    if close:
        return f"did you mean `{close}`?"
    return (
        f"it takes {', '.join(s.name for s in settings)}" if settings else "it takes no arguments"
    )


def _sibling_help(owner: str, setting: Setting, length: int) -> str:
    """`conv2d` with three sizes: name `conv3d`."""
    from nnspec.operators import index

    sibling = owner.replace(f"{setting.length}d", f"{length}d")
    return f"`{sibling}` takes {length}" if sibling != owner and sibling in index() else ""


def _count(number: int, word: str) -> str:
    return (
        f"no {word}s"
        if number == 0
        else f"1 {word}"
        if number == 1
        else f"at most {number} {word}s"
    )


def _escaped(text: str) -> str:
    """A string with what cannot be printed as an escape, as the language has them."""
    if text.isprintable() and not set(text) & {'"', "\\"}:
        return text
    return "".join(
        f"\\{character}"
        if character in '"\\'
        else character
        if character.isprintable()
        else {"\n": "\\n", "\t": "\\t"}.get(character)
        or (f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\U{ord(character):08x}")
        for character in text
    )


def show(value: Any) -> str:
    """A value as the language writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_escaped(value)}"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, dict):
        return "[" + ", ".join(f"{key}: {show(item)}" for key, item in value.items()) + "]"
    if value is ... or isinstance(value, (int, float, Dim)):
        return "..." if value is ... else str(value)
    if hasattr(value, "definition"):
        return str(value)
    operator = getattr(value, "operator", None)
    if operator is not None:
        return f"the layer `{operator.name}`"
    if hasattr(value, "type"):
        return f"a tensor {value.type}"
    name = getattr(value, "name", None)
    return f"`{name}`" if isinstance(name, str) else "a layer"
