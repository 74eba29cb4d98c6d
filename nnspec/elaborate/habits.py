"""What people bring along from Python, PyTorch and Keras, and how it is said here."""

from __future__ import annotations

from nnspec.diagnostics import nearest
from nnspec.operators.binding import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from nnspec.dims import Size
    from nnspec.operators.definition import Operator

_PIPELINE = "layers are joined with the arrow: `conv2d(64, 3) -> relu`"
_LAYERS = "operators stand alone, in snake_case: `relu`, `conv2d(64, 3)`"
_COUNTED = (
    "how long its result is depends on the values, and a shape does not: `where(mask, a, b)`, `topk` and "
    "`x * mask` choose at a fixed size"
)
_VALUES = "a model's Python does not see values: what is computed stays a tensor"

#: a name -> the name here, or a sentence that says how
HABITS = {
    "True": "true", "False": "false", "None": "none",
    "null": "none", "nil": "none", "NULL": "none", "undefined": "none",
    "str": "a text holds values in a label only: `\"layer{i}\": conv2d(64, 3)`",
    # Keras
    "Dense": "linear", "Input": "a model's tensors are `input` lines: `input image: [N, 3, H, W]`",
    "Conv1D": "conv1d", "Conv2D": "conv2d", "Conv3D": "conv3d", "Conv2DTranspose": "conv_transpose2d",
    "MaxPooling1D": "max_pool1d", "MaxPooling2D": "max_pool2d", "MaxPooling3D": "max_pool3d",
    "AveragePooling2D": "avg_pool2d", "UpSampling2D": "upsample", "ZeroPadding2D": "zero_pad2d",
    "GlobalAveragePooling2D": "write `adaptive_avg_pool2d(1) -> flatten`",
    "GlobalMaxPooling2D": "write `adaptive_max_pool2d(1) -> flatten`",
    "BatchNormalization": "one of `batch_norm1d`, `batch_norm2d`, `batch_norm3d`",
    "LayerNormalization": "layer_norm", "Activation": "write the activation itself: `relu`",
    "Add": "tensors are added with `+`", "Concatenate": "concat", "Reshape": "reshape",
    # PyTorch
    "self": "a layer is used where it is written: `x -> conv1: conv2d(64, 3)`",
    "nn": _LAYERS, "torch": _LAYERS, "F": _LAYERS,
    "cat": "concat", "concatenate": "concat", "clip": "clamp", "multiply": "mul", "subtract": "sub",
    "divide": "div", "swapaxes": "transpose", "swapdims": "transpose", "moveaxis": "movedim",
    "long": 'write `to("i64")`', "half": 'write `to("f16")`', "double": 'write `to("f64")`',
    "contiguous": "leave it out: PyTorch copies where it must",
    "clone": "leave it out: what is computed is a new tensor, and never written over while it is needed",
    "size": "sizes are named in a pattern: `input x: [N, C, H, W]`, `h: [N, D, H2, W2] = …`",
    "absolute": "abs", "negative": "neg", "true_divide": "div", "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "not_equal": "ne", "arccos": "acos", "arcsin": "asin", "arctan": "atan",
    "arctan2": "atan2", "arccosh": "acosh", "arcsinh": "asinh", "arctanh": "atanh", "row_stack": "vstack",
    "trapz": "trapezoid", "inv": "inverse", "logsigmoid": "log_sigmoid", "expit": "sigmoid", "ger": "outer",
    "clamp_min": "write `clamp(min=0)`", "clamp_max": "write `clamp(max=1)`", "fix": "trunc",
    "gelu_new": 'write `gelu(approximate="tanh")`', "swish": "silu", "Swish": "silu", "SiLU": "silu",
    "ravel": "write `flatten(0)`", "t": "write `transpose(0, 1)`", "fliplr": "write `flip(1)`",
    "flipud": "write `flip(0)`", "expand_as": "name the sizes of the other tensor, and `expand` to them",
    "view_as": "name the sizes of the other tensor, and `view` them",
    "reshape_as": "name the sizes of the other tensor, and `reshape` to them",
    "vector_norm": "norm", "matrix_norm": "norm", "multi_dot": "write `a @ b @ c`",
    "as_strided": "memory is PyTorch's matter: `unfold`, `narrow` and `view` say which values are meant",
    "nonzero": _COUNTED, "argwhere": _COUNTED, "masked_select": _COUNTED, "unique": _COUNTED,
    "unique_consecutive": _COUNTED,
    "bincount": "write `one_hot(n) -> sum(0)`, with a count for each of n classes",
    "nms": _COUNTED, "batched_nms": _COUNTED,
    "remove_small_boxes": _COUNTED, "item": _VALUES, "tolist": _VALUES,
    "Sequential": _PIPELINE, "sequential": _PIPELINE,
    "ModuleList": "repeat with `n * layer`, or name them in a loop: `x = x -> layers[i]: Block(…)`",
    "Parameter": "a tensor of a block's own is declared: `param gamma: [C] = ones`",
    "parameter": "a tensor of a block's own is declared: `param gamma: [C] = ones`",
    "no_grad": "what is trained is said in the train part; `detach` cuts one value off",
    "print": "`nnspec check` shows every shape; `h: [N, 64, H, W] = …` asserts one",
}  # fmt: skip

