"""One use of an operator, held against PyTorch on real tensors.

`disagreement(case)` is None where nnspec and PyTorch agree: on whether the use is possible, on the shapes
and dtypes of the results, on names, order, shapes and dtypes of parameters and buffers, and on the
multiply-accumulates (torch.utils.flop_counter on the real call, halved).
`symbolic_disagreement` does the same with symbols in place of sizes.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nnspec.diagnostics import Mismatch
from nnspec.dims import Dim, evaluate, symbol
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import REQUIRED, Operator, Use
from nnspec.tensors import TensorType, torch_name

from .cases import SIZES, Case
from .render import SPACE, names, text

TORCH = {name: getattr(torch, torch_name(name)) for name in
         ("f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool", "c64", "c128")}  # fmt: skip
NNSPEC = {dtype: name for name, dtype in TORCH.items()}

#: integers are places in a table or class numbers here; 0 is always one
PLACES = {"embedding", "cross_entropy", "nll_loss"}


@dataclass(frozen=True)
class Torch:
    """What PyTorch made of a use."""

    outputs: tuple[TensorType, ...]
    params: tuple[tuple[str, tuple[int, ...], str, bool], ...]
    macs: int


@dataclass(frozen=True)
class Refused:
    """Why a use was refused, by nnspec (with its code) or by PyTorch."""

    why: str
    code: str = ""


# -- PyTorch ------------------------------------------------------------------------------------------------


def tensor(case: Case, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    kind = TORCH[dtype]
    if kind.is_floating_point or kind.is_complex:
        return torch.rand(shape).to(kind)
    return torch.zeros(shape, dtype=kind) if case.operator.name in PLACES else torch.ones(shape, dtype=kind)


def raw_use(case: Case, taller: int = 0) -> Use:
    """The use with settings as they were written, unchecked; `taller` appends dimensions of size 1, so that
    a rule that looks at a dimension that is not there can still write its code."""
    settings = {s.name: s.default for s in case.operator.settings if s.default is not REQUIRED}
    types = tuple(i and TensorType(i[0], (*i[1], *(1,) * taller)) for i in case.inputs)
    return Use(case.operator, types, settings | case.settings, frozenset(case.settings))


def sources(case: Case, accepted: Use | None) -> list[str]:
    """The texts of the code that the operator makes for this use: as a module, as a function. Of a refused
    use the code is that of its settings as they were written."""
    for use in [accepted] if accepted else [raw_use(case), raw_use(case, 5)]:
        try:
            made = [case.operator.module(use), case.operator.function(use)]
        except (IndexError, ZeroDivisionError, KeyError, TypeError):
            continue
        return [text(code) for code in made if code is not None]
    return []


def run_torch(case: Case, source: str) -> Torch | Refused:
    """The code, run on random tensors."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        inputs = [None if i is None else tensor(case, *i) for i in case.inputs]
        try:
            made = eval(source, SPACE | names(inputs)) if source.startswith("nn.") else None
            if case.operator.name in EVALUATED and made is not None:
                made.eval()
            counter = FlopCounterMode(display=False)
            with counter:
                result = made(*inputs) if made is not None else eval(source, SPACE | names(inputs))
        except Exception as error:  # whatever PyTorch raises is its refusal
            return Refused(f"{type(error).__name__}: {error}"[:200])
    results = result if isinstance(result, (tuple, list)) else (result,)
    outputs = tuple(TensorType(NNSPEC[r.dtype], tuple(r.shape)) for r in results)
    return Torch(outputs, params_of(made), counter.get_total_flops() // 2)


def params_of(module: nn.Module | None) -> tuple[tuple[str, tuple[int, ...], str, bool], ...]:
    if module is None:
        return ()
    named = [(*pair, True) for pair in module.named_parameters()]
    named += [(*pair, False) for pair in module.named_buffers()]
    return tuple((name, tuple(p.shape), NNSPEC[p.dtype], trainable) for name, p, trainable in named)


# -- nnspec -------------------------------------------------------------------------------------------------


def bound_use(case: Case, types: tuple[TensorType | None, ...]) -> Use:
    scalars = {t.name for t in case.operator.tensors if t.scalar} & case.settings.keys()
    given = {name: value for name, value in case.settings.items() if name not in scalars}
    settings = bind_settings(case.operator.name, case.operator.settings, (), given)
    settings.update({name: case.settings[name] for name in scalars})
    return Use(case.operator, types, settings, frozenset(given))


def run_nnspec(case: Case) -> tuple[Use, tuple[TensorType, ...]] | Refused:
    types = tuple(i and TensorType(*i) for i in case.inputs)
    try:
        use = bound_use(case, types)
        return use, case.operator.infer(use)
    except Mismatch as refused:
        return Refused(refused.message, refused.code)


# -- where they differ on purpose ---------------------------------------------------------------------------

#: held against PyTorch's module in evaluation: training needs more than one value in a channel, which is a
#: matter of the batch that training brings, not of the model
EVALUATED = {"batch_norm1d", "batch_norm2d", "batch_norm3d"}

Rule = Callable[[Case, Refused, Torch | None], bool]


def of(*families: str) -> Callable[[Case], bool]:
    return lambda case: case.operator.family in families or case.operator.name in families


def dtypes(case: Case) -> set[str]:
    return {tensor[0] for tensor in case.inputs if tensor}


def _batchless(case: Case, refused: Refused, theirs: Torch | None) -> bool:
    placed = of("convolution", "pooling", "dropout", "normalisation", "pad")(case)
    return refused.code == "NN303" and placed and "dims=" not in refused.why


def _empty(case: Case, refused: Refused, theirs: Torch | None) -> bool:
    assert theirs is not None
    shapes = [output.shape for output in theirs.outputs] + [shape for _, shape, *_ in theirs.params]
    return any(0 in shape for shape in shapes)


def _integers(case: Case, refused: Refused, theirs: Torch | None) -> bool:
    of_places = of("pooling", "resizing")(case)
    return refused.code == "NN304" and of_places and not dtypes(case) & {"f32", "f64"}


def _broadcast_loss(case: Case, refused: Refused, theirs: Torch | None) -> bool:
    return refused.code in ("NN301", "NN303") and "compares tensors of one shape" in refused.why


#: nnspec refuses what PyTorch accepts: (what, why, which cases)
STRICTER: list[tuple[str, str, Rule]] = [
    (
        "no batch",
        "PyTorch takes [C, H, W] for [N, C, H, W]; a model that forgot its batch is a mistake more often",
        _batchless,
    ),
    (
        "nothing in it",
        "PyTorch computes on tensors without values; the language's sizes are at least 1",
        _empty,
    ),
    (
        "lists of another length",
        "PyTorch's pools take an empty list of strides; a list has one number for each dimension",
        lambda case, refused, theirs: refused.code == "NN205",
    ),
    (
        "integers in pools",
        "PyTorch pools and resizes some integer tensors, on the CPU only, and never trains through them",
        _integers,
    ),
    (
        "losses that broadcast",
        "PyTorch broadcasts input and target, and warns that the result is likely to be wrong",
        _broadcast_loss,
    ),
    (
        "class numbers of u8",
        "PyTorch takes u8 class numbers, nearly everywhere; i64 works everywhere",
        lambda case, refused, theirs: of("cross_entropy", "nll_loss")(case) and refused.code == "NN304",
    ),
    (
        "label smoothing below 0",
        "PyTorch ignores it without a word",
        lambda case, refused, theirs: "label_smoothing" in refused.why,
    ),
    (
        "dims of norms",
        "a setting of the language's own: PyTorch has no call for a number that is out of range",
        lambda case, refused, theirs: refused.why.startswith("dims="),
    ),
    (
        "keepdim without dim",
        "PyTorch's amax and amin take it, its mean and sum do not; here all are alike",
        lambda case, refused, theirs: refused.why == "keepdim needs a dim",
    ),
    (
        "clamp of truth values",
        "PyTorch makes integers of them; nobody means that",
        lambda case, refused, theirs: of("clamp")(case) and case.inputs[0] is not None
        and case.inputs[0][0] == "bool",
    ),
    (
        "complex numbers",
        "arithmetic and functions of each value take them; layers, activations and losses are for real ones",
        lambda case, refused, theirs: refused.code == "NN304" and bool({"c64", "c128"} & dtypes(case)),
    ),
    (
        "dropout of integers",
        "PyTorch takes them where p is 0 or 1, and nothing is divided",
        lambda case, refused, theirs: refused.code == "NN304" and of("dropout")(case),
    ),
    (
        "losses of integers",
        "PyTorch takes integers as outputs where the targets are floating-point; nothing can be trained so",
        lambda case, refused, theirs: "needs floating-point outputs" in refused.why,
    ),
    (
        "losses without a batch",
        "PyTorch takes the scores of one sample; a model's outputs have a batch",
        lambda case, refused, theirs: "needs scores [N, classes]" in refused.why,
    ),
    (
        "batch norm with eps 0",
        "PyTorch evaluates it and refuses to train it",
        lambda case, refused, theirs: refused.why.startswith("eps must be above 0"),
    ),
    (
        "logsumexp over no dimension",
        "PyTorch takes an empty list with keepdim and fails on it without",
        lambda case, refused, theirs: of("logsumexp")(case) and refused.code == "NN206",
    ),
    (
        "dilation of 0",
        "PyTorch takes it in transposed convolutions with a kernel of 1, where it has no effect",
        lambda case, refused, theirs: refused.why.startswith("dilation must be"),
    ),
    (
        "two `...` in an index",
        "PyTorch takes the second for `:`; the reader cannot know",
        lambda case, refused, theirs: of("index")(case) and "one `...`" in refused.why,
    ),
    (
        "dimensions of a number",
        "PyTorch gives a tensor without dimensions the dimension 0 in some functions",
        lambda case, refused, theirs: refused.code == "NN303" and case.inputs[0] is not None
        and not case.inputs[0][1],
    ),
    (
        "a scale of 0 next to a size",
        "nn.Upsample takes it for none",
        lambda case, refused, theirs: of("interpolate")(case) and refused.code == "NN204",
    ),
    (
        "squeeze of another size",
        "PyTorch leaves a size that is not 1 as it is; the number of dimensions must not depend on a size",
        lambda case, refused, theirs: of("squeeze")(case) and refused.code == "NN302",
    ),
]  # fmt: skip

#: nnspec accepts what PyTorch refuses
LOOSER: list[tuple[str, str, Rule]] = [
    (
        "half precision on the CPU",
        "PyTorch lacks some kernels for f16 and bf16 on the CPU and has them on GPUs",
        lambda case, refused, theirs: re.search("not implemented for '(Half|BFloat16)'", refused.why)
        is not None,
    ),
]

#: with symbols nnspec demands more than for numbers
CAUTIOUS: list[tuple[str, str, Rule]] = [
    (
        "broadcasting",
        "a symbol that could be 1 is taken to be the other side's size: that is what the model means",
        lambda case, refused, theirs: "must agree in dimension" in refused.why,
    ),
    (
        "chunk",
        "how many parts there are, and how large, must not depend on symbols",
        lambda case, refused, theirs: "is cut into" in refused.why,
    ),
    (
        "slopes of prelu",
        "a symbol is the number of channels; 1 is written as a number",
        lambda case, refused, theirs: "num_parameters is 1 or" in refused.why,
    ),
]


def explained(
    rules: list[tuple[str, str, Rule]], case: Case, refused: Refused, theirs: Torch | None = None
) -> bool:
    return any(holds(case, refused, theirs) for _, _, holds in rules)


# -- the comparison -----------------------------------------------------------------------------------------


def disagreement(case: Case, tally: dict[str, int] | None = None) -> str | None:
    """What nnspec and PyTorch do not agree on, or None."""
    tally = {} if tally is None else tally

    def count(what: str) -> None:
        tally[what] = tally.get(what, 0) + 1

    try:
        found = run_nnspec(case)
    except Exception as error:  # a rule must refuse in its own words
        return f"nnspec raises {type(error).__name__}: {error}"
    written = sources(case, None if isinstance(found, Refused) else found[0])
    if not written:
        count("no code")
        return None if isinstance(found, Refused) else "nnspec accepts, and makes no code"
    for source in written:
        theirs = run_torch(case, source)
        if isinstance(found, Refused):
            if isinstance(theirs, Refused):
                count("both refuse")
            elif explained(STRICTER, case, found, theirs):
                count("stricter")
            else:
                return f"nnspec refuses ({found.code} {found.why}), PyTorch accepts {source}"
            continue
        use, outputs = found
        if isinstance(theirs, Refused):
            if not explained(LOOSER, case, theirs):
                return f"nnspec accepts {shown(outputs)}, PyTorch refuses {source}: {theirs.why}"
            count("looser")
            continue
        count("both accept")
        if theirs.outputs != outputs:
            return f"results: nnspec {shown(outputs)}, PyTorch {shown(theirs.outputs)} for {source}"
        macs = case.operator.macs(use, outputs)
        if macs != theirs.macs:
            return f"MACs: nnspec {macs}, PyTorch {theirs.macs} for {source}"
        params = tuple((n, p.shape, p.dtype, p.trainable) for n, p in case.operator.params(use).items())
        if source.startswith("nn.") and params != theirs.params:
            return f"parameters: nnspec {params}, PyTorch {theirs.params} for {source}"
        if not source.startswith("nn.") and params:
            return f"parameters in a function: {params} for {source}"
    return None


def shown(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))


