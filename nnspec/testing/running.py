"""Code run by PyTorch on real tensors: what it makes, or that it refuses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from nnspec.tensors import DTYPES, TensorType, torch_name

from .differences import EVALUATED
from .examples import Case, Refused
from .render import names, space
from .values import DEFINITE, integers, true_share

TORCH = {name: getattr(torch, torch_name(name)) for name in DTYPES}
NNSPEC = {dtype: name for name, dtype in TORCH.items()}

Tensors = list[torch.Tensor | None]


@dataclass(frozen=True, eq=False)
class Ran:
    """What PyTorch made of a use: types and values of the results, parameters and buffers, MACs."""

    outputs: tuple[TensorType, ...]
    values: tuple[torch.Tensor, ...]
    params: tuple[tuple[str, tuple[int, ...], str, bool], ...]
    state: dict[str, torch.Tensor] | None
    macs: int
    drew: bool = False  # numbers by chance


def seed(number: int) -> None:
    """What torch.manual_seed does, for the CPU alone: that one looks for every other device, each time."""
    torch.default_generator.manual_seed(number)


def inputs_of(case: Case) -> Tensors:
    """Tensors of the case's types, the same ones for the same case."""
    seed(crc32(str(case).encode()))
    return [None if i is None else tensor(case, number, *i) for number, i in enumerate(case.inputs)]


def tensor(case: Case, number: int, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Numbers between -2 and 2, shares between 0 and 1 for losses; of integers places in a table where
    that is what they are, else 1 to 3."""
    kind = TORCH[dtype]
    if kind.is_floating_point or kind.is_complex:
        shares = torch.rand(shape)
        if number and case.operator.family == "region" and shape[-1:] == (5,):
            shares[..., 0] = 0.5  # 0 after what follows: the boxes lie in the first image
        if case.operator.name in DEFINITE and len(shape) > 1 and shape[-1] == shape[-2]:
            return (shares @ shares.mT + torch.eye(shape[-1])).to(kind)
        return (shares if case.operator.family == "loss" else shares * 4 - 2).to(kind)
    if dtype == "bool":
        return torch.rand(shape) < true_share(case, number)
    return torch.randint(*integers(case, number), shape).to(kind)


def run_torch(
    case: Case,
    source: str,
    inputs: Tensors | None = None,
    state: dict[str, torch.Tensor] | None = None,
) -> Ran | Refused:
    """The code, run on these tensors; a layer with these weights, where they fit."""
    given = inputs_of(case) if inputs is None else inputs
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        tensors = [None if t is None else t.clone() for t in given]
        try:
            scope = space(source) | names(tensors)
            constructor, _, call = source.partition("\n")
            made = eval(constructor, scope) if call else None
            if isinstance(made, nn.Module):
                begin(case, made, state)
            before = None if made is None else {n: t.clone() for n, t in made.state_dict().items()}
            seed(0)
            chance = torch.default_generator.get_state()
            counter = FlopCounterMode(display=False)
            with counter, plain():
                result = eval(call or source, scope | {"module": made})
        except Exception as error:  # whatever PyTorch raises is its refusal
            return Refused(f"{type(error).__name__}: {error}"[:200])
    values = tuple(flat(result))
    outputs = tuple(TensorType(NNSPEC.get(r.dtype, str(r.dtype)), tuple(r.shape)) for r in values)
    drew = not torch.equal(chance, torch.default_generator.get_state())
    return Ran(outputs, values, params_of(made), before, counter.get_total_flops() // 2, drew)


def run_module(case: Case, module: nn.Module, inputs: Tensors) -> tuple[torch.Tensor, ...]:
    """A compiled model, run as `run_torch` runs its code."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        tensors = [t.clone() for t in inputs if t is not None] or [torch.zeros(1)]
        if case.operator.name in EVALUATED:
            module.eval()
        seed(0)
        with plain():
            return tuple(flat(module(*tensors)))


def plain() -> ExitStack:
    """Attention and recurrence as products that the counter knows: it counts those of GPUs as these, and
    the fast ones of CPUs not at all."""
    stack = ExitStack()
    stack.enter_context(sdpa_kernel(SDPBackend.MATH))
    stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
    return stack


def begin(case: Case, module: nn.Module, state: dict[str, torch.Tensor] | None) -> None:
    """The module as the case runs it, with other weights where some are given that fit."""
    if case.operator.name in EVALUATED:
        module.eval()
    own = module.state_dict()
    if state and {n: t.shape for n, t in own.items()} == {n: t.shape for n, t in state.items()}:
        module.load_state_dict(state)


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


def other_values(a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> str | None:
    """Where two results differ, or None."""
    if len(a) != len(b):
        return f"{len(a)} results, not {len(b)}"
    for left, right in zip(a, b, strict=True):
        if left.dtype == right.dtype and torch.equal(left, right):
            continue  # which `assert_close` finds too, much later
        try:
            torch.testing.assert_close(left, right, equal_nan=True)
        except AssertionError as error:
            return " ".join(str(error).split())[:200]
    return None
