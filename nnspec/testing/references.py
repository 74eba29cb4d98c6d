"""PyTorch's own call for a use of an operator, written from the use alone.

An operator has the name of its `torch.nn` class or function and its settings have the names of their
arguments, so the call follows from the names: what the spec wrote goes in by name, what it left out is
left to PyTorch. So a wrong default, a forgotten setting or a wrong line of generated code cannot hide: none
of the operator's own rules takes part. What is not called by these rules stands in `OWN`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fnmatch import fnmatch
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from nnspec.operators import index as known
from nnspec.tensors import DTYPES, torch_name

from .examples import Case, Made

#: the modules of nnspec's own operators
HOMES = frozenset(f"nnspec.operators.{file}" for file in known().values())
#: arguments that PyTorch wants and a spec leaves out: the size of the first tensor that they tell
TOLD: dict[str, dict[str, Callable[[Case], Any]]] = {
    "conv*": {"in_channels": lambda case: size(case, 0, 1)},
    "batch_norm*": {"num_features": lambda case: size(case, 0, 1)},
    "instance_norm*": {"num_features": lambda case: size(case, 0, 1)},
    "group_norm": {"num_channels": lambda case: size(case, 0, 1)},
    "linear": {"in_features": lambda case: size(case, 0, -1)},
    "linear_cross_entropy_loss": {"in_features": lambda case: size(case, 0, -1)},
    "adaptive_log_softmax_with_loss": {"in_features": lambda case: size(case, 0, -1)},
    "bilinear": {
        "in1_features": lambda case: size(case, 0, -1),
        "in2_features": lambda case: size(case, 1, -1),
    },
    "rnn*": {"input_size": lambda case: size(case, 0, -1)},
    "lstm*": {"input_size": lambda case: size(case, 0, -1)},
    "gru*": {"input_size": lambda case: size(case, 0, -1)},
    "multihead_attention": {
        "embed_dim": lambda case: size(case, 0, -1),
        "kdim": lambda case: size(case, 1, -1),
        "vdim": lambda case: size(case, 2, -1),
    },
    "transformer": {"d_model": lambda case: size(case, 0, -1)},
    "transformer_*_layer": {"d_model": lambda case: size(case, 0, -1)},
    "layer_norm": {"normalized_shape": lambda case: last(case)},
    "rms_norm": {"normalized_shape": lambda case: last(case)},
}


def size(case: Case, tensor: int, dim: int) -> int:
    """A size of a tensor; 1 where there is no such dimension, which PyTorch then refuses itself."""
    given = case.inputs[tensor]
    shape = given[1] if given else ()
    return shape[dim] if -len(shape) <= dim < len(shape) else 1


def last(case: Case) -> tuple[int, ...]:
    """The sizes of the last dimensions that a norm is asked to take (`dims=2`)."""
    given = case.inputs[0]
    shape = given[1] if given else ()
    dims = case.settings.get("dims", 1)
    return shape[-dims:] if isinstance(dims, int) and dims else ()


@cache
def classes() -> dict[str, str]:
    """`batchnorm2d` -> `BatchNorm2d`: the layers of torch.nn by their names without underscores."""
    return {
        name.lower(): name
        for name, found in vars(nn).items()
        if isinstance(found, type) and issubclass(found, nn.Module)
    }


@cache
def arguments_of(function: Any) -> frozenset[str]:
    """The names of a function's arguments; empty where Python cannot tell."""
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:
        return frozenset()


def reference(case: Case) -> str | None:
    """The call over `x0, x1, …` as text; of a layer its constructor, and in a second line the call of
    `module`. None where the names lead nowhere, as those of other packages' operators do."""
    name = case.operator.name
    if not any(home.__module__ in HOMES for home in type(case.operator).__mro__):
        return None
    if name in OWN:
        return OWN[name](case)
    layer = classes().get(name.replace("_", ""))
    if layer is not None and "dtype" not in case.settings:  # which only functions take
        return of_layer(case, layer)
    for home, space in (("F", F), ("torch", torch), ("torch.special", torch.special)):
        if hasattr(space, name):
            slots = {tensor.name for tensor in case.operator.tensors}
            plain = {s.name for s in case.operator.settings if s.default is None}
            settings = {  # PyTorch's overloads do not know none where it is the default
                n: v
                for n, v in case.settings.items()
                if n not in slots and not (v is None and n in plain)
            }
            return f"{home}.{name}({written(tensors(case), settings)})"
    return None