# -- with symbols -------------------------------------------------------------------------------------------


def symbolic_disagreement(case: Case, rng: random.Random) -> str | None:
    """Put symbols in place of some sizes: for the sizes that were there, and for some others, the conditions
    must hold exactly where the use with numbers is accepted, and the shapes must become those."""
    values: dict[str, int] = {}
    apart = rng.random() < 0.5
    rate = rng.choice((0.3, 0.7, 1.0))

    def maybe(size: int, place: str) -> Any:
        if rng.random() > rate or size < 1:
            return size
        name = f"s{place}" if apart else f"s{size}"
        values[name] = size
        return symbol(name)

    types = tuple(
        i and TensorType(i[0], tuple(maybe(s, f"{n}_{d}") for d, s in enumerate(i[1])))
        for n, i in enumerate(case.inputs)
    )
    settings = dict(case.settings)
    for setting in case.operator.settings:
        value = settings.get(setting.name)
        if "size" in setting.kind.split("|") and isinstance(value, int) and rng.random() < 0.3:
            settings[setting.name] = maybe(value, setting.name)
    if not values:
        return None
    with_symbols = Case(case.operator, case.inputs, settings)
    others = [{name: rng.choice(SIZES) for name in values} for _ in range(2)]
    try:
        use = bound_use(with_symbols, types)
        outputs = case.operator.infer(use)
    except Mismatch as refused:
        for numbers in (values, *others):
            if not isinstance(run_nnspec(filled(with_symbols, types, numbers)), Refused):
                if refused.code != "NN308":
                    at = placed(types, settings, numbers)
                    return f"refused for every size ({refused.message}), accepted for one {at}"
        return None
    except Exception as error:
        return f"nnspec raises {type(error).__name__}: {error} {placed(types, settings, values)}"
    for numbers in (values, *others):
        found = at_numbers(filled(with_symbols, types, numbers), use, outputs, numbers)
        if found:
            return f"{found} {placed(types, settings, numbers)}"
    return None


