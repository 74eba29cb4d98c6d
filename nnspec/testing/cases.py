"""Uses of operators drawn at random: examples of the operators, changed a little.

Half of them are drawn calmly, from settings that mostly fit, so that many are accepted; the others are drawn
wildly, from anything, so that many are not.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any

from nnspec.operators import lookup
from nnspec.operators.definition import Operator, Setting

from . import strings
from .examples import DTYPES, Case, Made, Refused, example, run_nnspec

SIZES = (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 9)
INTS = (-1, 0, 1, 1, 2, 2, 2, 3, 3, 4, 5)
CALM = (1, 1, 1, 2, 2, 3)
#: steps of making a counterexample simpler
MOST_STEPS = 60
#: how often a use is drawn again that is not what it was to be
MOST_DRAWS = 4
#: values of kinds that a setting mostly does not take
ODD = (None, True, "same", "x", 1.5, -3, (1,), (1, 2), (1, 2, 3, 4))


#: settings that are changed character by character, not drawn
STRINGS = {
    "rearrange": ("pattern", "axes"),
    "reduce": ("pattern", "axes"),
    "repeat": ("pattern", "axes"),
    "einsum": ("equation",),
}

#: operators without examples that the language itself writes
BASES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "index": [("[4, 5, 3]", {"items": (0, slice(1, 3))}), ("[4, 5]", {"items": (..., 1)})]
}


@cache
def bases(operator: Operator, calm: bool) -> list[Case]:
    """The uses to begin with: examples of the operator."""
    texts = operator.accepts if calm else (*operator.accepts * 3, *operator.rejects)
    found = [example(operator, text) for text in texts]
    for text, settings in BASES.get(operator.name, []):
        found.append(replace(example(operator, f"{text} -> {operator.name}"), settings=settings))
    return found


def draw(operator: Operator, rng: random.Random) -> Case:
    """A use of the operator. A calm one that nnspec refuses, a wild one that it takes, is mostly drawn again:
    of all operators a good part of the uses is accepted and a good part refused."""
    calm = rng.random() < 0.5
    case = changed(operator, rng, calm)
    for _ in range(MOST_DRAWS):
        try:
            if isinstance(run_nnspec(case), Refused) is not calm:
                break
        except Exception:  # a rule that does so is what the trials are for
            break
        case = changed(operator, rng, calm)
    return case


def changed(operator: Operator, rng: random.Random, calm: bool) -> Case:
    """An example of the operator with a few changes."""
    case = rng.choice(bases(operator, calm) or bases(operator, False))
    inputs: list[Any] = list(case.inputs)
    if operator.tensors and operator.tensors[0].many and rng.random() < 0.4:
        inputs = [rng.choice(inputs) for _ in range(rng.randint(1, 4))]
    inputs = resize(operator, inputs, rng)
    tensors = [number for number, tensor in enumerate(inputs) if tensor is not None]
    if tensors and rng.random() < (0.04 if calm else 0.2):
        number = rng.choice(tensors)
        inputs[number] = (inputs[number][0], rerank(inputs[number][1], rng))
    if tensors and rng.random() < (0.1 if calm else 0.25):
        dtype = rng.choice(DTYPES)
        together = rng.random() < 0.5
        only = rng.choice(tensors)
        inputs = [
            tensor and (dtype if together or number == only else tensor[0], tensor[1])
            for number, tensor in enumerate(inputs)
        ]
    settings = dict(case.settings)
    if operator.name in STRINGS:
        settings = strings.change(settings, rng)
    # of many settings each is changed less often: an example with ten changes is hardly ever right
    rate = min(0.35, 1.5 / max(len(operator.settings), 1)) if calm else 0.3
    for setting in operator.settings:
        if setting.name in STRINGS.get(operator.name, ()):
            continue
        if rng.random() < rate:
            shape = inputs[0][1] if inputs and inputs[0] else (2, 3)
            odd = not calm and operator.name != "index" and rng.random() < 0.06
            value = setting_value(operator, setting, shape, len(shape), rng, calm)
            settings[setting.name] = rng.choice(ODD) if odd else value
    if operator.tensors and operator.tensors[0].scalar and rng.random() < 0.25:
        number = rng.randrange(2)
        inputs[number] = None
        name = operator.tensors[number].name
        settings[name] = rng.choice((2, 3, 0.5, 2.0, -1.5, -1, 0, 0.0))
    if calm and operator.name == "fold":
        inputs = [windows(settings, *inputs[0])]
    if calm and operator.name == "deform_conv2d" and len(inputs[0][1]) == 4:
        inputs = [inputs[0], *moves(settings, *inputs)]
    return Case(operator, tuple(inputs), settings)


def windows(settings: dict[str, Any], dtype: str, shape: tuple[int, ...]) -> Any:
    """Columns that make up the image that is asked for: hardly ever drawn by chance."""
    kernel = two(settings, "kernel_size", 2)
    high, wide = slid(settings, two(settings, "output_size", 4), kernel)
    return dtype, (*shape[:-2], 2 * kernel[0] * kernel[1], high * wide)


def moves(settings: dict[str, Any], image: Any, offset: Any, mask: Any = None) -> list[Any]:
    """Offsets for each place that a kernel comes to, and a mask: hardly ever drawn by chance."""
    kernel = two(settings, "kernel_size", 3)
    (batch, channels, *size), seen = image[1], kernel[0] * kernel[1]
    groups = 2 if channels % 2 == 0 and offset[1][1] != 2 * seen else 1
    places = slid(settings, (size[0], size[1]), kernel)
    found = [(offset[0], (batch, 2 * groups * seen, *places))]
    return found if mask is None else [*found, (mask[0], (batch, groups * seen, *places))]


def slid(
    settings: dict[str, Any], size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[int, int]:
    """How many places a window comes to in each direction."""
    stride, padding = two(settings, "stride", 1), two(settings, "padding", 0)
    dilation = two(settings, "dilation", 1)
    high, wide = (
        max((size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1, 1)
        for i in (0, 1)
    )
    return high, wide


def two(settings: dict[str, Any], name: str, default: int) -> tuple[int, int]:
    given = settings.get(name, default)
    return given if isinstance(given, tuple) else (given, given)


def resize(operator: Operator, inputs: list[Any], rng: random.Random) -> list[Any]:
    """Other sizes; those that are equal mostly stay equal."""
    named: dict[int, int] = {}
    out: list[Any] = []
    rate = rng.choice((0.0, 0.3, 0.8))
    for tensor in inputs:
        if tensor is None:
            out.append(None)
            continue
        dtype, shape = tensor
        sizes = []
        for size in shape:
            if size not in named:
                named[size] = rng.choice(SIZES) if rng.random() < rate else size
            sizes.append(rng.choice(SIZES) if rng.random() < 0.06 else named[size])
        if len(sizes) > 4:
            sizes = [min(size, 6) for size in sizes]
        out.append((dtype, tuple(sizes)))
    return out


def rerank(shape: tuple[int, ...], rng: random.Random) -> tuple[int, ...]:
    if rng.random() < 0.5 and shape:
        at = rng.randrange(len(shape))
        return shape[:at] + shape[at + 1 :]
    if rng.random() < 0.2:
        return tuple(rng.choice((1, 2, 3)) for _ in range(rng.randrange(6)))
    return (*shape, rng.choice((1, 2, 3)))


def setting_value(
    operator: Operator,
    setting: Setting,
    shape: tuple[int, ...],
    rank: int,
    rng: random.Random,
    calm: bool = False,
) -> Any:
    """A value of the setting's kind, valid or not; calmly drawn, it mostly is."""
    ints = CALM if calm else INTS
    kinds = setting.kind.split("|")
    if operator.name == "index":
        return tuple(index_item(rng) for _ in range(rng.randint(0, rank + 1)))
    if setting.choices and "layer" not in kinds and rng.random() < 0.7:
        return rng.choice(setting.choices)
    kind = rng.choice([k for k in kinds if k != "str" or not setting.choices] or kinds)
    if kind == "str" and setting.choices:
        return rng.choice(setting.choices)
    if kind == "none":
        return None
    if kind == "layer":
        inner = lookup(rng.choice(setting.choices or ("gelu", "softmax", "glu")))
        assert inner is not None
        settings = draw(inner, rng).settings
        calls = ("is_causal", "dtype")  # what a call takes, and no layer
        return Made(inner, **{n: v for n, v in settings.items() if not n.endswith(calls)})
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "float":
        return rng.choice((0.1, 0.5, 1.0) if calm else (0.0, 0.1, 0.5, 1, 1.5, 2, 2.0, 3, -0.5))
    if kind == "dtype":
        return rng.choice(DTYPES)
    if kind == "any":
        return nested(rng)
    if kind == "list":
        return listed(operator, setting, shape, rank, rng)
    single = rng.choice(ints)
    if "dim" in setting.name:
        single = rng.randrange(-rank, rank) if calm and rank else rng.choice(range(-4, 4))
    if setting.name in ("out_channels", "out_features", "num_embeddings", "embedding_dim"):
        single = rng.choice((2, 4, 6) if calm else (0, 1, 2, 3, 4, 6))
    if setting.name == "n_classes" and calm:
        single = rng.choice((9, 12, 20))
    if setting.name in ("padding", "output_padding", "groups") and rng.random() < 0.5:
        single = rng.choice((0, 1))
    if setting.length and rng.random() < 0.45:
        right = calm or rng.random() < 0.85
        length = setting.length if right else rng.choice((0, 1, 2, 3, 4))
        values = [
            rng.choice(ints) if rng.random() < 0.3 else rng.choice((1, 2)) for _ in range(length)
        ]
        if "padding" in setting.name:
            values = [rng.choice((0, 1)) if rng.random() < 0.8 else v for v in values]
        return tuple(None if "none" in kinds and rng.random() < 0.1 else v for v in values)
    return single


