"""What people bring along from Python, PyTorch and Keras, and how it is said here."""

from __future__ import annotations

from nnspec.diagnostics import nearest
from nnspec.tensors import DTYPES, torch_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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
    **dict.fromkeys(("list", "tuple", "dict", "set"),
                    "write `[1, 2, 3]`, `[train: 0.8, val: 0.2]`; `range(n)` is a list already"),
    "partial": "a layer with its settings is a value: `norm = layer_norm(eps=1e-6)`",
    **dict.fromkeys(("isinstance", "type", "hasattr", "getattr"),
                    "the kind of a parameter is declared: `norm: layer`"),
    **dict.fromkeys(("map", "filter"), "write `[f(i) for i in items if i > 0]`"),
    "super": "there are no classes here: delete this line",
    # Keras
    **dict.fromkeys(("Dense", "dense", "fc", "fully_connected", "FullyConnected"), "linear"),
    "Input": "a model's tensors are `input` lines: `input image: [N, 3, H, W]`",
    "Conv1D": "conv1d", "Conv2D": "conv2d", "Conv3D": "conv3d", "Conv2DTranspose": "conv_transpose2d",
    "MaxPooling1D": "max_pool1d", "MaxPooling2D": "max_pool2d", "MaxPooling3D": "max_pool3d",
    "AveragePooling2D": "avg_pool2d", "UpSampling2D": "upsample", "ZeroPadding2D": "zero_pad2d",
    "GlobalAveragePooling2D": "write `adaptive_avg_pool2d(1) -> flatten`",
    "GlobalMaxPooling2D": "write `adaptive_max_pool2d(1) -> flatten`",
    "BatchNormalization": "one of `batch_norm1d`, `batch_norm2d`, `batch_norm3d`",
    "LayerNormalization": "layer_norm", "Activation": "write the activation itself: `relu`",
    "Add": "tensors are added with `+`", "Concatenate": "concat", "Reshape": "reshape",
    # Flax
    "ConvTranspose": "conv_transpose2d",
    "avg_pool": "avg_pool2d", "max_pool": "max_pool2d", "Embed": "embedding",
    "Model": "a whole network is `model Name(…):`, with a line `input x: [N, C]` for each of its tensors",
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
    "gelu_new": 'write `gelu(approximate="tanh")`', "SiLU": "silu",
    "ravel": "write `flatten(0)`", "t": "write `transpose(0, 1)`", "fliplr": "write `flip(1)`",
    "flipud": "write `flip(0)`", "expand_as": "name the sizes of the other tensor, and `expand` to them",
    "view_as": "name the sizes of the other tensor, and `view` them",
    "reshape_as": "name the sizes of the other tensor, and `reshape` to them",
    "vector_norm": "norm", "matrix_norm": "norm", "multi_dot": "write `a @ b @ c`",
    "as_strided": "memory is PyTorch's matter: `unfold`, `narrow` and `view` say which values are meant",
    "nonzero": _COUNTED, "argwhere": _COUNTED, "masked_select": _COUNTED, "unique": _COUNTED,
    "unique_consecutive": _COUNTED,
    "bincount": "how many there are depends on the largest value, and a shape does not: write "
                "`one_hot(n) -> sum(0)`, with a count for each of n classes",
    "randperm": "write `rand(n) -> argsort`", "bernoulli": "write `rand_like(p) < p`",
    "randint_like": "write `randint(low, high, […])` with its sizes by name", "histogram": "histc",
    "bce_loss": "binary_cross_entropy", "focal_loss": "sigmoid_focal_loss",
    "giou_loss": "generalized_box_iou_loss", "diou_loss": "distance_box_iou_loss",
    "ciou_loss": "complete_box_iou_loss", "lstsq": "write `qr`, and `solve` with its triangle",
    "eig": "`eigh` finds those of symmetric matrices",
    "nms": _COUNTED, "batched_nms": _COUNTED,
    "remove_small_boxes": _COUNTED, "tolist": _VALUES,
    "Sequential": _PIPELINE, "sequential": _PIPELINE,
    "ModuleList": "repeat with `n * layer`, or name them in a loop: `x = x -> layers[i]: Block(…)`",
    "Parameter": "a tensor of a block's own is declared: `param gamma: [C] = ones`",
    "parameter": "a tensor of a block's own is declared: `param gamma: [C] = ones`",
    "no_grad": "what is trained is said in the train part; `detach` cuts one value off",
    **dict.fromkeys(("attn", "attention", "Attention"), "write `multihead_attention(heads)`, or define a "
                    "block: `block Attention(heads: int): …`"),
    **dict.fromkeys(("mlp", "MLP", "ffn"), "define it: `block MLP(width: int) = linear(width) -> relu`"),
    **dict.fromkeys(("ModuleDict", "OrderedDict"),
                    "layers have labels where they are used: `x -> head: linear(10)`"),
    "ParameterList": "a tensor of a block's own is declared: `param gamma: [C] = ones`",
    "Module": "a part of a network is `block Name(…):`, a whole one `model Name(…):`",
    "BCELoss": "binary_cross_entropy", "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div", "SyncBatchNorm": "batch_norm2d", "Swish": "silu", "swish": "silu",
    "UpsamplingNearest2d": "upsample", "UpsamplingBilinear2d": 'write `upsample(2, mode="bilinear")`',
    "numel": "sizes have names: multiply them", "item": "a loss is a tensor without sizes; leave it out",
    **dict.fromkeys(("cuda", "cpu"), "leave it out: the model goes where it is run"),
    "append": "bind the whole again: `skips = skips + [x]`", "backward": "leave it out: the trainer does it",
    "inf": 'write `float("inf")`', "pi": "write `3.141592653589793`", "e": "write `2.718281828459045`",
    "model": "leave it out: the train part trains all parameters of its model",
    "print": "`nnspec check` shows every shape; `h: [N, 64, H, W] = …` asserts one",
}  # fmt: skip

