"""Uses of operators drawn at random: examples of the operators, changed a little; many are
invalid."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from nnspec.operators import lookup
from nnspec.operators.definition import Operator, Setting

from . import strings
from .examples import DTYPES, Case, Made, example

SIZES = (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 9)
INTS = (-1, 0, 1, 1, 2, 2, 2, 3, 3, 4, 5)


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


def bases(operator: Operator) -> list[Case]:
    found = [example(operator, text) for text in (*operator.accepts * 3, *operator.rejects)]
    for text, settings in BASES.get(operator.name, []):
        found.append(replace(example(operator, f"{text} -> {operator.name}"), settings=settings))
    return found


def draw(operator: Operator, rng: random.Random) -> Case:
    """A use of the operator: an example with a few changes."""
    case = rng.choice(bases(operator))
    inputs: list[Any] = list(case.inputs)
    if operator.tensors and operator.tensors[0].many and rng.random() < 0.4:
        inputs = [rng.choice(inputs) for _ in range(rng.randint(1, 4))]
    inputs = resize(operator, inputs, rng)
    tensors = [number for number, tensor in enumerate(inputs) if tensor is not None]
    if tensors and rng.random() < 0.15:
        number = rng.choice(tensors)
        inputs[number] = (inputs[number][0], rerank(inputs[number][1], rng))
    if tensors and rng.random() < 0.2:
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
    for setting in operator.settings:
        if setting.name in STRINGS.get(operator.name, ()):
            continue
        if rng.random() < (0.35 if setting.name in settings else 0.2):
            shape = inputs[0][1] if inputs else (2, 3)
            settings[setting.name] = setting_value(operator, setting, shape, len(shape), rng)
    if operator.tensors and operator.tensors[0].scalar and rng.random() < 0.25:
        number = rng.randrange(2)
        inputs[number] = None
        name = operator.tensors[number].name
        settings[name] = rng.choice((2, 3, 0.5, 2.0, -1.5, -1, 0, 0.0))
    return Case(operator, tuple(inputs), settings)


def resize(operator: Operator, inputs: list[Any], rng: random.Random) -> list[Any]:
    """Other sizes; those that are equal mostly stay equal."""
    named: dict[int, int] = {}
    out = []
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
    operator: Operator, setting: Setting, shape: tuple[int, ...], rank: int, rng: random.Random
) -> Any:
    """A value of the setting's kind, valid or not."""
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
        return Made(inner, **{n: v for n, v in settings.items() if not n.endswith("is_causal")})
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "float":
        return rng.choice((0.0, 0.1, 0.5, 1, 1.0, 1.5, 2, 2.0, 3, -0.5))
    if kind == "dtype":
        return rng.choice(DTYPES)
    if kind == "any":
        return nested(rng)
    if kind == "list":
        return listed(operator, setting, shape, rank, rng)
    single = rng.choice((-4, -3, -2, -1, 0, 1, 2, 3) if "dim" in setting.name else INTS)
    if setting.name in ("out_channels", "out_features", "num_embeddings", "embedding_dim"):
        single = rng.choice((0, 1, 2, 3, 4, 6))
    if setting.name in ("padding", "output_padding", "groups") and rng.random() < 0.5:
        single = rng.choice((0, 1))
    if setting.length and rng.random() < 0.45:
        length = setting.length if rng.random() < 0.85 else rng.choice((0, 1, 2, 3, 4))
        values = [
            rng.choice(INTS) if rng.random() < 0.3 else rng.choice((1, 2)) for _ in range(length)
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
    simpler = True
    while simpler:
        simpler = False
        for candidate in simplifications(case):
            if fails(candidate):
                case, simpler = candidate, True
                break
    return case


def simplifications(case: Case) -> Any:
    scalars = {t.name for t in case.operator.tensors}
    for name in case.settings:
        if name not in scalars:
            yield replace(case, settings={k: v for k, v in case.settings.items() if k != name})
    for name, value in case.settings.items():
        if isinstance(value, tuple) and value and case.operator.name != "index":
            yield replace(case, settings=case.settings | {name: value[0]})
        if isinstance(value, int) and value > 1:
            yield replace(case, settings=case.settings | {name: value - 1})
    for number, tensor in enumerate(case.inputs):
        if tensor is None:
            continue
        dtype, shape = tensor
        smaller = [("f32", shape)] if dtype != "f32" else []
        smaller += [
            (dtype, (*shape[:at], least, *shape[at + 1 :]))
            for at, size in enumerate(shape)
            for least in (1, size - 1)
            if 1 <= least < size
        ]
        for one in smaller:
            yield replace(case, inputs=(*case.inputs[:number], one, *case.inputs[number + 1 :]))