def listed(
    operator: Operator, setting: Setting, shape: tuple[int, ...], rank: int, rng: random.Random
) -> tuple[Any, ...]:
    way = rng.random()
    if setting.name == "pad":
        pairs = rng.randint(0, rank) if way < 0.5 else max(rank - 2, 0)
        values = [rng.choice((0, 0, 1, 1, 2, 3, -1, -2, 5)) for _ in range(2 * pairs)]
        return tuple(values[:-1] if rng.random() < 0.05 else values)
    if setting.name in ("shape", "split_size_or_sections") and way < 0.7:
        sizes = list(shape)
        rng.shuffle(sizes)
        if sizes and rng.random() < 0.5:
            sizes[rng.randrange(len(sizes))] = -1
        if len(sizes) > 1 and rng.random() < 0.5:
            last = sizes.pop()
            sizes[-1] = -1 if -1 in (last, sizes[-1]) else sizes[-1] * last
        if setting.name == "split_size_or_sections" and shape:
            first = rng.randint(0, shape[0])
            return (first, shape[0] - first)
        return tuple(sizes)
    if setting.name == "cutoffs" and way < 0.7:
        return tuple(sorted(rng.sample(range(1, 9), rng.randint(1, 3))))
    if "dim" in setting.name and way < 0.7:
        dims = list(range(rank))
        rng.shuffle(dims)
        if setting.name == "dim":
            dims = dims[: rng.randint(0, rank)]
        return tuple(dim - rank if rng.random() < 0.2 else dim for dim in dims)
    if setting.name == "scale_factor":
        return tuple(
            rng.choice((0.5, 1.5, 2, 2.0, 0.3))
            for _ in range(rng.choice((1, rank - 2, rank - 2, 3)))
        )
    return tuple(rng.choice(INTS) for _ in range(rng.randint(0, rank + 1)))