#: methods and attributes of tensors
_SIZES = (
    "name them in the input's pattern, `input x: [N, C, H, W]`, or on the way: "
    "`h: [N, D, H2, W2] = …`"
)


def said_here(name: str, known: Iterable[str]) -> tuple[str, str | None]:
    """(help, the known name that is meant, if it is one) for a name that is not known."""
    habit = HABITS.get(name)
    if habit is not None:
        return (f"did you mean `{habit}`?", habit) if " " not in habit else (habit, None)
    close = nearest(name, known)
    return (f"did you mean `{close}`?", close) if close else ("", None)


def of_module(name: str, known: Iterable[str]) -> str:
    """What `nn.ReLU`, `torch.cat`, `F.relu` are here."""
    habit = HABITS.get(name)
    close = habit or nearest(name, known)
    if close is None:
        return _LAYERS
    return f"here it is `{close}`" if " " not in close else close


def of_tensor(name: str, tensor: str, known: Iterable[str]) -> tuple[str, str]:
    """(message, help) for `x.view(…)`, `x.shape`."""
    if name in ("shape", "size"):
        return "a tensor's sizes are names here", _SIZES
    if name == "T":
        return "a tensor has no attributes", f"write `{tensor} -> transpose(0, 1)`"
    names = set(known)
    habit = HABITS.get(name, "")
    if " " in habit:
        return "a tensor has no methods", habit
    close = name if name in names else habit if habit in names else nearest(name, names)
    return (
        "a tensor has no methods",
        f"write `{tensor} -> {close}(…)`" if close else "use `x -> operator(…)`",
    )


def channels_for_eps(operator: Operator, positional: Sequence[Any]) -> str:
    """`BatchNorm2d(64)`: the 64 would be eps. What to say of it, or nothing."""
    for setting, value in zip(operator.settings, positional, strict=False):
        if setting.name == "eps" and isinstance(value, int) and value >= 1:
            others = ", ".join(map(show, positional[:-1]))
            written = f"{operator.name}({others})" if others else operator.name
            return f"the input tells how many there are: write `{written}`"
    return ""


def channels_first(operator: Operator, positional: Sequence[Any], shape: Sequence[Size]) -> str:
    """`Conv2d(3, 64, 3)`, `Linear(10, 5)`: the input's size, given once more in first place."""
    if operator.name.startswith("conv") and len(shape) > 1:
        size, least = shape[1], 3
    elif operator.name == "linear" and shape:
        size, least = shape[-1], 2
    else:
        return ""
    if len(positional) < least or positional[0] != size or isinstance(positional[1], bool):
        return ""
    rest = ", ".join(map(show, positional[1:]))
    return f"the input tells its own {size}: write `{operator.name}({rest})`"