#: attributes of tensors
ATTRIBUTES = {
    "shape": "", "size": "", "T": "write `{} -> transpose(0, 1)`", "mT": "write `{} -> transpose(-2, -1)`",
    "dtype": "its dtype follows from the inputs; `to(\"f32\")` changes it",
    "device": "leave it out: what is made goes where the model is", "data": "write `{} -> detach`",
    "requires_grad": "what is trained is said in the train part; `detach` cuts one value off",
}  # fmt: skip
_SIZES = (
    "name them in the input's pattern, `input x: [N, C, H, W]`, or on the way: "
    "`h: [N, D, H2, W2] = …`"
)


def said_here(name: str, known: Iterable[str]) -> tuple[str, str | None]:
    """(help, the known name that is meant, if it is one) for a name that is not known."""
    habit = HABITS.get(name)
    if habit is None and (kind := dtype(name)) is not None:
        return f'a dtype is a text here: `"{kind}"`', None
    if habit is not None:
        return (f"did you mean `{habit}`?", habit) if " " not in habit else (habit, None)
    close = close_to(name, known)
    if close:
        return (
            (_one_of(close), None) if len(close) > 1 else (f"did you mean `{close[0]}`?", close[0])
        )
    return f"bind it before, `{name} = …`, or define it, `block {name}: …`", None


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """The known name that is most likely meant; `conv1d`, `conv2d` and `conv3d`, where the name says no
    dimensions and they have none in common."""
    every = set(known)
    families: dict[str, list[str]] = {}
    for one in sorted(every):
        stem = one[:-2] if one.endswith(("1d", "2d", "3d")) else one
        alone = stem in every or any(character.isdigit() for character in name)
        families.setdefault(one if alone else stem, []).append(one)
    close = nearest(name, families)
    return families[close] if close else []


def _one_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(f'`{name}`' for name in names)}"


def dtype(name: str) -> str | None:
    """`f16` of `float16` and `half`."""
    names = {torch_name(known): known for known in DTYPES}
    names |= {"half": "f16", "float": "f32", "double": "f64", "long": "i64", "int": "i32"}
    return names.get(name)


def of_module(name: str, known: Iterable[str]) -> str:
    """What `nn.ReLU`, `torch.cat`, `F.relu`, `torch.float16` are here."""
    habit = HABITS.get(name)
    if habit is None and (kind := dtype(name)) is not None:
        return f'a dtype is a text here: `"{kind}"`'
    close = [habit] if habit else close_to(name, known)
    if len(close) > 1:
        return _one_of(close)
    if not close:
        return _LAYERS
    return f"here it is `{close[0]}`" if " " not in close[0] else close[0]


def of_tensor(name: str, tensor: str, arguments: str, known: Iterable[str]) -> tuple[str, str]:
    """(message, help) for `x.view(…)`, `x.shape`."""
    if name in ("shape", "size"):
        return "a tensor's sizes are names here", _SIZES
    if name in ATTRIBUTES:
        return "a tensor has no attributes", ATTRIBUTES[name].format(tensor)
    names = set(known)
    habit = HABITS.get(name, "")
    if " " in habit:
        return "a tensor has no methods", habit
    close = name if name in names else habit if habit in names else nearest(name, names)
    if not close:
        return "a tensor has no methods", "use `x -> operator(…)`"
    among = f", or, within an expression, `{close}({tensor}{', ' if arguments else ''}{arguments})`"
    call = f"({arguments})" if arguments else ""
    return "a tensor has no methods", f"write `{tensor} -> {close}{call}`{among}"