def nested(rng: random.Random, depth: int = 0) -> Any:
    """Numbers in lists in lists, mostly equally long."""
    if depth == 2 or rng.random() < 0.3:
        return rng.choice((0, 1, -2, 0.5, 2.0, True, 10**6, 2**70))
    first = nested(rng, depth + 1)
    many = rng.choice((0, 1, 2, 2, 3))
    return [first if rng.random() < 0.8 else nested(rng, depth + 1) for _ in range(many)]


def index_item(rng: random.Random) -> Any:
    kind = rng.randrange(10)
    if kind < 4:
        return rng.choice((-3, -2, -1, 0, 0, 1, 2, 4))
    if kind < 8:
        ends = (None, None, 0, 1, 2, 3, -1, -2, 9)
        return slice(
            rng.choice(ends), rng.choice(ends), rng.choice((None, None, None, 1, 2, 3, 0, -1))
        )
    return None if kind == 8 else ...


def shrink(case: Case, fails: Any) -> Case:
    """A simpler use that fails too: fewer settings, smaller sizes, plain dtypes."""
    for _ in range(MOST_STEPS):
        simpler = next((one for one in simplifications(case) if fails(one)), None)
        if simpler is None:
            break
        case = simpler
    return case


def simplifications(case: Case) -> Any:
    kept = {t.name for t in case.operator.tensors} | {"items"}
    for name in case.settings:
        if name not in kept:
            yield replace(case, settings={k: v for k, v in case.settings.items() if k != name})
    for name, value in case.settings.items():
        if isinstance(value, tuple) and value and case.operator.name != "index":
            yield replace(case, settings=case.settings | {name: value[0]})
        if isinstance(value, int) and value > 1:
            for smaller in dict.fromkeys((1, value // 2, value - 1)):
                yield replace(case, settings=case.settings | {name: smaller})
    for number, tensor in enumerate(case.inputs):
        if tensor is None:
            continue
        dtype, shape = tensor
        plainer = [("f32", shape)] if dtype != "f32" else []
        plainer += [
            (dtype, (*shape[:at], least, *shape[at + 1 :]))
            for at, size in enumerate(shape)
            for least in (1, size - 1)
            if 1 <= least < size
        ]
        for one in plainer:
            yield replace(case, inputs=(*case.inputs[:number], one, *case.inputs[number + 1 :]))