def placed(types: Any, settings: dict[str, Any], values: dict[str, int]) -> str:
    return f"with {', '.join(map(str, types))}, {settings} at {values}"


def filled(case: Case, types: Any, values: dict[str, int]) -> Case:
    """The case with numbers in place of its symbols."""
    return Case(
        case.operator,
        tuple(t and (t.dtype, tuple(evaluate(size, values) for size in t.shape)) for t in types),
        {n: evaluate(v, values) if isinstance(v, Dim) else v for n, v in case.settings.items()},
    )


def at_numbers(
    case: Case, use: Use, outputs: tuple[TensorType, ...], values: dict[str, int]
) -> str | None:
    """What a use with symbols says wrongly of these sizes."""
    concrete = run_nnspec(case)
    broken = [why for condition, why in use.conditions if not condition.holds(values)]
    if isinstance(concrete, Refused):
        return None if broken else f"conditions hold, and the sizes are refused: {concrete.why}"
    if broken:
        if explained(CAUTIOUS, case, Refused(broken[0])):
            return None
        return f"accepted, though this condition does not hold: {broken[0]}"
    found = tuple(TensorType(o.dtype, tuple(evaluate(s, values) for s in o.shape)) for o in outputs)
    if found != concrete[1]:
        return f"shapes {shown(outputs)} become {shown(found)}, not {shown(concrete[1])}"
    macs = evaluate(case.operator.macs(use, outputs), values)
    if macs != case.operator.macs(*concrete):
        return f"MACs become {macs}, not {case.operator.macs(*concrete)}"
    for name, param in case.operator.params(use).items():
        shape = tuple(evaluate(size, values) for size in param.shape)
        if shape != case.operator.params(concrete[0])[name].shape:
            return f"{name} becomes {shape}"
    return None