def of_layer(case: Case, layer: str) -> str:
    """A layer of torch.nn: what its constructor takes goes there, the rest into its call."""
    forward = arguments_of(vars(nn)[layer].forward)
    own = arguments_of(vars(nn)[layer].__init__)
    later = {n: v for n, v in case.settings.items() if n in forward and n not in own}
    made = {n: v for n, v in case.settings.items() if n not in later and n != "dims"}
    told = {}
    for names, found in TOLD.items():
        if fnmatch(case.operator.name, names):
            told = {argument: of(case) for argument, of in found.items()}
    constructor = f"nn.{layer}({written([], told | made, case)})"
    return f"{constructor}\nmodule({written(tensors(case), later)})"


def tensors(case: Case) -> list[str]:
    """The tensors as arguments: in order, the optional ones by name, a list where there are many."""
    if case.operator.tensors and case.operator.tensors[0].many:
        return ["[" + ", ".join(f"x{number}" for number in range(len(case.inputs))) + "]"]
    found = []
    for number, tensor in enumerate(case.operator.tensors):
        if number < len(case.inputs) and case.inputs[number] is not None:
            found.append(f"{tensor.name}=x{number}" if tensor.optional else f"x{number}")
        elif tensor.scalar and tensor.name in case.settings:
            found.append(f"({case.settings[tensor.name]!r})")
    return found


def written(first: list[str], settings: dict[str, Any], case: Case | None = None) -> str:
    """Arguments as Python writes them."""
    return ", ".join([*first, *(f"{name}={value(v, case)}" for name, v in settings.items())])


def value(given: Any, case: Case | None = None) -> str:
    """A setting's value as PyTorch takes it."""
    if isinstance(given, Made):
        inner = Case(given.operator, case.inputs if case else (), given.given)
        return (reference(inner) or "").partition("\n")[0]
    if isinstance(given, str) and given in DTYPES:
        return f"torch.{torch_name(given)}"
    return repr(given)


# -- what is called by other rules -------------------------------------------------------------------


def called_in(home: str) -> Callable[[Case], str]:
    """The function of the same name in a module that `reference` does not look into first."""
    return lambda case: f"{home}.{case.operator.name}({written(tensors(case), case.settings)})"


def infix(sign: str) -> Callable[[Case], str]:
    return lambda case: f" {sign} ".join(tensors(case))


def einops(case: Case) -> str:
    """The call of einops itself."""
    return f"einops.{case.operator.name}(x0, **{case.settings!r})"


def index(case: Case) -> str:
    items = case.settings["items"]
    return f"x0[{''.join(f'{item!r}, ' for item in items) or '()'}]"


def at_places(case: Case) -> str:
    """The rows, columns, … at some places. A dimension that is not there is one that `x0` has not either."""
    rank = len(case.inputs[0][1]) if case.inputs[0] else 0
    dim = case.settings.get("dim", 0)
    if not isinstance(dim, int):
        return f"x0.select({dim!r}, 0)"
    before = dim if dim >= 0 else dim + rank
    return f"x0[{':, ' * before}x1]" if before >= 0 else f"x0.size({dim})"


def recurrent(case: Case) -> str:
    """States are given together where there are two."""
    made = of_layer(case, classes()[case.operator.name.replace("_", "")])
    return made.replace("hx=x1, cx=x2", "(x1, x2)").replace("hx=x1", "x1")


def in_chunks(case: Case) -> str:
    """How PyTorch is asked to compute some rows at a time."""
    made = of_layer(case, "LinearCrossEntropyLoss")
    for given, options in (("True", "nn.LinearCrossEntropyOptions()"), ("False", "None")):
        made = made.replace(f"chunked={given}", f"options={options}")
    return made


