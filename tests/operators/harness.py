"""One use of an operator, held against PyTorch on real tensors.

`disagreement(case)` is None where nnspec and PyTorch agree: on whether the use is possible, on the
shapes and dtypes of the results, on names, order, shapes and dtypes of parameters and buffers, and
on
the multiply-accumulates (torch.utils.flop_counter on the real call, halved). `differences.py` lists
where they differ on purpose, `symbolic.py` does the same with symbols in place of sizes.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from nnspec.diagnostics import Mismatch
from nnspec.operators.binding import bind_settings
from nnspec.operators.definition import REQUIRED, Inner, Use
from nnspec.tensors import DTYPES, TensorType, torch_name

from .differences import EVALUATED, LOOSER, STRICTER, explained
from .examples import Case, Made, Refused, Torch
from .judges import JUDGES
from .render import SPACE, names, text

TORCH = {name: getattr(torch, torch_name(name)) for name in DTYPES}
NNSPEC = {dtype: name for name, dtype in TORCH.items()}

#: integers are places in a table or class numbers here; 0 is always one
PLACES = {
    "embedding", "index_at", "cross_entropy", "nll_loss", "embedding_bag",
    "max_unpool1d", "max_unpool2d", "max_unpool3d", "multi_margin_loss", "multilabel_margin_loss",
    "ctc_loss", "one_hot", "gather", "index_select", "scatter", "scatter_add", "take_along_dim",
    "index_add",
}  # fmt: skip


# -- PyTorch ---------------------------------------------------------------------------------------


def tensor(case: Case, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    kind = TORCH[dtype]
    if kind.is_floating_point or kind.is_complex:
        return torch.rand(shape).to(kind)
    return (
        torch.zeros(shape, dtype=kind)
        if case.operator.name in PLACES
        else torch.ones(shape, dtype=kind)
    )


def raw_use(case: Case, taller: int = 0) -> Use:
    """The use with settings as they were written, unchecked.

    `taller` appends dimensions of size 1, so that a rule that looks at a dimension that is not there
    can still write its code."""
    settings = {s.name: s.default for s in case.operator.settings if s.default is not REQUIRED}
    types = tuple(i and TensorType(i[0], (*i[1], *(1,) * taller)) for i in case.inputs)
    if "axes" in settings:  # all names that are no other setting
        known = {s.name for s in case.operator.settings} | {t.name for t in case.operator.tensors}
        settings["axes"] = {n: v for n, v in case.settings.items() if n not in known}
    written = {
        name: Inner(value.operator, value.settings) if isinstance(value, Made) else value
        for name, value in case.settings.items()
    }
    return Use(case.operator, types, settings | written, frozenset(case.settings))


def sources(case: Case, accepted: Use | None) -> list[str]:
    """The texts of the code that the operator makes for this use: as a module, as a function.

    Of a refused use the code is that of its settings as they were written. First of all what the
    judge runs, where there is one."""
    judge = JUDGES.get(case.operator.name)
    if judge is not None and accepted is None:
        return [judge(case)]
    for use in [accepted] if accepted else [raw_use(case), raw_use(case, 5)]:
        try:
            made = [case.operator.module(use), case.operator.function(use)]
        except (IndexError, ZeroDivisionError, KeyError, TypeError):
            continue
        first = [judge(case)] if judge is not None else []
        return first + [text(code) for code in made if code is not None]
    return []


def run_torch(case: Case, source: str) -> Torch | Refused:
    """The code, run on random tensors."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        inputs = [None if i is None else tensor(case, *i) for i in case.inputs]
        try:
            constructor, _, call = source.partition("\n")
            made = eval(constructor, SPACE | names(inputs)) if is_module(source) else None
            if case.operator.name in EVALUATED and made is not None:
                made.eval()
            counter = FlopCounterMode(display=False)
            # the counter does not know the fast attention and recurrence of CPUs, and counts those of
            # GPUs as these products
            space = SPACE | names(inputs) | {"module": made}
            with counter, sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False):
                if made is not None and not call:
                    result = made(*inputs)
                else:
                    result = eval(call or source, space)
        except Exception as error:  # whatever PyTorch raises is its refusal
            return Refused(f"{type(error).__name__}: {error}"[:200])
    outputs = tuple(
        TensorType(NNSPEC.get(r.dtype, str(r.dtype)), tuple(r.shape)) for r in flat(result)
    )
    return Torch(outputs, params_of(made), counter.get_total_flops() // 2)


def is_module(source: str) -> bool:
    """Whether a code makes a module, and not a tensor."""
    return re.match(r"nn\.|torchvision\.ops\.[A-Z]", source) is not None


def flat(result: Any) -> Iterator[torch.Tensor]:
    """The tensors of a result, however they are nested."""
    if isinstance(result, torch.Tensor):
        yield result
    elif result is not None:
        for item in result:
            yield from flat(item)


def params_of(module: nn.Module | None) -> tuple[tuple[str, tuple[int, ...], str, bool], ...]:
    if module is None:
        return ()
    named: list[tuple[str, torch.Tensor, bool]] = [
        (*pair, True) for pair in module.named_parameters()
    ]
    named += [(*pair, False) for pair in module.named_buffers()]
    return tuple((name, tuple(p.shape), NNSPEC[p.dtype], trainable) for name, p, trainable in named)


# -- nnspec ----------------------------------------------------------------------------------------


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


# -- the comparison --------------------------------------------------------------------------------


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
        params = tuple(
            (n, p.shape, p.dtype, p.trainable) for n, p in case.operator.params(use).items()
        )
        if is_module(source) and params != theirs.params:
            return f"parameters: nnspec {params}, PyTorch {theirs.params} for {source}"
        if not is_module(source) and params:
            return f"parameters in a function: {params} for {source}"
    if case.operator.name in JUDGES and not isinstance(found, Refused):
        return other_values(case, written)
    return None


def other_values(case: Case, written: list[str]) -> str | None:
    """Whether the code computes anything but what the judge does."""
    inputs = [None if i is None else tensor(case, *i) for i in case.inputs]
    right, ours = (eval(source, SPACE | names(inputs)) for source in written)
    close = torch.equal if right.dtype in (torch.bool, torch.int64) else torch.allclose
    return None if close(right, ours) else f"other values: {written[1]}, not {written[0]}"


def shown(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))