def by_names(case: Case) -> str:
    """PyTorch has `dim` before the other tensors, a spec behind them."""
    slots = [tensor.name for tensor in case.operator.tensors]
    given = {n for n, tensor in enumerate(case.inputs) if n and tensor is not None}
    rest = [f"{name}=x{number}" for number, name in enumerate(slots) if number in given]
    settings = {"value" if n == "src" else n: v for n, v in case.settings.items()}
    return f"torch.{case.operator.name}({written(['x0', *rest], settings)})"


def one_by_one(case: Case) -> str:
    """Any number of tensors that are no list."""
    return f"torch.{case.operator.name}({tensors(case)[0][1:-1]})"


def arange(case: Case) -> str:
    """The first number alone is the end; with a step PyTorch wants all three."""
    given = {n: v for n, v in case.settings.items() if n == "dtype" or v is not None}
    numbers = [given.pop(name) for name in ("start", "end") if name in given]
    if numbers and "step" in given:
        numbers = [*([0] if len(numbers) == 1 else []), *numbers, given.pop("step")]
    return f"torch.arange({written([value(one) for one in numbers], given)})"


def randint(case: Case) -> str:
    """Three overloads, of which the shorter ones begin with `high`."""
    given = {n: v for n, v in case.settings.items() if n == "dtype" or v is not None}
    first = [value(given.pop(name)) for name in ("low", "high", "size") if name in given]
    return f"torch.randint({written(first, given)})"


def tensor_split(case: Case) -> str:
    """What PyTorch's overloads call differently has no name."""
    given = dict(case.settings)
    first = ["x0", *(value(given.pop(n)) for n in ("indices_or_sections",) if n in given)]
    return f"torch.tensor_split({written(first, given)})"


BY_NAMES = (
    *("gather", "scatter", "scatter_add", "scatter_reduce", "index_select", "index_add"),
    *("index_copy", "index_fill"),
)
OF_MATRICES = ("cross", "cholesky", "qr", "svd", "eigh", "solve")
OF_TORCHVISION = (
    *("stochastic_depth", "sigmoid_focal_loss", "box_area", "box_convert", "box_iou"),
    *("generalized_box_iou", "generalized_box_iou_loss", "distance_box_iou_loss"),
    "complete_box_iou_loss",
)

OWN: dict[str, Callable[[Case], str | None]] = {
    "add": infix("+"),
    "sub": infix("-"),
    "mul": infix("*"),
    "div": infix("/"),
    "floor_divide": infix("//"),
    "remainder": infix("%"),
    "pow": infix("**"),
    "matmul": infix("@"),
    "eq": infix("=="),
    "ne": infix("!="),
    "lt": infix("<"),
    "le": infix("<="),
    "gt": infix(">"),
    "ge": infix(">="),
    "rearrange": einops,
    "reduce": einops,
    "repeat": einops,
    "index": index,
    "index_at": at_places,
    "einsum": lambda case: f"torch.einsum({case.settings['equation']!r}, {tensors(case)[0]})",
    "expand": lambda case: f"x0.expand({case.settings['size']!r})",
    "lstm": recurrent,
    "gru": recurrent,
    "rnn": recurrent,
    "lstm_cell": recurrent,
    "gru_cell": recurrent,
    "rnn_cell": recurrent,
    "arange": arange,
    "randint": randint,
    "tensor_split": tensor_split,
    **dict.fromkeys(("nll_loss", "multi_margin_loss"), called_in("F")),
    **dict.fromkeys(OF_MATRICES, called_in("torch.linalg")),
    **dict.fromkeys(OF_TORCHVISION, called_in("torchvision.ops")),
    "stft": lambda case: (
        f"torch.stft({written(tensors(case), case.settings)}, return_complex=True)"
    ),
    **dict.fromkeys(("block_diag", "cartesian_prod"), one_by_one),
    "linear_cross_entropy_loss": in_chunks,
    **dict.fromkeys(BY_NAMES, by_names),
    "fft": lambda case: f"torch.fft.fft({written(['x0'], case.settings)})",
}
